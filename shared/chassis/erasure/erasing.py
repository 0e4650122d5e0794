"""Removing a person's data from one service: rows, the log's personal parts, and everything the chassis keeps by the way."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from chassis import archive, clock, idempotency, parked, usage
from chassis.directory import DirectoryUser
from chassis.erasure.declaring import Personal
from chassis.erasure.finding import find
from chassis.erasure.person import Person
from chassis.event_log import LOG

OWN = (
    Personal(DirectoryUser, ("name", "email"), kind="user", emails=("email",)),
    Personal(usage.TABLE, of={"user_id": "user"}, delete=True),
)


def look(session: Session, erasers: Iterable[Personal], person: Person) -> Counter[str]:
    """How many rows of which tables hold the person's data; `person` learns what they tell."""
    found = find(session, (*erasers, *OWN), person)
    counts = Counter({item.table.name: len(rows) for item, rows in found.items()})
    counts["event_log"] = len(_log_rows(session, person))
    counts["event_parked"] = len(_parked_rows(session, person))
    counts["idempotency"] = len(_answers(session, person))
    return +counts


def erase(session: Session, erasers: Iterable[Personal], person: Person) -> Counter[str]:
    """Remove it; returns the rows touched by table. The log keeps its facts and digests, without the values."""
    counts: Counter[str] = Counter()
    for item, rows in find(session, (*erasers, *OWN), person).items():
        for row in rows:
            _erase_row(session, item, row)
        counts[item.table.name] += len(rows)
    counts["event_log"] = _empty_log(session, person)
    counts["event_parked"] = _strip_parked(session, person)
    answers = _answers(session, person)
    session.execute(delete(idempotency.TABLE).where(idempotency.TABLE.c.digest.in_(answers)))
    counts["idempotency"] = len(answers)
    return +counts


def empty_events(session: Session, event_ids: frozenset[str], subjects: frozenset[str]) -> int:
    """Remove the personal parts of these events, archived ones too."""
    connection = session.connection()
    emptied = 0
    for part in _parts(sorted(event_ids)):
        done = update(LOG).where(LOG.c.event_id.in_(part), LOG.c.personal.is_not(None)).values(personal=None)
        emptied += len(connection.execute(done.returning(LOG.c.id)).all())
    return emptied + archive.empty_personal(connection, event_ids, subjects)


def todo(session: Session, erasers: Iterable[Personal], person: Person) -> list[str]:
    """Outside systems that hold data of the person and that a human has to ask."""
    found = find(session, [item for item in erasers if item.todo], person)
    return sorted(
        {
            item.todo.format(**{name: value or "" for name, value in row._mapping.items()})
            for item, rows in found.items()
            for row in rows
        }
    )


def _erase_row(session: Session, item: Personal, row: Any) -> None:
    key = [column == row._mapping[column.name] for column in item.table.primary_key]
    if item.delete:
        session.execute(delete(item.table).where(*key))
        return
    values = item.blank(row) | (dict(item.also(session, row)) if item.also is not None else {})
    if "version" in item.table.c and "updated_at" in item.table.c:  # an open form must not bring it back
        values |= {"version": item.table.c.version + 1, "updated_at": clock.now()}
    if values:
        session.execute(update(item.table).where(*key).values(**values))


def _log_rows(session: Session, person: Person) -> list[Any]:
    """Live entries that are about the person's records, or say one of his ids, phones or addresses."""
    said = [
        column.contains(needle, autoescape=True)
        for needle in person.needles()
        for column in (LOG.c.data, LOG.c.personal)
    ]
    about = [LOG.c.subject.in_(part) for part in _parts(sorted(person.subjects))]
    if not (said or about):
        return []
    # The events of an erasure itself carry the keys to the others; they are emptied at its end.
    kept = and_(LOG.c.personal.is_not(None), LOG.c.subject.not_like("erasure/%"))
    query = select(LOG.c.event_id, LOG.c.subject).where(kept, or_(*about, *said))
    return list(session.execute(query).all())


def _empty_log(session: Session, person: Person) -> int:
    connection = session.connection()
    rows = _log_rows(session, person)
    emptied = empty_events(session, frozenset(row.event_id for row in rows), frozenset())
    return emptied + archive.empty_about(connection, frozenset(person.subjects), person.needles())


def _parked_rows(session: Session, person: Person) -> list[Any]:
    table = parked.TABLE
    wanted = [table.c.body.contains(needle, autoescape=True) for needle in person.needles()]
    wanted += [table.c.subject.in_(person.subjects)] if person.subjects else []
    query = select(table).where(table.c.subject.not_like("erasure/%"), or_(*wanted))
    return list(session.execute(query).all()) if wanted else []


def _strip_parked(session: Session, person: Person) -> int:
    """Parked events keep what they are for, without their personal fields."""
    rows = _parked_rows(session, person)
    for row in rows:
        body = orjson.loads(row.body)
        for name in body.get("private") or ():
            body["data"].pop(name, None)
        session.execute(
            update(parked.TABLE).where(parked.TABLE.c.id == row.id).values(body=orjson.dumps(body).decode(), reason="")
        )
    return len(rows)


def _answers(session: Session, person: Person) -> list[str]:
    """Kept answers of the last day that say one of the person's ids, phones or addresses."""
    table, needles = idempotency.TABLE, [needle.encode() for needle in person.needles()]
    rows = session.execute(select(table.c.digest, table.c.answer)).yield_per(500)
    return [row.digest for row in rows if any(needle in bytes(row.answer) for needle in needles)]


def _parts(values: list[str], size: int = 500) -> Iterable[list[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
