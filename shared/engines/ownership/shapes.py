"""Shape of the definitions people write: a pool, and how many records they may hold."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.i18n import lazy as _

KEY = validate.Regexp(r"^[a-z0-9][a-z0-9_-]{0,59}$")
_IDS = fields.String(validate=validate.Length(1, 64))


class PoolTexts(Schema):
    """A text in both languages."""

    zh = fields.String(validate=validate.Length(max=500))
    en = fields.String(validate=validate.Length(max=500))


class Who(Schema):
    """People by name, department (with all below it) or role; nobody named means everybody, or for admins nobody."""

    users = fields.List(_IDS, load_default=list, validate=validate.Length(max=500))
    departments = fields.List(_IDS, load_default=list, validate=validate.Length(max=200))
    roles = fields.List(_IDS, load_default=list, validate=validate.Length(max=100))


class Claiming(Schema):
    """Claims a day and person (empty: any number), days the last owner waits, hours a new arrival rests, protection."""

    daily_limit = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 100_000))
    cool_down_days = fields.Integer(load_default=0, validate=validate.Range(0, 3650))
    freeze_hours = fields.Integer(load_default=0, validate=validate.Range(0, 24 * 365))
    protect_days = fields.Integer(load_default=7, validate=validate.Range(0, 3650))


class ReclaimRule(Schema):
    """Take the record back `days` after the latest of the times `since` and of the day its owner got it."""

    key = fields.String(required=True, validate=KEY)
    title = fields.Nested(PoolTexts)
    when = fields.Dict(load_default=lambda: {"all": []})
    since = fields.List(
        fields.String(validate=validate.Length(1, 63)), load_default=list, validate=validate.Length(max=5)
    )
    days = fields.Integer(required=True, validate=validate.Range(1, 3650))
    count = fields.String(load_default="working", validate=validate.OneOf(("working", "calendar")))


class Reclaiming(Schema):
    """Rules (the earliest counts), the least working days an owner keeps what he got, days ahead on which he is warned."""

    rules = fields.List(fields.Nested(ReclaimRule), load_default=list, validate=validate.Length(max=50))
    grace_days = fields.Integer(load_default=3, validate=validate.Range(0, 365))
    warn_days = fields.List(
        fields.Integer(validate=validate.Range(1, 90)), load_default=lambda: [3, 1], validate=validate.Length(max=5)
    )

    @validates_schema
    def distinct(self, data: dict[str, Any], **kwargs: object) -> None:
        _no_twins(data.get("rules") or (), "rules")


class PoolShape(Schema):
    """A pool: whose it is, what it shows before a claim, how claims go, which departments' records return to it and when."""

    members = fields.Nested(Who, load_default=lambda: Who().load({}))
    admins = fields.Nested(Who, load_default=lambda: Who().load({}))
    collects = fields.List(_IDS, load_default=list, validate=validate.Length(max=200))
    hidden_fields = fields.List(fields.String(validate=validate.Length(1, 63)), load_default=list)
    claim = fields.Nested(Claiming, load_default=lambda: Claiming().load({}))
    reclaim = fields.Nested(Reclaiming, load_default=lambda: Reclaiming().load({}))


class HoldingRule(Schema):
    key = fields.String(required=True, validate=KEY)
    title = fields.Nested(PoolTexts)
    who = fields.Nested(Who, required=True)
    limit = fields.Integer(required=True, validate=validate.Range(0, 1_000_000))


class HoldingShape(Schema):
    """How many records people may hold; those that meet `exempt` don't count. `off` and `on` are the company's own days."""

    rules = fields.List(fields.Nested(HoldingRule), load_default=list, validate=validate.Length(max=200))
    exempt = fields.Dict(load_default=lambda: {"any": []})
    off = fields.List(fields.Date(), load_default=list, validate=validate.Length(max=1000))
    on = fields.List(fields.Date(), load_default=list, validate=validate.Length(max=1000))

    @validates_schema
    def distinct(self, data: dict[str, Any], **kwargs: object) -> None:
        _no_twins(data.get("rules") or (), "rules")


SHAPES: dict[str, Schema] = {"pool": PoolShape(), "holding": HoldingShape()}


def is_key(text: str) -> bool:
    """Whether `text` may name a pool."""
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", text) is not None


def _no_twins(items: Any, place: str) -> None:
    keys = [each["key"] for each in items]
    twins = sorted({key for key in keys if keys.count(key) > 1})
    if twins:
        raise ValidationError(str(_("Used twice: %(keys)s", keys=", ".join(twins))), place)
