"""Things that fall due: one table per service, claimed by conditional update, effect in the same transaction."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
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
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis import bus_metrics, clock
from chassis.causation import Cause, because
from chassis.db import Base, Database, Id, Json, UtcDateTime, is_sqlite, is_transient
from chassis.ids import uuid7
from chassis.relay import Wake

log = logging.getLogger(__name__)
TABLE = Table(
    "timers",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("key", String(120), nullable=False),
    Column("due_at", UtcDateTime),  # empty: failed too often, waits for a person
    Column("payload", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    UniqueConstraint("kind", "key"),
    Index("ix_timers_due_at_id", "due_at", "id"),
    info={"branch": "chassis"},
)
AT_ONCE = 500
MAX_ATTEMPTS = 10
LOOK = 0.05  # seconds at least from one look at what is due to the next, however much is armed
DUE = (  # at `moment`, oldest first, AT_ONCE at most; both columns come from the index alone
    select(TABLE.c.id, TABLE.c.due_at)
    .where(TABLE.c.due_at <= bindparam("moment"))
    .order_by(TABLE.c.due_at, TABLE.c.id)
    .limit(AT_ONCE)
)


@dataclass(frozen=True)
class Timer:
    """What fell due; `payload` is what `arm` was given."""

    id: str
    kind: str
    key: str
    due_at: datetime
    payload: dict[str, Any]
    attempts: int


class Timers:
    """Registry of handlers by kind: `@due("stall_check") def check(session, timer): ...`."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[Session, Timer], None]] = {}

    def __call__(self, kind: str) -> Callable[[Callable[[Session, Timer], None]], Callable[[Session, Timer], None]]:
        def register(handle: Callable[[Session, Timer], None]) -> Callable[[Session, Timer], None]:
            if kind in self.handlers:
                raise TypeError(f"timer {kind} has two handlers")
            self.handlers[kind] = handle
            return handle

        return register

    def include(self, other: "Timers") -> None:
        """Add the kinds of another registry."""
        for kind, handle in other.handlers.items():
            self(kind)(handle)


def _arming(dialect: Any) -> Any:
    """The statement of `arm`, built once: it is in many hot paths."""
    statement = dialect.insert(TABLE)
    moved = {name: statement.excluded[name] for name in ("due_at", "payload", "attempts", "error")}
    return statement.on_conflict_do_update(index_elements=["kind", "key"], set_=moved)


_ARM = {True: _arming(sqlite), False: _arming(postgresql)}


def arm(session: Session, *, kind: str, key: str, due_at: datetime, payload: dict[str, Any] | None = None) -> None:
    """Set the timer (kind, key); one that is armed already is moved."""
    session.connection().execute(_ARM[is_sqlite(session)], new_row(kind=kind, key=key, due_at=due_at, payload=payload))


def new_row(*, kind: str, key: str, due_at: datetime, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    """The row of a timer in TABLE, for hot paths that store it with what they write."""
    return {
        "id": uuid7(), "kind": kind, "key": key, "due_at": due_at, "payload": payload or {}, "attempts": 0, "error": None,
    }  # fmt: skip


def arm_once(session: Session, *, kind: str, key: str, due_at: datetime, payload: dict[str, Any] | None = None) -> None:
    """Set the timer (kind, key) unless it is armed: for recurring work begun at start-up."""
    dialect = sqlite if is_sqlite(session) else postgresql
    session.connection().execute(
        dialect.insert(TABLE)
        .values(id=uuid7(), kind=kind, key=key, due_at=due_at, payload=payload or {}, attempts=0)
        .on_conflict_do_nothing(index_elements=["kind", "key"])
    )


def cancel(session: Session, *, kind: str, key: str) -> bool:
    """Take the timer back; False when it is not armed (or fired already)."""
    gone = session.connection().execute(
        delete(TABLE).where(TABLE.c.kind == kind, TABLE.c.key == key).returning(TABLE.c.id)
    )
    return gone.first() is not None


def fire_due(database: Database, timers: Timers) -> int:
    """Run everything due now, each in its own transaction; returns how many were committed."""
    with database.reading() as session:
        rows = session.connection().execute(DUE, {"moment": clock.now()}).all()
    bus_metrics.TIMER_LAG.set((clock.now() - rows[0].due_at).total_seconds() if rows else 0)
    return sum(fire(database, timers, row.id, row.due_at) for row in rows)


def fire(database: Database, timers: Timers, timer_id: str, due_at: datetime) -> bool:
    """Claim one timer by deleting it as it was seen, and run its effect in the same transaction."""
    try:
        with database.transaction() as session:
            row = (
                session.connection()
                .execute(delete(TABLE).where(TABLE.c.id == timer_id, TABLE.c.due_at == due_at).returning(TABLE))
                .first()
            )
            if row is None:
                return False
            timer = Timer(row.id, row.kind, row.key, row.due_at, row.payload, row.attempts)
            with because(Cause(origin=f"timer {timer.kind}")):
                timers.handlers[timer.kind](session, timer)
        bus_metrics.TIMERS_FIRED.labels(timer.kind).inc()
        return True
    except Exception as error:
        if not is_transient(error):
            _note_failure(database, timer_id, due_at, error)
        return False


def _note_failure(database: Database, timer_id: str, seen: datetime, error: Exception) -> None:
    """Count the failure, unless the timer was moved or taken back meanwhile."""
    log.warning("timer failed", extra={"timer_id": timer_id}, exc_info=error)
    with database.transaction() as session:
        mine = (TABLE.c.id == timer_id, TABLE.c.due_at == seen)
        row = session.execute(select(TABLE).where(*mine).with_for_update()).first()
        if row is None:
            return
        bus_metrics.TIMER_FAILURES.labels(row.kind).inc()
        attempts = row.attempts + 1
        due_at = None if attempts >= MAX_ATTEMPTS else clock.now() + timedelta(seconds=2.0**attempts)
        session.execute(
            update(TABLE)
            .where(*mine)
            .values(attempts=attempts, due_at=due_at, error=f"{type(error).__name__}: {error}"[:2000])
        )


def next_due(session: Session) -> datetime | None:
    """When the next timer falls due."""
    return session.execute(select(func.min(TABLE.c.due_at))).scalar()


def stuck(session: Session) -> list[Any]:
    """Timers that failed too often and wait for a person."""
    return list(session.execute(select(TABLE).where(TABLE.c.due_at.is_(None)).order_by(TABLE.c.kind)))


def revive(session: Session, timer_id: str) -> bool:
    """Let a stuck timer try again now."""
    changed = session.execute(
        update(TABLE)
        .where(TABLE.c.id == timer_id, TABLE.c.due_at.is_(None))
        .values(due_at=clock.now(), attempts=0)
        .returning(TABLE.c.id)
    )
    return changed.first() is not None


def run_forever(database: Database, timers: Timers, *, nudged: Wake, stopping: threading.Event) -> None:
    """Fire timers as they fall due, until stopping."""
    seen = 0
    while not stopping.is_set():
        try:
            if fire_due(database, timers) < AT_ONCE:
                seen = nudged.wait(seen, 0.5)
                stopping.wait(LOOK)
        except Exception:
            log.exception("timers failed")
            stopping.wait(1.0)
