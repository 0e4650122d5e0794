"""Conditions as SQLAlchemy expressions for SQLite and PostgreSQL, with the results memory gives."""

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Double,
    String,
    Table,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    true,
)
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.sqltypes import Float, Numeric
from sqlalchemy.types import TypeEngine

from chassis.db import UtcDateTime
from engines.conditions import language as lang
from engines.conditions import moments, sql_functions
from engines.conditions.check import parse
from engines.conditions.context import Context
from engines.conditions.language import Node
from engines.objects import LISTS, NUMBERS, Field, ObjectType

Clause = ColumnElement[Any]


class NotInSql(Exception):
    """changed, changed_from and changed_to look at an event's change set, which no query has."""


def to_sql(condition: object, kind: ObjectType, context: Context, model: Any = None) -> ColumnElement[bool]:
    """The WHERE clause that holds for the records `compile_memory` says yes to.

    `model` is an alias of the kind's model, or a table with the same column names. As every WHERE clause it may be
    NULL for no: to negate it, negate the condition. ConditionError when the condition does not fit `kind`.
    """
    return clause(parse(condition, kind), context, kind.model if model is None else model)


def clause(node: Node, context: Context, source: Any) -> ColumnElement[bool]:
    """The clause of a checked tree."""
    return _BUILDERS[type(node)](node, context, source)


def column(field: Field, source: Any) -> Clause:
    """The stored value of `field` as SQL: NULL when missing or of a wrong JSON type; times in JSON are text."""
    found = source.c[field.column] if isinstance(source, Table) else getattr(source, field.column)
    key = field.json_key
    if key is None:
        return found  # type: ignore[no-any-return]
    name: Clause = literal_column(key)
    if field.kind in LISTS:
        return sql_functions.JsonPart(found, name)
    if field.kind == "boolean":
        return sql_functions.JsonFlag(found, name)
    if field.kind not in NUMBERS:
        return sql_functions.JsonText(found, name)
    number: Clause = sql_functions.JsonNumber(found, name)
    return number if field.scale is not None else cast(number, Double)


def _all(node: lang.All, context: Context, source: Any) -> Clause:
    return and_(true(), *(clause(part, context, source) for part in node.of))


def _some(node: lang.Some, context: Context, source: Any) -> Clause:
    return or_(false(), *(clause(part, context, source) for part in node.of))


def _not(node: lang.Not, context: Context, source: Any) -> Clause:
    """NOT of an unknown must be true here, so ask for "is not true"."""
    return func.coalesce(clause(node.of, context, source), false()).is_(false())


def _present(node: lang.Present, context: Context, source: Any) -> Clause:
    value = column(node.field, source)
    if node.field.kind in LISTS:
        return sql_functions.ListFilled(value)
    return value != "" if _is_words(node.field) else value.is_not(None)


def _is_words(field: Field) -> bool:
    return lang.family(field) == "text" and field.json_key is None


def _compare(node: lang.Compare, context: Context, source: Any) -> Clause:
    return _within(node.field, node.bounds, source)


def _window(node: lang.Window, context: Context, source: Any) -> Clause:
    return _within(node.field, moments.bounds(node, context), source)


def _within(field: Field, bounds: lang.Bounds, source: Any) -> Clause:
    if bounds is None:
        return false()
    value = _number(field, source) if field.kind in NUMBERS else column(field, source)
    if not bounds:
        return value.is_not(None)
    return and_(*(_ORDER[op](value, _literal(field, limit)) for op, limit in bounds))


def _number(field: Field, source: Any) -> Clause:
    """Decimal columns compare as doubles, since SQLite stores them so."""
    value = column(field, source)
    exact = isinstance(value.type, Numeric) and not isinstance(value.type, Float | Double)
    return cast(value, Double) if exact and field.scale is None else value


def _literal(field: Field, value: Any) -> Clause:
    return literal(value, _type(field))


def _type(field: Field) -> TypeEngine[Any]:
    if field.kind in NUMBERS:
        return Double() if field.scale is None else BigInteger()
    if field.kind == "boolean":
        return Boolean()
    if field.json_key or field.kind not in {"date", "datetime"}:
        return String()
    return UtcDateTime() if field.kind == "datetime" else Date()


def _member(node: lang.Member, context: Context, source: Any) -> Clause:
    values = set(node.values)
    if node.me:
        values.add(context.caller.id)
    if node.team:
        values |= context.team
    if not values:
        return false()
    field, wanted = node.field, sorted(values)
    if field.kind in LISTS:
        return sql_functions.ListHas(column(field, source), *(_literal(field, value) for value in wanted))
    value = _number(field, source) if field.kind in NUMBERS else column(field, source)
    if len(wanted) == 1:
        return value == _literal(field, wanted[0])
    return value.in_(bindparam(None, wanted, type_=_type(field), expanding=True))


def _match(node: lang.Match, context: Context, source: Any) -> Clause:
    text = sql_functions.Fold(column(node.field, source))
    needle = literal(node.needle, String())
    if node.how == "ends_with":
        return sql_functions.EndsWith(text, needle)
    found = sql_functions.Position(text, needle)
    return found > 0 if node.how == "contains" else found == 1


def _versus(node: lang.Versus, context: Context, source: Any) -> Clause:
    return _ORDER[node.op](_side(node.field, node.other, source), _side(node.other, node.field, source))


def _side(field: Field, other: Field, source: Any) -> Clause:
    if field.kind in NUMBERS:
        value = _number(field, source)
        return cast(value, Double) if (field.scale is None) != (other.scale is None) else value
    value = column(field, source)
    if _is_words(field):
        return func.nullif(value, "")
    if other.json_key and not field.json_key and field.kind in {"date", "datetime"}:
        return (sql_functions.TimeText if field.kind == "datetime" else sql_functions.DateText)(value)
    return value


def _changed(node: lang.Changed, context: Context, source: Any) -> Clause:
    raise NotInSql(node.field.name)


_ORDER: dict[str, Callable[[Any, Any], Any]] = {"eq": eq, "lt": lt, "le": le, "gt": gt, "ge": ge}
_BUILDERS: dict[type[Node], Callable[[Any, Context, Any], Clause]] = {
    lang.All: _all,
    lang.Some: _some,
    lang.Not: _not,
    lang.Present: _present,
    lang.Compare: _compare,
    lang.Window: _window,
    lang.Member: _member,
    lang.Match: _match,
    lang.Versus: _versus,
    lang.Changed: _changed,
}
