"""What the API takes and answers about leads."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis.i18n import lazy as _
from engines import money
from leads.definition_schemas import POLICIES
from leads.objects import BEHAVIOURS, INDUSTRIES, SIZES, SOURCES

CURRENCIES = tuple(money.EXPONENTS)
MAX_MINOR = 10**15


class Money(fields.Field[Any]):
    """`{"amount": "1234.50", "currency": "CNY"}`; kept as the text `123450 CNY` between schema and columns."""

    def __init__(self, **kwargs: Any):
        super().__init__(metadata={"type": "object", "example": {"amount": "1234.50", "currency": "CNY"}}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str] | None:
        if not value:
            return None
        minor, _space, currency = str(value).partition(" ")
        return {"amount": money.to_text(int(minor), currency), "currency": currency}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[int, str]:
        if (
            not isinstance(value, dict)
            or value.keys() - {"amount", "currency"}
            or not isinstance(value.get("amount"), str)
        ):
            raise ValidationError(str(_("Give amount as a decimal string and currency.")))
        currency = value.get("currency", "CNY")
        if currency not in CURRENCIES:
            raise ValidationError(str(_("This currency is not known.")))
        try:
            minor = Decimal(value["amount"]).scaleb(money.exponent(currency))
            if minor != minor.to_integral_value() or not 0 <= minor <= MAX_MINOR:
                raise ValidationError(str(_("This amount cannot be stored exactly.")))
        except InvalidOperation:
            raise ValidationError(str(_("Give amount as a decimal string and currency."))) from None
        return int(minor), currency


class Converted(fields.Field[Any]):
    """What a lead became in sales; kept as `account,contact,opportunity` between columns and answer."""

    def __init__(self) -> None:
        super().__init__(metadata={"type": "object"}, dump_only=True, allow_none=True)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str | None] | None:
        account, contact, opportunity = (part or None for part in str(value or ",,").split(","))
        if not account:
            return None
        return {"account_id": account, "contact_id": contact, "opportunity_id": opportunity}


def _text(longest: int, **kwargs: Any) -> fields.String:
    return fields.String(allow_none=True, validate=validate.Length(max=longest), **kwargs)


def _texts(longest: int, most: int) -> fields.List:
    return fields.List(fields.String(validate=validate.Length(max=longest)), validate=validate.Length(max=most))


class LeadFields(Schema):
    """What people write of a lead; every field may come in any notation."""

    name = _text(500)
    company = _text(500)
    title = _text(200)
    phones = _texts(200, 20)
    emails = _texts(500, 20)
    wechat = _text(100)
    address = _text(500)
    message = _text(20_000)
    credit_code = _text(60)
    channel = _text(40)
    campaign_id = fields.UUID(allow_none=True)
    utm = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)),
        values=fields.String(validate=validate.Length(max=200)),
        validate=validate.Length(max=20),
    )
    referrer_url = _text(1000)
    country = fields.String(allow_none=True, validate=validate.Regexp(r"^[A-Za-z]{2}$"))
    province = _text(40)
    city = _text(60)
    region = _text(40)
    industry = fields.String(allow_none=True, validate=validate.OneOf(tuple(INDUSTRIES)))
    company_size = fields.String(allow_none=True, validate=validate.OneOf(tuple(SIZES)))
    product_interest = _texts(80, 50)
    budget = Money(allow_none=True)
    consent = fields.Dict(keys=fields.String(validate=validate.Length(max=40)), validate=validate.Length(max=10))
    next_action_at = fields.AwareDateTime(allow_none=True)
    tags = _texts(60, 50)
    custom = fields.Dict(keys=fields.String(validate=validate.Length(max=60)), validate=validate.Length(max=300))


_MAY_BE_EMPTIED = frozenset(
    ("wechat", "credit_code", "channel", "campaign_id", "referrer_url", "country", "province", "city", "region", "industry",
     "company_size", "budget_minor", "budget_currency", "next_action_at")
)  # fmt: skip


def columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """A loaded body as the use cases take it: money in its two columns."""
    values = dict(body)
    if "budget" in values:
        values["budget_minor"], values["budget_currency"] = values.pop("budget") or (None, None)
    if values.get("campaign_id"):
        values["campaign_id"] = str(values["campaign_id"])
    return {name: value for name, value in values.items() if value is not None or name in _MAY_BE_EMPTIED}


class LeadIn(LeadFields):
    source = fields.String(load_default="api", validate=validate.OneOf(tuple(SOURCES)))
    owner_id = fields.String(allow_none=True, validate=validate.Length(max=36))
    behaviour = fields.String(allow_none=True, validate=validate.OneOf(tuple(BEHAVIOURS)))
    duplicate_policy = fields.String(
        allow_none=True, validate=validate.OneOf(POLICIES), metadata={"description": "Instead of the source's policy"}
    )


class LeadEdit(LeadFields):
    pass


class Found(Schema):
    """A lead that looks like another."""

    lead_id = fields.String()
    number = fields.String(allow_none=True)
    name = fields.String()
    company = fields.String()
    status = fields.String()
    owner_id = fields.String(allow_none=True)
    score = fields.Integer()
    reasons = fields.List(fields.Dict())


class LeadOut(Schema):
    id = fields.String()
    number = fields.String(allow_none=True)
    external_ids = fields.Dict()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    created_by = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    custom = fields.Dict()
    name = fields.String()
    company = fields.String()
    title = fields.String()
    phones = fields.List(fields.String())
    emails = fields.List(fields.String())
    wechat = fields.String(allow_none=True)
    address = fields.String()
    message = fields.String()
    credit_code = fields.String(allow_none=True)
    source = fields.String()
    channel = fields.String(allow_none=True)
    campaign_id = fields.String(allow_none=True)
    utm = fields.Dict()
    referrer_url = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    province = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    company_size = fields.String(allow_none=True)
    product_interest = fields.List(fields.String())
    budget = Money(allow_none=True)
    consent = fields.Dict()
    form_key = fields.String(allow_none=True)
    status = fields.String()
    score = fields.Integer()
    grade = fields.String()
    duplicate_of = fields.String(allow_none=True)
    pool = fields.String(allow_none=True)
    protected_until = fields.AwareDateTime(allow_none=True)
    next_reclaim_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "when the pool's rules take the lead back; empty: never"}
    )
    unassigned_since = fields.AwareDateTime(allow_none=True)
    assigned_at = fields.AwareDateTime(allow_none=True)
    response_due_at = fields.AwareDateTime(allow_none=True)
    first_activity_at = fields.AwareDateTime(allow_none=True)
    last_activity_at = fields.AwareDateTime(allow_none=True)
    next_action_at = fields.AwareDateTime(allow_none=True)
    disqualified_at = fields.AwareDateTime(allow_none=True)
    disqualify_reason = fields.String(allow_none=True)
    converted = Converted()


class LeadDetail(LeadOut):
    """One lead with everything that explains it."""

    conversion = fields.Dict()
    duplicates = fields.List(fields.Dict())
    allowed = fields.List(fields.String(), metadata={"description": "Steps possible from the present status"})
    score_explanation = fields.Dict(allow_none=True)
    assignment_explanation = fields.Dict(allow_none=True)
    reclaim_explanation = fields.Dict(allow_none=True)


class CapturedOut(LeadDetail):
    """The lead that was made, or the one the record was merged into."""

    outcome = fields.String(validate=validate.OneOf(("created", "linked", "merged", "allowed")))
    found = fields.List(fields.Nested(Found))


class CheckIn(Schema):
    name = _text(500)
    company = _text(500)
    phones = _texts(200, 20)
    emails = _texts(500, 20)
    wechat = _text(100)
    credit_code = _text(60)
    country = fields.String(validate=validate.Regexp(r"^[A-Za-z]{2}$"))


class CheckOut(Schema):
    record = fields.Dict(metadata={"description": "What was asked about, normalised"})
    duplicates = fields.List(fields.Nested(Found))


class AssignIn(Schema):
    owner_id = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 36), metadata={"description": "Empty: by rule"}
    )
    over_limit = fields.Boolean(
        load_default=False, metadata={"description": "even to a person who holds as many leads as allowed"}
    )


class ReleaseIn(Schema):
    pool = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[a-z0-9][a-z0-9_-]{0,59}$"))
    reason = fields.String(load_default="", validate=validate.Length(max=500))


class MergeIn(Schema):
    lead_id = fields.String(
        required=True, validate=validate.Length(1, 36), metadata={"description": "The lead that goes into this one"}
    )


class MergeOut(Schema):
    id = fields.String()
    survivor_id = fields.String()
    merged_id = fields.String()
    merged_at = fields.AwareDateTime()
    merged_by = fields.String()
    conflicts = fields.Dict(metadata={"description": "field → [kept, given up]"})
    undone_at = fields.AwareDateTime(allow_none=True)


class DisqualifyIn(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 200))


class OpportunityIn(Schema):
    name = fields.String(validate=validate.Length(1, 200))
    amount = Money()


class ConvertIn(Schema):
    opportunity = fields.Nested(OpportunityIn, load_default=None, allow_none=True)
    account_id = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 36),
        metadata={"description": "Link to this account; after a failure one of the candidates"},
    )  # fmt: skip
    new_account = fields.Boolean(load_default=False, metadata={"description": "Insist on a new account"})


class LeadActivityIn(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(("call", "visit", "mail", "meeting", "note")))
    text = fields.String(required=True, validate=validate.Length(1, 10_000))
    at = fields.AwareDateTime(load_default=None, allow_none=True)
    next_action_at = fields.AwareDateTime(load_default=None, allow_none=True)


class LeadActivityOut(Schema):
    id = fields.String()
    kind = fields.String()
    text = fields.String()
    at = fields.AwareDateTime()


class BehaviourIn(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(tuple(BEHAVIOURS)))
    at = fields.AwareDateTime(load_default=None, allow_none=True)
    detail = _text(500)


class BehavioursIn(Schema):
    behaviours = fields.List(fields.Nested(BehaviourIn), required=True, validate=validate.Length(1, 100))


class BulkIn(Schema):
    action = fields.String(
        required=True, validate=validate.OneOf(("assign", "release", "claim", "disqualify", "qualify", "tag", "reopen"))
    )
    ids = fields.List(fields.String(validate=validate.Length(1, 36)), required=True, validate=validate.Length(1, 1000))
    owner_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 36))
    pool = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 60))
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 200))
    tag = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 60))


class BulkRow(Schema):
    id = fields.String()
    ok = fields.Boolean()
    code = fields.String(allow_none=True)
    detail = fields.String(allow_none=True)


class BulkOut(Schema):
    results = fields.List(fields.Nested(BulkRow))
    done = fields.Integer()
    failed = fields.Integer()


class DecisionOut(Schema):
    id = fields.String()
    kind = fields.String()
    rule = fields.String()
    version = fields.Integer()
    inputs = fields.Dict()
    outcome = fields.Raw()
    steps = fields.List(fields.Dict())
    at = fields.Raw()


class DefinitionIn(Schema):
    title = fields.Dict(keys=fields.String(), values=fields.String(validate=validate.Length(max=200)))
    definition = fields.Dict(required=True)
    active = fields.Boolean(load_default=True)


class DefinitionOut(Schema):
    id = fields.String()
    version = fields.Integer()
    key = fields.String()
    title = fields.Dict()
    revision = fields.Integer()
    active = fields.Boolean()
    definition = fields.Dict(attribute="body")
    updated_at = fields.AwareDateTime()


class DefinitionVersionOut(Schema):
    revision = fields.Integer()
    definition = fields.Dict(attribute="body")
    published_at = fields.AwareDateTime()
    published_by = fields.String()


class Period(Schema):
    from_ = fields.AwareDateTime(required=True, data_key="from", attribute="from")
    to = fields.AwareDateTime(load_default=None, allow_none=True)


class SimulateIn(Schema):
    definition = fields.Dict(required=True)
    records = fields.List(fields.Dict(), validate=validate.Length(max=200))
    history = fields.Nested(Period)
    limit = fields.Integer(load_default=500, validate=validate.Range(1, 2000))


class Simulated(Schema):
    """What would happen: a result per record with its explanation, and how many could not be used."""

    tried = fields.Integer()
    unusable = fields.Integer(metadata={"description": "Past records that lack what the definition looks at"})
    unusable_because = fields.List(fields.Dict())
    results = fields.List(fields.Dict())
    grades = fields.Dict()
    thresholds = fields.List(fields.Dict())
    shares = fields.Dict()
    would_change = fields.Integer()


def _listed(name: str, item: type[Schema]) -> type[Schema]:
    """The schema of a short list that is answered whole."""
    return Schema.from_dict({"items": fields.List(fields.Nested(item))}, name=name)


Activities = _listed("Activities", LeadActivityOut)
Decisions = _listed("Decisions", DecisionOut)
Merges = _listed("Merges", MergeOut)
Definitions = _listed("Definitions", DefinitionOut)
DefinitionVersions = _listed("DefinitionVersions", DefinitionVersionOut)
