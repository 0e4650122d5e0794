"""Log-in sessions: how they start, are listed, and end, one or all of them."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.errors import NotFound
from chassis.events import publish
from integration_gateway.events import SessionRevoked, SessionStarted
from integration_gateway.models import LogInChallenge, LogInSession, User

KEPT_AFTER_END = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=5)


def start(
    session: Session,
    user: User,
    *,
    kind: str,
    second_factor: bool,
    address: str,
    agent: str,
    lifetime: timedelta,
) -> LogInSession:
    """Begin a session with an id of its own: nothing a browser had before the log-in is carried over."""
    started = LogInSession(
        user_id=user.id,
        kind=kind,
        second_factor=second_factor,
        csrf=secrets.token_urlsafe(24),
        address=address,
        agent=agent[:300],
        expires_at=clock.now() + lifetime,
    )
    session.add(started)
    session.flush()
    publish(
        session,
        SessionStarted(
            subject=f"session/{started.id}",
            session_id=started.id,
            user_id=user.id,
            kind=kind,
            second_factor=second_factor,
            address=address,
        ),
    )
    return started


def listed(session: Session, user_id: str) -> list[LogInSession]:
    """The sessions of a person that are alive, newest first."""
    alive = select(LogInSession).where(
        LogInSession.user_id == user_id, LogInSession.revoked_at.is_(None), LogInSession.expires_at > clock.now()
    )
    return list(session.scalars(alive.order_by(LogInSession.id.desc()).limit(100)))


def alive(session: Session, session_id: str) -> LogInSession | None:
    """The session when it has neither ended nor been revoked."""
    found = session.get(LogInSession, session_id)
    return found if found is not None and found.revoked_at is None and found.expires_at > clock.now() else None


def end(session: Session, *, user_id: str, session_id: str) -> None:
    """Revoke one session of this person; every service refuses its token within seconds."""
    found = session.get(LogInSession, session_id)
    if found is None or found.user_id != user_id:
        raise NotFound()
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        revoke(session, session_id=found.id)


def end_all(session: Session, user: User) -> None:
    """Revoke everything a person holds. The caller raises `user.epoch` (which alone kills every token) and tells."""
    living = LogInSession.user_id == user.id, LogInSession.revoked_at.is_(None)
    session.execute(update(LogInSession).where(*living).values(revoked_at=clock.now()))
    session.execute(delete(LogInChallenge).where(LogInChallenge.user_id == user.id))
    version = publish(session, SessionRevoked(subject=f"user/{user.id}", user_id=user.id, epoch=user.epoch))
    directory.revoke(session, version=version, at=clock.now(), user_id=user.id, epoch=user.epoch)


def revoke(session: Session, *, session_id: str) -> None:
    """Tell every service, this one included, to refuse tokens of this session."""
    version = publish(session, SessionRevoked(subject=f"session/{session_id}", session_id=session_id))
    directory.revoke(session, version=version, at=clock.now(), session_id=session_id)


def seen(session: Session, found: LogInSession, *, at: datetime) -> None:
    """Note that the session is in use, at most every five minutes."""
    if at - found.seen_at >= SEEN_EVERY:
        found.seen_at = at


def forget_old(session: Session) -> None:
    """Drop sessions that ended long ago, and unanswered challenges."""
    session.execute(delete(LogInSession).where(LogInSession.expires_at < clock.now() - KEPT_AFTER_END))
    session.execute(delete(LogInChallenge).where(LogInChallenge.expires_at < clock.now()))
