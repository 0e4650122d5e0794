"""Shape of the definitions people write: scoring model, assignment rules, duplicate policy, capture form."""

import re

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.i18n import lazy as _
from leads import assignment
from leads.objects import BEHAVIOURS, SOURCES

_KEY = validate.Regexp(r"^[a-z0-9][a-z0-9_-]{0,59}$")
_TIME = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$")
POLICIES = ("link", "merge", "refuse", "allow")
FORM_FIELDS = (
    "name", "company", "title", "phone", "email", "wechat", "city", "address", "industry", "company_size",
    "product_interest", "budget", "message",
)  # fmt: skip


class Texts(Schema):
    """A text in both languages."""

    zh = fields.String(validate=validate.Length(max=500))
    en = fields.String(validate=validate.Length(max=500))


class ScoreRule(Schema):
    key = fields.String(required=True, validate=_KEY)
    title = fields.Nested(Texts)
    when = fields.Dict(required=True)
    points = fields.Float(required=True, validate=validate.Range(-1000, 1000))


class BehaviourRule(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(tuple(BEHAVIOURS)))
    points = fields.Float(required=True, validate=validate.Range(-1000, 1000))
    half_life_days = fields.Float(load_default=14, validate=validate.Range(0, 3650))
    cap = fields.Float(load_default=20, validate=validate.Range(0, 1000))


class ScoringModel(Schema):
    """Weighted conditions and decaying behaviour; `grades` are the least scores of A, B and C."""

    base = fields.Float(load_default=0, validate=validate.Range(-1000, 1000))
    rules = fields.List(fields.Nested(ScoreRule), load_default=list, validate=validate.Length(max=100))
    behaviours = fields.List(fields.Nested(BehaviourRule), load_default=list, validate=validate.Length(max=20))
    grades = fields.Dict(
        keys=fields.String(validate=validate.OneOf(("A", "B", "C"))),
        values=fields.Integer(validate=validate.Range(0, 100)),
        load_default=lambda: {"A": 75, "B": 50, "C": 25},
    )

    @validates_schema
    def distinct(self, data: dict, **kwargs: object) -> None:
        _no_twins(data.get("rules") or (), "key", "rules")
        _no_twins(data.get("behaviours") or (), "kind", "behaviours")


class WorkingHours(Schema):
    days = fields.List(fields.Integer(validate=validate.Range(1, 7)), load_default=lambda: [1, 2, 3, 4, 5])
    start = fields.String(load_default="09:00", validate=_TIME)
    end = fields.String(load_default="18:00", validate=_TIME)


class AssignmentRule(Schema):
    key = fields.String(required=True, validate=_KEY)
    title = fields.Nested(Texts)
    when = fields.Dict(load_default=lambda: {"all": []})
    users = fields.List(fields.String(validate=validate.Length(max=36)), validate=validate.Length(max=500))
    departments = fields.List(fields.String(validate=validate.Length(max=36)), validate=validate.Length(max=100))
    pool = fields.String(allow_none=True, validate=_KEY)
    strategy = fields.String(load_default="round_robin", validate=validate.OneOf(assignment.STRATEGIES))
    weights = fields.Dict(keys=fields.String(), values=fields.Integer(validate=validate.Range(0, 1000)))
    daily_cap = fields.Integer(allow_none=True, validate=validate.Range(1, 100_000))
    response_minutes = fields.Integer(load_default=120, validate=validate.Range(1, 60 * 24 * 30))
    hours = fields.Nested(WorkingHours, allow_none=True)
    outside_hours = fields.String(load_default="assign", validate=validate.OneOf(("assign", "skip")))

    @validates_schema
    def has_target(self, data: dict, **kwargs: object) -> None:
        if not (data.get("users") or data.get("departments") or data.get("pool")):
            raise ValidationError(str(_("Name users, departments or a pool.")), "users")


class AssignmentRules(Schema):
    """Ordered rules; the first that has somebody free takes the lead, else the fallback pool."""

    rules = fields.List(fields.Nested(AssignmentRule), load_default=list, validate=validate.Length(max=100))
    fallback_pool = fields.String(load_default="default", validate=_KEY)
    response_minutes = fields.Integer(load_default=240, validate=validate.Range(1, 60 * 24 * 30))

    @validates_schema
    def distinct(self, data: dict, **kwargs: object) -> None:
        _no_twins(data.get("rules") or (), "key", "rules")


class DuplicatePolicy(Schema):
    """What happens to a lead that seems to exist; `threshold` is the least score that counts as the same."""

    default = fields.String(load_default="link", validate=validate.OneOf(POLICIES))
    by_source = fields.Dict(
        keys=fields.String(validate=validate.OneOf(tuple(SOURCES))),
        values=fields.String(validate=validate.OneOf(POLICIES)),
    )
    threshold = fields.Integer(load_default=85, validate=validate.Range(50, 100))


class FormField(Schema):
    name = fields.String(required=True, validate=validate.OneOf(FORM_FIELDS))
    label = fields.Nested(Texts)
    required = fields.Boolean(load_default=False)
    choices = fields.List(fields.String(validate=validate.Length(max=80)), validate=validate.Length(max=50))


class CaptureForm(Schema):
    """A public form: its fields, texts, and what the leads that come from it carry."""

    title = fields.Nested(Texts, required=True)
    intro = fields.Nested(Texts)
    thanks = fields.Nested(Texts)
    consent = fields.Nested(Texts)
    consent_version = fields.String(load_default="1", validate=validate.Length(max=20))
    fields_ = fields.List(
        fields.Nested(FormField), required=True, data_key="fields", attribute="fields", validate=validate.Length(1, 20)
    )
    source = fields.String(load_default="website", validate=validate.OneOf(tuple(SOURCES)))
    channel = fields.String(allow_none=True, validate=validate.Length(max=40))
    campaign_id = fields.UUID(allow_none=True)
    redirect_url = fields.URL(allow_none=True, schemes={"https", "http"})

    @validates_schema
    def reachable(self, data: dict, **kwargs: object) -> None:
        names = {each["name"] for each in data.get("fields") or ()}
        _no_twins(data.get("fields") or (), "name", "fields")
        if not names & {"phone", "email", "wechat"}:
            raise ValidationError(str(_("A form needs a phone, e-mail or WeChat field.")), "fields")


SCHEMAS: dict[str, Schema] = {
    "scoring_model": ScoringModel(),
    "assignment_rules": AssignmentRules(),
    "duplicate_policy": DuplicatePolicy(),
    "capture_form": CaptureForm(),
}


def is_key(text: str) -> bool:
    """Whether `text` may name a definition."""
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", text) is not None


def _no_twins(items: object, name: str, place: str) -> None:
    keys = [each[name] for each in items]  # type: ignore[attr-defined]
    twins = sorted({key for key in keys if keys.count(key) > 1})
    if twins:
        raise ValidationError(str(_("Used twice: %(keys)s", keys=", ".join(twins))), place)
