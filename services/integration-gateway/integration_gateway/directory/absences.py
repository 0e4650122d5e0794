"""Absence: periods in which a person gets no new work. Two timers turn the person's `absent` on and off."""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.timers import arm, cancel
from integration_gateway.directory import users
from integration_gateway.errors import PeriodEmpty
from integration_gateway.models import Absence, User


def add(session: Session, user: User, *, starts_at: datetime, ends_at: datetime, reason: str = "") -> Absence:
    """Enter an absence of [starts_at, ends_at)."""
    if ends_at <= starts_at or ends_at <= clock.now():
        raise PeriodEmpty()
    absence = Absence(user_id=user.id, starts_at=starts_at, ends_at=ends_at, reason=reason)
    session.add(absence)
    session.flush()
    arm(session, kind="absence_edge", key=f"{absence.id}:start", due_at=starts_at, payload={"user_id": user.id})
    arm(session, kind="absence_edge", key=f"{absence.id}:end", due_at=ends_at, payload={"user_id": user.id})
    refresh(session, user)
    return absence


def remove(session: Session, user: User, absence: Absence) -> None:
    """Cancel an absence; the person is back at once unless another one covers now."""
    for edge in ("start", "end"):
        cancel(session, kind="absence_edge", key=f"{absence.id}:{edge}")
    session.execute(delete(Absence).where(Absence.id == absence.id))
    refresh(session, user)


def refresh(session: Session, user: User) -> None:
    """Bring `absent` in line with the periods, and tell everyone when it changed."""
    now = clock.now()
    session.flush()
    covered = exists().where(Absence.user_id == user.id, Absence.starts_at <= now, Absence.ends_at > now)
    absent = bool(session.scalar(select(covered)))
    if absent != user.absent:
        user.absent = absent
        users.tell(session, user)


def of(session: Session, user_id: str) -> list[Absence]:
    """Absences of a person that have not ended, earliest first."""
    ahead = select(Absence).where(Absence.user_id == user_id, Absence.ends_at > clock.now())
    return list(session.scalars(ahead.order_by(Absence.starts_at)))
