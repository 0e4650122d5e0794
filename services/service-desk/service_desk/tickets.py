"""Making and changing tickets: account, dispatch, SLA and the first message in one transaction."""

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.events import publish
from chassis.i18n import both
from engines import access
from engines.notifications import notify
from engines.numbering import next_number
from engines.ownership import moves
from service_desk import clocks, definitions, dispatching, facts, metrics, posting
from service_desk.errors import AlreadyTaken, UnknownAccount, UnknownPerson, UnknownQueue
from service_desk.events import TicketAssigned, TicketChanged, TicketCreated
from service_desk.lifecycle import ACTIVE
from service_desk.models import Account, ContactAddress, Message, Ticket
from service_desk.objects import ACCOUNT

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
SUBJECT_LENGTH = 200
TEXT_LENGTH = 100_000


def create(
    session: Session,
    *,
    caller: Caller,
    subject: str,
    text: str = "",
    channel: str = "api",
    queue: str | None = None,
    assignee_id: str | None = None,
    account_id: str | None = None,
    language: str | None = None,
    mail_id: str | None = None,
    attachments: list[dict[str, Any]] | None = None,
    acknowledge: bool = False,
    **values: Any,
) -> Ticket:
    """Take in a request: find the customer, number it, dispatch it, start its clocks, keep its first message.

    UnknownAccount, UnknownPerson, UnknownQueue. `acknowledge` tells the requester that it has arrived.
    """
    ticket = Ticket(
        number=next_number(session, "ticket"), subject=line(subject), channel=channel, created_by=caller.id,
        language=language or language_of(subject + text), **{key: value for key, value in values.items() if value is not None},
    )  # fmt: skip
    ticket.priority, ticket.type = ticket.priority or "normal", ticket.type or "question"
    ticket.requester_email = (ticket.requester_email or "").strip().lower() or None
    _find_customer(session, ticket, account_id, caller=caller)
    _include(session, ticket, caller)
    ticket.status, ticket.reopened, ticket.breached = "new", 0, False
    ticket.last_customer_at = clock.now()
    session.add(ticket)
    session.flush()
    message = Message(
        ticket_id=ticket.id, kind="public", author="customer", by=caller.id, by_name=ticket.requester_name or caller.name,
        address=ticket.requester_email, channel=channel, text=body(text) or ticket.subject, mail_id=mail_id,
        attachments=attachments or [],
    )  # fmt: skip
    session.add(message)
    rule = _place(session, ticket, queue=queue, assignee_id=assignee_id)
    clocks.rule(session, ticket, "created", by=caller, pausing=False)
    clocks.settle(
        session, ticket,
        lambda: facts.event(TicketCreated, ticket, request_id=ticket.request_id, follows_id=ticket.follows_id),
    )  # fmt: skip
    if ticket.owner_id or ticket.queue:
        clocks.add_step(session, ticket, "assigned", by=caller, to=ticket.owner_id, queue=ticket.queue, rule=rule)
        publish(
            session,
            facts.event(TicketAssigned, ticket, previous_assignee_id=None, how="rule" if rule else "hand", rule=rule),
        )
    _tell_assignee(session, ticket, caller)
    if acknowledge:
        posting.acknowledge(session, ticket, message)
    metrics.CREATED.labels(channel, ticket.priority).inc()
    return ticket


def edit(session: Session, ticket: Ticket, *, caller: Caller, **values: Any) -> Ticket:
    """Change fields; a change that concerns the SLA works the running clocks out anew. UnknownAccount, UnknownQueue."""
    before = {name: getattr(ticket, name) for name in values}
    if "subject" in values:
        values["subject"] = line(values["subject"])
    if values.get("queue") and values["queue"] not in definitions.in_force(session).queues:
        raise UnknownQueue(errors={"queue": [str(UnknownQueue.title)]})
    account_id = values.pop("account_id", ticket.account_id)
    for name, value in values.items():
        setattr(ticket, name, value)
    if account_id != ticket.account_id:
        ticket.account_id = ticket.account_tier = None
        _find_customer(session, ticket, account_id, caller=caller)
    what = {name: [before[name], getattr(ticket, name)] for name in before if before[name] != getattr(ticket, name)}
    what = {name: pair for name, pair in what.items() if name in ("priority", "type", "queue", "tags", "account_id")}
    if what:
        clocks.add_step(session, ticket, "edited", by=caller, changes=what)
    if ticket.status in ACTIVE:  # what is done was measured by the policy of its time
        clocks.rule(session, ticket, "priority_change" if "priority" in what else "sla_change", by=caller)
    clocks.settle(session, ticket, lambda: facts.event(TicketChanged, ticket, what="edited"))
    return ticket


def assign(
    session: Session, ticket: Ticket, *, caller: Caller, assignee_id: str | None = None, queue: str | None = None
) -> Ticket:
    """Give the ticket to a person or into a queue; with neither the rules choose. UnknownPerson, UnknownQueue."""
    before = ticket.owner_id
    rule = _place(session, ticket, queue=queue, assignee_id=assignee_id)
    return _assigned(session, ticket, caller, before=before, how="rule" if rule else "hand", rule=rule)


