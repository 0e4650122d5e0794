"""Who did what when: entries of the event log by person, record, kind of event and time, the latest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select
from sqlalchemy.engine import Connection

from chassis import archive
from chassis.archive import Row
from chassis.db import is_sqlite
from chassis.event_log import LOG, full_rows

LATE = timedelta(days=1)  # by how much entries may stand behind their time in the log
CHUNKS_AT_ONCE = 40  # archived chunks that one call looks through


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is searched for; empty is anything. Times are half-open: since ≤ time < until.

    `kind` is the kind of the record. `type` is a whole type, or its beginning ending in a dot.
    """

    actor: str = ""
    subject: str = ""
    kind: str = ""
    type: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, row: Row) -> bool:
        """Whether an entry of the log is meant."""
        return (
            (not self.actor or row.actor == self.actor)
            and (not self.subject or row.subject == self.subject)
            and (not self.kind or row.subject.startswith(f"{self.kind}/"))
            and (not self.type or row.type == self.type or (self.type.endswith(".") and row.type.startswith(self.type)))
            and (self.since is None or row.time >= self.since)
            and (self.until is None or row.time < self.until)
        )


class Found(NamedTuple):
    """Entries, the latest first, and where to go on (`before`), None at the end."""

    items: list[dict[str, Any]]
    before: int | None


def search(connection: Connection, wanted: Wanted, *, before: int | None = None, limit: int = 100) -> Found:
    """Up to `limit` entries before the sequence `before`, archived ones too.

    Looking through archived months is done in parts: a page may be short, or empty, and yet go on.
    """
    position = LOG.c.id if is_sqlite(connection) else LOG.c.sequence
    query = _narrowed(full_rows(connection), wanted).where(position.is_not(None))
    if before is not None:
        query = query.where(position < before)
    rows = [Row(*row) for row in connection.execute(query.order_by(position.desc()).limit(limit))]
    if len(rows) == limit:
        return Found([entry(row) for row in rows], rows[-1].sequence)
    for place, chunk in enumerate(archive.backwards(connection, before=before, subject=wanted.subject), 1):
        for row in chunk:
            if wanted.since is not None and row.time < wanted.since - LATE:
                return Found([entry(row) for row in rows], None)
            if (before is None or row.sequence < before) and wanted.fits(row):
                rows.append(row)
                if len(rows) == limit:
                    return Found([entry(row) for row in rows], row.sequence)
        if place == CHUNKS_AT_ONCE:
            return Found([entry(row) for row in rows], chunk[-1].sequence)
    return Found([entry(row) for row in rows], None)


def entry(row: Row) -> dict[str, Any]:
    """One entry as it is shown: who, what, how and from where, and each column before and after."""
    private = orjson.loads(row.personal).get("changes", {}) if row.personal else {}
    return {
        "sequence": row.sequence,
        "id": row.event_id,
        "time": row.time,
        "type": row.type,
        "subject": row.subject,
        "version": row.aggregateversion,
        "actor": row.actor,
        "origin": row.origin,
        "correlation_id": row.correlation_id,
        "changes": (orjson.loads(row.changes) if row.changes else {}) | private,
    }


def _narrowed(query: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.actor:
        query = query.where(LOG.c.actor == wanted.actor)
    if wanted.subject:
        query = query.where(LOG.c.subject == wanted.subject)
    if wanted.kind:
        query = query.where(LOG.c.subject.startswith(f"{wanted.kind}/", autoescape=True))
    if wanted.type:
        whole, beginning = LOG.c.type == wanted.type, LOG.c.type.startswith(wanted.type, autoescape=True)
        query = query.where(beginning if wanted.type.endswith(".") else whole)
    if wanted.since is not None:
        query = query.where(LOG.c.time >= wanted.since)
    if wanted.until is not None:
        query = query.where(LOG.c.time < wanted.until)
    return query
