"""Metrics and dashboards as data: read all, make and change one's own."""

from typing import Any

from chassis.api import Api, Call
from chassis.errors import NotFound
from engines.access import right
from reporting import definitions, schemas
from reporting.dashboards import boards
from reporting.dashboards.definition import Board
from reporting.dashboards.definition import read as read_board
from reporting.errors import DashboardInvalid, KeyTaken, MetricInvalid
from reporting.metrics import catalogue
from reporting.metrics.definition import read as read_metric
from reporting.models import Dashboard, MetricDefinition

api = Api("reporting", tag="definitions")


@api.get("/metrics", answer=schemas.MetricsOut, allow=right("report", "read"))
def list_metrics(call: Call) -> dict[str, Any]:
    """Every metric with its definition, version and the dimensions it can be grouped by."""
    known = catalogue.metrics(call.session)
    return {"items": [catalogue.document(known, metric) for metric in known.values()]}


@api.get("/metrics/<key>", answer=schemas.MetricOut, allow=right("report", "read"))
def read_one_metric(call: Call, key: str) -> dict[str, Any]:
    """One metric."""
    known = catalogue.metrics(call.session)
    if key not in known:
        raise NotFound()
    return catalogue.document(known, known[key])


@api.post("/metrics", body=schemas.MetricIn, answer=schemas.MetricOut, status=201, allow=right("report", "create"),
          errors=[MetricInvalid, KeyTaken])  # fmt: skip
def create_metric(call: Call) -> dict[str, Any]:
    """Make a metric of one's own; nothing runs that is not part of the definition's small language."""
    record = definitions.create_metric(call.session, caller=call.caller, body=call.body)
    metric = read_metric(record.body)
    return catalogue.document(catalogue.metrics(call.session) | {metric.key: metric}, metric)


@api.put("/metrics/<key>", body=schemas.MetricIn, answer=schemas.MetricOut, allow=right("report", "edit"),
         errors=[MetricInvalid])  # fmt: skip
def change_metric(call: Call, key: str) -> dict[str, Any]:
    """A new version of an own metric."""
    call.match(definitions.version_of(call.session, MetricDefinition, key))
    record = definitions.change_metric(call.session, caller=call.caller, key=key, body=call.body)
    metric = read_metric(record.body | {"version": record.revision})
    return catalogue.document(catalogue.metrics(call.session) | {key: metric}, metric)


@api.delete("/metrics/<key>", status=204, allow=right("report", "delete"))
def remove_metric(call: Call, key: str) -> None:
    """Remove an own metric nothing uses."""
    call.match(definitions.version_of(call.session, MetricDefinition, key))
    definitions.remove_metric(call.session, caller=call.caller, key=key)


@api.get("/dashboards", answer=schemas.DashboardsOut, allow=right("dashboard", "read"))
def list_dashboards(call: Call) -> dict[str, Any]:
    """The dashboards the caller may open."""
    return {"items": [_document(board) for board in boards.boards(call.session, caller=call.caller)]}


@api.get("/dashboards/<key>", answer=schemas.DashboardOut, allow=right("dashboard", "read"))
def read_dashboard(call: Call, key: str) -> dict[str, Any]:
    """One dashboard's definition."""
    return _document(boards.board(call.session, caller=call.caller, key=key))


@api.post("/dashboards", body=schemas.DashboardIn, answer=schemas.DashboardOut, status=201,
          allow=right("dashboard", "create"), errors=[DashboardInvalid, KeyTaken])  # fmt: skip
def create_dashboard(call: Call) -> dict[str, Any]:
    """Make a dashboard."""
    shared = call.body.pop("shared")
    record = definitions.create_dashboard(call.session, caller=call.caller, body=call.body, shared=shared)
    return _document(read_board(record.body, catalogue.metrics(call.session), version=record.version))


@api.put("/dashboards/<key>", body=schemas.DashboardIn, answer=schemas.DashboardOut, allow=right("dashboard", "edit"),
         errors=[DashboardInvalid])  # fmt: skip
def change_dashboard(call: Call, key: str) -> dict[str, Any]:
    """Change an own dashboard."""
    shared = call.body.pop("shared")
    call.match(definitions.version_of(call.session, Dashboard, key))
    record = definitions.change_dashboard(call.session, caller=call.caller, key=key, body=call.body, shared=shared)
    return _document(read_board(record.body, catalogue.metrics(call.session), version=record.version))


@api.delete("/dashboards/<key>", status=204, allow=right("dashboard", "delete"))
def remove_dashboard(call: Call, key: str) -> None:
    """Remove an own dashboard."""
    call.match(definitions.version_of(call.session, Dashboard, key))
    definitions.remove_dashboard(call.session, caller=call.caller, key=key)


def _document(board: Board) -> dict[str, Any]:
    return {
        "key": board.key,
        "version": board.version,
        "label": dict(board.label),
        "shipped": board.shipped,
        "roles": list(board.roles),
        "period": board.period,
        "tiles": list(board.body["tiles"]),
    }