def hand_over(session: Session, ticket: Ticket, *, caller: Caller, assignee_id: str) -> Ticket:
    """A leaver's ticket goes to a successor; its queue stays. UnknownPerson."""
    before = ticket.owner_id
    moves.note(session, ticket, to=assignee_id, caller=caller, how="hand_over")
    _place(session, ticket, queue=None, assignee_id=assignee_id)
    return _assigned(session, ticket, caller, before=before, how="hand_over", rule=None)


def claim(session: Session, ticket: Ticket, *, caller: Caller) -> Ticket:
    """Take a ticket nobody has; its row is locked, so two people can't both have it. AlreadyTaken."""
    session.refresh(ticket, with_for_update=True)
    if ticket.owner_id not in (None, caller.id):
        raise AlreadyTaken()
    before = ticket.owner_id
    _give(session, ticket, caller.id)
    return _assigned(session, ticket, caller, before=before, how="claim", rule=None)


def _assigned(
    session: Session, ticket: Ticket, caller: Caller, *, before: str | None, how: str, rule: str | None
) -> Ticket:
    clocks.add_step(session, ticket, "assigned", by=caller, to=ticket.owner_id, queue=ticket.queue, rule=rule)
    if ticket.status in ACTIVE:
        clocks.rule(session, ticket, "sla_change", by=caller)  # policies may ask for the queue
    clocks.settle(
        session, ticket, lambda: facts.event(TicketAssigned, ticket, previous_assignee_id=before, how=how, rule=rule)
    )
    if ticket.owner_id != before:
        _tell_assignee(session, ticket, caller)
    return ticket


def _place(session: Session, ticket: Ticket, *, queue: str | None, assignee_id: str | None) -> str | None:
    """Queue and assignee as named, else by rule; returns the rule that decided."""
    if queue and queue not in definitions.in_force(session).queues:
        raise UnknownQueue(errors={"queue": [str(UnknownQueue.title)]})
    if assignee_id:
        person = directory.snapshot(session).users.get(assignee_id)
        if person is None or not person.active:
            raise UnknownPerson(errors={"assignee_id": [str(UnknownPerson.title)]})
        ticket.queue = queue or ticket.queue
        _give(session, ticket, assignee_id)
        return None
    if queue:
        ticket.queue, ticket.owner_id = queue, None
        return None
    choice = dispatching.dispatch_ticket(session, ticket)
    ticket.queue = choice.queue or ticket.queue
    _give(session, ticket, choice.assignee_id)
    return choice.rule


def _give(session: Session, ticket: Ticket, user_id: str | None) -> None:
    person = directory.snapshot(session).users.get(user_id or "")
    ticket.owner_id = user_id
    ticket.department_id = person.department_id if person else ticket.department_id


def _find_customer(session: Session, ticket: Ticket, account_id: str | None, *, caller: Caller) -> None:
    """The account named, which the caller must see, else the one whose contact has the requester's address."""
    named = bool(account_id) and caller.kind in ("user", "client")
    if not account_id and ticket.requester_email:
        known = session.scalars(
            select(ContactAddress)
            .where(ContactAddress.address == ticket.requester_email)
            .order_by(ContactAddress.contact_id)
        ).first()
        if known is not None:
            account_id = known.account_id
            ticket.contact_id = ticket.contact_id or known.contact_id
            ticket.requester_name = ticket.requester_name or known.name
    if not account_id:
        return
    account = session.get(Account, account_id)
    if account is None or (named and not access.allows(session, caller, ACCOUNT, account)):
        raise UnknownAccount(errors={"account_id": [str(UnknownAccount.title)]})
    ticket.account_id, ticket.account_tier = account.id, account.tier
    if account.owner_id:  # the customer's seller sees the ticket too
        ticket.collaborator_ids = sorted({*(ticket.collaborator_ids or ()), account.owner_id})


def _include(session: Session, ticket: Ticket, caller: Caller) -> None:
    if caller.is_person:
        ticket.collaborator_ids = sorted({*(ticket.collaborator_ids or ()), caller.id})
        ticket.department_id = ticket.department_id or caller.department_id


def _tell_assignee(session: Session, ticket: Ticket, caller: Caller) -> None:
    if ticket.owner_id and ticket.owner_id != caller.id:
        notify(
            session, to=[ticket.owner_id], key="ticket_assigned", subject=f"ticket/{ticket.id}",
            title=both("You have the ticket %(number)s", number=ticket.number), text={"zh": ticket.subject, "en": ticket.subject},
            link=f"/service-desk/tickets/{ticket.id}",
        )  # fmt: skip


def line(text: str) -> str:
    """One line of at most SUBJECT_LENGTH characters."""
    return " ".join(text.replace("\0", " ").split())[:SUBJECT_LENGTH]


def body(text: str) -> str:
    """A message without what no database takes, at most TEXT_LENGTH characters."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()[:TEXT_LENGTH]


def language_of(text: str) -> str:
    """`zh` when the text has Chinese characters, else `en`."""
    return "zh" if _CHINESE.search(text) else "en"
