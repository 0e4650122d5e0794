"""The move of an opportunity, the hottest write of sales: one read and one statement instead of a round trip per table."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from chassis import clock, event_log
from chassis.caller import Caller
from chassis.db import is_sqlite
from chassis.errors import Forbidden, NotFound
from chassis.events import Event, entry
from chassis.ids import uuid7
from engines import access
from sales.models import Opportunity, Pipeline, StageHistory
from sales.objects import OPPORTUNITY

_DEAL: Any = Opportunity.__table__
_HISTORY: Any = StageHistory.__table__
_READ = (
    select(*_DEAL.c, Pipeline.key.label("pipeline"), Pipeline.stages.label("stages"))
    .join(Pipeline, Pipeline.id == _DEAL.c.pipeline_id)
    .where(_DEAL.c.id == bindparam("wanted"))
    .with_for_update(of=_DEAL)
)
_WRITTEN = (
    "stage", "category", "probability", "forecast_category", "stage_entered_at", "stalled", "stall_check_at", "closed_at",
    "last_stage", "loss_reason", "loss_note", "amount_minor", "currency", "base_minor", "version", "updated_at",
)  # fmt: skip
_UPDATE = (
    update(_DEAL)
    .where(_DEAL.c.id == bindparam("deal_id"))
    .values({name: bindparam(f"deal_{name}", type_=_DEAL.c[name].type) for name in _WRITTEN})
)
_ADD = insert(_HISTORY).values(
    {column.name: bindparam(f"move_{column.name}", type_=column.type) for column in _HISTORY.c}
)
_ALL_AT_ONCE = event_log.INSERT.add_cte(_UPDATE.cte("moved"), _ADD.cte("remembered"))
_SILENT = ("version", "updated_at", "stall_check_at")


def locked(session: Session, caller: Caller, opportunity_id: str) -> tuple[SimpleNamespace, SimpleNamespace]:
    """An opportunity the caller may edit, its row locked, and its pipeline (key, stages): columns as attributes.

    NotFound outside what the caller may read, Forbidden inside it.
    """
    session.flush()
    row = session.connection().execute(_READ, {"wanted": opportunity_id}).first()
    if row is None:
        raise NotFound()
    deal = SimpleNamespace(**row._mapping)
    if not access.allows(session, caller, OPPORTUNITY, deal, "edit"):
        raise Forbidden() if access.allows(session, caller, OPPORTUNITY, deal) else NotFound()
    deal.before = dict(row._mapping)
    return deal, SimpleNamespace(id=deal.pipeline_id, key=deal.pipeline, stages=deal.stages)


def write(session: Session, deal: SimpleNamespace, *, move: dict[str, Any], events: list[Event]) -> None:
    """Store a moved opportunity, its history row and its events; the first event carries the change set."""
    deal.version, deal.updated_at = deal.before["version"] + 1, clock.now()
    changed = {
        name: [deal.before[name], getattr(deal, name)]
        for name in _WRITTEN
        if name not in _SILENT and deal.before[name] != getattr(deal, name)
    }
    values = {f"deal_{name}": getattr(deal, name) for name in _WRITTEN} | {"deal_id": deal.id}
    history = {f"move_{name}": value for name, value in move.items()} | {
        "move_id": uuid7(),
        "move_opportunity_id": deal.id,
    }
    first, *others = [
        entry(session, event, version=deal.version, changed={} if place else changed)
        for place, event in enumerate(events)
    ]
    connection = session.connection()
    if is_sqlite(connection):
        connection.execute(_UPDATE, values)
        connection.execute(_ADD, history)
        connection.execute(event_log.INSERT, first)
    else:
        connection.execute(_ALL_AT_ONCE, values | history | first)
    for row in others:
        connection.execute(event_log.INSERT, row)
    known = session.identity_map.get(identity_key(Opportunity, deal.id))
    if known is not None:
        session.expire(known)
