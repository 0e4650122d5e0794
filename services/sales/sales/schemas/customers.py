"""Accounts and contacts."""

from marshmallow import Schema, fields, validate

from sales.models.customers import DECISION_ROLES, TIERS
from sales.money import outside
from sales.schemas.values import RecordIn, RecordOut, one_of, reference, text, texts
from sales.settings import current


class AccountEdit(RecordIn):
    name = text(200, required=True)
    legal_name = text(200)
    credit_code = text(30)
    industry = text(80)
    region = text(80)
    city = text(80)
    address = text(300)
    size = text(40)
    source = text(80)
    health = text(20)
    parent_id = reference()
    collaborator_ids = texts(36)


class AccountIn(AccountEdit):
    owner_id = reference()
    allow_duplicate = fields.Boolean(metadata={"description": "The caller has seen the candidates of a refusal"})


def _totals(record: object) -> dict[str, object]:
    base = current().base_currency
    names = {"contract": "contract_minor", "paid": "paid_minor", "open": "open_minor"}
    return {name: outside(getattr(record, column), base) for name, column in names.items()}


class AccountOut(RecordOut):
    name = fields.String()
    legal_name = fields.String(allow_none=True)
    credit_code = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    size = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    tier = fields.String()
    health = fields.String(allow_none=True)
    parent_id = fields.String(allow_none=True)
    collaborator_ids = fields.List(fields.String())
    pool = fields.String(allow_none=True)
    protected_until = fields.AwareDateTime(allow_none=True)
    last_activity_at = fields.AwareDateTime(allow_none=True)
    pooled_at = fields.AwareDateTime(allow_none=True)
    owned_since = fields.AwareDateTime(allow_none=True)
    next_reclaim_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "when the pool's rules take the account back; empty: never"}
    )
    totals = fields.Function(_totals, metadata={"type": "object", "description": "contract, paid, open; base currency"})


class Candidate(Schema):
    id = fields.String()
    number = fields.String(allow_none=True)
    name = fields.String()
    score = fields.Integer()
    reason = fields.String()


class DuplicateCheck(Schema):
    name = text(200, required=True)
    credit_code = text(30)


class Candidates(Schema):
    candidates = fields.List(fields.Nested(Candidate))


class TierIn(Schema):
    tier = one_of(TIERS, required=True)


class OwnerIn(Schema):
    owner_id = fields.String(required=True, validate=validate.Length(min=1, max=36))


class AccountOwnerIn(OwnerIn):
    over_limit = fields.Boolean(
        load_default=False, metadata={"description": "even to a person who holds as many accounts as allowed"}
    )


class ReleaseIn(Schema):
    pool = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 60))
    reason = fields.String(load_default="", validate=validate.Length(max=300))


class ContactEdit(RecordIn):
    name = text(120, required=True)
    title = text(120)
    decision_role = one_of(DECISION_ROLES, allow_none=True)
    phones = texts(40, most=20)
    emails = texts(254, most=20)
    wechat = text(80)
    birthday = fields.Date(allow_none=True)


class ContactIn(ContactEdit):
    account_id = fields.String(required=True, validate=validate.Length(min=1, max=36))
    owner_id = reference()


class ContactOut(RecordOut):
    account_id = fields.String(allow_none=True)
    name = fields.String()
    title = fields.String(allow_none=True)
    decision_role = fields.String(allow_none=True)
    phones = fields.List(fields.String())
    emails = fields.List(fields.String())
    wechat = fields.String(allow_none=True)
    birthday = fields.Date(allow_none=True)
    lead_id = fields.String(allow_none=True)


class Decisions(Schema):
    items = fields.List(fields.Dict())
