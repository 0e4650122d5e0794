"""Dashboards: tiles with filters for all of them, refreshed in place."""

from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.api import Call
from console.charts import Chart, Series
from engines.access import has_right, right
from reporting import watermarks
from reporting.api.files import attachment
from reporting.dashboards import boards, tiles
from reporting.dashboards.definition import Board
from reporting.dashboards.tiles import Filled, Filters
from reporting.exports import sheets
from reporting.pages.edge import filters, pages
from reporting.querying.periods import PRESETS, period
from reporting.settings import current

URL = "/reporting/dashboards"


@pages.get("/dashboards", allow=right("dashboard", "read"))
def dashboards(call: Call) -> Any:
    """The dashboard made for the reader's role."""
    found = boards.boards(call.session, caller=call.caller)
    return _page(call, boards.first_for(found, call.caller), found)


@pages.get("/dashboards/<key>", allow=right("dashboard", "read"))
def dashboard(call: Call, key: str) -> Any:
    """One dashboard; asked by the page itself, its tiles alone."""
    found = boards.boards(call.session, caller=call.caller)
    return _page(call, boards.board(call.session, caller=call.caller, key=key), found)


@pages.get("/dashboards/<key>/export.<form>", allow=right("dashboard", "export"))
def dashboard_export(call: Call, key: str, form: str) -> Any:
    """The dashboard with its filters as a file: xlsx, pdf or csv."""
    board = boards.board(call.session, caller=call.caller, key=key)
    return attachment(sheets.of_board(call.session, call.caller, board, filters()), form, name=key)


def _page(call: Call, board: Board, every: list[Board]) -> str:
    asked = filters()
    filled = tiles.fill(call.session, caller=call.caller, board=board, filters=asked)
    alone = request.headers.get("HX-Target") == "tiles"
    within = period(asked.period or board.period, current().time_zone)
    shown = {
        "board": board,
        "url": f"{URL}/{board.key}",
        "shown_tabs": [(item.label, f"{URL}/{item.key}", item.key == board.key) for item in every],
        "numbers": [tile for tile in filled if tile.tile.kind == "number"],
        "others": [(tile, chart_of(tile)) for tile in filled if tile.tile.kind != "number"],
        "filters": asked,
        "within": within,
        "kept": kept(asked),
        "presets": [(key, label) for key, label in PRESETS.items()],
        "departments": departments(call.session),
        "pipelines": next((tile.funnel.pipelines for tile in filled if tile.funnel), {}),
        "pipeline": next((tile.funnel.pipeline for tile in filled if tile.funnel), ""),
        "own_url": "/reporting/own-dashboards" if has_right(call.session, call.caller, "dashboard", "edit") else "",
        "may_export": has_right(call.session, call.caller, "dashboard", "export"),
        "as_of": clock.now(),
        "base_currency": current().base_currency,
        "sources": watermarks.watermarks(call.session),
    }
    return render_template("reporting/tiles.html" if alone else "reporting/dashboard.html", **shown)


def chart_of(tile: Filled) -> Chart | None:
    """The chart of a tile, None for a table or when there is nothing to draw."""
    kind = tile.tile.kind
    if kind in ("leaderboard", "table") or tile.hidden or tile.is_empty:
        return None
    return Chart(
        key=tile.tile.key,
        title=tile.title,
        kind=kind,
        categories=tile.categories,
        series=[
            Series(name=column.name, values=values, links=column.links)
            for column, values in zip(tile.columns, tile.drawn, strict=False)
        ],
        unit=tile.unit,
        target=tile.tile.target,
        note=tile.note,
    )


def kept(asked: Filters) -> str:
    """The filters as the end of an address."""
    parts = []
    if isinstance(asked.period, dict):
        parts += [f"from={asked.period['from']}", f"to={asked.period['to']}"]
    elif asked.period:
        parts.append(f"period={asked.period}")
    parts += [
        f"{name}={value}" for name, value in (("department", asked.department), ("pipeline", asked.pipeline)) if value
    ]
    return "?" + "&".join(parts) if parts else ""


def departments(session: Session) -> list[tuple[str, str]]:
    """All departments as (id, name indented by its depth), parents before their children."""
    known = directory.snapshot(session).departments
    ordered = sorted(known.values(), key=lambda item: [known[step].name for step in item.path if step in known])
    return [(item.id, "\u2003" * (len(item.path) - 1) + item.name) for item in ordered]
