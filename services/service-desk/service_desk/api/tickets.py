"""Routes of tickets and the steps they can take."""

from typing import Any

from chassis.api import Api, Call
from engines import listing
from engines.access import require_right, right
from service_desk import progress, queries, schemas, surveys, tickets
from service_desk.errors import (
    AlreadyTaken,
    TooLateToReopen,
    UnknownAccount,
    UnknownPerson,
    UnknownQueue,
    WrongStatus,
)
from service_desk.models import Ticket
from service_desk.objects import TICKET

api = Api("service-desk", tag="tickets")
STEP = [WrongStatus, TooLateToReopen]


def _for_step(call: Call, ticket_id: str) -> Ticket:
    return queries.ticket(call.session, call.caller, ticket_id, "edit")


@api.post(
    "/tickets", body=schemas.TicketIn, answer=schemas.TicketDetail, status=201, allow=right("ticket", "create"),
    errors=[UnknownAccount, UnknownPerson, UnknownQueue],
)  # fmt: skip
def create_ticket(call: Call) -> Any:
    """Take in a request: it is numbered, dispatched, and its clocks start."""
    if call.body.get("assignee_id") not in (None, call.caller.id):
        require_right(call.session, call.caller, "ticket", "assign")
    return queries.details(call.session, call.caller, tickets.create(call.session, caller=call.caller, **call.body))


@api.get("/tickets", answer=schemas.TicketOut, page=queries.TICKETS, query=listing.QUERY, allow=right("ticket", "read"))
def list_tickets(call: Call) -> Any:
    """The tickets the caller may see."""
    return listing.rows(call, TICKET)


@api.get("/tickets/<id>", answer=schemas.TicketDetail, allow=right("ticket", "read"))
def read_ticket(call: Call, id: str) -> Any:
    """One ticket with its clocks and the explanations of assignee and policy."""
    return queries.details(call.session, call.caller, queries.ticket(call.session, call.caller, id))


@api.patch(
    "/tickets/<id>", body=schemas.TicketEdit, answer=schemas.TicketDetail, allow=right("ticket", "edit"),
    errors=[UnknownAccount, UnknownQueue],
)  # fmt: skip
def edit_ticket(call: Call, id: str) -> Any:
    """Change fields; clocks that run are worked out anew where it concerns them."""
    return queries.details(
        call.session, call.caller, tickets.edit(call.session, _for_step(call, id), caller=call.caller, **call.body)
    )


@api.get("/tickets/<id>/messages", answer=schemas.Messages, allow=right("ticket", "read"))
def list_messages(call: Call, id: str) -> Any:
    """The conversation with internal notes, oldest first."""
    queries.ticket(call.session, call.caller, id)
    return {"items": queries.messages(call.session, id)}


@api.get("/tickets/<id>/history", answer=schemas.Steps, allow=right("ticket", "read"))
def list_history(call: Call, id: str) -> Any:
    """What happened, newest first."""
    queries.ticket(call.session, call.caller, id)
    return {"items": queries.history(call.session, id)}


@api.get("/tickets/<id>/sla", answer=schemas.ClocksExplained, allow=right("ticket", "read"))
def read_sla(call: Call, id: str) -> Any:
    """The clocks as of now, each with why it is due when it is."""
    return {"items": queries.sla_of(call.session, queries.ticket(call.session, call.caller, id))}


@api.get("/tickets/<id>/surveys", answer=schemas.Surveys, allow=right("ticket", "read"))
def list_surveys(call: Call, id: str) -> Any:
    """The satisfaction surveys of a ticket, newest first."""
    queries.ticket(call.session, call.caller, id)
    return {"items": surveys.of(call.session, id)}


@api.post(
    "/tickets/<id>/reply", body=schemas.ReplyIn, answer=schemas.TicketDetail, allow=right("ticket", "edit"), errors=STEP
)
def reply_to_ticket(call: Call, id: str) -> Any:
    """Answer the customer."""
    ticket = _for_step(call, id)
    progress.reply(call.session, ticket, caller=call.caller, **call.body)
    return queries.details(call.session, call.caller, ticket)


@api.post("/tickets/<id>/note", body=schemas.MessageIn, answer=schemas.TicketDetail, allow=right("ticket", "edit"))
def note_on_ticket(call: Call, id: str) -> Any:
    """Write an internal note."""
    ticket = _for_step(call, id)
    progress.note(call.session, ticket, caller=call.caller, **call.body)
    return queries.details(call.session, call.caller, ticket)


@api.post(
    "/tickets/<id>/customer-messages", body=schemas.HeardIn, answer=schemas.TicketDetail, allow=right("ticket", "edit")
)
def hear_customer(call: Call, id: str) -> Any:
    """Take down what the customer said by phone or another channel; long after the solution a follow-up is answered."""
    ticket = progress.hear(call.session, _for_step(call, id), caller=call.caller, **call.body)
    return queries.details(call.session, call.caller, ticket)


@api.post(
    "/tickets/<id>/status",
    body=schemas.StatusIn,
    answer=schemas.TicketDetail,
    allow=right("ticket", "edit"),
    errors=STEP,
)
def set_ticket_status(call: Call, id: str) -> Any:
    """Put the ticket into another state: pending, on hold, solved, closed or open again."""
    ticket = progress.set_status(call.session, _for_step(call, id), caller=call.caller, to=call.body["status"])
    return queries.details(call.session, call.caller, ticket)


@api.post(
    "/tickets/<id>/assign", body=schemas.AssignIn, answer=schemas.TicketDetail, allow=right("ticket", "assign"),
    errors=[UnknownPerson, UnknownQueue],
)  # fmt: skip
def assign_ticket(call: Call, id: str) -> Any:
    """Give the ticket to a person or a queue; with neither the rules choose."""
    ticket = queries.ticket(call.session, call.caller, id)
    return queries.details(
        call.session, call.caller, tickets.assign(call.session, ticket, caller=call.caller, **call.body)
    )


@api.post("/tickets/<id>/claim", answer=schemas.TicketDetail, allow=right("ticket", "claim"), errors=[AlreadyTaken])
def claim_ticket(call: Call, id: str) -> Any:
    """Take a ticket that nobody has."""
    ticket = queries.ticket(call.session, call.caller, id)
    return queries.details(call.session, call.caller, tickets.claim(call.session, ticket, caller=call.caller))


@api.post(
    "/tickets/<id>/follow-up",
    body=schemas.MessageIn,
    answer=schemas.TicketDetail,
    status=201,
    allow=right("ticket", "create"),
)
def follow_up_ticket(call: Call, id: str) -> Any:
    """Make a ticket that takes this one up again."""
    ticket = queries.ticket(call.session, call.caller, id)
    return queries.details(
        call.session, call.caller, progress.follow_up(call.session, ticket, caller=call.caller, **call.body)
    )
