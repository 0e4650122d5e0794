"""What the API takes and answers."""

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.i18n import gettext as _
from service_desk.definition_schemas import YEARS, CalendarHours, Targets
from service_desk.objects import CHANNELS, PRIORITIES, TYPES

_ID = validate.Length(1, 36)
_MAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,190}")
KINDS = (
    "created", "customer_reply", "customer_contact", "agent_reply", "agent_contact", "internal_note", "state_change", "closed",
    "solved", "reopened", "priority_change", "sla_change", "calendar_change", "tick",
)  # fmt: skip


def _text(longest: int, **kwargs: Any) -> fields.String:
    return fields.String(allow_none=True, validate=validate.Length(max=longest), **kwargs)


def mail_address(text: str) -> None:
    """ValidationError unless `text` is one plain address."""
    if not _MAIL.fullmatch(text):
        raise ValidationError(_("Not a valid email address."))


def moment(value: datetime) -> None:
    """ValidationError outside the years a calendar can be asked about."""
    if not YEARS[0] <= value.year < YEARS[1]:
        raise ValidationError(_("This time is too far away."))


def _moment(**kwargs: Any) -> fields.AwareDateTime:
    return fields.AwareDateTime(default_timezone=UTC, validate=moment, **kwargs)


class TicketFields(Schema):
    subject = fields.String(validate=validate.Length(1, 200))
    type = fields.String(validate=validate.OneOf(tuple(TYPES)))
    priority = fields.String(validate=validate.OneOf(tuple(PRIORITIES)))
    queue = fields.String(allow_none=True, validate=validate.Length(1, 60))
    account_id = fields.String(allow_none=True, validate=_ID)
    contract_id = fields.String(allow_none=True, validate=_ID)
    requester_name = fields.String(validate=validate.Length(max=120))
    requester_email = fields.String(allow_none=True, validate=mail_address)
    requester_phone = _text(40)
    language = fields.String(validate=validate.OneOf(("zh", "en")))
    tags = fields.List(fields.String(validate=validate.Length(1, 60)), validate=validate.Length(max=50))
    custom = fields.Dict(keys=fields.String(validate=validate.Length(max=60)), validate=validate.Length(max=300))


class TicketIn(TicketFields):
    subject = fields.String(required=True, validate=validate.Length(1, 200))
    text = fields.String(load_default="", validate=validate.Length(max=100_000))
    channel = fields.String(load_default="api", validate=validate.OneOf(tuple(CHANNELS)))
    assignee_id = fields.String(allow_none=True, validate=_ID)
    acknowledge = fields.Boolean(load_default=False, metadata={"description": "Mail the requester that it has arrived"})


class TicketEdit(TicketFields):
    pass


class ClockOut(Schema):
    metric = fields.String()
    state = fields.String()
    policy = fields.String()
    policy_revision = fields.Integer()
    calendar = fields.String()
    calendar_revision = fields.Integer()
    target_minutes = fields.Integer()
    started_at = fields.AwareDateTime(allow_none=True)
    running_since = fields.AwareDateTime(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    met_at = fields.AwareDateTime(allow_none=True)
    breached = fields.Boolean()
    breached_at = fields.AwareDateTime(allow_none=True)
    used_minutes = fields.Integer()
    paused_minutes = fields.Integer()
    next_fire_at = fields.AwareDateTime(allow_none=True)
    level = fields.Integer(metadata={"description": "marks passed: warnings, breach, escalations"})


class ClockExplained(ClockOut):
    why = fields.Raw(allow_none=True, metadata={"description": "stretches counted and paused, days that were closed"})


class TicketOut(Schema):
    id = fields.String()
    number = fields.String(allow_none=True)
    external_ids = fields.Dict()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    created_by = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    assignee_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    custom = fields.Dict()
    subject = fields.String()
    channel = fields.String()
    type = fields.String()
    priority = fields.String()
    status = fields.String()
    queue = fields.String(allow_none=True)
    language = fields.String()
    requester_name = fields.String()
    requester_email = fields.String(allow_none=True)
    requester_phone = fields.String(allow_none=True)
    contact_id = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True)
    account_tier = fields.String(allow_none=True)
    contract_id = fields.String(allow_none=True)
    follows_id = fields.String(allow_none=True)
    sla_policy = fields.String(allow_none=True)
    next_due_at = fields.AwareDateTime(allow_none=True)
    breached = fields.Boolean()
    first_response_at = fields.AwareDateTime(allow_none=True)
    last_customer_at = fields.AwareDateTime(allow_none=True)
    last_agent_at = fields.AwareDateTime(allow_none=True)
    solved_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    reopened = fields.Integer()
    csat = fields.Integer(allow_none=True)


