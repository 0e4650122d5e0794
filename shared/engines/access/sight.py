"""What is read for somebody is masked as it is loaded, so that no page, fragment or answer can show a hidden value.

An edge that only reads says for whom (`session.info["reader"] = caller`); every record loaded then shows that person's
view of it. The access predicate alone judges by the values as they are (`whole`).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from chassis.caller import Caller
from chassis.records import Record
from engines import objects
from engines.access.field_rules import masked
from engines.access.grants import granted
from engines.explain import Decision, DecisionRow
from engines.objects import REFERENCES, Field

READER, _PLANS, _WHOLE = "reader", "masked_columns", "unmasked"
_KEPT = REFERENCES | {"choice", "boolean"}  # steer pages and routes and hold no text: left out where they are shown


class _Unmasked:
    """A record with the values it has, whatever its reader may see of them."""

    def __init__(self, record: Any, values: dict[str, Any]):
        self._record, self._values = record, values

    def __getattr__(self, name: str) -> Any:
        return self._values[name] if name in self._values else getattr(self._record, name)


def whole(record: Any) -> Any:
    """The record with the values it has, for judging access."""
    state = inspect(record, raiseerr=False)
    kept = state.info.get(_WHOLE) if state is not None and hasattr(state, "info") else None
    return _Unmasked(record, kept) if kept else record


def veil(session: Session, reader: Caller) -> None:
    """Mask what a writing session has at hand, once it is flushed: what is answered from here on is the reader's view."""
    session.info[READER] = reader
    for instance in list(session.identity_map.values()):
        _mask(session, reader, instance)


def _loaded(session: Session, instance: Any) -> None:
    reader: Caller | None = session.info.get(READER)
    if reader is not None:
        _mask(session, reader, instance)


def _refreshed(instance: Any, context: Any, _names: Any) -> None:
    _loaded(context.session, instance)


def _mask(session: Session, reader: Caller, instance: Any) -> None:
    if isinstance(instance, DecisionRow):
        _mask_decision(session, reader, instance)
        return
    plans = session.info.setdefault(_PLANS, {})
    model = type(instance)
    if model not in plans:
        plans[model] = _plan(session, reader, model)
    state = inspect(instance)
    for field, rule in plans[model]:
        if field.column not in state.dict:
            continue
        kept = state.info.setdefault(_WHOLE, {})
        if field.column == "custom" and field.json_key:
            held = dict(state.dict["custom"] or {})
            kept.setdefault("custom", dict(held))
            if field.json_key in held:
                value = held.pop(field.json_key)
                held |= {field.json_key: masked(value)} if rule == "mask" else {}
            set_committed_value(instance, "custom", held)
        elif field.column not in kept:
            kept[field.column] = value = state.dict[field.column]
            set_committed_value(instance, field.column, _hidden(model, field, value, rule))


def _plan(session: Session, reader: Caller, model: type[Any]) -> list[tuple[Field, str]]:
    try:
        kind = objects.of_model(model)
    except KeyError:
        return []
    grant = granted(session, reader, kind.kind)
    plan = []
    for name in sorted(grant.hidden):
        field = kind.by_name.get(name) or (Field(name, "text") if _is_text_column(model, name) else None)
        if field is not None and field.kind not in _KEPT:
            plan.append((field, grant.rule(name)))
    return plan


def _is_text_column(model: type[Any], name: str) -> bool:
    """A rule may name a column that the kind does not list as a field, such as notes."""
    return name.startswith("custom.") or name in inspect(model).column_attrs


def _hidden(model: type[Any], field: Field, value: Any, rule: str) -> Any:
    if rule == "mask" and value is not None:
        return masked(value)
    if isinstance(value, list):
        return []
    column = inspect(model).column_attrs.get(field.column)
    required = column is not None and not column.columns[0].nullable
    return "" if required and isinstance(value, str) else None


def decided(session: Session, decision: Decision) -> Decision:
    """A decision that was just worked out, as the session's reader may see it."""
    reader: Caller | None = session.info.get(READER)
    hidden = granted(session, reader, decision.subject.partition("/")[0]).hidden if reader is not None else ()
    if not hidden:
        return decision
    return replace(decision, inputs={}, steps=(), outcome=_without(decision.outcome, hidden))


def _mask_decision(session: Session, reader: Caller, row: DecisionRow) -> None:
    """A decision's inputs and steps repeat values of its record: whoever may not see them all sees only the outcome."""
    hidden = granted(session, reader, row.subject.partition("/")[0]).hidden
    if hidden:
        set_committed_value(row, "inputs", {})
        set_committed_value(row, "steps", [])
        set_committed_value(row, "outcome", _without(row.outcome, hidden))


def _without(outcome: Any, hidden: Collection[str]) -> Any:
    """What was decided, but for values of fields that the reader may not see."""
    if not isinstance(outcome, Mapping):
        return outcome
    return {name: value for name, value in outcome.items() if name not in hidden}


event.listen(Session, "loaded_as_persistent", _loaded)
event.listen(Record, "refresh", _refreshed, propagate=True)
