"""Shape of the definitions people write: queue, dispatch rules, SLA policy, business calendar."""

import re
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.i18n import gettext as _
from service_desk import dispatch
from service_desk.business_time import WEEKDAYS

YEARS = (1990, 2100)  # of any date a calendar may name
MINUTES = validate.Range(1, 60 * 24 * 366)
_KEY = validate.Regexp(r"^[a-z0-9][a-z0-9_-]{0,59}$")
_WALL = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
PRIORITIES = ("low", "normal", "high", "urgent")


def _span(span: Any) -> None:
    """["09:00", "12:00"]; "24:00" only closes."""
    if not (isinstance(span, list) and len(span) == 2 and all(isinstance(t, str) and _WALL.fullmatch(t) for t in span)):
        raise ValidationError(_('Give a span as ["HH:MM", "HH:MM"].'))
    if span[0] >= span[1]:
        raise ValidationError(_("A span ends after it begins."))


def _day(text: Any) -> None:
    try:
        found = date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        found = None
    if found is None or not YEARS[0] <= found.year <= YEARS[1]:
        raise ValidationError(_("Not a date as YYYY-MM-DD."))


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValidationError(_("There is no such time zone.")) from None


def _break(row: Any) -> None:
    if not isinstance(row, list) or len(row) != 3:
        raise ValidationError(_("Give a break as [date, from, to]."))
    _day(row[0])
    _span(row[1:])


def _spans() -> fields.List:
    return fields.List(fields.Raw(required=True, validate=_span), validate=validate.Length(max=12))


class Texts(Schema):
    """A text in both languages."""

    zh = fields.String(validate=validate.Length(max=200))
    en = fields.String(validate=validate.Length(max=200))


class CalendarHours(Schema):
    """Opening hours: weekly wall times, whole days closed, days with other hours (调休), breaks on single days."""

    timezone = fields.String(required=True, validate=_zone)
    business_hours = fields.Dict(
        keys=fields.String(validate=validate.OneOf(WEEKDAYS)), values=_spans(), load_default=dict
    )
    holidays = fields.List(fields.Raw(validate=_day), load_default=list, validate=validate.Length(max=5000))
    overrides = fields.Dict(
        keys=fields.String(validate=_day), values=_spans(), load_default=dict, validate=validate.Length(max=5000)
    )
    breaks = fields.List(fields.Raw(validate=_break), load_default=list, validate=validate.Length(max=5000))


class Calendar(CalendarHours):
    """A stored calendar; `published_through` is the last year whose public holidays are official, later ones are provisional."""

    published_through = fields.Integer(allow_none=True, load_default=None, validate=validate.Range(*YEARS))
    source = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=200))


class Targets(Schema):
    """Open minutes per clock; null: there is no such target."""

    first_response_min = fields.Integer(allow_none=True, validate=MINUTES)
    update_min = fields.Integer(allow_none=True, validate=MINUTES)
    solution_min = fields.Integer(allow_none=True, validate=MINUTES)


class Escalation(Schema):
    """Who hears of a breach `after_min` open minutes later: level 1 is the assignee's supervisor, 2 the one above, …"""

    after_min = fields.Integer(required=True, validate=validate.Range(0, 60 * 24 * 60))
    level = fields.Integer(required=True, validate=validate.Range(1, 5))


class SlaPolicy(Schema):
    """Targets per priority for the tickets that meet `when`; policies are tried in the order of `position`."""

    position = fields.Integer(load_default=100, validate=validate.Range(0, 10_000))
    when = fields.Dict(load_default=lambda: {"all": []})
    calendar = fields.String(required=True, validate=_KEY)
    targets = fields.Dict(
        keys=fields.String(validate=validate.OneOf(PRIORITIES)), values=fields.Nested(Targets), required=True,
        validate=validate.Length(min=1),
    )  # fmt: skip
    warn_percent = fields.List(
        fields.Integer(validate=validate.Range(1, 99)), load_default=lambda: [50, 80], validate=validate.Length(max=5)
    )
    escalations = fields.List(fields.Nested(Escalation), load_default=list, validate=validate.Length(max=5))

    @validates_schema
    def ascending(self, data: dict[str, Any], **kwargs: object) -> None:
        steps = [each["after_min"] for each in data.get("escalations") or ()]
        if steps != sorted(set(steps)):
            raise ValidationError(_("Each escalation comes later than the one before."), "escalations")


class Member(Schema):
    user_id = fields.String(required=True, validate=validate.Length(1, 36))
    skills = fields.List(fields.String(validate=_KEY), load_default=list, validate=validate.Length(max=50))


class Queue(Schema):
    """Who works on a queue, with which skills; the lead hears of what has no assignee."""

    members = fields.List(fields.Nested(Member), load_default=list, validate=validate.Length(max=500))
    lead_id = fields.String(allow_none=True, load_default=None, validate=validate.Length(1, 36))


class DispatchRule(Schema):
    key = fields.String(required=True, validate=_KEY)
    title = fields.Nested(Texts, load_default=dict)
    when = fields.Dict(load_default=lambda: {"all": []})
    queue = fields.String(allow_none=True, load_default=None, validate=_KEY)
    users = fields.List(
        fields.String(validate=validate.Length(1, 36)), load_default=list, validate=validate.Length(max=500)
    )
    strategy = fields.String(load_default="round_robin", validate=validate.OneOf(dispatch.STRATEGIES))
    skills = fields.List(fields.String(validate=_KEY), load_default=list, validate=validate.Length(max=20))
    max_open = fields.Integer(allow_none=True, load_default=None, validate=validate.Range(1, 10_000))
    calendar = fields.String(allow_none=True, load_default=None, validate=_KEY)
    outside_hours = fields.String(load_default="assign", validate=validate.OneOf(("assign", "queue", "skip")))

    @validates_schema
    def has_target(self, data: dict[str, Any], **kwargs: object) -> None:
        if not (data.get("users") or data.get("queue")):
            raise ValidationError(_("Name a queue or users."), "queue")


class DispatchRules(Schema):
    """Ordered rules; the first that matches decides, else the fallback queue."""

    rules = fields.List(fields.Nested(DispatchRule), load_default=list, validate=validate.Length(max=100))
    fallback_queue = fields.String(allow_none=True, load_default=None, validate=_KEY)

    @validates_schema
    def distinct(self, data: dict[str, Any], **kwargs: object) -> None:
        keys = [each["key"] for each in data.get("rules") or ()]
        if len(keys) != len(set(keys)):
            raise ValidationError(_("Each rule has a key of its own."), "rules")


SCHEMAS: dict[str, Schema] = {
    "queue": Queue(),
    "dispatch_rules": DispatchRules(),
    "sla_policy": SlaPolicy(),
    "calendar": Calendar(),
}


def is_key(text: str) -> bool:
    """Whether `text` may name a definition."""
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", text) is not None
