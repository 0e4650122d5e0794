"""Mail from the desk to requesters: asked for by event, delivered by the gateway; in the requester's language."""

from sqlalchemy.orm import Session

from chassis import i18n
from chassis.events import publish
from chassis.i18n import gettext as _
from service_desk.events import MessageRequested
from service_desk.models import Message, Ticket
from service_desk.settings import current

OURS = "desk."  # how the Message-IDs of our own mails begin


def send(session: Session, ticket: Ticket, *, key: str, text: str, answers: str | None = None) -> None:
    """Ask for a mail to the requester; one without an address gets none. `key` makes its Message-ID."""
    if not ticket.requester_email:
        return
    event = MessageRequested(
        subject=f"ticket/{ticket.id}", ticket_id=ticket.id, message_id=mail_id(key), in_reply_to=answers,
        reply_to=next(iter(current().own_addresses), None), to=ticket.requester_email, text=text,
    )  # fmt: skip
    event.data["subject"] = f"[#{ticket.number}] {ticket.subject}"
    publish(session, event)


def reply(session: Session, ticket: Ticket, message: Message, *, answers: str | None) -> None:
    """An agent's answer."""
    with i18n.speaking(ticket.language):
        foot = _("Ticket %(number)s. Answer this mail to write to us again.", number=ticket.number)
    send(session, ticket, key=message.id, text=f"{message.text}\n\n-- \n{foot}", answers=answers)


def acknowledge(session: Session, ticket: Ticket, message: Message) -> None:
    """Tell the requester that the request has arrived, and under which number."""
    with i18n.speaking(ticket.language):
        text = _(
            "We have received your request and will get back to you.\nTicket: %(number)s\nSubject: %(subject)s",
            number=ticket.number, subject=ticket.subject,
        )  # fmt: skip
    send(session, ticket, key=f"{message.id}.ack", text=text, answers=message.mail_id)


def invite(session: Session, ticket: Ticket, *, survey_id: str, address: str) -> None:
    """Ask the requester of a solved ticket how it went; a link per score."""
    with i18n.speaking(ticket.language):
        text = _(
            "Your request %(number)s was solved. How satisfied are you?\n\n%(links)s\n\nIf it is not solved, just answer.",
            number=ticket.number, links="\n".join(f"{score}: {address}?score={score}" for score in (5, 4, 3, 2, 1)),
        )  # fmt: skip
    send(session, ticket, key=f"{survey_id}.survey", text=text)


def mail_id(key: str) -> str:
    """The local part of a Message-ID of ours."""
    return f"{OURS}{key}"


def key_of(message_id: str) -> str | None:
    """The key of a Message-ID that a mail of ours went out with, whatever domain the gateway put behind it."""
    local = message_id.partition("@")[0]
    return local[len(OURS) :].partition(".")[0] if local.startswith(OURS) else None
