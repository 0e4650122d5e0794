"""The one compiler from components to SQL, the same for SQLite and PostgreSQL: rows → numbers by dimension."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Double,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import UtcDateTime
from engines import conditions
from reporting.facts import FACTS, Fact
from reporting.metrics import expressions
from reporting.metrics.definition import ALWAYS, Component
from reporting.querying import scope
from reporting.querying.periods import Bucket, Period, instant
from reporting.querying.rows import Rows

PERCENT = {"median": 50, "p90": 90}
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Ground:
    """What all parts of one question share. `buckets` are the time axis, empty without one."""

    session: Session
    caller: Caller
    zone: str
    period: Period
    dimensions: Sequence[str]
    condition: Mapping[str, Any]
    buckets: Sequence[Bucket] = ()
    context: conditions.Context = field(default=None)  # type: ignore[assignment]

    def at(self, period: Period, buckets: Sequence[Bucket]) -> "Ground":
        """The same question of another period."""
        return Ground(
            self.session, self.caller, self.zone, period, self.dimensions, self.condition, buckets, self.context
        )


def answer(ground: Ground, components: Sequence[Component]) -> dict[Component, dict[Key, Any]]:
    """Each component's number by key: the values of the dimensions, led by the bucket where there is a time axis."""
    found: dict[Component, dict[Key, Any]] = {}
    for together in _together(components):
        statement = statement_for(ground, together)
        width = len(ground.dimensions) + bool(ground.buckets)
        for row in ground.session.execute(statement):
            for place, component in enumerate(together):
                found.setdefault(component, {})[tuple(row[:width])] = _plain(row[width + place])
        for component in together:
            found.setdefault(component, {})
    return found


def statement_for(ground: Ground, together: Sequence[Component]) -> Select[Any]:
    """The SELECT of components that share fact and time."""
    fact = FACTS[together[0].fact]
    rows = Rows(ground.session, fact)
    if together[0].aggregate in PERCENT:
        return _percentile(ground, fact, rows, together[0])
    dims = [rows.field(name) for name in ground.dimensions]
    figures = [_figure(ground, fact, rows, component) for component in together]
    where = [*base_filters(ground, fact, rows, drill=False), _any_condition(ground, fact, rows, together)]
    where, axis = _in_time(ground, fact, rows, together[0], where)
    head = [axis.c.label] if axis is not None else []
    named = [column.label(f"d{place}") for place, column in enumerate([*head, *dims])]
    made = select(*named, *(figure.label(f"v{place}") for place, figure in enumerate(figures)))
    made = made.select_from(_table(rows, axis)).where(*where)
    return made.group_by(*head, *dims) if named else made


def base_filters(ground: Ground, fact: Fact, rows: Rows, *, drill: bool) -> list[ColumnElement[bool]]:
    """The caller's scope and the question's own condition."""
    conditions.check(ground.condition, fact.object)
    asked = conditions.to_sql(ground.condition, fact.object, ground.context, rows)
    return [scope.restriction(ground.session, ground.caller, fact, rows, drill=drill), asked]


def component_filter(ground: Ground, fact: Fact, rows: Rows, component: Component) -> ColumnElement[bool]:
    """The rows a component counts."""
    found = conditions.to_sql(component.condition, fact.object, ground.context, rows)
    if component.within_days is None:
        return found
    second, first, days = component.within_days
    took = expressions.Seconds(rows.field(first), rows.field(second))
    return and_(found, rows.field(second).is_not(None), took <= days * 86400)


def span(ground: Ground, fact: Fact, component: Component, first: date, last: date) -> tuple[Any, Any]:
    """Bounds [from, to) of a time column for the days from first to last; a window reaches further back."""
    if component.window_days:
        first = last - timedelta(days=component.window_days - 1)
    last += timedelta(days=1)
    if fact.by_name[component.time].kind == "date":
        return first, last
    return instant(first, ground.zone), instant(last, ground.zone)


