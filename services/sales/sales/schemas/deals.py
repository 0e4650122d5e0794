"""Opportunities and quotes."""

from marshmallow import Schema, fields, validate

from sales.gates import LOSS_REASONS
from sales.money import left, outside
from sales.pipeline_templates import DOCUMENT_KINDS
from sales.schemas.values import (
    CURRENCIES,
    Exact,
    Money,
    Part,
    RecordIn,
    RecordOut,
    computed,
    one_of,
    reference,
    shown,
    text,
    texts,
)


class DocumentIn(Schema):
    kind = one_of(DOCUMENT_KINDS, required=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    link = fields.String(allow_none=True, validate=validate.Length(max=1000))


class DealContact(Schema):
    contact_id = fields.String(required=True, validate=validate.Length(min=1, max=36))
    role = fields.String(load_default="contact", validate=validate.Length(max=40))


class LineIn(Schema):
    """A line names a product or has a name; a price it lacks comes from the price book."""

    product_id = reference()
    name = fields.String(allow_none=True, validate=validate.Length(max=200))
    category = fields.String(allow_none=True, validate=validate.Length(max=80))
    unit = fields.String(allow_none=True, validate=validate.Length(max=20))
    quantity = Exact(required=True, above=True, most="999999999")
    unit_price = Exact(allow_none=True)
    list_price = Exact(allow_none=True)
    discount_percent = Exact(places=2, most="100", allow_none=True)
    tax_percent = Exact(places=2, most="100", allow_none=True)
    unit_cost = Exact(allow_none=True)


class LineOut(Schema):
    """A priced line; its cost is not shown here, `cost` and `margin` of the document are for those who may see them."""

    position = fields.Integer()
    product_id = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    name = fields.String()
    category = fields.String(allow_none=True)
    unit = fields.String()
    quantity = fields.String()
    unit_price = fields.String()
    list_price = fields.String()
    discount_percent = fields.String()
    effective_discount_percent = fields.String()
    tax_percent = fields.String()
    net_minor = fields.Integer()
    tax_minor = fields.Integer()
    total_minor = fields.Integer()


LINES = validate.Length(max=500)


class OpportunityEdit(RecordIn):
    name = text(200, required=True)
    amount = Money(allow_none=False)
    close_date = fields.Date(allow_none=True)
    next_step = text(300)
    source = text(80)
    region = text(80)
    competitors = texts(120)
    contacts = fields.List(Part(DealContact), validate=validate.Length(max=50))
    done = texts(40, most=200)
    documents = fields.List(Part(DocumentIn), validate=validate.Length(max=100))


class OpportunityIn(OpportunityEdit):
    account_id = fields.String(required=True, validate=validate.Length(min=1, max=36))
    pipeline_id = reference()
    stage = text(60)
    owner_id = reference()


class OpportunityOut(RecordOut):
    account_id = fields.String()
    name = fields.String()
    amount = shown("amount_minor")
    base_amount = shown("base_minor", base=True)
    close_date = fields.Date(allow_none=True)
    pipeline_id = fields.String()
    stage = fields.String()
    category = fields.String()
    probability = fields.Integer()
    forecast_category = fields.String()
    stage_entered_at = fields.AwareDateTime()
    stalled = fields.Boolean()
    last_stage = fields.String(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    loss_reason = fields.String(allow_none=True)
    loss_note = fields.String(allow_none=True)
    next_step = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    lead_id = fields.String(allow_none=True)
    competitors = fields.List(fields.String())
    contacts = fields.List(fields.Dict())
    done = fields.List(fields.String())
    documents = fields.List(fields.Dict())


class MoveIn(Schema):
    stage = fields.String(required=True, validate=validate.Length(min=1, max=60))
    reason = text(300)
    loss_reason = one_of(LOSS_REASONS, allow_none=True)
    loss_note = text(1000)


class WinIn(Schema):
    reason = text(300)


class LoseIn(Schema):
    loss_reason = one_of(LOSS_REASONS, required=True)
    loss_note = text(1000)


class Transition(Schema):
    stage = fields.String()
    name = fields.Dict()
    category = fields.String()
    allowed = fields.Boolean()
    missing = fields.Dict()


class Transitions(Schema):
    items = fields.List(fields.Nested(Transition))


class HistoryOut(Schema):
    from_stage = fields.String(allow_none=True)
    to_stage = fields.String()
    to_category = fields.String()
    at = fields.AwareDateTime()
    seconds = fields.Integer()
    by = fields.String()
    reason = fields.String(allow_none=True)


class History(Schema):
    items = fields.List(fields.Nested(HistoryOut))


class ForecastRow(Schema):
    category = fields.String()
    count = fields.Integer()
    amount = fields.Dict()
    weighted = fields.Dict()


class Forecast(Schema):
    """Cumulative as sellers are asked: each category includes the surer ones."""

    currency = fields.String()
    items = fields.List(fields.Nested(ForecastRow))
    weighted = fields.Dict()


class QuoteEdit(RecordIn):
    title = text(200)
    contact_id = reference()
    price_book_id = reference()
    tax_included = fields.Boolean()
    discount_percent = Exact(places=2, most="100")
    lines = fields.List(Part(LineIn), validate=LINES)
    valid_until = fields.Date(allow_none=True)
    notes = text(10_000)


class QuoteIn(QuoteEdit):
    opportunity_id = reference()
    account_id = reference()
    currency = one_of(CURRENCIES)


class QuoteOut(RecordOut):
    account_id = fields.String()
    opportunity_id = fields.String(allow_none=True)
    contact_id = fields.String(allow_none=True)
    title = fields.String()
    root_id = fields.String()
    revision = fields.Integer()
    status = fields.String()
    currency = fields.String()
    price_book_id = fields.String(allow_none=True)
    tax_included = fields.Boolean()
    discount_percent = Exact()
    max_discount_percent = Exact()
    net = shown("net_minor")
    tax = shown("tax_minor")
    total = shown("total_minor")
    base_amount = shown("base_minor", base=True)
    valid_until = fields.Date(allow_none=True)
    approval = fields.Dict()
    opens = fields.Integer()


class QuoteFull(QuoteOut):
    lines = fields.List(fields.Nested(LineOut))
    cost = shown("cost_minor")
    margin = computed(lambda record: outside(left(record.net_minor, record.cost_minor), record.currency), "object")
    notes = fields.String(allow_none=True)
    share_path = computed(lambda record: record.share_token and f"/sales/offers/{record.share_token}", "string")


class SendIn(Schema):
    valid_until = fields.Date(allow_none=True)
