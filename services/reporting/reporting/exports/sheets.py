"""What an export holds, whatever its form: blocks of figures, with filters, as-of times, versions and the reader's name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.i18n import gettext as _
from chassis.i18n import pick
from engines import money
from reporting import watermarks
from reporting.dashboards import presenting, tiles
from reporting.dashboards.definition import Board
from reporting.dashboards.tiles import Filled, Filters
from reporting.metrics import catalogue
from reporting.querying.answer import Answer, Question
from reporting.querying.labels import Labels, dimension
from reporting.querying.periods import Period, period
from reporting.settings import current


@dataclass
class Block:
    """One table with its chart: `figures` are numbers in `units`, `texts` the same as people read them."""

    title: str
    heading: str
    names: list[str]
    categories: list[str]
    figures: list[list[Any]]
    texts: list[list[str]]
    units: list[str]
    chart: str = ""
    note: str = ""
    versions: str = ""


@dataclass
class Document:
    """A whole export; `about` begins with the period and ends with as-of time, sources, reader and currency."""

    title: str
    about: list[str]
    blocks: list[Block] = field(default_factory=list)
    as_of: datetime = field(default_factory=clock.now)

    @property
    def as_of_text(self) -> str:
        """The line that says when it was made."""
        return self.about[-4]

    @property
    def reader(self) -> str:
        """The line that says for whom it was made."""
        return self.about[-2]


def of_board(session: Session, caller: Caller, board: Board, filters: Filters) -> Document:
    """A dashboard with its filters; what the reader's role hides is left out."""
    filled = tiles.fill(session, caller=caller, board=board, filters=filters)
    within = period(filters.period or board.period, current().time_zone)
    about = _about(session, caller, within)
    if filters.department:
        found = directory.snapshot(session).departments.get(filters.department)
        about.insert(1, _("Department: %(name)s and below", name=found.name if found else filters.department))
    made = Document(pick(board.label), about)
    numbers = [tile for tile in filled if tile.tile.kind == "number" and tile.columns]
    if numbers:
        made.blocks.append(_numbers(numbers))
    made.blocks += [
        _of_tile(tile) for tile in filled if tile.tile.kind != "number" and tile.columns and not tile.hidden
    ]
    return made


def of_answer(session: Session, caller: Caller, question: Question, answer: Answer) -> Document:
    """The answer to one question; further dimensions share the first column."""
    labels = Labels(session, answer.facts)
    names = ["time", *answer.dimensions] if answer.grain else list(answer.dimensions)
    for name in names:
        labels.prepare(name, (row.key[name] for row in answer.rows))
    rows = answer.rows or [answer.total]
    title = " · ".join(pick(metric.label) for metric in answer.metrics)
    block = Block(
        title=title,
        heading=" / ".join(dimension(name, answer.facts) for name in names),
        names=[pick(metric.label) for metric in answer.metrics],
        categories=[
            " / ".join(labels.of(name, row.key[name], answer.grain) for name in names) or _("Total") for row in rows
        ],
        figures=[_plain(metric.unit, [row.values[metric.key] for row in rows]) for metric in answer.metrics],
        texts=[[presenting.text(metric, row.values[metric.key]) for row in rows] for metric in answer.metrics],
        units=[_unit(metric.unit) for metric in answer.metrics],
        chart="line" if answer.grain else "bar",
        versions=_versions(answer.metrics),
    )
    about = _about(session, caller, answer.period)
    if question.condition != {"all": []}:
        about.insert(1, _("Condition: %(condition)s", condition=question.condition))
    return Document(title, about, [block])


def _about(session: Session, caller: Caller, within: Period) -> list[str]:
    zone = ZoneInfo(current().time_zone)
    as_of = f"{clock.now().astimezone(zone):%Y-%m-%d %H:%M} ({zone})"
    sources = ", ".join(
        f"{source} {at.astimezone(zone):%Y-%m-%d %H:%M}" for source, at in watermarks.watermarks(session).items()
    )
    return [
        _("Period: %(first)s to %(last)s", first=within.first, last=within.last),
        _("As of %(time)s", time=as_of),
        _("Latest events: %(sources)s", sources=sources or "–"),
        _("Made for %(name)s, within what this person may see", name=caller.name or caller.id),
        _("Amounts in %(currency)s", currency=current().base_currency),
    ]


def _numbers(filled: Sequence[Filled]) -> Block:
    """All number tiles as one table: a row per metric."""
    columns = [tile.columns[0] for tile in filled]
    return Block(
        title=_("At a glance"),
        heading=_("Metric"),
        names=[_("Figure"), _("Change")],
        categories=[tile.title for tile in filled],
        figures=[[column.texts[0] for column in columns], [tile.change for tile in filled]],
        texts=[[column.texts[0] for column in columns], [tile.change for tile in filled]],
        units=["text", "text"],
        versions=_versions([column.metric for column in columns]),
    )


def _of_tile(tile: Filled) -> Block:
    if tile.funnel is not None:
        return _of_funnel(tile)
    return Block(
        title=tile.title,
        heading=tile.heading,
        names=[column.name for column in tile.columns],
        categories=tile.categories,
        figures=[_plain(column.metric.unit, column.values) for column in tile.columns],
        texts=[column.texts for column in tile.columns],
        units=[_unit(column.metric.unit) for column in tile.columns],
        chart={"leaderboard": "", "table": "", "heat": "", "gauge": "bar"}.get(tile.tile.kind, tile.tile.kind),
        note=tile.note,
        versions=_versions([column.metric for column in tile.columns]),
    )


def _of_funnel(tile: Filled) -> Block:
    assert tile.funnel is not None
    rungs = tile.funnel.rungs
    currency = catalogue.shipped_metrics()["pipeline_amount"]
    columns: list[tuple[str, str, list[Any], list[str]]] = [
        (_("Reached"), "count", [r.reached for r in rungs], [str(r.reached) for r in rungs]),
        (_("Of all"), "share", [r.of_all for r in rungs], [_percent(r.of_all) for r in rungs]),
        (_("Of the stage before"), "share", [r.of_previous for r in rungs], [_percent(r.of_previous) for r in rungs]),
        (_("There now"), "count", [r.now for r in rungs], [str(r.now) for r in rungs]),
        (
            _("Amount now"),
            "money",
            [r.now_minor for r in rungs],
            [presenting.text(currency, r.now_minor) for r in rungs],
        ),
    ]
    return Block(
        title=tile.title,
        heading=_("Stage"),
        names=[name for name, *_rest in columns],
        categories=tile.categories,
        figures=[_plain(unit, values) for _name, unit, values, _texts in columns],
        texts=[texts for *_rest, texts in columns],
        units=[_unit(unit) for _name, unit, *_rest in columns],
        chart="funnel",
        note=tile.note,
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _plain(unit: str, values: Sequence[Any]) -> list[Any]:
    """Numbers for a spreadsheet: money in major units, durations in hours, shares of 1."""
    factor = {"money": 10 ** -money.digits(current().base_currency), "seconds": 1 / 3600, "minutes": 1 / 60}.get(
        unit, 1
    )
    return [None if value is None else round(float(value) * factor, 6) for value in values]


def _unit(unit: str) -> str:
    return {"seconds": "hours", "minutes": "hours"}.get(unit, unit)


def _versions(metrics: Sequence[Any]) -> str:
    return ", ".join(f"{metric.key} v{metric.version}" for metric in {one.key: one for one in metrics}.values())