class TicketDetail(TicketOut):
    """One ticket with everything that explains it."""

    account_name = fields.String(allow_none=True)
    allowed = fields.List(fields.String(), metadata={"description": "States possible from the present one"})
    sla = fields.List(fields.Nested(ClockOut))
    assignment_explanation = fields.Dict(allow_none=True)
    sla_explanation = fields.Dict(allow_none=True)


class MessageOut(Schema):
    id = fields.String()
    at = fields.AwareDateTime()
    kind = fields.String(validate=validate.OneOf(("public", "note")))
    author = fields.String()
    by = fields.String()
    by_name = fields.String()
    channel = fields.String()
    text = fields.String()
    attachments = fields.List(fields.Dict())


class StepOut(Schema):
    at = fields.AwareDateTime()
    kind = fields.String()
    by = fields.String()
    detail = fields.Dict()


class MessageIn(Schema):
    text = fields.String(required=True, validate=validate.Length(1, 100_000))


class ReplyIn(MessageIn):
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(("open", "pending", "on_hold", "solved")),
        metadata={"description": "State after the reply"},
    )  # fmt: skip


class HeardIn(MessageIn):
    name = fields.String(load_default="", validate=validate.Length(max=120))
    channel = fields.String(load_default="api", validate=validate.OneOf(tuple(CHANNELS)))


class StatusIn(Schema):
    status = fields.String(required=True, validate=validate.OneOf(("open", "pending", "on_hold", "solved", "closed")))


class AssignIn(Schema):
    assignee_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    queue = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 60))


class SurveyOut(Schema):
    id = fields.String()
    ticket_id = fields.String()
    sent_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
    assignee_id = fields.String(allow_none=True)
    score = fields.Integer(allow_none=True)
    comment = fields.String()
    answered_at = fields.AwareDateTime(allow_none=True)


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


