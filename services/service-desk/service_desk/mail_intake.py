"""What becomes of a received mail: a new ticket, a message of a known one, or nothing."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import PUBLIC
from service_desk import enclosures, metrics, posting, progress, tickets
from service_desk.enclosures import Brought
from service_desk.mails import Mail
from service_desk.models import Message, Survey, Ticket
from service_desk.settings import Settings


class TooManyMails(Exception):
    """This sender has sent more than is taken in an hour; the sending server tries again later."""


def take_in(session: Session, mail: Mail, *, settings: Settings, files: Sequence[Brought] = ()) -> str:
    """Take in one mail, once however often it is delivered; returns what became of it. TooManyMails.

    `files` are those of the mail, brought into the store before.
    """
    outcome = dropped(session, mail, settings) or _take_in(session, mail, settings, files)
    metrics.MAILS.labels(outcome).inc()
    return outcome


def dropped(session: Session, mail: Mail, settings: Settings) -> str:
    """Why a mail is not taken in, empty when it is. TooManyMails.

    Mail of robots and of the desk itself is dropped, or it and an answering machine would write to each other for ever.
    """
    if mail.robot or mail.sender in settings.own_addresses or (mail.message_id and posting.key_of(mail.message_id)):
        return mail.robot or "own"
    if mail.message_id and session.scalars(select(Message.id).where(Message.mail_id == mail.message_id[:255])).first():
        return "repeated"
    _refuse_flood(session, mail.sender, settings.mail_per_hour)
    return ""


def _take_in(session: Session, mail: Mail, settings: Settings, files: Sequence[Brought]) -> str:
    known = _conversation(session, mail)
    if known is not None:
        made = progress.hear(
            session, known, text=mail.text or mail.subject, name=mail.name or mail.sender, address=mail.sender, channel="email",
            caller=PUBLIC, mail_id=mail.message_id, attachments=enclosures.told(files),
        )  # fmt: skip
        enclosures.attach(session, made, files, limit=settings.attachment_limit)
        return "threaded" if made is known else "follow_up"
    ticket = tickets.create(
        session, caller=PUBLIC, channel="email", subject=mail.subject or mail.text[:80] or mail.sender, text=mail.text,
        requester_name=mail.name or mail.sender.partition("@")[0], requester_email=mail.sender, mail_id=mail.message_id,
        attachments=enclosures.told(files), acknowledge=True,
    )  # fmt: skip
    enclosures.attach(session, ticket, files, limit=settings.attachment_limit)
    return "created"


def _conversation(session: Session, mail: Mail) -> Ticket | None:
    """The ticket a mail belongs to: by the mails it answers, else by the number in its subject if the sender takes part.

    Message-IDs of ours hold 62 random bits, numbers can be guessed: a number alone lets nobody in.
    """
    for reference in mail.references:
        found = _by_reference(session, reference)
        if found is not None:
            return session.get(Ticket, found, with_for_update=True)
    if mail.number is None:
        return None
    ticket = session.scalars(select(Ticket).where(Ticket.number == mail.number).with_for_update()).first()
    if ticket is None:
        return None
    taking_part = select(Message.id).where(Message.ticket_id == ticket.id, Message.address == mail.sender)
    return ticket if mail.sender == ticket.requester_email or session.scalars(taking_part).first() else None


def _by_reference(session: Session, reference: str) -> str | None:
    key = posting.key_of(reference)
    if key is None:
        return session.scalars(select(Message.ticket_id).where(Message.mail_id == reference[:255])).first()
    return (
        session.scalars(select(Message.ticket_id).where(Message.id == key)).first()
        or session.scalars(select(Survey.ticket_id).where(Survey.id == key)).first()
    )


def _refuse_flood(session: Session, sender: str, per_hour: int) -> None:
    hour_ago = clock.now() - timedelta(hours=1)
    recent = select(func.count()).select_from(Message).where(Message.address == sender, Message.at > hour_ago)
    if (session.scalar(recent) or 0) >= per_hour:
        metrics.MAILS.labels("put_off").inc()
        raise TooManyMails(sender)
