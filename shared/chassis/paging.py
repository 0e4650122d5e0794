"""Lists: keyset paging with a cursor, sorting, sparse fields and a capped count. Empty values sort last, always."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from chassis import answers, clock
from chassis.answers import Dumper
from chassis.errors import Invalid
from chassis.i18n import gettext as _

MAX_LIMIT = 200
COUNT_CAP = 10_000


@dataclass(kw_only=True, eq=False)
class Paged:
    """How a list route pages `entity`.

    `sort` maps the names callers may sort by to columns; the id always breaks ties. `columns` adds expressions for
    answer members that are no column of the entity. `filter(call, text)` compiles the `filter=` parameter to a clause;
    without it there is no such parameter.
    """

    entity: Any
    sort: Mapping[str, Any]
    default: str
    limit: int = 50
    columns: Mapping[str, Any] = field(default_factory=dict)
    filter: Callable[[Any, str], ColumnElement[bool] | None] | None = None
    more: Callable[[Session, Select[Any]], Mapping[str, Any]] | None = (
        None  # further names to sort by, when one is asked for
    )

    @property
    def id(self) -> Any:
        return self.entity.id


@dataclass
class Page:
    """One page of a list; `count` is None unless it was asked for."""

    items: Sequence[Any]
    next_cursor: str | None = None
    count: int | None = None
    count_is_exact: bool = True

    def document(self) -> dict[str, Any]:
        body: dict[str, Any] = {"items": self.items, "next_cursor": self.next_cursor}
        if self.count is not None:
            body |= {"count": self.count, "count_is_exact": self.count_is_exact}
        return body


@dataclass(frozen=True)
class Asked:
    """The paging parameters of a request."""

    sort: str = ""
    limit: int | None = None
    cursor: str = ""
    fields: tuple[str, ...] = ()
    count: bool = False
    clause: ColumnElement[bool] | None = None
    hidden: frozenset[str] = frozenset()  # members this caller must not see, nor sort by
    closed: frozenset[str] = frozenset()  # members he sees masked: not to be sorted by either
    touched: frozenset[str] | None = None  # members that are looked into before they are sent; None: any


@dataclass(frozen=True)
class _Key:
    name: str
    column: Any
    descending: bool

    @property
    def nullable(self) -> bool:
        return bool(getattr(self.column, "nullable", True)) and not getattr(self.column, "primary_key", False)


def page(session: Session, statement: Select[Any], paged: Paged, dumper: Dumper, asked: Asked) -> Page:
    """Run `statement` (a select of the entity with its conditions) as one page; Invalid for bad parameters."""
    keys = _keys(session, statement, paged, asked)
    wanted = _wanted(dumper, asked)
    if asked.clause is not None:
        statement = statement.where(asked.clause)
    limit = asked.limit or paged.limit
    rows = _after(statement, keys, asked).order_by(None).order_by(*_ordering(keys)).limit(limit + 1)
    found = _columns(dumper, paged, None if wanted is None else tuple(wanted), asked.touched)
    if found is None:
        selected = rows.add_columns(*(key.column.label(f"_sort_{place}") for place, key in enumerate(keys)))
    else:
        ordered = [column.label(f"_sort_{place}") for place, column in enumerate(key.column for key in keys)]
        selected = rows.with_only_columns(*found.values(), *ordered, maintain_column_froms=True)
    result = (session if found is None else session.connection()).execute(selected).all()
    more, result = len(result) > limit, result[:limit]
    if found is None:
        items = [dumper.one(row[0], wanted) for row in result]
    else:
        items = dumper.rows(result, list(found))
    cursor = _cursor(keys, result[-1][-len(keys) :]) if more else None
    made = Page(items, cursor)
    if asked.count:
        made.count, made.count_is_exact = count(session, statement, paged)
    return made


@lru_cache(maxsize=512)
def _columns(
    dumper: Dumper, paged: Paged, wanted: tuple[str, ...] | None, touched: frozenset[str] | None
) -> dict[str, Any] | None:
    """Member → what to select for it, built once; None when some member is not a column."""
    found = answers.columns(dumper, paged.entity, wanted, paged.columns)
    return found if found is None or touched is None else dumper.unread(found, touched)


def count(session: Session, statement: Select[Any], paged: Paged) -> tuple[int, bool]:
    """How many rows `statement` has, counted up to 10 000; and whether that is all."""
    capped = statement.with_only_columns(paged.id, maintain_column_froms=True).order_by(None).limit(COUNT_CAP + 1)
    found = session.execute(select(func.count()).select_from(capped.subquery())).scalar_one()
    return min(found, COUNT_CAP), found <= COUNT_CAP


def _wanted(dumper: Dumper, asked: Asked) -> list[str] | None:
    if not asked.fields and not asked.hidden:
        return None
    names = [name for name in dumper.names if name not in asked.hidden]
    unknown = set(asked.fields) - set(names)
    if unknown:
        raise Invalid(errors={"fields": [_("Unknown: %(names)s", names=", ".join(sorted(unknown)))]})
    return [name for name in names if not asked.fields or name in asked.fields]


def _keys(session: Session, statement: Select[Any], paged: Paged, asked: Asked) -> list[_Key]:
    keys: list[_Key] = []
    sort = paged.sort
    if paged.more and any(part.removeprefix("-") not in sort for part in asked.sort.split(",") if part):
        sort = {**sort, **paged.more(session, statement)}
    default = "" if paged.default.removeprefix("-") in asked.hidden | asked.closed else paged.default
    for part in filter(None, (asked.sort or default).split(",")):
        name = part.removeprefix("-")
        if name not in sort or name in asked.hidden | asked.closed or any(key.name == name for key in keys):
            raise Invalid(errors={"sort": [_("Choose from: %(names)s", names=", ".join(paged.sort))]})
        keys.append(_Key(name, sort[name], part.startswith("-")))
    keys.append(_Key("id", paged.id, keys[-1].descending if keys else True))
    return keys


def _ordering(keys: list[_Key]) -> list[Any]:
    ordered = []
    for key in keys:
        direction = key.column.desc() if key.descending else key.column.asc()
        ordered.append(direction.nulls_last() if key.nullable else direction)
    return ordered


def _after(statement: Select[Any], keys: list[_Key], asked: Asked) -> Select[Any]:
    """Only the rows that come after the cursor's."""
    if not asked.cursor:
        return statement
    values = _values(keys, asked.cursor)
    if not any(key.nullable for key in keys) and len({key.descending for key in keys}) == 1:
        columns = tuple_(*(key.column for key in keys))
        bound = tuple_(*(literal(value, key.column.type) for key, value in zip(keys, values, strict=True)))
        return statement.where(columns < bound if keys[0].descending else columns > bound)
    choices: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for key, value in zip(keys, values, strict=True):
        choices.append(and_(*same, _beyond(key, value)))
        same.append(key.column.is_(None) if value is None else key.column == value)
    return statement.where(or_(*choices))


