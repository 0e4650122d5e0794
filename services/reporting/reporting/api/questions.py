"""Questions and their answers, the records behind them, funnels and exports."""

from typing import Any

from chassis import clock
from chassis.api import Api, Call
from chassis.errors import NotFound
from chassis.i18n import pick
from engines.access import require_right, right
from reporting import schemas, watermarks
from reporting.api.files import attachment
from reporting.dashboards import boards
from reporting.dashboards.tiles import Filters
from reporting.errors import MetricHidden, NoDrill, QueryInvalid, UnknownMetric
from reporting.exports import sheets
from reporting.querying import drill
from reporting.querying.answer import Answer, Question, Row, ask, outside
from reporting.querying.funnel import funnel
from reporting.querying.labels import Labels, dimension
from reporting.querying.periods import period
from reporting.settings import current

api = Api("reporting", tag="questions")
_MAY_ASK = right("report", "read")


@api.post("/query", body=schemas.QueryIn, answer=schemas.AnswerOut, allow=_MAY_ASK, session="read", scope="reporting:read",
          errors=[QueryInvalid, UnknownMetric, MetricHidden])  # fmt: skip
def query(call: Call) -> dict[str, Any]:
    """Figures by dimensions over a period."""
    answer = ask(call.session, caller=call.caller, question=Question(**call.body))
    return document(call, answer)


@api.post("/query/records", body=schemas.RecordsIn, answer=schemas.RecordsOut, allow=_MAY_ASK, session="read",
          scope="reporting:read", errors=[QueryInvalid, UnknownMetric, NoDrill])  # fmt: skip
def query_records(call: Call) -> Any:
    """The records a figure is made of, as far as the caller may read them."""
    return drill.records(call.session, caller=call.caller, wanted=drill.Wanted(**call.body))


@api.post("/query/export", body=schemas.ExportIn, allow=_MAY_ASK, session="read", scope="reporting:read",
          errors=[QueryInvalid, UnknownMetric])  # fmt: skip
def query_export(call: Call) -> Any:
    """The answer as a file: XLSX with a native chart, CSV or PDF."""
    require_right(call.session, call.caller, "report", "export")
    form = call.body.pop("format")
    question = Question(**call.body)
    answer = ask(call.session, caller=call.caller, question=question)
    return attachment(sheets.of_answer(call.session, call.caller, question, answer), form, name="query")


@api.get(
    "/funnel", query=schemas.FunnelQuery, answer=schemas.FunnelOut, allow=_MAY_ASK, errors=[NotFound, QueryInvalid]
)
def read_funnel(call: Call) -> Any:
    """A pipeline's cohort funnel, with what stands in each stage now beside it."""
    asked = call.query
    return funnel(
        call.session, caller=call.caller, pipeline=asked["pipeline"], condition={"all": []},
        period=period(asked["period"], current().time_zone), within_days=asked["within_days"],
    )  # fmt: skip


@api.get("/dashboards/<key>/export.<form>", query={}, allow=right("dashboard", "export"))
def export_dashboard(call: Call, key: str, form: str) -> Any:
    """A dashboard as it is shown without filters: xlsx, pdf or csv."""
    board = boards.board(call.session, caller=call.caller, key=key)
    return attachment(sheets.of_board(call.session, call.caller, board, Filters()), form, name=key)


def document(call: Call, answer: Answer) -> dict[str, Any]:
    """An answer as the API gives it."""
    labels = Labels(call.session, answer.facts)
    names = ["time", *answer.dimensions] if answer.grain else answer.dimensions
    for name in names:
        labels.prepare(name, (row.key[name] for row in answer.rows))

    def row_of(row: Row) -> dict[str, Any]:
        return {
            "key": row.key,
            "labels": {name: labels.of(name, value, answer.grain) for name, value in row.key.items()},
            "values": {metric.key: outside(metric, row.values[metric.key]) for metric in answer.metrics},
            "previous": {
                metric.key: outside(metric, row.previous.get(metric.key))
                for metric in answer.metrics
                if answer.compared
            },
        }

    columns: list[dict[str, Any]] = [
        {"key": name, "label": dimension(name, answer.facts), "type": "dimension", "unit": "", "version": None}
        for name in names
    ]
    columns += [
        {"key": m.key, "label": pick(m.label), "type": "metric", "unit": m.unit, "version": m.version}
        for m in answer.metrics
    ]
    return {
        "columns": columns,
        "rows": [row_of(row) for row in answer.rows],
        "total": row_of(answer.total),
        "period": {"since": answer.period.first, "until": answer.period.last},
        "compared": {"since": answer.compared.first, "until": answer.compared.last} if answer.compared else None,
        "grain": answer.grain,
        "currency": current().base_currency,
        "is_cut": answer.is_cut,
        "as_of": clock.now(),
        "sources": watermarks.watermarks(call.session),
    }
