"""Mail, while a mail server is set up: notifications for people who want them there, and the desk's answers to customers."""

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from chassis.subscriptions import Received, Subscriptions
from integration_gateway import chat, deliveries, notifications
from integration_gateway.connectors import configured
from integration_gateway.models import User

on = Subscriptions()


class Note(Schema):
    """A requested notification."""

    to = fields.List(fields.String(), required=True)
    key = fields.String(required=True)
    title = fields.Dict(required=True)
    text = fields.Dict(load_default=dict)
    link = fields.String(load_default="", allow_none=True)


class CustomerMail(Schema):
    """A mail that the service desk wants sent."""

    message_id = fields.String(required=True)
    to = fields.String(required=True)
    subject = fields.String(load_default="", allow_none=True)
    text = fields.String(load_default="", allow_none=True)
    in_reply_to = fields.String(load_default=None, allow_none=True)
    reply_to = fields.String(load_default=None, allow_none=True)


@on("*.notification.requested.v1", group="mail_notes", kind="reaction", reads=Note)
def send_mail(session: Session, event: Received) -> None:
    """One mail per person who wants mail for this key; its Message-ID is the event's, so that it is shown once."""
    connector = configured.with_capability(session, "mail")
    if connector is None:
        return
    for user_id in sorted(set(event.data["to"])):
        user = session.get(User, user_id)
        wanted = (
            user is not None and user.active and "mail" in notifications.channels(session, user_id, event.data["key"])
        )
        if user is None or not wanted:
            continue
        language = chat.language_of(user)
        parts = [chat.in_language(event.data["text"], language), chat.absolute(event.data["link"] or "")]
        deliveries.enqueue(
            session,
            connector=connector,
            action="mail",
            key=f"mail/{event.id}/{user_id}",
            subject=event.subject,
            payload={
                "to": user.email,
                "subject": " ".join(chat.in_language(event.data["title"], language).split()) or "CRM",
                "text": "\n\n".join(part for part in parts if part) or " ",
                "message_id": f"{event.id}.{user_id}",
            },
        )


class RuleMail(CustomerMail):
    """A mail that an automation rule wants sent."""

    subject = fields.String(load_default="", data_key="title")


@on("*.mail.requested.v1", group="customer_mail", kind="reaction", reads=RuleMail)
@on("service-desk.message.requested.v1", group="customer_mail", kind="reaction", reads=CustomerMail)
def mail_customer(session: Session, event: Received) -> None:
    """A mail to a customer, once; the desk asks for a Message-ID by which the answer finds its ticket."""
    connector = configured.with_capability(session, "mail")
    if connector is None:
        return
    mail = event.data
    deliveries.enqueue(
        session,
        connector=connector,
        action="mail",
        key=f"mail/{mail['message_id']}"[:200],
        subject=event.subject,
        payload={
            "to": mail["to"],
            "subject": " ".join((mail["subject"] or "").split()) or "CRM",
            "text": mail["text"] or " ",
            "message_id": mail["message_id"],
            "in_reply_to": mail["in_reply_to"] or "",
            "reply_to": mail["reply_to"] or "",
        },
    )
