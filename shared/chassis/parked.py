"""Events a handler could not take: retried with back-off, then parked for a person; later ones of a subject wait behind."""

from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from chassis import bus_metrics, changes, clock
from chassis.db import Base, Database, Id, UtcDateTime, is_transient
from chassis.ids import uuid7
from chassis.subscriptions import Group, NotYet, Received

TABLE = Table(
    "event_parked",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(40), nullable=False),
    Column("group_name", String(60), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("type", String(120), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),  # retry | waiting | behind | parked
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("source", "group_name", "event_id"),
    Index("ix_event_parked_due", "next_at"),
    Index("ix_event_parked_subject", "source", "group_name", "subject", "sequence"),
    info={"branch": "chassis"},
)
_ANY = select(TABLE.c.id).limit(1)
MAX_ATTEMPTS = 10
MAX_WAIT = timedelta(hours=24)
LONGEST_DELAY = timedelta(minutes=5)
_BLOCKED = (
    select(TABLE.c.subject)
    .where(TABLE.c.source == bindparam("of_source"), TABLE.c.group_name == bindparam("of_group"))
    .distinct()
)  # every batch of events asks


def blocked_subjects(session: Session, *, source: str, group: str) -> set[str]:
    """Subjects that have an event waiting, so that later ones must queue behind it."""
    return set(session.connection().execute(_BLOCKED, {"of_source": source, "of_group": group}).scalars())


def park(session: Session, event: Received, *, group: str, error: Exception | None) -> None:
    """Put an event aside: `error` None means it waits behind an earlier one of its subject."""
    state = "behind" if error is None else "waiting" if isinstance(error, NotYet) else "retry"
    session.connection().execute(
        insert(TABLE).values(
            id=uuid7(),
            source=event.source,
            group_name=group,
            sequence=event.sequence,
            event_id=event.id,
            type=event.type,
            subject=event.subject,
            body=_freeze(event),
            state=state,
            reason="" if error is None else _reason(error),
            attempts=0 if error is None else 1,
            next_at=None if error is None else clock.now() + delay(1, waiting=state == "waiting"),
            created_at=clock.now(),
        )
    )


def delay(attempts: int, *, waiting: bool) -> timedelta:
    """Time to the next try: 0.2 s doubling to 5 min; for a reference that is not there yet 0.1 s growing to 30 s."""
    if waiting:
        return timedelta(seconds=min(30.0, 0.1 * 1.6**attempts))
    return min(LONGEST_DELAY, timedelta(seconds=0.1 * 2.0**attempts))


def retry_due(database: Database, groups: dict[str, Group], *, hurry: bool = False) -> int:
    """Try the due events once more; with `hurry` also those that wait for a reference. Returns how many are settled."""
    with database.reading() as session:
        if session.execute(_ANY).first() is None:
            return 0  # as a rule
    now = clock.now()
    due = (TABLE.c.next_at <= now) | (TABLE.c.next_at > now + LONGEST_DELAY)  # the latter: the clock was set back
    if hurry:
        due = due | (TABLE.c.state == "waiting")
    _promote_orphans(database)
    with database.reading() as session:
        rows = session.execute(
            select(TABLE.c.id, TABLE.c.group_name).where(due).order_by(TABLE.c.next_at, TABLE.c.sequence).limit(200)
        ).all()
    return sum(retry(database, row.id, groups) for row in rows if row.group_name in groups)


def retry(database: Database, row_id: str, groups: dict[str, Group]) -> bool:
    """Run one parked event's handler now; True when it is done and gone."""
    from chassis.consumer import call

    try:
        with database.transaction() as session:
            row = (
                session.connection()
                .execute(select(TABLE).where(TABLE.c.id == row_id).with_for_update(skip_locked=True))
                .first()
            )
            if row is None or row.state == "behind":
                return False
            group = groups[row.group_name]
            subscription = group.match(row.type)
            if subscription is not None:
                call(session, subscription, [_thaw(row)], group=group)
                session.flush()
            _settle(session, row)
        return True
    except Exception as error:
        if is_transient(error):
            return False
        _note_failure(database, row_id, error)
        return False


