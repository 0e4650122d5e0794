"""Shares: a record opened to a person, a department or the holders of a role, for reading or editing, for a while or
until it is taken back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Index, String, and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, directory
from chassis.caller import Caller
from chassis.db import Base, Database, Id, UtcDateTime, is_sqlite
from chassis.ids import uuid7

GRANTEES = ("user", "department", "role")
LEVELS = ("read", "edit")


class Share(Base):
    """The grantee may read (or edit) the record until `until` (empty: until it is taken back), because of `reason`.

    A department stands for its people and those of all departments below it.
    """

    __tablename__ = "record_shares"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    grantee_kind: Mapped[str] = mapped_column(String(12), default="user")
    grantee_id: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(4), default="read")
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(120))
    shared_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        Index(
            "uq_record_shares_key", "grantee_id", "subject_kind", "subject_id", "grantee_kind", "reason", unique=True
        ),
        Index("ix_record_shares_subject", "subject_kind", "subject_id"),
        Index("ix_record_shares_reason", "reason"),
        {"info": {"branch": "engines"}},
    )


def share(
    session: Session,
    *,
    kind: str,
    subject_id: str,
    user_id: str,
    reason: str,
    until: datetime | None = None,
    grantee_kind: str = "user",
    level: str = "read",
    by: str | None = None,
) -> None:
    """Open the record to `user_id` (or, by `grantee_kind`, to a department or role of that id).

    Saying it again for the same `reason` ("approvals.task/<id>") moves `until` and `level`.
    """
    dialect = sqlite if is_sqlite(session) else postgresql
    changed = {"until": until, "level": level}
    session.execute(
        dialect.insert(Share)
        .values(
            id=uuid7(), subject_kind=kind, subject_id=subject_id, grantee_kind=grantee_kind, grantee_id=user_id,
            reason=reason, shared_by=by, created_at=clock.now(), **changed,
        )
        .on_conflict_do_update(
            index_elements=["grantee_id", "subject_kind", "subject_id", "grantee_kind", "reason"], set_=changed
        )
    )  # fmt: skip


def unshare(session: Session, *, reason: str, user_id: str | None = None) -> None:
    """Take back what was shared for `reason`, from one grantee or all."""
    gone = delete(Share).where(Share.reason == reason)
    session.execute(gone.where(Share.grantee_id == user_id) if user_id else gone)


def of_record(session: Session, kind: str, subject_id: str) -> Sequence[Share]:
    """The shares of a record that hold now, oldest first."""
    held = select(Share).where(Share.subject_kind == kind, Share.subject_id == subject_id, _holds())
    return session.scalars(held.order_by(Share.id)).all()


def in_force(session: Session, caller: Caller, kind: str, action: str = "read") -> ColumnElement[bool]:
    """The shares on one kind that let the caller read, or edit, now."""
    to = [and_(Share.grantee_kind == "user", Share.grantee_id == caller.id)]
    if caller.roles:
        to.append(and_(Share.grantee_kind == "role", Share.grantee_id.in_(caller.roles)))
    if above := _departments(session, caller):
        to.append(and_(Share.grantee_kind == "department", Share.grantee_id.in_(above)))
    level = Share.level == "edit" if action == "edit" else Share.level.in_(LEVELS)
    return and_(Share.subject_kind == kind, or_(*to), level, _holds())


def is_shared(session: Session, caller: Caller, kind: str, subject_id: str, action: str = "read") -> bool:
    """Whether the caller may read, or edit, the record by a share."""
    found = select(Share.id).where(in_force(session, caller, kind, action), Share.subject_id == subject_id).limit(1)
    return session.execute(found).first() is not None


def any_shared(source: Session | Database, caller: Caller, kind: str) -> bool:
    """Whether anything of the kind is shared with the caller now: it opens the door his roles leave shut."""
    if not caller.is_person:
        return False
    if isinstance(source, Database):
        with source.reading() as session:
            return any_shared(session, caller, kind)
    found = select(Share.id).where(in_force(source, caller, kind)).limit(1)
    return source.execute(found).first() is not None


def _holds() -> ColumnElement[bool]:
    return or_(Share.until.is_(None), Share.until > clock.now())


def _departments(session: Session, caller: Caller) -> tuple[str, ...]:
    """The caller's department and those above it."""
    if caller.department_id is None:
        return ()
    found = directory.snapshot(session).departments.get(caller.department_id)
    return found.path if found is not None else (caller.department_id,)
