"""The states of a ticket and the steps between them. Pure but for the record it moves."""

from datetime import datetime, timedelta

from service_desk.errors import TooLateToReopen, WrongStatus
from service_desk.models import Ticket

STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
ACTIVE = ("new", "open", "pending", "on_hold")
DONE = ("solved", "closed")
PAUSING = ("pending",)  # states in which the customer has to move, so that the clocks stand still
_NEXT = {
    "new": ("open", "pending", "on_hold", "solved"),
    "open": ("pending", "on_hold", "solved"),
    "pending": ("open", "on_hold", "solved"),
    "on_hold": ("open", "pending", "solved"),
    "solved": ("open", "closed"),
    "closed": ("open",),
}


def allowed(status: str) -> list[str]:
    """States that may follow `status`."""
    return list(_NEXT[status])


def move(ticket: Ticket, to: str, *, now: datetime, reopen_days: int) -> bool:
    """Put the ticket into another state; False when it is in it already. WrongStatus, TooLateToReopen."""
    if ticket.status == to:
        return False
    if to not in _NEXT[ticket.status]:
        raise WrongStatus(to, ticket.status, allowed(ticket.status))
    if ticket.status in DONE and to == "open":
        if not can_reopen(ticket, now=now, reopen_days=reopen_days):
            raise TooLateToReopen()
        ticket.solved_at = ticket.closed_at = None
        ticket.reopened += 1
    if to == "solved":
        ticket.solved_at = now
    if to == "closed":
        ticket.closed_at = now
    ticket.status = to
    return True


def can_reopen(ticket: Ticket, *, now: datetime, reopen_days: int) -> bool:
    """Whether a done ticket may be taken up again; afterwards a follow-up is made."""
    return ticket.solved_at is not None and now <= ticket.solved_at + timedelta(days=reopen_days)