def drop(database: Database, row_id: str) -> bool:
    """Give one event up for good; the next of its subject goes on."""
    with database.transaction() as session:
        row = session.connection().execute(select(TABLE).where(TABLE.c.id == row_id)).first()
        if row is None:
            return False
        _settle(session, row)
    return True


def listing(session: Session, *, state: str | None = None) -> list[Any]:
    """Rows for operators, oldest first."""
    query = select(TABLE).order_by(TABLE.c.source, TABLE.c.sequence)
    return list(session.execute(query.where(TABLE.c.state == state) if state else query))


def measure(session: Session) -> None:
    """Refresh the gauge of parked events by state."""
    found = session.execute(select(TABLE.c.state, func.count()).group_by(TABLE.c.state))
    counts: dict[str, int] = {row[0]: row[1] for row in found}
    for state in ("retry", "waiting", "behind", "parked"):
        bus_metrics.PARKED.labels(state).set(counts.get(state, 0))


def _settle(session: Session, row: Any) -> None:
    connection = session.connection()
    connection.execute(delete(TABLE).where(TABLE.c.id == row.id))
    if row.state == "behind":
        return  # what it waited behind is still there
    follower = connection.execute(
        select(TABLE.c.id)
        .where(TABLE.c.source == row.source, TABLE.c.group_name == row.group_name, TABLE.c.subject == row.subject)
        .where(TABLE.c.state == "behind")
        .order_by(TABLE.c.sequence)
        .limit(1)
    ).scalar()
    if follower is not None:
        connection.execute(update(TABLE).where(TABLE.c.id == follower).values(state="retry", next_at=clock.now()))


def _promote_orphans(database: Database) -> None:
    """Wake events left behind a head that was settled while they were being parked."""
    earlier = TABLE.alias()
    orphan = ~(
        select(earlier.c.id)
        .where(earlier.c.source == TABLE.c.source, earlier.c.group_name == TABLE.c.group_name)
        .where(earlier.c.subject == TABLE.c.subject, earlier.c.sequence < TABLE.c.sequence)
        .exists()
    )
    with database.reading() as session:
        found = session.execute(select(TABLE.c.id).where(TABLE.c.state == "behind", orphan)).scalars().all()
    if found:
        with database.transaction() as session:
            session.execute(
                update(TABLE)
                .where(TABLE.c.id.in_(found), TABLE.c.state == "behind")
                .values(state="retry", next_at=clock.now())
            )


def _note_failure(database: Database, row_id: str, error: Exception) -> None:
    with database.transaction() as session:
        changes.forget(session)
        connection = session.connection()
        row = connection.execute(select(TABLE).where(TABLE.c.id == row_id)).first()
        if row is None:
            return
        waiting = isinstance(error, NotYet)
        attempts = row.attempts + 1
        given_up = clock.now() - row.created_at > MAX_WAIT if waiting else attempts >= MAX_ATTEMPTS
        connection.execute(
            update(TABLE)
            .where(TABLE.c.id == row_id)
            .values(
                state="parked" if given_up else "waiting" if waiting else "retry",
                attempts=attempts,
                reason=_reason(error),
                next_at=None if given_up else clock.now() + delay(attempts, waiting=waiting),
            )
        )
        if not waiting:
            bus_metrics.FAILURES.labels(row.group_name, row.type).inc()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000].replace("\x00", "�")


def _freeze(event: Received) -> str:
    values = {name: getattr(event, name) for name in Received.__slots__}
    return orjson.dumps(values | {"time": clock.iso(event.time), "private": sorted(event.private)}).decode()


def _thaw(row: Any) -> Received:
    values = orjson.loads(row.body)
    return Received(**(values | {"time": clock.parse(values["time"]), "private": frozenset(values.get("private", ()))}))
