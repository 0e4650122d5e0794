"""Followers of records: who wants to hear of which; `engines.news` tells them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, event_log
from chassis.caller import Caller
from chassis.db import Base, Id, UtcDateTime, is_sqlite
from chassis.ids import uuid7
from chassis.timers import arm_once

DIGEST = "followers_digest"
EVERY = timedelta(minutes=15)


class Follower(Base):
    """Somebody who wants to hear of a record; `active` is false where they left, so that nothing adds them again."""

    __tablename__ = "followers"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    user_id: Mapped[str] = mapped_column(Id)
    active: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        Index("uq_followers_subject", "subject_kind", "subject_id", "user_id", unique=True),
        Index("ix_followers_user_id", "user_id"),
        {"info": {"branch": "engines"}},
    )


def follow(session: Session, subject_kind: str, subject_id: str, user_id: str) -> None:
    """Tell a person of the record's changes from now on. Whether they may see it is asked anew before each notice."""
    found = _row(session, subject_kind, subject_id, user_id)
    if found is None:
        session.add(Follower(subject_kind=subject_kind, subject_id=subject_id, user_id=user_id))
    elif not found.active:
        found.active, found.since = True, clock.now()
    arm_once(session, kind=DIGEST, key="all", due_at=clock.now() + EVERY, payload={"after": head(session)})


def follow_unless_left(session: Session, subject_kind: str, subject_id: str, caller: Caller) -> None:
    """Let a person follow what they take part in, unless they once said that they don't want to."""
    if caller.is_person and _row(session, subject_kind, subject_id, caller.id) is None:
        follow(session, subject_kind, subject_id, caller.id)


def unfollow(session: Session, subject_kind: str, subject_id: str, user_id: str) -> None:
    """Tell a person no more."""
    found = _row(session, subject_kind, subject_id, user_id)
    if found is not None:
        found.active = False
    else:
        session.add(Follower(subject_kind=subject_kind, subject_id=subject_id, user_id=user_id, active=False))


def of(session: Session, subject_kind: str, subject_id: str) -> list[str]:
    """Ids of those who follow a record, the longest first."""
    wanted = select(Follower.user_id).where(
        Follower.subject_kind == subject_kind, Follower.subject_id == subject_id, Follower.active
    )
    return list(session.scalars(wanted.order_by(Follower.id)))


def followed(user_id: str, subject_kind: str) -> Any:
    """SELECT of the ids of the records of a kind that a person follows, for lists."""
    return select(Follower.subject_id).where(
        Follower.user_id == user_id, Follower.subject_kind == subject_kind, Follower.active
    )


def _row(session: Session, subject_kind: str, subject_id: str, user_id: str) -> Follower | None:
    session.flush()
    return session.scalar(
        select(Follower).where(
            Follower.subject_kind == subject_kind, Follower.subject_id == subject_id, Follower.user_id == user_id
        )
    )


def head(session: Session) -> int:
    """The last sequence of the log that readers may see."""
    if is_sqlite(session):
        return session.execute(select(func.coalesce(func.max(event_log.LOG.c.id), 0))).scalar_one()
    return session.execute(select(func.coalesce(func.max(event_log.STATE.c.numbered), 0))).scalar_one()
