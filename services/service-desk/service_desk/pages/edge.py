"""The blueprint of the pages, and what several of them need: labels, rows as the reader may see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from chassis import directory
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import StaleVersion
from chassis.i18n import lazy as _
from chassis.i18n import pick
from console.fields import Choice, Field
from console.pages import Pages
from engines import access
from engines.access import has_right
from service_desk import definitions, queries
from service_desk.models import Ticket
from service_desk.objects import CHANNELS, CLOCK_STATES, PRIORITIES, STATUSES, TIERS, TYPES
from service_desk.schemas import TicketOut

pages = Pages("service-desk")
URL = "/service-desk/tickets"
_DUMPER = Dumper(TicketOut())
_COLOURS = {
    "new": "azure", "open": "blue", "pending": "yellow", "on_hold": "grey", "solved": "green", "closed": "grey", "low": "grey",
    "normal": "blue", "high": "orange", "urgent": "red", "running": "blue", "paused": "yellow", "met": "green",
    "breached": "red", "cancelled": "grey", "VIP": "purple", "A": "green", "B": "azure", "C": "grey", "incident": "red",
    "complaint": "orange", "question": "azure", "request": "teal", "onboarding": "lime", "billing": "indigo",
}  # fmt: skip


def choices(labels: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Choices of a closed list with their colours."""
    return tuple(Choice(value=key, label=label, colour=_COLOURS.get(key, "grey")) for key, label in labels.items())


STATUS, PRIORITY, CHANNEL, TYPE = choices(STATUSES), choices(PRIORITIES), choices(CHANNELS), choices(TYPES)
TIER, CLOCK_STATE = choices(TIERS), choices(CLOCK_STATES)
ASSIGNEE = Field(name="assignee_id", label=_("Assignee"), kind="person", lookup="/service-desk/lookup/people")


def choice(offered: Sequence[Choice], value: str | None) -> Choice | None:
    """The choice of a value."""
    return next((each for each in offered if each.value == value), None)


def queue_field(session: Session) -> Field:
    """The queues to choose from."""
    return Field(name="queue", label=_("Queue"), kind="choice", choices=queue_choices(session))


def queue_choices(session: Session) -> tuple[Choice, ...]:
    """Each queue by its name."""
    found = definitions.in_force(session).queues
    return tuple(Choice(value=key, label=dict(queue.title) or key) for key, queue in sorted(found.items()))


def rows(call: Call, found: Sequence[Ticket]) -> list[dict[str, Any]]:
    """Tickets as the reader may see them, people, customers and queues by name."""
    people = directory.names(call.session, [ticket.owner_id for ticket in found])
    accounts = queries.account_names(call.session, {ticket.account_id for ticket in found})
    queues = definitions.in_force(call.session).queues
    return [row(call, ticket, people, accounts, queues) for ticket in found]


def row(
    call: Call, ticket: Ticket, people: Mapping[str, str], accounts: Mapping[str, str], queues: Mapping[str, Any]
) -> dict[str, Any]:
    """One ticket as the reader may see it."""
    shown = access.mask_out(call.session, call.caller, "ticket", _DUMPER.one(ticket))
    shown["assignee_id"] = shown["owner_id"] = people.get(ticket.owner_id or "", "")
    name = accounts.get(ticket.account_id or "")
    shown["account_id"] = {"name": name, "link": f"/sales/accounts/{ticket.account_id}"} if name else None
    queue = queues.get(ticket.queue or "")
    shown["queue"] = (pick(dict(queue.title)) or ticket.queue) if queue else ticket.queue
    return shown


def expect(ticket: Ticket) -> None:
    """StaleVersion when the page the form was on showed another version."""
    sent = request.form.get("version", "")
    if sent and sent != str(ticket.version):
        raise StaleVersion()


def may(call: Call, name: str) -> bool:
    """Whether the reader has a right on tickets."""
    return has_right(call.session, call.caller, "ticket", name)
