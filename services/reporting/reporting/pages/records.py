"""The records behind a figure, within what the reader may see."""

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import render_template, request

from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import pick
from engines.access import right
from reporting.dashboards import presenting
from reporting.dashboards.tiles import read_period
from reporting.errors import QueryInvalid
from reporting.pages.edge import condition, pages
from reporting.querying import drill
from reporting.querying.labels import Labels, dimension


@pages.get("/records", allow=right("report", "read"))
def records(call: Call) -> Any:
    """A page of them; asked for more, the rows alone."""
    wanted = _wanted()
    found = drill.records(call.session, caller=call.caller, wanted=wanted)
    labels = Labels(call.session, [found.fact.key])
    fields = [found.fact.by_name[name] for name in found.shown]
    for name in found.shown:
        labels.prepare(name, (item.values[name] for item in found.items))
    rows = [
        (item, [presenting.cell(field, item.values[field.name], labels) for field in fields]) for item in found.items
    ]
    more = {name: value for name, value in request.args.items() if name != "cursor"} | {
        "cursor": found.next_cursor or ""
    }
    shown = {
        "metric": found.metric,
        "fact": found.fact,
        "where": [
            f"{dimension(name, [found.fact.key])}: {labels.of(name, value, wanted.grain)}"
            for name, value in wanted.at.items()
        ],
        "headings": [pick(found.fact.label), *(pick(field.label) for field in fields)],
        "rows": rows,
        "more": f"/reporting/records?{urlencode(more)}" if found.next_cursor else "",
    }
    return render_template("reporting/record_rows.html" if wanted.cursor else "reporting/records.html", **shown)


def _wanted() -> drill.Wanted:
    args = request.args
    at = _at(args.get("at", ""))
    metric = args.get("metric", "")
    if args.get("funnel"):
        metric, at = "funnel_reached", {"pipeline": args["funnel"], "stage": args.get("stage", "")}
    return drill.Wanted(
        metric=metric, at=at, condition=condition(), period=read_period(args.get("period", "")),
        grain=args.get("grain", ""), part=args.get("part", ""), cursor=args.get("cursor", ""),
    )  # fmt: skip


def _at(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = orjson.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str | int | bool | None) for value in found.values()):
        raise QueryInvalid(errors={"at": [_("Not valid JSON.")]})
    return found
