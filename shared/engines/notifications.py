"""Notifications: one event asks for them; the gateway delivers by each person's preferences."""

from collections.abc import Iterable, Mapping

from marshmallow import fields
from sqlalchemy.orm import Session

from chassis.events import Event, personal, publish


class NotificationRequested(Event, type="{service}.notification.requested.v1"):
    """Some people are to be told something; `key` names its kind for their preferences."""

    to = fields.List(fields.String(), required=True)
    key = fields.String(required=True)
    title = personal(fields.Dict(keys=fields.String(), values=fields.String(), required=True))
    text = personal(fields.Dict(keys=fields.String(), values=fields.String()))
    link = fields.String(required=True, metadata={"description": "path behind the front door"})
    subject = fields.String()  # type: ignore[assignment]  # what it is about; the event's own subject too


def notify(
    session: Session,
    *,
    to: Iterable[str | None],
    key: str,
    title: Mapping[str, str],
    text: Mapping[str, str] | None = None,
    link: str = "",
    subject: str,
) -> None:
    """Ask for a notification to these people; nobody named, nothing asked.

    `title` and `text` are {"zh", "en"}; `subject` is "lead/<id>", whose notifications stay in order.
    """
    people = sorted({person for person in to if person})
    if people:
        publish(session, requested(people, key=key, title=title, text=text, link=link, subject=subject))


def requested(
    people: list[str], *, key: str, title: Mapping[str, str], text: Mapping[str, str] | None, link: str, subject: str
) -> NotificationRequested:
    """The event that asks for a notification to `people`, for hot paths that store it with what they write."""
    event = NotificationRequested(
        subject=subject, to=people, key=key, title=dict(title), text=dict(text or {}), link=link
    )
    event.data["subject"] = subject
    return event
