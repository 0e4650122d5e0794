"""Why a condition held or not: the tree with each comparison's actual value, for decisions and simulations."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from chassis import clock
from engines import money
from engines.conditions import language as lang
from engines.conditions import moments
from engines.conditions.check import parse
from engines.conditions.context import Context
from engines.conditions.memory import compile_memory, reader
from engines.objects import NUMBERS, Field, ObjectType


def explain(
    condition: Mapping[str, Any], record: Any, context: Context, kind: ObjectType, on_event: bool = False
) -> dict[str, Any]:
    """{"all"|"any"|"not": …, "result"} with leaves {"field", "op", "value", "actual", "result"}, all JSON.

    Leaves on times also carry "bounds", the window they were held against. Unlike the test itself it looks at every
    part. ConditionError when the condition does not fit `kind`.
    """
    compile_memory(condition, kind, on_event)
    return _explain(condition, record, context, kind, on_event)


def _explain(
    part: Mapping[str, Any], record: Any, context: Context, kind: ObjectType, on_event: bool
) -> dict[str, Any]:
    if "field" in part:
        return _leaf(part, record, context, kind, on_event)
    word = next(iter(part))
    if word == "not":
        inner = _explain(part["not"], record, context, kind, on_event)
        return {"not": inner, "result": not inner["result"]}
    parts = [_explain(item, record, context, kind, on_event) for item in part[word]]
    results = [item["result"] for item in parts]
    return {word: parts, "result": all(results) if word == "all" else any(results)}


def _leaf(leaf: Mapping[str, Any], record: Any, context: Context, kind: ObjectType, on_event: bool) -> dict[str, Any]:
    mapping = isinstance(record, Mapping)
    field = kind.by_name[leaf["field"]]
    found = dict(leaf)
    found["actual"] = shown(field, reader(field, mapping)(record), currency=_currency(field, record))
    value = leaf.get("value")
    if isinstance(value, Mapping) and "field" in value:
        other = kind.by_name[value["field"]]
        found["other"] = shown(other, reader(other, mapping)(record), currency=_currency(other, record))
    if leaf["op"] in lang.CHANGE:
        found["change"] = context.changes.get(field.column)
    node = parse(leaf, kind, on_event)
    inner = node.of if isinstance(node, lang.Not) else node
    if isinstance(inner, lang.Window):
        found["bounds"] = [[op, _plain(limit)] for op, limit in moments.bounds(inner, context) or ()]
    found["result"] = bool(compile_memory(leaf, kind, on_event)(record, context))
    return found


def shown(field: Field, value: Any, *, currency: str | None = None) -> Any:
    """A stored value as people and JSON see it: money and scaled numbers as decimal text, times as ISO.

    `currency` is that of the record, for an amount whose records have currencies of their own.
    """
    if value is None:
        return None
    if field.currency_column:
        return money.to_text(value, currency)
    if field.kind in NUMBERS and field.scale:
        return str(Decimal(value).scaleb(-field.scale))
    return _plain(value)


def _currency(field: Field, record: Any) -> str | None:
    column = field.currency_column
    return (record.get(column) if isinstance(record, Mapping) else getattr(record, column)) if column else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    return value.isoformat() if isinstance(value, date) else value


def fields_used(condition: Any) -> set[str]:
    """Names of all fields a condition looks at, compared ones included."""
    return set(_fields(condition))


def _fields(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("field"), str):
            yield part["field"]
        for inner in part.values():
            yield from _fields(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _fields(inner)


def snapshot(kind: ObjectType, record: Any, names: set[str] | None = None) -> dict[str, Any]:
    """The stored values of the named (or all) fields as JSON that `compile_memory` reads again: a decision's inputs."""
    kept: dict[str, Any] = {}
    for field in kind.fields:
        if names is not None and field.name not in names:
            continue
        if field.column in kept:
            continue
        value = record.get(field.column) if isinstance(record, Mapping) else getattr(record, field.column)
        kept[field.column] = float(value) if isinstance(value, Decimal) else _plain(value)
        if field.currency_column:
            kept.setdefault(field.currency_column, _currency(field, record))
    return kept
