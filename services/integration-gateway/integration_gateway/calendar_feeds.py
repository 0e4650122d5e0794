"""Private addresses of people's calendars: whoever knows one reads that person's work, until it is taken back."""

import hashlib
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.events import publish
from integration_gateway.events import CredentialChanged
from integration_gateway.models import CalendarFeed, User


def renew(session: Session, user_id: str) -> str:
    """A new address for a person's calendar; a former one stops at once. Returns the token, which is not kept."""
    token = secrets.token_urlsafe(32)
    session.merge(CalendarFeed(user_id=user_id, token_hash=_hash(token), created_at=clock.now(), read_at=None))
    publish(session, CredentialChanged(subject=f"user/{user_id}", user_id=user_id, what="calendar"))
    return token


def revoke(session: Session, user_id: str) -> bool:
    """Take the address back; False when there is none."""
    found = session.get(CalendarFeed, user_id)
    if found is None:
        return False
    session.delete(found)
    publish(session, CredentialChanged(subject=f"user/{user_id}", user_id=user_id, what="calendar_revoked"))
    return True


def of(session: Session, user_id: str) -> CalendarFeed | None:
    """What is known of a person's address."""
    return session.get(CalendarFeed, user_id)


def reader(session: Session, token: str) -> User | None:
    """Whose calendar a token opens; nobody's when it is unknown, taken back, or the person has left."""
    found = session.scalar(select(CalendarFeed).where(CalendarFeed.token_hash == _hash(token)))
    user = session.get(User, found.user_id) if found else None
    if found is None or user is None or not user.active:
        return None
    found.read_at = clock.now()
    return user


def address(public_url: str, token: str) -> str:
    """The address to subscribe to."""
    return f"{public_url.rstrip('/')}/gateway/calendar/{token}.ics"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
