"""Facts the service desk publishes. Every ticket event carries the ticket as it now is, so that a reader needs no other."""

from marshmallow import fields

from chassis.events import Event, personal


class TicketFact(Event):
    """What every event about a ticket says of it: its state after the change."""

    ticket_id = fields.String(required=True)
    number = fields.String(allow_none=True)
    status = fields.String(required=True)
    channel = fields.String(allow_none=True)
    type = fields.String(allow_none=True)  # type: ignore[assignment]  # of the ticket; the event's own is a class keyword
    priority = fields.String(allow_none=True)
    queue = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True)
    account_tier = fields.String(allow_none=True)
    contract_id = fields.String(allow_none=True)
    assignee_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    sla_policy = fields.String(allow_none=True)
    breached = fields.Boolean()
    reopened = fields.Integer(metadata={"description": "how often it was re-opened"})
    created_at = fields.AwareDateTime(allow_none=True)
    first_response_at = fields.AwareDateTime(allow_none=True)
    solved_at = fields.AwareDateTime(allow_none=True)
    next_due_at = fields.AwareDateTime(allow_none=True)
    subject = personal(fields.String(allow_none=True))  # type: ignore[assignment]  # of the ticket, not the event's


class TicketCreated(TicketFact, type="service-desk.ticket.created.v1"):
    """A request came in; its queue, assignee and SLA are already in it."""

    request_id = fields.String(allow_none=True)
    follows_id = fields.String(allow_none=True)


class TicketChanged(TicketFact, type="service-desk.ticket.changed.v1"):
    """Fields, status or due times of a ticket changed."""

    what = fields.String(required=True, metadata={"description": "edited, status, noted, heard, sla, reopened …"})


class TicketAssigned(TicketFact, type="service-desk.ticket.assigned.v1"):
    """A ticket got an assignee or a queue, by rule or by hand."""

    previous_assignee_id = fields.String(allow_none=True)
    how = fields.String(metadata={"description": "rule, hand or claim"})
    rule = fields.String(allow_none=True)


class TicketReplied(TicketFact, type="service-desk.ticket.replied.v1"):
    """An agent answered the customer."""

    message_id = fields.String(required=True)
    is_first = fields.Boolean(required=True)
    first_response_minutes = fields.Integer(
        allow_none=True, metadata={"description": "open minutes to the first answer"}
    )


class TicketSolved(TicketFact, type="service-desk.ticket.solved.v1"):
    """An agent solved the request."""

    resolution_minutes = fields.Integer(allow_none=True, metadata={"description": "open minutes used, pauses left out"})
    replies = fields.Integer(metadata={"description": "answers it took"})


class TicketClosed(TicketFact, type="service-desk.ticket.closed.v1"):
    """A solved ticket came to rest."""


class ClockMet(Event, type="service-desk.sla.met.v1"):
    """A clock of a ticket ended, in time or late."""

    ticket_id = fields.String(required=True)
    account_id = fields.String(allow_none=True)
    assignee_id = fields.String(allow_none=True)
    metric = fields.String(required=True, metadata={"description": "first_response, update or solution"})
    policy = fields.String(required=True)
    priority = fields.String(allow_none=True)
    target_minutes = fields.Integer(required=True)
    used_minutes = fields.Integer(required=True)
    in_time = fields.Boolean(required=True)
    met_at = fields.AwareDateTime(required=True)


class TicketBreached(TicketFact, type="service-desk.ticket.breached.v1"):
    """A clock of a ticket ran out before it was met."""

    metric = fields.String(required=True, metadata={"description": "first_response, update or solution"})
    due_at = fields.AwareDateTime(required=True)
    policy = fields.String(required=True)
    target_minutes = fields.Integer(required=True)


class SlaWarned(Event, type="service-desk.sla.warned.v1"):
    """A clock has used up a share of its target, or a breach was escalated."""

    ticket_id = fields.String(required=True)
    metric = fields.String(required=True)
    percent = fields.Integer(allow_none=True)
    escalation = fields.Integer(allow_none=True, metadata={"description": "level of the supervisor who was told"})
    due_at = fields.AwareDateTime(allow_none=True)


class MessageRequested(Event, type="service-desk.message.requested.v1"):
    """A mail to a customer is to be sent; the gateway delivers it."""

    ticket_id = fields.String(required=True)
    message_id = fields.String(required=True, metadata={"description": "local part of its Message-ID"})
    in_reply_to = fields.String(allow_none=True, metadata={"description": "Message-ID it answers, without brackets"})
    reply_to = fields.String(allow_none=True)
    to = personal(fields.String(required=True))
    subject = personal(fields.String())  # type: ignore[assignment]  # of the mail, not the event's
    text = personal(fields.String(required=True))


class SurveyAnswered(Event, type="service-desk.survey.answered.v1"):
    """A requester said how satisfied they are."""

    survey_id = fields.String(required=True)
    ticket_id = fields.String(required=True)
    number = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True)
    assignee_id = fields.String(allow_none=True)
    queue = fields.String(allow_none=True)
    score = fields.Integer(required=True)
    answered_at = fields.AwareDateTime(required=True)
    comment = personal(fields.String())


class DefinitionPublished(Event, type="service-desk.definition.published.v1"):
    """A queue, SLA policy, calendar or the dispatch rules got a new version."""

    kind = fields.String(required=True, metadata={"description": "queue, sla_policy, calendar or dispatch_rules"})
    key = fields.String(required=True)
    definition_version = fields.Integer(required=True)
