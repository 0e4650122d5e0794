"""A question and its answer: metrics by dimensions over a period, compared with another, totals beside the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.i18n import gettext as _
from engines import conditions, money
from reporting.errors import QueryInvalid
from reporting.facts import FACTS
from reporting.metrics import catalogue, expressions
from reporting.metrics.definition import Component, Metric
from reporting.querying import compile, scope
from reporting.querying.compile import Ground, Key
from reporting.querying.periods import GRAINS, Bucket, Period, buckets, grain_for, period
from reporting.settings import current

COMPARE = ("", "previous", "last_year")
MAX_ROWS = 5000
MAX_METRICS = 20
MAX_DIMENSIONS = 4


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked. `dimensions` are field names and at most one `time:<grain>` (`time` picks a fitting one)."""

    metrics: Sequence[str]
    dimensions: Sequence[str] = ()
    condition: Mapping[str, Any] = field(default_factory=lambda: {"all": []})
    period: Any = None
    compare: str = ""
    sort: str = ""  # a metric or dimension, - for descending
    limit: int = MAX_ROWS
    total: bool = True  # a chart has no use for it, and it costs as much as the rows


@dataclass
class Row:
    """One row: raw dimension values, the metrics' figures, and the same of the period compared with."""

    key: dict[str, Any]
    values: dict[str, Any]
    previous: dict[str, Any] = field(default_factory=dict)


@dataclass
class Answer:
    """Rows with their totals; a total is asked of the database, for shares and medians do not add up."""

    metrics: list[Metric]
    dimensions: list[str]
    grain: str
    period: Period
    compared: Period | None
    rows: list[Row]
    total: Row
    steps: list[str]  # every step of the time axis, also those without rows
    facts: list[str]
    is_cut: bool = False


def ask(session: Session, *, caller: Caller, question: Question) -> Answer:
    """Answer within what the caller may count; Invalid where the question does not fit its metrics."""
    zone = current().time_zone
    known = catalogue.metrics(session)
    wanted = catalogue.wanted(known, question.metrics)
    grain, dims = _dimensions(known, wanted, question.dimensions)
    asked = period(question.period, zone)
    grain = grain_for(asked) if grain == "auto" else grain
    components = list(dict.fromkeys(one for metric in wanted for one in catalogue.components(known, metric)))
    _check(session, caller, question, components, dims)
    axis = buckets(asked, grain, zone) if grain else []
    context = conditions.Context(caller=caller, zone=zone)
    ground = Ground(session, caller, zone, asked, dims, question.condition, axis, context)
    compared = asked.before(question.compare) if question.compare else None
    rows = _rows(ground, known, wanted, components, grain=grain)
    blank = Row({}, {metric.key: None for metric in wanted})
    total = _total(ground, known, wanted, components) if question.total else blank
    if compared is not None:
        past = ground.at(compared, buckets(compared, grain, zone) if grain else [])
        _compare(rows, ground.buckets, _rows(past, known, wanted, components, grain=grain), past.buckets)
        if question.total:
            total.previous = _total(past, known, wanted, components).values
    _sort(rows, question.sort or _default_sort(wanted, grain))
    return Answer(
        wanted, dims, grain, asked, compared, rows[: question.limit], total, [bucket.label for bucket in axis],
        list(dict.fromkeys(component.fact for component in components)), len(rows) > question.limit,
    )  # fmt: skip


def evaluate(known: Mapping[str, Metric], metric: Metric, found: Mapping[Component, Any]) -> Any:
    """The metric's figure from its components'; None where there is nothing to divide or too little to tell."""
    if metric.type in ("simple", "cumulative"):
        return found[metric.components["value"]]
    numbers = {name: found[component] for name, component in metric.components.items()}
    numbers |= {key: evaluate(known, known[key], found) for key in metric.needs}
    if metric.least and (numbers.get(list(numbers)[-1]) or 0) < metric.least:
        return None
    value = expressions.value(metric.formula, numbers)
    return None if value is None else round(value, 6)


def outside(metric: Metric, value: Any) -> Any:
    """A figure as it leaves the service: money as decimal text, the rest as it is."""
    if metric.unit == "money" and value is not None:
        base = current().base_currency
        return format(round(money.major(value, base), money.digits(base)), "f")
    return value


