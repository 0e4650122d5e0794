"""The ticket as events tell it."""

from typing import Any, TypeVar

from service_desk.events import TicketFact
from service_desk.models import Ticket

E = TypeVar("E", bound=TicketFact)


def event(kind: type[E], ticket: Ticket, **more: Any) -> E:
    """An event about a ticket with everything such events carry, see events.TicketFact."""
    made = kind(
        ticket,
        ticket_id=ticket.id,
        number=ticket.number,
        status=ticket.status,
        channel=ticket.channel,
        type=ticket.type,
        priority=ticket.priority,
        queue=ticket.queue,
        account_id=ticket.account_id,
        account_tier=ticket.account_tier,
        contract_id=ticket.contract_id,
        assignee_id=ticket.owner_id,
        department_id=ticket.department_id,
        sla_policy=ticket.sla_policy,
        breached=ticket.breached,
        reopened=ticket.reopened,
        created_at=ticket.created_at,
        first_response_at=ticket.first_response_at,
        solved_at=ticket.solved_at,
        next_due_at=ticket.next_due_at,
        **more,
    )
    made.data["subject"] = ticket.subject
    return made
