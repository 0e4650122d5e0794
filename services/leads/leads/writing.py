"""A new lead written by plain statements instead of the unit of work: the hot path of the service."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, make_transient_to_detached

from chassis import changes, event_log, inserting
from chassis.events import Event, entry
from chassis.ids import uuid7
from chassis.inserting import Rows
from leads.deciding import TURN
from leads.models import Lead

_MAPPER = inspect(Lead)
_LEAD: Any = Lead.__table__
_COLUMNS = tuple(_MAPPER.columns.keys())
_EMPTY: tuple[Any, ...] = (None, [], {})
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


def unstored(values: dict[str, Any]) -> Lead:
    """A lead of these values, every column among them, that no session knows; what is set on it until then is no change."""
    lead = Lead()
    lead.__dict__.update(values)
    return lead


def store(session: Session, lead: Lead, facts: Sequence[Event], rows: Mapping[Any, Rows]) -> None:
    """Insert the lead with its events, the first of which carries the change set, and `rows`; then the session holds it.

    One statement on PostgreSQL, whatever there is to store. The rule's turn among `rows` is moved on.
    """
    values = {name: lead.__dict__[name] for name in _COLUMNS}
    changed = {name: [None, value] for name, value in values.items() if value not in _EMPTY and name != "version"}
    personal = changes.personal_columns(_MAPPER)
    plain = {name: pair for name, pair in changed.items() if name not in personal}
    private = {name: pair for name, pair in changed.items() if name in personal}
    first, *others = facts
    told = [entry(session, first, version=1, changed=plain, changed_personal=private)]
    told += [entry(session, fact, version=_version(lead, fact), changed={}) for fact in others]
    everything = {_LEAD: [values], event_log.LOG: told, **rows}
    inserting.insert_all(session.connection(), everything, replacing=(TURN,))
    make_transient_to_detached(lead)
    session.add(lead)


def _version(lead: Lead, fact: Event) -> int:
    """The version an event is about: the lead's first one, none for what only happened because of it."""
    return 1 if fact.record is lead else 0
