"""Counting uses per person, feature and day: in memory, then in a table, then one summary event per hour."""

import logging
import threading
from collections import Counter
from datetime import date, timedelta
from typing import Any

from marshmallow import fields
from sqlalchemy import Column, Date, Integer, String, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis import clock, metrics
from chassis.caller import Caller
from chassis.db import Base, Database, Id, is_sqlite
from chassis.events import Event, publish

log = logging.getLogger(__name__)
FLUSH_SECONDS = 20  # a web process killed with -9 loses no more than this
KEPT = timedelta(days=8)
AT_ONCE = 5000  # counts in one event

TABLE = Table(
    "usage_counts",
    Base.metadata,
    Column("user_id", Id, primary_key=True),
    Column("feature", String(60), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("uses", Integer, nullable=False),
    Column("reported", Integer, nullable=False),
    info={"branch": "chassis"},
)


class UsageSummarised(Event, type="{service}.usage.summarised.v1"):
    """How often people used which feature since the last summary; `uses` adds to what was reported before."""

    hour = fields.DateTime(required=True)
    counts = fields.List(fields.Dict(), required=True)


class Counts:
    """The uses of one web process that are not in the database yet."""

    def __init__(self, database: Database, *, time_zone: str):
        self.database = database
        self.time_zone = time_zone
        self._pending: Counter[tuple[str, str, date]] = Counter()
        self._lock = threading.Lock()

    def count(self, caller: Caller, feature: str) -> None:
        """One use of `feature` (a short fixed name) by a person; machines are not counted."""
        if caller.is_person:
            metrics.FEATURE_USES.labels(feature).inc()
            with self._lock:
                self._pending[caller.id, feature, clock.today(self.time_zone)] += 1

    def flush(self) -> None:
        """Write what is pending; on failure it stays pending."""
        with self._lock:
            pending, self._pending = self._pending, Counter()
        if not pending:
            return
        try:
            with self.database.transaction() as session:
                add(session, pending)
        except Exception:
            log.exception("uses could not be stored")
            with self._lock:
                self._pending.update(pending)

    def keep_flushing(self, stop: threading.Event) -> None:
        """Flush regularly until `stop`; runs on a thread of its own."""
        while not stop.wait(FLUSH_SECONDS):
            self.flush()
        self.flush()


def add(session: Session, counts: Counter[tuple[str, str, date]]) -> None:
    """Add to the table; rows in a fixed order, so that two processes cannot lock each other out."""
    dialect: Any = sqlite if is_sqlite(session) else postgresql
    rows = [
        {"user_id": user, "feature": feature, "day": day, "uses": uses, "reported": 0}
        for (user, feature, day), uses in sorted(counts.items())
    ]
    statement = dialect.insert(TABLE).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[TABLE.c.user_id, TABLE.c.feature, TABLE.c.day],
            set_={"uses": TABLE.c.uses + statement.excluded.uses},
        )
    )


def summarise(session: Session) -> int:
    """Publish what was not reported yet as one event, and forget old days; returns how many counts it had."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    in_order = (TABLE.c.user_id, TABLE.c.feature, TABLE.c.day)  # as `add` writes them
    fresh = select(TABLE).where(TABLE.c.uses > TABLE.c.reported).order_by(*in_order).limit(AT_ONCE).with_for_update()
    rows = session.execute(fresh).all()
    if rows:
        counts = [
            {"user_id": row.user_id, "feature": row.feature, "day": row.day, "uses": row.uses - row.reported}
            for row in rows
        ]
        publish(session, UsageSummarised(subject=f"usage/{clock.iso(hour)}", hour=hour, counts=counts))
        for row in rows:
            key = (TABLE.c.user_id == row.user_id, TABLE.c.feature == row.feature, TABLE.c.day == row.day)
            session.execute(update(TABLE).where(*key).values(reported=row.uses))
    old = (clock.now() - KEPT).date()
    session.execute(delete(TABLE).where(TABLE.c.day < old, TABLE.c.uses == TABLE.c.reported))
    return len(rows)
