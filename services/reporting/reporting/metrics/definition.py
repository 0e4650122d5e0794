"""What a metric is: a named definition, read and checked alike whether it ships or somebody made it.

`simple` aggregates a fact; `ratio` divides one metric's sum by another's, never averaging ratios; `derived` is
arithmetic over metrics; `cumulative` counts over a window that ends with the period; `conversion` is the share of rows
begun in the period that got to a second time within a window of days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis.i18n import gettext as _
from engines import conditions
from reporting.errors import MetricInvalid
from reporting.facts import Fact, fact
from reporting.metrics import expressions

TYPES = ("simple", "ratio", "derived", "cumulative", "conversion")
AGGREGATES = ("count", "sum", "avg", "min", "max", "count_distinct", "median", "p90")
UNITS = ("count", "money", "share", "seconds", "minutes", "score")
ALWAYS: Mapping[str, Any] = {"all": []}


@dataclass(frozen=True)
class Component:
    """One aggregate over one fact: the only thing that is ever asked of the database.

    `of` is a formula over the fact's columns (a column for count_distinct); `time` the column the period looks at,
    empty for what is so now. `window_days` makes the period reach back that far from its end.
    """

    fact: str
    time: str
    aggregate: str
    of: str = ""
    condition: Mapping[str, Any] = field(default_factory=lambda: ALWAYS, hash=False)
    window_days: int = 0
    within_days: tuple[str, str, int] | None = None  # second time, first time, days between at most


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A checked definition. `least` hides a figure made of fewer rows than that; `good` is up or down."""

    key: str
    version: int
    label: Mapping[str, str]
    description: Mapping[str, str]
    type: str
    unit: str
    good: str
    components: Mapping[str, Component]
    formula: str  # over component names and metric keys
    needs: Sequence[str] = ()  # metrics the formula reads
    least: int = 0
    shipped: bool = True
    body: Mapping[str, Any] = field(default_factory=dict)


class Label(Schema):
    zh = fields.String(required=True, validate=validate.Length(1, 400))
    en = fields.String(required=True, validate=validate.Length(1, 400))


class Description(Schema):
    zh = fields.String(load_default="", validate=validate.Length(max=1000))
    en = fields.String(load_default="", validate=validate.Length(max=1000))


class Definition(Schema):
    """A metric as it is written down."""

    key = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,59}$"))
    version = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    label = fields.Nested(Label, required=True)
    description = fields.Nested(Description, load_default=lambda: {"zh": "", "en": ""})
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    unit = fields.String(load_default="count", validate=validate.OneOf(UNITS))
    good = fields.String(load_default="up", validate=validate.OneOf(("up", "down")))
    fact = fields.String(load_default="")
    time = fields.String(load_default="")
    aggregate = fields.String(load_default="count", validate=validate.OneOf(AGGREGATES))
    of = fields.String(load_default="", validate=validate.Length(max=expressions.MAX_LENGTH))
    condition = fields.Dict(load_default=lambda: {"all": []})
    window_days = fields.Integer(load_default=0, validate=validate.Range(0, 3660))
    converted = fields.String(load_default="", metadata={"description": "conversion: the second time"})
    numerator = fields.String(load_default="", metadata={"description": "ratio: a metric"})
    denominator = fields.String(load_default="", metadata={"description": "ratio: a metric"})
    formula = fields.String(load_default="", validate=validate.Length(max=expressions.MAX_LENGTH))
    least = fields.Integer(load_default=0, validate=validate.Range(0, 1000))


_SCHEMA = Definition()


def read(body: Mapping[str, Any], *, shipped: bool = False) -> Metric:
    """The metric of a definition; MetricInvalid names each mistake. References to other metrics are checked later."""
    try:
        given = _SCHEMA.load(body)
    except ValidationError as error:
        raise MetricInvalid(errors=dict(error.normalized_messages())) from None
    components, formula, needs = _READERS[given["type"]](given)
    return Metric(
        key=given["key"], version=given["version"], label=given["label"], description=given["description"],
        type=given["type"], unit=given["unit"], good=given["good"], components=components, formula=formula, needs=needs,
        least=given["least"], shipped=shipped, body=given,
    )  # fmt: skip


def _simple(given: Mapping[str, Any]) -> tuple[dict[str, Component], str, list[str]]:
    return {"value": _component(given)}, "value", []


def _cumulative(given: Mapping[str, Any]) -> tuple[dict[str, Component], str, list[str]]:
    if not given["window_days"]:
        raise _wrong("window_days", _("A cumulative metric needs a window."))
    if given["aggregate"] in ("median", "p90"):
        raise _wrong("aggregate", _("A cumulative metric counts or sums."))
    if not given["time"]:
        raise _wrong("time", _("A cumulative metric needs a time."))
    return {"value": _component(given, window_days=given["window_days"])}, "value", []


def _conversion(given: Mapping[str, Any]) -> tuple[dict[str, Component], str, list[str]]:
    found = fact(given["fact"])
    for name in ("time", "converted"):
        if given[name] not in found.names(frozenset({"datetime"})):
            raise _wrong(name, _one_of(found.names(frozenset({"datetime"}))))
    base = _component({**given, "aggregate": "count", "of": ""})
    days = given["window_days"] or 36500
    got = Component(
        base.fact, base.time, "count", "", base.condition, within_days=(given["converted"], given["time"], days)
    )
    return {"converted": got, "base": base}, "converted / base", []


def _ratio(given: Mapping[str, Any]) -> tuple[dict[str, Component], str, list[str]]:
    for name in ("numerator", "denominator"):
        if not given[name]:
            raise _wrong(name, _("Name a metric."))
    pair = [given["numerator"], given["denominator"]]
    return {}, " / ".join(pair), pair


def _derived(given: Mapping[str, Any]) -> tuple[dict[str, Component], str, list[str]]:
    try:
        needed = sorted(expressions.names(given["formula"]))
    except expressions.Malformed as error:
        raise _wrong("formula", str(error)) from None
    if not needed or expressions.moments(given["formula"]):
        raise _wrong("formula", _("A derived metric is made of metrics."))
    return {}, given["formula"], needed


_READERS = {
    "simple": _simple,
    "ratio": _ratio,
    "derived": _derived,
    "cumulative": _cumulative,
    "conversion": _conversion,
}


def _component(given: Mapping[str, Any], window_days: int = 0) -> Component:
    found = fact(given["fact"])
    if given["time"] and given["time"] not in found.times:
        raise _wrong("time", _one_of(found.times))
    conditions.check(given["condition"], found.object)
    _check_of(found, given["aggregate"], given["of"])
    return Component(found.key, given["time"], given["aggregate"], given["of"], given["condition"], window_days)


def _check_of(found: Fact, aggregate: str, of: str) -> None:
    if aggregate == "count":
        if of:
            raise _wrong("of", _("A count counts rows."))
        return
    if aggregate == "count_distinct":
        if of not in found.dimensions:
            raise _wrong("of", _one_of(found.dimensions))
        return
    try:
        times = expressions.moments(of)
        unknown = (expressions.names(of) - times - set(found.numbers)) | (times - set(found.times))
    except expressions.Malformed as error:
        raise _wrong("of", str(error)) from None
    if unknown:
        raise _wrong("of", _one_of([*found.numbers, *found.times]))


def _one_of(names: Sequence[str]) -> str:
    return _("Choose from: %(names)s", names=", ".join(names))


def _wrong(place: str, message: str) -> MetricInvalid:
    return MetricInvalid(errors={place: [message]})
