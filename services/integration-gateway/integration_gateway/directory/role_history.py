"""The versions of a role, read from the log of events: who changed what, from what to what."""

from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.event_log import LOG
from integration_gateway.models import Role

MOST = 200
_SHOWN = ("name", "grants", "allowed_networks", "second_factor")


def of(session: Session, role: Role, *, limit: int = MOST) -> list[dict[str, Any]]:
    """The latest versions, newest first, each with what it changed as {column: [before, after]}."""
    told = select(LOG.c.aggregateversion, LOG.c.time, LOG.c.actor, LOG.c.changes)
    rows = session.execute(told.where(LOG.c.subject == f"role/{role.id}").order_by(LOG.c.id.desc()).limit(limit))
    return [
        {
            "version": row.aggregateversion,
            "at": row.time,
            "by": row.actor,
            "changes": {name: pair for name, pair in orjson.loads(row.changes or "{}").items() if name in _SHOWN},
        }
        for row in rows
    ]


def in_words(changes: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What a version changed as (what, before, after), grants taken apart into kind and member."""
    told: list[tuple[str, Any, Any]] = []
    for name, (before, after) in changes.items():
        if name != "grants":
            told.append((name, before, after))
            continue
        before, after = before or {}, after or {}
        for kind in sorted({*before, *after}):
            old, new = before.get(kind) or {}, after.get(kind) or {}
            told += [
                (f"{kind}.{member}", old.get(member), new.get(member))
                for member in sorted({*old, *new})
                if old.get(member) != new.get(member)
            ]
    return told
