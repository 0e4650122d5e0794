"""Who did what when: entries of the event log by person, record, kind of event and time, the latest first."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.engine import Connection

from chassis import archive
from chassis.archive import Row
from chassis.db import is_sqlite
from chassis.event_log import LOG, full_rows


def search(
    connection: Connection,
    *,
    actor: str = "",
    subject: str = "",
    type: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Up to `limit` entries before the sequence `before`; archived ones are searched for a subject.

    `type` is a whole type, or its beginning ending in a dot. Times are half-open: since ≤ time < until.
    """
    position = LOG.c.id if is_sqlite(connection) else LOG.c.sequence
    query = full_rows(connection).where(position.is_not(None)).order_by(position.desc()).limit(limit)
    if before is not None:
        query = query.where(position < before)
    if actor:
        query = query.where(LOG.c.actor == actor)
    if subject:
        query = query.where(LOG.c.subject == subject)
    if type:
        query = query.where(LOG.c.type.startswith(type, autoescape=True) if type.endswith(".") else LOG.c.type == type)
    if since is not None:
        query = query.where(LOG.c.time >= since)
    if until is not None:
        query = query.where(LOG.c.time < until)
    found = [Row(*row) for row in connection.execute(query)]
    if subject and len(found) < limit:
        found += list(_archived(connection, subject, actor, type, since, until, before))[: limit - len(found)]
    return [entry(row) for row in found]


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


def _archived(
    connection: Connection,
    subject: str,
    actor: str,
    type_: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
) -> Iterator[Row]:
    if connection.execute(select(archive.CHUNKS.c.last).limit(1)).first() is None:
        return
    for row in archive.about(connection, subject):
        fits_type = not type_ or (row.type.startswith(type_) if type_.endswith(".") else row.type == type_)
        fits_time = (since is None or row.time >= since) and (until is None or row.time < until)
        if fits_type and fits_time and (not actor or row.actor == actor) and (before is None or row.sequence < before):
            yield row
