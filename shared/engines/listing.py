"""Lists of one kind of record: filter, search and sort within what the caller may see; for API, pages and exports."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
from marshmallow import fields
from sqlalchemy import ColumnElement, Select, String, and_, false, literal, or_, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.i18n import lazy as _
from chassis.paging import Paged
from engines import access, conditions, objects
from engines.conditions import sql_functions
from engines.conditions.language import fold
from engines.conditions.sql import column
from engines.objects import LISTS, Field, ObjectType

MAX_FILTER = 20_000
QUERY = {"q": fields.String(load_default="", metadata={"description": "Text to look for"})}


def paged(kind: ObjectType, *, default: str = "-created_at", limit: int = 50) -> Paged:
    """How a list route pages records of `kind`: sortable by every plain column, filtered by a condition."""
    made = paged_by(kind.model, lambda call: kind, default=default, limit=limit)
    made.sort = {item.name: getattr(kind.model, item.column) for item in kind.fields if _sortable(item)}
    made.more = lambda session, statement: own_sorts(session, kind)
    return made


def paged_by(model: Any, of: Callable[[Any], ObjectType], *, default: str = "-created_at", limit: int = 50) -> Paged:
    """How a list route pages records of the kind `of(call)`, kept in the table of `model`; sortable by what every record has."""

    def clause(call: Any, text: str) -> ColumnElement[bool]:
        kind = of(call)
        seen, condition = access.visible(call.session, call.caller, kind), read_filter(text)
        found = compiled(condition, seen, call.caller, zone=call.settings.time_zone)
        return and_(found, _unveiled(call.session, call.caller, kind, condition))

    columns = {
        name: getattr(model, name) for name in ("name", "number", "created_at", "updated_at") if hasattr(model, name)
    }
    return Paged(entity=model, sort=columns, default=default, limit=limit, filter=clause, more=_sorts_of)


def _sorts_of(session: Session, statement: Select[Any]) -> dict[str, Any]:
    return own_sorts(session, objects.of_model(statement.column_descriptions[0]["entity"]))


def own_sorts(session: Session, kind: ObjectType) -> dict[str, Any]:
    """The company's own fields a list may be sorted by."""
    whole = objects.extended(session, kind)
    return {item.name: column(item, kind.model) for item in whole.fields if item.json_key and item.kind not in LISTS}


def rows(call: Any, kind: ObjectType) -> Select[Any]:
    """The SELECT a list route with `page=paged(kind)` and `query=QUERY` returns."""
    sort = call.query.get("sort") or ""
    check_sort(call.session, call.caller, kind, sort)
    return readable(call.session, call.caller, kind, q=call.query.get("q") or "", sort=sort)


def readable(
    session: Session,
    caller: Caller,
    kind: ObjectType,
    *,
    filter: Any = None,
    q: str = "",
    sort: str = "",
    zone: str | None = None,
) -> Select[Any]:
    """SELECT of the records the caller may read that meet the condition `filter` and hold the text `q`.

    Conditions and searches see only fields the caller may read in full; ConditionError names any other as unknown.
    Records in a pool that hides a field named in `filter`, searched by `q` or sorted by are left out.
    """
    seen = access.visible(session, caller, kind)
    statement = select(kind.model).where(access.predicate_sql(session, caller, kind))
    if filter is not None:
        statement = statement.where(compiled(filter, seen, caller, zone=zone))
    if q.strip():
        statement = statement.where(search(seen, q))
    return statement.where(_unveiled(session, caller, kind, filter, q=q, sort=sort))


def _unveiled(
    session: Session, caller: Caller, kind: ObjectType, condition: Any, *, q: str = "", sort: str = ""
) -> ColumnElement[bool]:
    names = set(conditions.fields_used(condition)) if condition is not None else set()
    names |= {part.removeprefix("-") for part in sort.split(",")} | (set(kind.searched) if q.strip() else set())
    return access.seen_through(session, caller, kind, names)


def each(session: Session, statement: Select[Any], *, batch: int = 500) -> Iterator[Any]:
    """The records of a SELECT one after the other without holding all of them, for exports."""
    yield from session.scalars(statement.execution_options(yield_per=batch))


def compiled(condition: Any, kind: ObjectType, caller: Caller, *, zone: str | None = None) -> ColumnElement[bool]:
    """A list's filter as SQL; errors are placed below `filter`."""
    conditions.check(condition, kind, at="filter")
    return conditions.to_sql(condition, kind, conditions.Context(caller=caller, zone=zone))


def read_filter(text: str) -> Any:
    """The JSON of a `filter=` parameter; Invalid when it is none."""
    if len(text) > MAX_FILTER:
        raise Invalid(errors={"filter": [_("The filter is too long.")]})
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(errors={"filter": [_("Not valid JSON.")]}) from None


def search(kind: ObjectType, q: str) -> ColumnElement[bool]:
    """Every word of `q` occurs in one of the kind's searched fields; A–Z in either case."""
    searched = [kind.by_name[name] for name in kind.searched if name in kind.by_name]
    words = q.replace("\0", " ").split()[:8]
    if not searched or not words:
        return false()
    return and_(*(or_(*(_holds(item, word[:100], kind) for item in searched)) for word in words))


def check_sort(session: Session, caller: Caller, kind: ObjectType, sort: str) -> None:
    """Invalid when `sort` names a field the caller may not read in full: its order would tell the value."""
    seen = access.visible(session, caller, kind).by_name
    names, whole = [part.removeprefix("-") for part in sort.split(",") if part], objects.extended(session, kind).by_name
    unknown: Sequence[str] = [name for name in names if name in whole and name not in seen]
    if unknown:
        raise Invalid(errors={"sort": [_("Unknown field: %(names)s", names=", ".join(unknown))]})


def _sortable(item: Field) -> bool:
    return item.json_key is None and item.kind not in LISTS


def _holds(item: Field, word: str, kind: ObjectType) -> ColumnElement[bool]:
    value = column(item, kind.model)
    text = sql_functions.ListText(value) if item.kind in LISTS else value
    return sql_functions.Position(sql_functions.Fold(text), literal(fold(word), String())) > 0