def _beyond(key: _Key, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false()
    limit = literal(value, key.column.type)
    further: ColumnElement[bool] = key.column < limit if key.descending else key.column > limit
    return or_(further, key.column.is_(None)) if key.nullable else further


def _cursor(keys: list[_Key], values: Sequence[Any]) -> str:
    order = ",".join(f"-{key.name}" if key.descending else key.name for key in keys)
    return base64.urlsafe_b64encode(answers.to_json([order, *values])).rstrip(b"=").decode()


def _values(keys: list[_Key], cursor: str) -> list[Any]:
    order = ",".join(f"-{key.name}" if key.descending else key.name for key in keys)
    try:
        read = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(read, list) or len(read) != len(keys) + 1 or read[0] != order:
            raise ValueError
        return [_restored(key, value) for key, value in zip(keys, read[1:], strict=True)]
    except (ValueError, TypeError, ArithmeticError):
        raise Invalid(errors={"cursor": [_("This cursor does not belong to this list")]}) from None


def _restored(key: _Key, value: Any) -> Any:
    if value is None:
        if not key.nullable:
            raise ValueError
        return None
    kind = getattr(key.column.type, "impl_instance", key.column.type).python_type  # of a TypeDecorator: what it wraps
    if kind is datetime:
        return clock.parse(value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is Decimal:
        return Decimal(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind or (kind is str and "\0" in value) or (kind is int and abs(value) >= 1 << 63):
        raise ValueError
    return value
