"""Timed read shares: somebody sees a record for a while because of work he has with it."""

from datetime import datetime

from sqlalchemy import ColumnElement, Index, String, and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock
from chassis.db import Base, Id, UtcDateTime, is_sqlite
from chassis.ids import uuid7


class ReadShare(Base):
    """`user_id` may read the record until `until` (empty: until the share is taken back), because of `reason`."""

    __tablename__ = "read_shares"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    user_id: Mapped[str] = mapped_column(Id)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(120))

    __table_args__ = (
        Index("uq_read_shares_key", "user_id", "subject_kind", "subject_id", "reason", unique=True),
        Index("ix_read_shares_reason", "reason"),
        {"info": {"branch": "engines"}},
    )


def share(
    session: Session, *, kind: str, subject_id: str, user_id: str, reason: str, until: datetime | None = None
) -> None:
    """Let `user_id` read the record; saying it again for the same `reason` ("approvals.task/<id>") moves `until`."""
    dialect = sqlite if is_sqlite(session) else postgresql
    session.execute(
        dialect.insert(ReadShare)
        .values(id=uuid7(), subject_kind=kind, subject_id=subject_id, user_id=user_id, reason=reason, until=until)
        .on_conflict_do_update(
            index_elements=["user_id", "subject_kind", "subject_id", "reason"], set_={"until": until}
        )
    )


def unshare(session: Session, *, reason: str, user_id: str | None = None) -> None:
    """Take back what was shared for `reason`, from one person or all."""
    gone = delete(ReadShare).where(ReadShare.reason == reason)
    session.execute(gone.where(ReadShare.user_id == user_id) if user_id else gone)


def in_force(user_id: str, kind: str) -> ColumnElement[bool]:
    """The shares of one person on one kind that hold now."""
    return and_(
        ReadShare.user_id == user_id,
        ReadShare.subject_kind == kind,
        or_(ReadShare.until.is_(None), ReadShare.until > clock.now()),
    )


def is_shared(session: Session, user_id: str, kind: str, subject_id: str) -> bool:
    """Whether the person may read the record by a share."""
    found = select(ReadShare.id).where(in_force(user_id, kind), ReadShare.subject_id == subject_id).limit(1)
    return session.execute(found).first() is not None