class CalendarAsked(fields.Field[Any]):
    """Opening hours as an object, or the key of a stored calendar."""

    def __init__(self, **kwargs: Any):
        super().__init__(metadata={"description": "Opening hours as an object, or a stored calendar's key"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and 0 < len(value) <= 60:
            return value
        if not isinstance(value, dict):
            raise ValidationError(_("Give opening hours, or the key of a calendar."))
        return CalendarHours().load(value)


class SlaEvent(Schema):
    """One event of a ticket's history, in the shape of the reference cases."""

    at = _moment(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    state = fields.String(validate=validate.Length(max=60))
    to = fields.String(validate=validate.Length(max=60))
    priority = fields.String(allow_none=True, validate=validate.Length(max=60))
    pausing = fields.Boolean(load_default=False)
    customer_message = fields.Boolean(load_default=False)
    sla = fields.Nested(Targets, allow_none=True)
    calendar = CalendarAsked()


class Period(Schema):
    from_ = fields.AwareDateTime(required=True, data_key="from", attribute="from", default_timezone=UTC)
    to = fields.AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC)


class PolicySimulateIn(Schema):
    """Either `calendar`, `targets` and `events`: one history; or `definition` and `history`: a policy over past tickets."""

    calendar = CalendarAsked()
    targets = fields.Nested(Targets, allow_none=True)
    events = fields.List(fields.Nested(SlaEvent), validate=validate.Length(1, 1000))
    at = _moment(allow_none=True, load_default=None, metadata={"description": "Look at the clocks as of then"})
    definition = fields.Dict()
    history = fields.Nested(Period)
    limit = fields.Integer(load_default=500, validate=validate.Range(1, 2000))

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **kwargs: object) -> None:
        if ("events" in data) == ("definition" in data):
            raise ValidationError(_("Give calendar, targets and events, or definition and history."), "events")
        if "events" in data and "calendar" not in data:
            raise ValidationError(_("Missing data for required field."), "calendar")
        if "definition" in data and "history" not in data:
            raise ValidationError(_("Missing data for required field."), "history")
        times = [event["at"] for event in data.get("events", ())] + ([data["at"]] if data.get("at") else [])
        if times != sorted(times):
            raise ValidationError(_("Each event comes after the one before."), "events")
        if times and (times[-1] - times[0]).days > 3660:
            raise ValidationError(_("A history of more than ten years cannot be simulated."), "events")


class SimulatedOut(Schema):
    """The clocks and their summary, or over past tickets the attainment now and with the draft."""

    clocks = fields.List(fields.Dict())
    status = fields.String()
    missed = fields.List(fields.String())
    first_response_due_at = fields.AwareDateTime(allow_none=True)
    update_due_at = fields.AwareDateTime(allow_none=True)
    solution_due_at = fields.AwareDateTime(allow_none=True)
    next_due_at = fields.AwareDateTime(allow_none=True)
    first_response_in_min = fields.Integer(allow_none=True)
    first_response_diff_in_min = fields.Integer(allow_none=True)
    first_response_failed_by_min = fields.Integer(allow_none=True)
    update_in_min = fields.Integer(allow_none=True)
    update_diff_in_min = fields.Integer(allow_none=True)
    update_failed_by_min = fields.Integer(allow_none=True)
    solution_in_min = fields.Integer(allow_none=True)
    solution_diff_in_min = fields.Integer(allow_none=True)
    solution_failed_by_min = fields.Integer(allow_none=True)
    paused_minutes = fields.Integer()
    tried = fields.Integer()
    matched = fields.Integer()
    metrics = fields.List(fields.Dict(), metadata={"description": "per clock: tickets, met now, met with the draft"})
    results = fields.List(fields.Dict())


class EvaluateIn(Schema):
    """One question to a calendar, in the shape of the reference cases."""

    calendar = CalendarAsked(required=True)
    op = fields.String(
        required=True,
        validate=validate.OneOf(("add", "subtract", "between", "is_open", "periods", "add_days", "subtract_days")),
    )
    start = _moment()
    end = _moment()
    at = _moment()
    seconds = fields.Integer(validate=validate.Range(0, 10 * 366 * 86_400))
    days = fields.Integer(validate=validate.Range(0, 3660))
    direction = fields.String(validate=validate.OneOf(("after", "before")))
    count = fields.Integer(validate=validate.Range(1, 1000))

    @validates_schema
    def complete(self, data: dict[str, Any], **kwargs: object) -> None:
        for name in NEEDED.get(data.get("op", ""), ()):
            if name not in data:
                raise ValidationError(_("Missing data for required field."), name)
        if data.get("op") == "between" and abs((data["end"] - data["start"]).days) > 3660:
            raise ValidationError(_("At most ten years."), "end")


NEEDED = {
    "add": ("start", "seconds"), "subtract": ("start", "seconds"), "between": ("start", "end"), "is_open": ("at",),
    "periods": ("start", "direction", "count"), "add_days": ("start", "days"), "subtract_days": ("start", "days"),
}  # fmt: skip


class EvaluateOut(Schema):
    end = fields.AwareDateTime()
    seconds = fields.Integer()
    open = fields.Boolean()
    segments = fields.List(fields.List(fields.AwareDateTime()))


def _listed(name: str, item: type[Schema]) -> type[Schema]:
    """The schema of a short list that is answered whole."""
    return Schema.from_dict({"items": fields.List(fields.Nested(item))}, name=name)


Messages = _listed("Messages", MessageOut)
Steps = _listed("Steps", StepOut)
ClocksExplained = _listed("ClocksExplained", ClockExplained)
Surveys = _listed("Surveys", SurveyOut)
Definitions = _listed("Definitions", DefinitionOut)
DefinitionVersions = _listed("DefinitionVersions", DefinitionVersionOut)
