"""What the JSON routes take and answer."""

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from chassis.i18n import gettext as _
from reporting.dashboards.definition import BoardIn
from reporting.metrics.definition import Definition
from reporting.querying.answer import COMPARE, MAX_ROWS
from reporting.querying.drill import MAX_RECORDS
from reporting.querying.periods import GRAINS, PRESETS


class PeriodIn(fields.Field[object]):
    """A preset's name, or {"from": day, "to": day}."""

    default_error_messages = {"invalid": "Not a valid period."}

    class _Days(Schema):
        since = fields.Date(required=True, data_key="from")
        until = fields.Date(required=True, data_key="to")

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> object:
        if isinstance(value, str) and value in PRESETS:
            return value
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        days = self._Days().load(value)
        return {"from": days["since"], "to": days["until"]}


def _everything() -> dict[str, list[object]]:
    return {"all": []}


class QueryIn(Schema):
    metrics = fields.List(
        fields.String(validate=validate.Length(max=60)), required=True, validate=validate.Length(1, 20)
    )
    dimensions = fields.List(
        fields.String(validate=validate.Length(max=60)), load_default=list, validate=validate.Length(max=4)
    )
    condition = fields.Dict(load_default=_everything, metadata={"description": "A condition on the facts' fields"})
    period = PeriodIn(load_default="last_90_days", metadata={"description": f"{', '.join(PRESETS)} or {{from, to}}"})
    compare = fields.String(load_default="", validate=validate.OneOf(COMPARE))
    sort = fields.String(load_default="", validate=validate.Length(max=61))
    limit = fields.Integer(load_default=1000, validate=validate.Range(1, MAX_ROWS))


class ExportIn(QueryIn):
    format = fields.String(required=True, validate=validate.OneOf(("xlsx", "csv", "pdf")))


class ColumnOut(Schema):
    key = fields.String()
    label = fields.String()
    type = fields.String(metadata={"description": "dimension or metric"})
    unit = fields.String()
    version = fields.Integer(allow_none=True)


class PeriodOut(Schema):
    since = fields.Date(data_key="from")
    until = fields.Date(data_key="to")


class RowOut(Schema):
    key = fields.Dict(metadata={"description": "dimension → value"})
    labels = fields.Dict(metadata={"description": "dimension → the value in words"})
    values = fields.Dict(metadata={"description": "metric → figure; money is decimal text in the base currency"})
    previous = fields.Dict(metadata={"description": "the same of the period compared with"})


class AnswerOut(Schema):
    columns = fields.List(fields.Nested(ColumnOut))
    rows = fields.List(fields.Nested(RowOut))
    total = fields.Nested(RowOut)
    period = fields.Nested(PeriodOut)
    compared = fields.Nested(PeriodOut, allow_none=True)
    grain = fields.String()
    currency = fields.String()
    is_cut = fields.Boolean()
    as_of = fields.AwareDateTime()
    sources = fields.Dict(metadata={"description": "service → when its latest event came into the figures"})


class RecordsIn(Schema):
    metric = fields.String(required=True, validate=validate.Length(max=60))
    at = fields.Dict(load_default=dict, metadata={"description": "dimension → value of the figure that is opened"})
    condition = fields.Dict(load_default=_everything)
    period = PeriodIn(load_default="last_90_days")
    grain = fields.String(load_default="", validate=validate.OneOf(("", *GRAINS)))
    part = fields.String(
        load_default="", validate=validate.OneOf(("", "base")), metadata={"description": "base: what a share is of"}
    )
    cursor = fields.String(load_default="", validate=validate.Length(max=500))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MAX_RECORDS))

    @validates_schema
    def plain_values(self, data: dict[str, object], **_kwargs: object) -> None:
        at = data.get("at") or {}
        if not all(isinstance(value, str | int | bool | None) for value in at.values()):  # type: ignore[attr-defined]
            raise ValidationError(_("Only plain values."), "at")


class RecordOut(Schema):
    kind = fields.String()
    id = fields.String()
    title = fields.String()
    link = fields.String()
    values = fields.Dict()


class RecordsOut(Schema):
    items = fields.List(fields.Nested(RecordOut))
    next_cursor = fields.String(allow_none=True)


class FunnelQuery(Schema):
    pipeline = fields.String(load_default="", validate=validate.Length(max=60))
    since = fields.Date(load_default=None, data_key="from")
    until = fields.Date(load_default=None, data_key="to")
    within_days = fields.Integer(load_default=0, validate=validate.Range(0, 3660))

    @post_load
    def period(self, data: dict[str, object], **_kwargs: object) -> dict[str, object]:
        since, until = data.pop("since"), data.pop("until")
        return data | {"period": {"from": since, "to": until} if since and until else "last_90_days"}


class RungOut(Schema):
    stage = fields.String()
    label = fields.Raw()
    reached = fields.Integer()
    of_all = fields.Float(allow_none=True)
    of_previous = fields.Float(allow_none=True)
    days = fields.Float(allow_none=True)
    now = fields.Integer()
    now_minor = fields.Integer()


class FunnelOut(Schema):
    pipeline = fields.String()
    within_days = fields.Integer()
    rungs = fields.List(fields.Nested(RungOut))


class MetricIn(Definition):
    class Meta:
        exclude = ("version",)


class MetricOut(Schema):
    key = fields.String()
    version = fields.Integer()
    label = fields.Dict()
    description = fields.Dict()
    type = fields.String()
    unit = fields.String()
    good = fields.String()
    shipped = fields.Boolean()
    facts = fields.List(fields.String())
    dimensions = fields.List(fields.String())
    definition = fields.Dict()


class MetricsOut(Schema):
    items = fields.List(fields.Nested(MetricOut))


class DashboardIn(BoardIn):
    shared = fields.Boolean(load_default=False)


class DashboardOut(Schema):
    key = fields.String()
    version = fields.Integer()
    label = fields.Dict()
    shipped = fields.Boolean()
    roles = fields.List(fields.String())
    period = fields.String()
    tiles = fields.List(fields.Dict())


class DashboardsOut(Schema):
    items = fields.List(fields.Nested(DashboardOut))
