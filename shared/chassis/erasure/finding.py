"""Finding a person's rows in one service's tables, and what they tell about further records, phones and addresses."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from chassis.erasure.declaring import Personal
from chassis.erasure.person import Person, phone_key, texts_in

MAX_ROUNDS = 10
OUTSIDE = "external"  # kind of the ids by which outside systems know the person


def find(session: Session, erasers: Iterable[Personal], person: Person) -> dict[Personal, list[Any]]:
    """The person's rows by eraser; `person` learns what they tell, until nothing is new."""
    every = list(erasers)
    found: dict[Personal, list[Any]] = {}
    for _ in range(MAX_ROUNDS):
        found = {item: rows for item in every if (rows := matching(session, item, person))}
        news = [person.take(_told(item, row, person)) for item, rows in found.items() for row in rows]
        if not any(news):
            break
    return found


def matching(session: Session, item: Personal, person: Person) -> list[Any]:
    """Rows of one table that are the person's, locked."""
    wanted = list(_by_record(item, person))
    wanted += [_has_phone(item.table.c[name], phone) for name in item.phones for phone in sorted(person.phones)]
    wanted += [_contains(item.table.c[name], email) for name in item.emails for email in sorted(person.emails)]
    wanted += [_contains(item.table.c[name], needle) for name in item.mentions for needle in person.needles()]
    if not wanted:
        return []
    rows = session.execute(select(item.table).where(or_(*wanted)).with_for_update()).all()
    return [row for row in rows if _is_his(item, row, person)]


def _by_record(item: Personal, person: Person) -> Iterable[ColumnElement[bool]]:
    columns = item.table.c
    if item.kind and (ids := person.ids(item.kind)):
        yield columns["id"].in_(ids)
    for name, kind in item.of.items():
        if ids := person.ids(kind):
            yield columns[name].in_(ids)
    if len(item.about) == 1 and person.subjects:
        yield columns[item.about[0]].in_(person.subjects)
    if len(item.about) == 2:
        for kind in sorted({subject.partition("/")[0] for subject in person.subjects}):
            yield and_(columns[item.about[0]] == kind, columns[item.about[1]].in_(person.ids(kind)))


def _is_his(item: Personal, row: Any, person: Person) -> bool:
    """The searches in texts find too much (ann@x.cn in joann@x.cn); what is compared whole decides."""
    values = row._mapping
    if item.kind and values["id"] in person.ids(item.kind):
        return True
    if any(values[name] in person.ids(kind) for name, kind in item.of.items()):
        return True
    if item.about and "/".join(str(values[name]) for name in item.about) in person.subjects:
        return True
    if any(phone_key(text) in person.phones for name in item.phones for text in texts_in(values[name])):
        return True
    if any(text.strip().lower() in person.emails for name in item.emails for text in texts_in(values[name])):
        return True
    return bool(item.mentions)


def _told(item: Personal, row: Any, person: Person) -> Person:
    values = row._mapping
    news = Person()
    if not item.kind:
        return news
    subject = f"{item.kind}/{values['id']}"
    if subject not in person.given:
        news.found.add(subject)
        return news
    news.phones = {key for name in item.phones for text in texts_in(values[name]) if len(key := phone_key(text)) >= 5}
    news.emails = {text.strip().lower() for name in item.emails for text in texts_in(values[name]) if "@" in text}
    news.given = {f"{kind}/{values[name]}" for name, kind in item.links.items() if values[name]}
    outside = values.get("external_ids") or {}
    news.given |= {f"{OUTSIDE}/{identity}" for identity in outside.values() if isinstance(identity, str)}
    return news


def _has_phone(column: ColumnElement[Any], phone: str) -> ColumnElement[bool]:
    bare: Any = cast(column, Text)
    for sign in (" ", "-", "(", ")"):
        bare = func.replace(bare, sign, "")
    return bare.contains(phone)  # type: ignore[no-any-return]


def _contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return func.lower(cast(column, Text)).contains(text.lower(), autoescape=True)
