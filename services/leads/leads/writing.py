"""A new lead written by plain statements instead of the unit of work: the hot path of the service."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, inspect
from sqlalchemy.orm import Session, make_transient_to_detached

from chassis import changes, event_log
from chassis.events import Event, entry
from chassis.ids import uuid7
from leads.models import Lead

_MAPPER = inspect(Lead)
_INSERT = insert(Lead.__table__)  # type: ignore[arg-type]
_MADE: dict[str, Any] = {
    column.key: column.default.arg
    for column in Lead.__table__.c
    if column.default is not None and column.default.is_callable
}
_FIXED: dict[str, Any] = {
    column.key: column.default.arg if column.default is not None and column.default.is_scalar else None
    for column in Lead.__table__.c
    if column.key not in _MADE
}


def blank(now: datetime) -> dict[str, Any]:
    """Every column of a new lead with its default, so that rules can read the lead before it is stored."""
    made = {name: make(None) for name, make in _MADE.items()}
    return _FIXED | made | {"id": uuid7(), "created_at": now, "updated_at": now, "version": 1}


def store(session: Session, lead: Lead, facts: Sequence[Event]) -> None:
    """Insert the lead with its first events, the first of which carries the change set; then the session holds it.

    Two statements, whatever the number of events; `publish` would need two for each.
    """
    values = {name: value for name, value in lead.__dict__.items() if name in _MAPPER.columns and value is not None}
    session.connection().execute(_INSERT, values)
    make_transient_to_detached(lead)
    session.add(lead)
    personal = changes.personal_columns(_MAPPER)
    fresh = {name: [None, value] for name, value in values.items() if value not in ([], {}) and name != "version"}
    plain = {name: pair for name, pair in fresh.items() if name not in personal}
    private = {name: pair for name, pair in fresh.items() if name in personal}
    rows = [entry(session, facts[0], version=1, changed=plain, changed_personal=private)]
    rows += [entry(session, fact, version=1, changed={}) for fact in facts[1:]]
    session.connection().execute(event_log.INSERT, rows)
