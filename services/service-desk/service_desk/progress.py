"""The steps of a ticket's life: reply, note, customer's message, status, solution, closing, follow-up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import SYSTEM, Caller
from chassis.i18n import both
from chassis.timers import arm, cancel
from engines.notifications import notify
from service_desk import clocks, facts, lifecycle, metrics, people, posting, surveys, tickets
from service_desk.events import TicketChanged, TicketClosed, TicketReplied, TicketSolved
from service_desk.models import Message, SlaClock, Ticket
from service_desk.settings import current

CLOSE_TIMER = "ticket_close"


def reply(session: Session, ticket: Ticket, *, caller: Caller, text: str, status: str | None = None) -> Message:
    """Answer the customer, by mail where there is an address; a new ticket becomes open, or `status`. WrongStatus."""
    if ticket.status in lifecycle.DONE:
        set_status(session, ticket, caller=caller, to="open")
    now = clock.now()
    answers = session.scalars(
        select(Message.mail_id)
        .where(Message.ticket_id == ticket.id, Message.author == "customer", Message.mail_id.is_not(None))
        .order_by(Message.at.desc())
    ).first()
    message = _write(session, ticket, caller=caller, author="agent", text=text, kind="public", channel="staff")
    is_first = ticket.first_response_at is None
    ticket.first_response_at = ticket.first_response_at or now
    ticket.last_agent_at = now
    clocks.add_step(session, ticket, "agent_reply", by=caller, message_id=message.id)
    if ticket.status == "new":
        lifecycle.move(ticket, "open", now=now, reopen_days=current().reopen_days)
        clocks.add_step(session, ticket, "state_change", by=caller, to="open", pausing=False)
    clocks.settle(session, ticket, lambda: _replied(session, ticket, message, is_first=is_first))
    posting.reply(session, ticket, message, answers=answers)
    if status and status != ticket.status:
        set_status(session, ticket, caller=caller, to=status)
    return message


def _replied(session: Session, ticket: Ticket, message: Message, *, is_first: bool) -> TicketReplied:
    minutes = _used_minutes(session, ticket, "first_response") if is_first else None
    if minutes is not None:
        metrics.FIRST_RESPONSE.observe(minutes)
    return facts.event(TicketReplied, ticket, message_id=message.id, is_first=is_first, first_response_minutes=minutes)


def _used_minutes(session: Session, ticket: Ticket, metric: str) -> int | None:
    used = session.scalars(
        select(SlaClock.used_s).where(SlaClock.ticket_id == ticket.id, SlaClock.metric == metric)
    ).first()
    return None if used is None else used // 60


def note(session: Session, ticket: Ticket, *, caller: Caller, text: str) -> Message:
    """Write down something only colleagues read."""
    message = _write(session, ticket, caller=caller, author="agent", text=text, kind="note", channel="staff")
    clocks.add_step(session, ticket, "internal_note", by=caller, message_id=message.id)
    clocks.settle(session, ticket, lambda: facts.event(TicketChanged, ticket, what="noted"))
    return message


def hear(
    session: Session,
    ticket: Ticket,
    *,
    text: str,
    name: str = "",
    address: str | None = None,
    channel: str = "api",
    caller: Caller = SYSTEM,
    mail_id: str | None = None,
    attachments: Sequence[dict[str, Any]] = (),
) -> Ticket:
    """Take in what the customer writes: it opens a waiting ticket, re-opens a done one, or begins a follow-up."""
    days, now = current().reopen_days, clock.now()
    if ticket.status in lifecycle.DONE and not lifecycle.can_reopen(ticket, now=now, reopen_days=days):
        return _follow_up(
            session, ticket, text=text, caller=caller, channel=channel, mail_id=mail_id, attachments=list(attachments)
        )
    _write(
        session, ticket, caller=caller, author="customer", text=text, kind="public", channel=channel, name=name,
        address=address, mail_id=mail_id, attachments=list(attachments),
    )  # fmt: skip
    ticket.last_customer_at = now
    if ticket.status in lifecycle.DONE or ticket.status in ("pending", "on_hold"):
        set_status(session, ticket, caller=caller, to="open")
    clocks.add_step(session, ticket, "customer_reply", by=caller)
    clocks.settle(session, ticket, lambda: facts.event(TicketChanged, ticket, what="heard"))
    notify(
        session, to=[people.responsible(session, ticket)], key="ticket_heard", subject=f"ticket/{ticket.id}",
        title=both("The customer wrote to %(number)s", number=ticket.number), link=f"/service-desk/tickets/{ticket.id}",
        text={"zh": ticket.subject, "en": ticket.subject},
    )  # fmt: skip
    return ticket


def follow_up(session: Session, ticket: Ticket, *, caller: Caller, text: str) -> Ticket:
    """A new ticket that takes a done one up again."""
    return _follow_up(session, ticket, text=text, caller=caller, channel="staff")


def _follow_up(session: Session, ticket: Ticket, *, caller: Caller, text: str, channel: str, **more: Any) -> Ticket:
    kept = {
        name: getattr(ticket, name)
        for name in (
            "requester_name",
            "requester_email",
            "requester_phone",
            "contact_id",
            "contract_id",
            "priority",
            "type",
        )
    }
    return tickets.create(
        session, caller=caller, subject=ticket.subject, text=text, channel=channel, account_id=ticket.account_id,
        language=ticket.language, follows_id=ticket.id, **kept, **more,
    )  # fmt: skip


def set_status(session: Session, ticket: Ticket, *, caller: Caller, to: str) -> Ticket:
    """Put the ticket into another state. Solving asks for a survey and closes some days later. WrongStatus, TooLateToReopen."""
    before, now = ticket.status, clock.now()
    if not lifecycle.move(ticket, to, now=now, reopen_days=current().reopen_days):
        return ticket
    pausing = to in lifecycle.PAUSING
    if before in lifecycle.DONE and to == "open":
        cancel(session, kind=CLOSE_TIMER, key=ticket.id)
        clocks.add_step(session, ticket, "reopened", by=caller, to=to, pausing=pausing)
        metrics.REOPENED.inc()
        clocks.rule(session, ticket, "sla_change", by=caller)
        clocks.settle(session, ticket, lambda: facts.event(TicketChanged, ticket, what="reopened"))
    elif to == "solved":
        clocks.add_step(session, ticket, "closed", by=caller, to=to)
        clocks.settle(session, ticket, lambda: _solved(session, ticket))
        surveys.ask(session, ticket)
        arm(session, kind=CLOSE_TIMER, key=ticket.id, due_at=now + timedelta(days=current().close_days))
    elif to == "closed":
        cancel(session, kind=CLOSE_TIMER, key=ticket.id)
        clocks.add_step(session, ticket, "rested", by=caller, to=to)
        clocks.settle(session, ticket, lambda: facts.event(TicketClosed, ticket))
    else:
        clocks.add_step(session, ticket, "state_change", by=caller, to=to, pausing=pausing)
        clocks.settle(session, ticket, lambda: facts.event(TicketChanged, ticket, what="status"))
    return ticket


def close_at_rest(session: Session, ticket_id: str) -> None:
    """The time to come back is over: a ticket that is still solved closes."""
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is not None and ticket.status == "solved":
        set_status(session, ticket, caller=SYSTEM, to="closed")


def _solved(session: Session, ticket: Ticket) -> TicketSolved:
    minutes = _used_minutes(session, ticket, "solution")
    if minutes is not None:
        metrics.RESOLUTION.observe(minutes)
    metrics.SOLVED.labels(ticket.priority).inc()
    replies = session.scalar(
        select(func.count()).where(Message.ticket_id == ticket.id, Message.author == "agent", Message.kind == "public")
    )
    return facts.event(TicketSolved, ticket, resolution_minutes=minutes, replies=replies or 0)


def _write(
    session: Session, ticket: Ticket, *, caller: Caller, author: str, text: str, kind: str, channel: str, name: str = "",
    **more: Any,
) -> Message:  # fmt: skip
    message = Message(
        ticket_id=ticket.id, at=clock.now(), kind=kind, author=author, by=caller.id, by_name=name or caller.name,
        channel=channel, text=tickets.body(text), **more,
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message
