"""Shape of a rule: what sets it off, when it holds, what it does."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.i18n import lazy as _

DAYS = 3650
_TIME = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$")
_NAME = validate.Length(1, 80)
_WHO = fields.String(
    validate=validate.Regexp(
        r"^(owner|manager|creator|followers|collaborators|customer|(user|role|head|mail):[^\s:]{1,254})$"
    ),
    metadata={
        "description": "owner, manager, creator, followers, collaborators, user:<id>, role:<key>, head:<department>"
    },
)


class Said(Schema):
    """A text in both languages; `{field}` is filled in from the record."""

    zh = fields.String(validate=validate.Length(max=5000))
    en = fields.String(validate=validate.Length(max=5000))


class Trigger(Schema):
    """`on` event: one of `events`; change: one of `fields` changed; date: `days` after `field` (before, if negative),
    each year if `yearly`; schedule: every day, week (`weekday` 1–7) or month (`day`), `at` the company's time."""

    on = fields.String(required=True, validate=validate.OneOf(("event", "change", "date", "schedule")))
    events = fields.List(fields.String(validate=_NAME), validate=validate.Length(max=20))
    fields_ = fields.List(
        fields.String(validate=_NAME), data_key="fields", attribute="fields", validate=validate.Length(max=50)
    )
    field = fields.String(validate=_NAME)
    days = fields.Integer(validate=validate.Range(-DAYS, DAYS))
    yearly = fields.Boolean()
    every = fields.String(validate=validate.OneOf(("day", "week", "month")))
    weekday = fields.Integer(validate=validate.Range(1, 7))
    day = fields.Integer(validate=validate.Range(1, 28))
    at = fields.String(validate=_TIME)

    @validates_schema
    def complete(self, data: Mapping[str, Any], **kwargs: object) -> None:
        needed = {"event": "events", "change": "fields", "date": "field", "schedule": "every"}.get(data.get("on", ""))
        if needed and not data.get(needed):
            raise ValidationError(str(_("Missing data for required field.")), needed)


class Action(Schema):
    """`do` says what, `step:<name>` one of the service's own steps; the other members are that action's."""

    do = fields.String(
        required=True, validate=validate.Regexp(r"^(update|task|notify|assign|tag|mail|webhook|step:[a-z0-9_]{1,60})$")
    )
    values = fields.Dict(keys=fields.String(validate=_NAME), validate=validate.Length(max=50))
    to = fields.List(_WHO, validate=validate.Length(1, 20))
    title = fields.Nested(Said)
    text = fields.Nested(Said)
    days = fields.Integer(validate=validate.Range(0, DAYS))
    add = fields.List(fields.String(validate=validate.Length(1, 40)), validate=validate.Length(max=30))
    remove = fields.List(fields.String(validate=validate.Length(1, 40)), validate=validate.Length(max=30))
    webhook = fields.String(validate=_NAME)

    @validates_schema
    def complete(self, data: Mapping[str, Any], **kwargs: object) -> None:
        needed = {
            "update": ("values",), "task": ("to", "title"), "notify": ("to", "title"), "assign": ("to",),
            "mail": ("to", "title", "text"), "webhook": ("webhook",),
        }.get(data.get("do", ""), ())  # fmt: skip
        missing = {name: [str(_("Missing data for required field."))] for name in needed if not data.get(name)}
        if data.get("do") == "tag" and not (data.get("add") or data.get("remove")):
            missing["add"] = [str(_("Missing data for required field."))]
        if missing:
            raise ValidationError(missing)  # type: ignore[arg-type]


class RuleShape(Schema):
    """A rule about one kind of record. `place` orders rules, `stop` keeps later ones from the same change, `hourly` bounds
    how often it acts in an hour."""

    about = fields.String(required=True, validate=_NAME)
    trigger = fields.Nested(Trigger, required=True)
    when = fields.Dict(load_default=lambda: {"all": []})
    actions = fields.List(fields.Nested(Action), required=True, validate=validate.Length(1, 20))
    place = fields.Integer(load_default=100, validate=validate.Range(0, 10_000))
    stop = fields.Boolean(load_default=False)
    hourly = fields.Integer(load_default=500, validate=validate.Range(1, 100_000))


SHAPE = RuleShape()