def _dimensions(known: Mapping[str, Metric], wanted: Sequence[Metric], asked: Sequence[str]) -> tuple[str, list[str]]:
    if not 1 <= len(wanted) <= MAX_METRICS:
        raise QueryInvalid(errors={"metrics": [_("Ask for 1 to %(most)s metrics.", most=MAX_METRICS)]})
    if len(asked) > MAX_DIMENSIONS or len(set(asked)) < len(asked):
        raise QueryInvalid(
            errors={"dimensions": [_("Ask for at most %(most)s different dimensions.", most=MAX_DIMENSIONS)]}
        )
    grain, dims = "", []
    for name in asked:
        head, _colon, step = name.partition(":")
        if head == "time":
            if step and step not in GRAINS:
                raise QueryInvalid(errors={"dimensions": [_("Choose from: %(names)s", names=", ".join(GRAINS))]})
            grain = step or "auto"
        else:
            dims.append(name)
        for metric in wanted:
            allowed = catalogue.dimensions(known, metric)
            if head not in allowed:
                raise QueryInvalid(
                    errors={"dimensions": [_("%(metric)s cannot be grouped by %(name)s", metric=metric.key, name=name)]}
                )
    return grain, dims


def _check(
    session: Session, caller: Caller, question: Question, components: Sequence[Component], dims: Sequence[str]
) -> None:
    if question.compare not in COMPARE:
        raise QueryInvalid(errors={"compare": [_("Choose from: %(names)s", names="previous, last_year")]})
    for component in components:
        fact = FACTS[component.fact]
        conditions.check(question.condition, fact.object)
        used = {
            *dims,
            *conditions.fields_used(question.condition),
            *(expressions.names(component.of) if component.of else ()),
        }
        scope.check_fields(session, caller, fact, used, drill=False)


def _rows(
    ground: Ground,
    known: Mapping[str, Metric],
    wanted: Sequence[Metric],
    components: Sequence[Component],
    *,
    grain: str,
) -> list[Row]:
    if not grain and not ground.dimensions:
        return []
    found = compile.answer(ground, components)
    keys: dict[Key, None] = {}
    if grain and not ground.dimensions:
        keys = {(bucket.label,): None for bucket in ground.buckets}
    for numbers in found.values():
        keys |= dict.fromkeys(numbers)
    names = ["time", *ground.dimensions] if grain else list(ground.dimensions)
    return [Row(dict(zip(names, key, strict=True)), _values(known, wanted, found, key)) for key in keys]


def _total(
    ground: Ground, known: Mapping[str, Metric], wanted: Sequence[Metric], components: Sequence[Component]
) -> Row:
    whole = Ground(ground.session, ground.caller, ground.zone, ground.period, (), ground.condition, (), ground.context)
    return Row({}, _values(known, wanted, compile.answer(whole, components), ()))


def _values(
    known: Mapping[str, Metric], wanted: Sequence[Metric], found: Mapping[Component, Mapping[Key, Any]], key: Key
) -> dict[str, Any]:
    here = {component: _or_nothing(component, numbers.get(key)) for component, numbers in found.items()}
    return {metric.key: evaluate(known, metric, here) for metric in wanted}


def _or_nothing(component: Component, value: Any) -> Any:
    """Counts and sums over no rows are 0; means and medians are not known."""
    if value is None and component.aggregate in ("count", "count_distinct", "sum"):
        return 0
    return value


def _compare(rows: list[Row], now: Sequence[Bucket], past: list[Row], then: Sequence[Bucket]) -> None:
    """Put the past figures beside the present ones; steps of a time axis go by their place."""
    place_then = {bucket.label: place for place, bucket in enumerate(then)}
    place_now = {bucket.label: place for place, bucket in enumerate(now)}
    held = {_key(row, place_then): row.values for row in past}
    for row in rows:
        row.previous = held.get(_key(row, place_now), {})


def _key(row: Row, places: Mapping[str, int]) -> Key:
    return tuple(places.get(value, value) if name == "time" else value for name, value in row.key.items())


def _default_sort(wanted: Sequence[Metric], grain: str) -> str:
    return "time" if grain else f"-{wanted[0].key}"


def _sort(rows: list[Row], sort: str) -> None:
    """By a metric or dimension; what is empty comes last either way."""
    name = sort.removeprefix("-")
    values: list[Any] = [row.values.get(name, row.key.get(name)) for row in rows]
    if rows and name not in rows[0].values and name not in rows[0].key:
        raise QueryInvalid(errors={"sort": [_("Sort by a metric or dimension of the question.")]})
    order = sorted(
        sorted(
            (place for place, value in enumerate(values) if value is not None), key=lambda place: str(rows[place].key)
        ),
        key=values.__getitem__,
        reverse=sort.startswith("-"),
    )
    order += [place for place, value in enumerate(values) if value is None]
    rows[:] = [rows[place] for place in order]
