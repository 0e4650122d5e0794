"""A dashboard's tiles with their figures: numbers, charts and tables, each figure leading to its records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import Caller
from chassis.i18n import gettext as _
from chassis.i18n import pick
from engines import access
from reporting.dashboards import presenting
from reporting.dashboards.definition import Board, Tile
from reporting.errors import MetricHidden
from reporting.facts import FACTS, stages
from reporting.metrics import catalogue
from reporting.metrics.definition import ALWAYS, Metric
from reporting.querying.answer import Answer, Question, Row, ask
from reporting.querying.funnel import Funnel, funnel
from reporting.querying.labels import Labels, dimension
from reporting.querying.periods import period
from reporting.settings import current

LONG = 12  # categories beyond these make no readable chart


@dataclass(frozen=True)
class Filters:
    """What the reader set for all tiles. `period` is a preset or {"from", "to"}; empty leaves it to the dashboard."""

    period: Any = ""
    department: str = ""
    pipeline: str = ""

    def condition(self, session: Session, tile: Tile) -> dict[str, Any]:
        """A tile's own condition within the filters; stages are shown of one pipeline at a time."""
        parts = [] if tile.condition == ALWAYS else [dict(tile.condition)]
        if self.department:
            below = list(directory.snapshot(session).below(self.department))[:1000]
            parts.append({"field": "department_id", "op": "in", "value": below})
        if tile.dimension == "stage" and tile.kind != "funnel":
            pipeline = stages.chosen(stages.steps(session), self.pipeline)
            parts.append({"field": "pipeline", "op": "eq", "value": pipeline} if pipeline else dict(ALWAYS))
        return parts[0] if len(parts) == 1 else {"all": parts}


@dataclass
class Column:
    """One metric of a tile with its figures, as shown and as drawn."""

    metric: Metric
    name: str
    values: list[Any]
    texts: list[str]
    links: list[str]


@dataclass
class Filled:
    """A tile with its figures. `hidden` says that the reader's role shows none of it."""

    tile: Tile
    title: str
    note: str = ""
    heading: str = ""
    categories: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    drawn: list[list[Any]] = field(default_factory=list)
    unit: str = ""
    change: str = ""
    tone: str = ""
    ranks: list[int] = field(default_factory=list)
    funnel: Funnel | None = None
    hidden: bool = False

    @property
    def is_empty(self) -> bool:
        known = [value for column in self.columns for value in column.values if value is not None]
        shares = any(column.metric.unit not in ("count", "money") for column in self.columns)
        return not self.categories or not known or not (shares or any(known))


def fill(session: Session, *, caller: Caller, board: Board, filters: Filters) -> list[Filled]:
    """All tiles of a dashboard with their figures."""
    known = catalogue.metrics(session)
    return [_fill(session, caller, board, tile, filters, known) for tile in board.tiles]


def _fill(
    session: Session, caller: Caller, board: Board, tile: Tile, filters: Filters, known: Mapping[str, Metric]
) -> Filled:
    metrics = catalogue.wanted(known, tile.metrics)
    title = pick(tile.title) or " · ".join(pick(metric.label) for metric in metrics)
    made = Filled(tile, title, " · ".join(f"{pick(m.label)}: {pick(m.description)}" for m in metrics[:2]))
    asked = tile.period or filters.period or board.period
    condition = filters.condition(session, tile)
    if tile.kind == "funnel":
        return _fill_funnel(session, caller, made, asked, condition, filters)
    dims = [name for name in (tile.dimension, tile.split) if name]
    compare = tile.compare if tile.kind == "number" else ""
    try:
        answer = ask(
            session,
            caller=caller,
            question=Question(
                metrics=tile.metrics,
                dimensions=dims,
                condition=condition,
                period=asked,
                compare=compare,
                sort=tile.sort,
                total=tile.kind in ("number", "gauge"),
            ),
        )
    except MetricHidden:
        made.hidden = True
        return made
    labels = Labels(session, answer.facts)
    drill = _Drill(session, caller, known, asked, condition, answer.grain)
    if tile.kind in ("number", "gauge"):
        return _fill_number(made, answer, drill)
    if tile.split:
        return _fill_grid(made, answer, labels, drill)
    return _fill_rows(session, made, answer, labels, drill)


class _Drill:
    """Addresses of the records behind figures; none where the reader may see only totals."""

    def __init__(
        self,
        session: Session,
        caller: Caller,
        known: Mapping[str, Metric],
        asked: Any,
        condition: Mapping[str, Any],
        grain: str,
    ):
        self._session, self._caller, self._known = session, caller, known
        self._grain = grain
        self._kept = f"&period={quote(_period_text(asked))}" + (
            "" if condition == ALWAYS else f"&filter={_json(condition)}"
        )

    def to(self, metric: Metric, key: Mapping[str, Any]) -> str:
        fact = FACTS[catalogue.components(self._known, metric)[0].fact]
        kinds = fact.record_kinds or [fact.record]
        if not any(access.has_right(self._session, self._caller, kind, "read") for kind in kinds):
            return ""
        at = f"&at={_json(key)}" + (f"&grain={self._grain}" if "time" in key else "") if key else ""
        return f"/reporting/records?metric={metric.key}{self._kept}{at}"


