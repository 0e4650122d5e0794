"""Dashboards and metrics people make themselves, in the definition editor. Drafts are their author's alone."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from chassis import clock
from chassis.api import Call
from chassis.errors import Problem as Refusal
from chassis.i18n import gettext as _
from chassis.i18n import lazy, pick
from console.definition_pages import mount
from console.definitions import Body, Draft, Kind, Part, Problem, Stored, Tried, Version, problems_of
from console.drafts_kept import Kept
from console.fields import Choice, Field, of_object
from engines import access
from engines.access import has_right, right
from reporting import definitions
from reporting.dashboards import boards, tiles
from reporting.dashboards import definition as board_definition
from reporting.dashboards.tiles import Filters
from reporting.errors import DashboardInvalid, MetricInvalid
from reporting.facts import FACTS
from reporting.metrics import catalogue
from reporting.metrics import definition as metric_definition
from reporting.models import Dashboard, MetricDefinition
from reporting.objects import DASHBOARD, REPORT
from reporting.pages.edge import pages
from reporting.querying.labels import dimension
from reporting.querying.periods import GRAINS, PRESETS

BOARDS, METRICS = "/reporting/own-dashboards", "/reporting/own-metrics"
_KINDS = {
    "number": lazy("Figure"), "line": lazy("Line"), "area": lazy("Area"), "bar": lazy("Bars"), "stacked": lazy("Stacked bars"),
    "pie": lazy("Pie"), "heat": lazy("Heat map"), "gauge": lazy("Gauge"), "funnel": lazy("Opportunity funnel"),
    "leaderboard": lazy("Leaderboard"), "table": lazy("Table"),
}  # fmt: skip
_GRAINS = {
    "day": lazy("Time, by day"), "week": lazy("Time, by week"), "month": lazy("Time, by month"),
    "quarter": lazy("Time, by quarter"), "year": lazy("Time, by year"),
}  # fmt: skip
_COMPARE = {"previous": lazy("The period before"), "last_year": lazy("The year before")}
_TYPES = {
    "simple": lazy("A figure over records"), "ratio": lazy("One metric divided by another"),
    "derived": lazy("A formula over metrics"), "cumulative": lazy("A running total"),
    "conversion": lazy("The share that got to a second time"),
}  # fmt: skip
_AGGREGATES = {
    "count": lazy("How many"), "sum": lazy("Sum"), "avg": lazy("Average"), "min": lazy("Least"), "max": lazy("Most"),
    "count_distinct": lazy("How many different"), "median": lazy("Median"), "p90": lazy("90th percentile"),
}  # fmt: skip
_UNITS = {
    "count": lazy("A plain number"), "money": lazy("Money"), "share": lazy("Share"), "seconds": lazy("Seconds"),
    "minutes": lazy("Minutes"), "score": lazy("Score"),
}  # fmt: skip
_OVER_RECORDS = ("simple", "cumulative", "conversion")


class _Mine:
    """Drafts of the reader; those of others are theirs."""

    def __init__(self, kind: str):
        self.kind = kind

    def _of(self, call: Call) -> Kept:
        return Kept(f"{self.kind}:{call.caller.id}")

    def find(self, call: Call, key: str) -> Draft | None:
        return self._of(call).find(call, key)

    def all(self, call: Call) -> Mapping[str, Draft]:
        return self._of(call).all(call)

    def save(self, call: Call, key: str, *, title: Body, body: Body, version: int, based_on: int) -> Draft:
        return self._of(call).save(call, key, title=title, body=body, version=version, based_on=based_on)

    def drop(self, call: Call, key: str) -> None:
        self._of(call).drop(call, key)


def _options(labels: Mapping[str, Any]) -> list[Choice]:
    return [Choice(value=key, label=label) for key, label in labels.items()]


def _metrics(call: Call) -> list[Choice]:
    return [Choice(value=key, label=metric.label) for key, metric in catalogue.metrics(call.session).items()]


def _dimensions() -> list[Choice]:
    """Every dimension of any fact once; which of them a metric has is checked with the tile."""
    names = dict.fromkeys(name for fact in FACTS.values() for name in fact.dimensions)
    times = [Choice(value=f"time:{grain}", label=_GRAINS[grain]) for grain in GRAINS]
    return [*times, *(Choice(value=name, label=dimension(name)) for name in names)]


def _columns() -> list[Field]:
    """Fields of all facts, each once, for the conditions of tiles."""
    known: dict[str, Field] = {}
    for fact in FACTS.values():
        known |= {field.name: field for field in of_object(fact.object) if field.name not in known}
    return list(known.values())


def _tile(call: Call) -> list[Part]:
    drawn = [kind for kind in _KINDS if kind not in ("number", "gauge", "funnel")]
    figured = [kind for kind in _KINDS if kind != "funnel"]
    return [
        Part(name="title", label=_("Title"), kind="pair", help=_("Empty: the names of the metrics")),
        Part(name="kind", label=_("Shown as"), kind="choice", choices=_options(_KINDS), required=True),
        Part(name="metrics", label=_("Metrics"), kind="choices", choices=_metrics(call), only_if=("kind", figured)),
        Part(name="dimension", label=_("Grouped by"), kind="choice", choices=_dimensions(), only_if=("kind", drawn)),
        Part(name="split", label=_("And by"), kind="choice", choices=_dimensions(), only_if=("kind", ["stacked", "heat"])),
        Part(name="condition", label=_("Only where"), kind="condition", about="facts"),
        Part(name="period", label=_("Period of its own"), kind="choice", choices=_options(PRESETS)),
        Part(name="compare", label=_("Beside it"), kind="choice", choices=_options(_COMPARE), only_if=("kind", ["number"])),
        Part(name="target", label=_("Target"), kind="number", only_if=("kind", ["line", "bar", "gauge"])),
        Part(name="limit", label=_("At most so many"), kind="integer", minimum=1, maximum=100,
             only_if=("kind", ["bar", "pie", "leaderboard", "table"])),
        Part(name="key", label=_("Short name"), kind="key", required=True),
    ]  # fmt: skip


def _board_parts(call: Call) -> list[Part]:
    shares = has_right(call.session, call.caller, "dashboard", "share")
    shared = Part(name="shared", label=_("Everybody with dashboards may open it"), kind="boolean")
    return [
        Part(name="period", label=_("Period"), kind="choice", choices=_options(PRESETS), required=True),
        *([shared] if shares else []),
        Part(name="tiles", label=_("Tiles, in order"), kind="rows", parts=_tile(call), head="title", same="key", required=True,
             add=_("Add a tile"), blank={"kind": "number", "metrics": [], "condition": {"all": []}}),
    ]  # fmt: skip


def _board_body(record: Dashboard) -> dict[str, Any]:
    kept = {"period", "tiles", "roles"}
    return {name: value for name, value in record.body.items() if name in kept} | {"shared": record.shared}


def _board(key: str, body: Body, title: Mapping[str, str]) -> dict[str, Any]:
    """The document of the API: what the editor keeps apart put together."""
    given = {name: value for name, value in body.items() if name != "shared"}
    given["tiles"] = [
        {name: value for name, value in tile.items() if value is not None} for tile in given.get("tiles") or ()
    ]
    return given | {"key": key, "label": {"zh": title.get("zh") or key, "en": title.get("en") or key}}


def _own(call: Call, model: Any, kind: Any) -> list[Any]:
    found = call.session.scalars(access.readable(call.session, call.caller, model).order_by(model.key))
    return [record for record in found if access.allows(call.session, call.caller, kind, record, "edit")]


def _stored_board(record: Dashboard) -> Stored:
    return Stored(
        key=record.key, title=record.body["label"], body=_board_body(record), revision=record.version,
        changed_at=record.updated_at, note=_("shared") if record.shared else "",
    )  # fmt: skip


def _stored_metric(record: MetricDefinition) -> Stored:
    body = {name: value for name, value in record.body.items() if name not in ("key", "label", "version")}
    return Stored(
        key=record.key, title=record.body["label"], body=body, revision=record.revision, changed_at=record.updated_at
    )


def _only_version(stored: Stored | None) -> Sequence[Version]:
    if stored is None or stored.changed_at is None:
        return []
    return [Version(revision=stored.revision, body=stored.body, at=stored.changed_at)]


def _found(items: Sequence[Stored], key: str) -> Stored | None:
    return next((item for item in items if item.key == key), None)


def _boards(call: Call) -> Sequence[Stored]:
    return [_stored_board(record) for record in _own(call, Dashboard, DASHBOARD)]


def _board_problems(call: Call, key: str, body: Body) -> Sequence[Problem]:
    try:
        board_definition.read(_board(key, body, {}), catalogue.metrics(call.session))
    except DashboardInvalid as wrong:
        return problems_of(wrong.errors)
    return []


def _publish_board(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
    shared = bool(body.get("shared"))
    known = call.session.scalars(select(Dashboard.id).where(Dashboard.key == key)).first()
    if known:
        record = definitions.change_dashboard(
            call.session, caller=call.caller, key=key, body=_board(key, body, title), shared=shared
        )
    else:
        access.require_right(call.session, call.caller, "dashboard", "create")
        record = definitions.create_dashboard(
            call.session, caller=call.caller, body=_board(key, body, title), shared=shared
        )
    call.session.flush()
    return record.version


def _try_board(call: Call, key: str, body: Body, days: int) -> Tried:
    """The dashboard as it would look now, as figures."""
    board = board_definition.read(_board(key, body, {}), catalogue.metrics(call.session))
    today = clock.now().date()
    within = {"from": today - timedelta(days=days), "to": today}
    filled = tiles.fill(call.session, caller=call.caller, board=board, filters=Filters(period=within))
    figures = [(tile.title, tile.columns[0].texts[0] if tile.columns else "–") for tile in filled if _is_figure(tile)]
    return Tried(figures=figures, tables=[_table(tile) for tile in filled if not _is_figure(tile) and not tile.hidden])


def _is_figure(tile: tiles.Filled) -> bool:
    return tile.tile.kind in ("number", "gauge")


def _table(tile: tiles.Filled) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
    headings = [tile.heading, *(column.name for column in tile.columns)]
    rows = [
        [category, *(column.texts[place] for column in tile.columns)] for place, category in enumerate(tile.categories)
    ]
    return tile.title, headings, rows[:20]


def _metric_parts(call: Call) -> list[Part]:
    others = _metrics(call)
    facts = [Choice(value=key, label=fact.label) for key, fact in FACTS.items()]
    over = ("type", list(_OVER_RECORDS))
    known = dict.fromkeys(name for fact in FACTS.values() for name in fact.times)
    moments = [Choice(value=name, label=dimension(name)) for name in known]
    numbers = ", ".join(dict.fromkeys(name for fact in FACTS.values() for name in fact.numbers))
    return [
        Part(name="description", label=_("How it is worked out"), kind="pair"),
        Part(name="type", label=_("Kind"), kind="choice", choices=_options(_TYPES), required=True),
        Part(name="fact", label=_("Counted over"), kind="choice", choices=facts, only_if=over),
        Part(name="aggregate", label=_("What is counted"), kind="choice", choices=_options(_AGGREGATES), only_if=over),
        Part(name="of", label=_("Of which column"),
             help=_("A column or a formula over columns, such as %(names)s", names=numbers),
             only_if=("aggregate", [name for name in _AGGREGATES if name != "count"])),
        Part(name="time", label=_("Time the period looks at"), kind="choice", choices=moments, only_if=over,
             help=_("Empty: as it is now")),
        Part(name="converted", label=_("Second time"), kind="choice", choices=moments, only_if=("type", ["conversion"])),
        Part(name="window_days", label=_("Within"), kind="integer", unit=_("days"), minimum=0, maximum=3660,
             only_if=("type", ["cumulative", "conversion"])),
        Part(name="condition", label=_("Only where"), kind="condition", about="facts", only_if=over),
        Part(name="numerator", label=_("Divide"), kind="choice", choices=others, only_if=("type", ["ratio"])),
        Part(name="denominator", label=_("Divided by"), kind="choice", choices=others, only_if=("type", ["ratio"])),
        Part(name="formula", label=_("Formula"), help=_("Metrics by their short names, with + - * / and brackets"),
             only_if=("type", ["derived"])),
        Part(name="unit", label=_("Unit"), kind="choice", choices=_options(_UNITS), required=True),
        Part(name="good", label=_("Better when it goes"), kind="choice",
             choices=_options({"up": _("up"), "down": _("down")}), required=True),
        Part(name="least", label=_("Hidden below so many records"), kind="integer", minimum=0, maximum=1000),
    ]  # fmt: skip


def _metric(key: str, body: Body, title: Mapping[str, str]) -> dict[str, Any]:
    given = {name: value for name, value in body.items() if value is not None}
    return given | {"key": key, "label": {"zh": title.get("zh") or key, "en": title.get("en") or key}}


def _owned_metrics(call: Call) -> Sequence[Stored]:
    return [_stored_metric(record) for record in _own(call, MetricDefinition, REPORT)]


def _metric_problems(call: Call, key: str, body: Body) -> Sequence[Problem]:
    if body.get("type") in _OVER_RECORDS and not body.get("fact"):
        return [Problem(at="fact", text=_("Choose what it is counted over."))]
    try:
        metric = metric_definition.read(_metric(key, body, {}))
        catalogue.check_references(catalogue.metrics(call.session) | {key: metric}, metric)
    except MetricInvalid as wrong:
        return problems_of(wrong.errors)
    except Refusal as wrong:  # a condition on what the fact has not
        return problems_of(wrong.errors or str(wrong), "condition")
    return []


def _publish_metric(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
    given = _metric(key, body, title)
    if call.session.scalars(select(MetricDefinition.id).where(MetricDefinition.key == key)).first():
        return definitions.change_metric(call.session, caller=call.caller, key=key, body=given).revision
    access.require_right(call.session, call.caller, "report", "create")
    return definitions.create_metric(call.session, caller=call.caller, body=given).revision


def _begin_from(call: Call) -> Mapping[str, tuple[Any, Body]]:
    """The dashboards the reader may open, to begin from."""
    found = boards.boards(call.session, caller=call.caller)
    return {
        board.key: (pick(dict(board.label)), {"period": board.period, "tiles": [dict(tile) for tile in board.body["tiles"]]})
        for board in found
    }  # fmt: skip


mount(pages, Kind(
    key="reporting.dashboard", title=lazy("My dashboards"), noun=lazy("dashboard"), url=BOARDS,
    read=right("dashboard", "edit"), edit=right("dashboard", "edit"), parts=_board_parts,
    objects=lambda call: {"facts": _columns()}, listed=_boards, find=lambda call, key: _found(_boards(call), key),
    versions=lambda call, key: _only_version(_found(_boards(call), key)), problems=_board_problems, publish=_publish_board,
    simulate=_try_board, blank={"period": "last_90_days", "tiles": []}, examples=_begin_from, drafts=_Mine("dashboard"),
    remove=lambda call, key: definitions.remove_dashboard(call.session, caller=call.caller, key=key),
    others=[(lazy("Dashboards"), "/reporting/dashboards", "layout-dashboard"), (lazy("My metrics"), METRICS, "percentage")],
    intro=lazy("Put metrics side by side as you need them. Nobody sees a dashboard of yours until you share it."),
))  # fmt: skip

mount(pages, Kind(
    key="reporting.metric", title=lazy("My metrics"), noun=lazy("metric"), url=METRICS,
    read=right("report", "edit"), edit=right("report", "edit"), parts=_metric_parts,
    objects=lambda call: {"facts": _columns()}, listed=_owned_metrics,
    find=lambda call, key: _found(_owned_metrics(call), key),
    versions=lambda call, key: _only_version(_found(_owned_metrics(call), key)), problems=_metric_problems,
    publish=_publish_metric, drafts=_Mine("metric"),
    remove=lambda call, key: definitions.remove_metric(call.session, caller=call.caller, key=key),
    blank={"type": "simple", "aggregate": "count", "unit": "count", "good": "up", "condition": {"all": []}},
    others=[(lazy("My dashboards"), BOARDS, "layout-dashboard"), (lazy("Metrics explained"), "/reporting/metrics", "help")],
    intro=lazy("A metric is worked out the same wherever it is shown: in dashboards, exports and alerts."),
))  # fmt: skip
