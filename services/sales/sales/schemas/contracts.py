"""Contracts, receivables and payments."""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.i18n import lazy as _
from sales.money import MAX_MINOR, outside
from sales.money import left as money_left
from sales.schemas.deals import LINES, LineIn, LineOut
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
)


class TermIn(Schema):
    """A term of the payment plan: a share or an amount, on a day or some days after the start."""

    title = fields.String(validate=validate.Length(max=200))
    percent = Exact(places=4, most="100", above=True)
    amount_minor = fields.Integer(strict=True, validate=validate.Range(1, MAX_MINOR))
    due_date = fields.Date()
    after_days = fields.Integer(strict=True, validate=validate.Range(0, 3650))

    @validates_schema
    def one_way_each(self, data: dict[str, object], **_kwargs: object) -> None:
        if ("percent" in data) == ("amount_minor" in data):
            raise ValidationError(str(_("Say either percent or amount_minor")), "percent")
        if "due_date" in data and "after_days" in data:
            raise ValidationError(str(_("Say either due_date or after_days")), "due_date")


TERMS = validate.Length(min=1, max=60)


class TermsIn(Schema):
    payment_terms = fields.List(Part(TermIn), validate=TERMS)


class ContractEdit(RecordIn):
    title = text(200)
    tax_included = fields.Boolean()
    discount_percent = Exact(places=2, most="100")
    lines = fields.List(Part(LineIn), validate=LINES)
    payment_terms = fields.List(Part(TermIn), validate=TERMS)
    signed_on = fields.Date(allow_none=True)
    starts_on = fields.Date(allow_none=True)
    ends_on = fields.Date(allow_none=True)
    terms = text(20_000)


class ContractIn(ContractEdit):
    opportunity_id = reference()
    account_id = reference()
    currency = one_of(CURRENCIES)


class PlanTerm(Schema):
    term = fields.Integer()
    title = fields.String()
    amount_minor = fields.Integer()
    due_date = fields.String()


class ContractOut(RecordOut):
    account_id = fields.String()
    opportunity_id = fields.String(allow_none=True)
    quote_id = fields.String(allow_none=True)
    title = fields.String()
    status = fields.String()
    currency = fields.String()
    tax_included = fields.Boolean()
    discount_percent = Exact()
    max_discount_percent = Exact()
    net = shown("net_minor")
    tax = shown("tax_minor")
    amount = shown("amount_minor")
    paid = shown("paid_minor")
    base_amount = shown("base_minor", base=True)
    signed_on = fields.Date(allow_none=True)
    starts_on = fields.Date(allow_none=True)
    ends_on = fields.Date(allow_none=True)
    approval = fields.Dict()
    erp = fields.Dict()
    approved_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    termination_reason = fields.String(allow_none=True)


class ContractFull(ContractOut):
    lines = fields.List(fields.Nested(LineOut))
    payment_plan = fields.List(fields.Nested(PlanTerm))
    cost = shown("cost_minor")
    margin = computed(lambda record: outside(record.net_minor - record.cost_minor, record.currency), "object")
    terms = fields.String(allow_none=True)


class ReasonIn(Schema):
    reason = fields.String(required=True, validate=validate.Length(min=1, max=300))


class ReceivableOut(RecordOut):
    contract_id = fields.String()
    account_id = fields.String()
    term = fields.Integer()
    title = fields.String()
    status = fields.String()
    overdue = fields.Boolean()
    amount = shown("amount_minor")
    paid = shown("paid_minor")
    left = computed(
        lambda record: outside(money_left(record.amount_minor, record.paid_minor), record.currency), "object"
    )
    due_date = fields.Date()
    closed_at = fields.AwareDateTime(allow_none=True)


class PaymentIn(Schema):
    contract_id = fields.String(required=True, validate=validate.Length(min=1, max=36))
    receivable_id = reference()
    amount = Money(required=True)
    paid_at = fields.AwareDateTime(required=True)
    system = text(40)
    external_id = text(120)
    method = text(40)
    note = text(300)


class PaymentOut(RecordOut):
    contract_id = fields.String(allow_none=True)
    account_id = fields.String()
    amount = shown("amount_minor")
    unallocated = shown("unallocated_minor")
    paid_at = fields.AwareDateTime()
    system = fields.String(allow_none=True)
    external_id = fields.String(allow_none=True)
    method = fields.String(allow_none=True)
    note = fields.String(allow_none=True)


class AgeingOut(Schema):
    currency = fields.String()
    buckets = fields.Dict()