def _fill_number(made: Filled, answer: Answer, drill: _Drill) -> Filled:
    metric, total = answer.metrics[0], answer.total
    value = total.values[metric.key]
    made.categories = [made.title]
    made.columns = [Column(metric, made.title, [value], [presenting.text(metric, value)], [drill.to(metric, {})])]
    made.drawn, made.unit = presenting.scaled([metric], [[value]])
    if answer.compared is not None and all(component.time for component in metric.components.values()):
        made.change, made.tone = presenting.change(metric, value, total.previous.get(metric.key))
    return made


def _fill_rows(session: Session, made: Filled, answer: Answer, labels: Labels, drill: _Drill) -> Filled:
    name = "time" if answer.grain else answer.dimensions[0]
    rows = _in_order(session, name, answer.rows)
    if made.tile.kind in ("bar", "pie", "leaderboard", "table") and name != "time":
        rows = rows[: made.tile.limit]
    labels.prepare(name, (row.key[name] for row in rows))
    made.heading = dimension(name, answer.facts)
    made.categories = [labels.of(name, row.key[name], answer.grain) for row in rows]
    for metric in answer.metrics:
        values = [row.values[metric.key] for row in rows]
        texts = [presenting.text(metric, value) for value in values]
        made.columns.append(
            Column(metric, pick(metric.label), values, texts, [drill.to(metric, row.key) for row in rows])
        )
    alike = [column for column in made.columns if column.metric.unit == made.columns[0].metric.unit]
    made.drawn, made.unit = presenting.scaled([column.metric for column in alike], [column.values for column in alike])
    if made.tile.kind == "leaderboard":
        made.ranks = _ranks(made.columns[0].values)
    return made


def _fill_grid(made: Filled, answer: Answer, labels: Labels, drill: _Drill) -> Filled:
    """Figures in two directions: categories across, a column for each value of the other dimension."""
    metric = answer.metrics[0]
    across = "time" if made.tile.dimension.startswith("time") else made.tile.dimension
    down = "time" if made.tile.split.startswith("time") else made.tile.split
    cells = {(row.key[across], row.key[down]): row for row in answer.rows}
    categories = answer.steps if across == "time" else _largest(answer.rows, across, metric.key, LONG)
    series = _largest(answer.rows, down, metric.key, LONG)
    labels.prepare(across, categories)
    labels.prepare(down, series)
    made.heading = dimension(across, answer.facts)
    made.categories = [labels.of(across, value, answer.grain) for value in categories]
    for value in series:
        found = [cells.get((category, value)) for category in categories]
        values = [row.values[metric.key] if row else 0 for row in found]
        texts = [presenting.text(metric, one) for one in values]
        links = [drill.to(metric, {across: category, down: value}) for category in categories]
        made.columns.append(Column(metric, labels.of(down, value, answer.grain), values, texts, links))
    made.drawn, made.unit = presenting.scaled([metric], [column.values for column in made.columns])
    return made


def _fill_funnel(
    session: Session, caller: Caller, made: Filled, asked: Any, condition: Mapping[str, Any], filters: Filters
) -> Filled:
    within = period(asked, current().time_zone)
    pipeline = stages.chosen(stages.steps(session), filters.pipeline)
    found = funnel(session, caller=caller, pipeline=pipeline, period=within, condition=condition)
    made.funnel, made.heading = found, _("Stage")
    made.categories = [pick(rung.label) for rung in found.rungs]
    known = catalogue.shipped_metrics()
    reached = [rung.reached for rung in found.rungs]
    links = [
        f"/reporting/records?funnel={quote(found.pipeline)}&stage={quote(rung.stage)}&period={quote(_period_text(asked))}"
        + ("" if condition == ALWAYS else f"&filter={_json(condition)}")
        for rung in found.rungs
    ]
    made.columns = [
        Column(known["opportunities_created"], _("Reached"), list(reached), [str(n) for n in reached], links)
    ]
    made.drawn = [list(reached)]
    made.note = _(
        "Opportunities created in the period, by the furthest stage they ever got to; beside it, what stands where now"
    )
    return made


def _in_order(session: Session, name: str, rows: list[Row]) -> list[Row]:
    """Stages in board order; other dimensions as the answer sorted them."""
    if name != "stage":
        return rows
    place = {key: at for at, key in enumerate(stages.order(session))}
    return sorted((row for row in rows if row.key[name] in place), key=lambda row: place[row.key[name]])


def _largest(rows: Sequence[Row], name: str, metric: str, most: int) -> list[Any]:
    """Values of a dimension, the largest first."""
    sums: dict[Any, float] = {}
    for row in rows:
        sums[row.key[name]] = sums.get(row.key[name], 0) + (row.values[metric] or 0)
    return sorted(sums, key=lambda value: (-sums[value], str(value)))[:most]


def _ranks(values: Sequence[Any]) -> list[int]:
    """Competition ranks: ties share a rank, and the next one is skipped."""
    return [1 + sum(1 for other in values if (other or 0) > (value or 0)) for value in values]


def _period_text(asked: Any) -> str:
    if isinstance(asked, Mapping):
        return f"{asked['from']}..{asked['to']}"
    return str(asked)


def read_period(text: str) -> Any:
    """A period as addresses carry it: a preset, or two days; empty when it is neither."""
    first, _dots, last = text.partition("..")
    if not last:
        return text
    try:
        return {"from": date.fromisoformat(first), "to": date.fromisoformat(last)}
    except ValueError:
        return ""


def _json(value: Mapping[str, Any]) -> str:
    return quote(orjson.dumps(value).decode())