def _together(components: Sequence[Component]) -> list[list[Component]]:
    """Components one SELECT can answer: the same fact, time and window; medians stand alone."""
    groups: dict[Any, list[Component]] = {}
    for place, component in enumerate(components):
        alone = place if component.aggregate in PERCENT else -1
        groups.setdefault((component.fact, component.time, component.window_days, alone), []).append(component)
    return list(groups.values())


def _figure(ground: Ground, fact: Fact, rows: Rows, component: Component) -> ColumnElement[Any]:
    counted = component_filter(ground, fact, rows, component)
    if component.aggregate == "count":
        return func.count(case((counted, literal(1, Integer()))))
    if component.aggregate == "count_distinct":
        return func.count(distinct(case((counted, rows.field(component.of)))))
    value = case((counted, expressions.to_sql(component.of, rows.field)))
    made: Any = getattr(func, component.aggregate)  # sum, avg, min or max
    return made(cast(value, Double) if component.aggregate == "avg" else value)


def _any_condition(ground: Ground, fact: Fact, rows: Rows, together: Sequence[Component]) -> ColumnElement[bool]:
    """Rows that none of the components counts need not be read."""
    if any(component.condition == ALWAYS for component in together):
        return true()
    return or_(*(conditions.to_sql(one.condition, fact.object, ground.context, rows) for one in together))


def _in_time(ground: Ground, fact: Fact, rows: Rows, component: Component, where: list[Any]) -> tuple[list[Any], Any]:
    """Bound to the period; with a time axis, joined to its buckets."""
    if not component.time:
        return where, None
    at = rows.field(component.time)
    if ground.buckets:
        axis = _axis(ground, fact, component)
        return [*where, at >= axis.c.since, at < axis.c.until], axis
    since, until = span(ground, fact, component, ground.period.first, ground.period.last)
    return [*where, at >= since, at < until], None


def _axis(ground: Ground, fact: Fact, component: Component) -> Any:
    kind: Any = Date() if fact.by_name[component.time].kind == "date" else UtcDateTime()
    steps = []
    for bucket in ground.buckets:
        since, until = span(ground, fact, component, bucket.first, bucket.last)
        steps.append(
            select(
                literal(bucket.label, String()).label("label"),
                literal(since, kind).label("since"),
                literal(until, kind).label("until"),
            )
        )
    return union_all(*steps).cte("axis")


def _table(rows: Rows, axis: Any) -> Any:
    return rows.table if axis is None else axis.join(rows.table, true())


def _percentile(ground: Ground, fact: Fact, rows: Rows, component: Component) -> Select[Any]:
    """Interpolated between neighbours, as percentile_cont does; by row numbers, which both databases count alike."""
    percent = PERCENT[component.aggregate]
    dims = [rows.field(name) for name in ground.dimensions]
    value = cast(expressions.to_sql(component.of, rows.field), BigInteger)
    where = [*base_filters(ground, fact, rows, drill=False), component_filter(ground, fact, rows, component)]
    where, axis = _in_time(ground, fact, rows, component, [*where, value.is_not(None)])
    group = [*([axis.c.label] if axis is not None else []), *dims]
    named = [column.label(f"d{place}") for place, column in enumerate(group)]
    over = {"partition_by": group} if group else {}
    inner = (
        select(
            *named,
            value.label("v"),
            func.row_number().over(order_by=value, **over).label("place"),  # type: ignore[arg-type]
            ((func.count().over(**over) - 1) * percent).label("hundredths"),  # type: ignore[arg-type]
        )
        .select_from(_table(rows, axis))
        .where(*where)
        .subquery()
    )
    rest = inner.c.hundredths % 100
    low = (inner.c.hundredths - rest) // 100 + 1
    weight = case((inner.c.place == low, 100 - rest), (inner.c.place == low + 1, rest), else_=0)
    keys = [inner.c[column.name] for column in named]
    figure = cast(func.sum(cast(inner.c.v, Double) * weight), Double) / 100
    made = select(*keys, figure.label("v0"))
    return made.group_by(*keys) if keys else made


def _plain(value: Any) -> Any:
    """Numbers as both databases agree on them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else round(float(value), 6)
    return round(value, 6) if isinstance(value, float) else value
