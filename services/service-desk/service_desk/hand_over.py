"""A leaver's open tickets and tasks go to successors."""

from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines.ownership.hand_over import TASKS, owned, taking_part
from service_desk import tickets
from service_desk.lifecycle import ACTIVE
from service_desk.models import Ticket


def _ticket(session: Session, ticket: Ticket, to: str, caller: Caller) -> None:
    tickets.hand_over(session, ticket, caller=caller, assignee_id=to)


on, due = taking_part(owned("ticket", Ticket, _ticket, only=lambda: Ticket.status.in_(ACTIVE)), TASKS)
