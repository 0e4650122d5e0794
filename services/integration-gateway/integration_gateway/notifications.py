"""The inbox: what every service asks to be told to people, kept per person and passed on by the channels they chose."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from chassis import clock
from chassis.errors import Invalid, NotFound
from chassis.i18n import gettext as _
from chassis.subscriptions import Received
from integration_gateway.models import Notification, NotificationPreference, User

CHANNELS = ("inbox", "chat", "mail", "sms")
BY_DEFAULT = frozenset({"inbox", "chat"})
EVERY_KEY = "*"


def deliver(session: Session, event: Received) -> list[Notification]:
    """Put a requested notification into the inbox of each person who wants it there.

    People unknown or gone are left out; asking twice for the same event adds nothing.
    """
    wanted = set(event.data["to"])
    known = set(session.scalars(select(User.id).where(User.id.in_(wanted), User.active)))
    there = set(session.scalars(select(Notification.user_id).where(Notification.event_id == event.id)))
    added = []
    for user_id in sorted(known - there):
        if "inbox" not in channels(session, user_id, event.data["key"]):
            continue
        item = Notification(
            event_id=event.id,
            user_id=user_id,
            source=event.source,
            key=event.data["key"],
            title=event.data["title"],
            text=event.data["text"],
            link=_local(event.data["link"] or ""),
            subject=event.data["subject"] or event.subject,
            created_at=event.time,
        )
        session.add(item)
        added.append(item)
    return added


def channels(session: Session, user_id: str, key: str) -> frozenset[str]:
    """On which channels a person wants messages of this key: their word on the key, on all keys, else the default."""
    said = session.execute(
        select(NotificationPreference.channel, NotificationPreference.key, NotificationPreference.wanted).where(
            NotificationPreference.user_id == user_id, NotificationPreference.key.in_((key, EVERY_KEY))
        )
    ).all()
    general = {row.channel: row.wanted for row in said if row.key == EVERY_KEY}
    special = {row.channel: row.wanted for row in said if row.key == key}
    return frozenset(c for c in CHANNELS if (general | special).get(c, c in BY_DEFAULT))


def unread(session: Session, user_id: str) -> int:
    """How many messages a person has not read."""
    mine = select(func.count()).where(Notification.user_id == user_id, Notification.read_at.is_(None))
    return session.scalar(mine) or 0


def of(user_id: str, *, unread_only: bool = False) -> Select[Notification]:
    """SELECT of a person's messages."""
    mine = select(Notification).where(Notification.user_id == user_id)
    return mine.where(Notification.read_at.is_(None)) if unread_only else mine


def latest(session: Session, user_id: str, *, before: str | None = None, limit: int = 50) -> list[Notification]:
    """A person's messages, newest first, those older than the message `before`."""
    mine = of(user_id)
    if before:
        mine = mine.where(Notification.id < before)
    return list(session.scalars(mine.order_by(Notification.id.desc()).limit(limit)))


def mark_read(session: Session, user_id: str, notification_id: str) -> Notification:
    """Mark one message as read; NotFound when it is somebody else's."""
    item = session.get(Notification, notification_id)
    if item is None or item.user_id != user_id:
        raise NotFound()
    item.read_at = item.read_at or clock.now()
    return item


def mark_all_read(session: Session, user_id: str) -> int:
    """Mark all messages as read; returns how many were not."""
    unread_ones = update(Notification).where(Notification.user_id == user_id, Notification.read_at.is_(None))
    return len(session.execute(unread_ones.values(read_at=clock.now()).returning(Notification.id)).all())


def preferences(session: Session, user_id: str) -> list[dict[str, Any]]:
    """What a person said, with the default for all keys where they said nothing."""
    said = session.scalars(select(NotificationPreference).where(NotificationPreference.user_id == user_id))
    stated = {(item.channel, item.key): item.wanted for item in said}
    stated = {(channel, EVERY_KEY): channel in BY_DEFAULT for channel in CHANNELS} | stated
    return [{"channel": c, "key": key, "wanted": wanted} for (c, key), wanted in sorted(stated.items())]


def prefer(session: Session, user_id: str, wishes: Iterable[dict[str, Any]]) -> None:
    """Replace a person's preferences. The inbox cannot be switched off altogether, only key by key."""
    wanted_on = {(wish["channel"], wish["key"]): wish["wanted"] for wish in wishes}
    if wanted_on.get(("inbox", EVERY_KEY)) is False:
        raise Invalid(errors={"wanted": [_("The inbox takes everything that is not switched off by name")]})
    session.execute(delete(NotificationPreference).where(NotificationPreference.user_id == user_id))
    session.add_all(
        NotificationPreference(user_id=user_id, channel=channel, key=key, wanted=wanted)
        for (channel, key), wanted in wanted_on.items()
    )


def _local(link: str) -> str:
    """Only paths of this suite: a link elsewhere would make the inbox a way to send people anywhere."""
    return link if link.startswith("/") and not link.startswith(("//", "/\\")) else ""
