"""Definitions and their versions, instances with their append-only events, tasks, copies and delegations."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis import clock
from chassis.db import NAMING, Id, Json, UtcDateTime
from chassis.ids import uuid7
from chassis.records import Record


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Definition(Record, Base):
    """A flow by its key: the draft somebody works on, and which version is in force (revision 0: none yet)."""

    __tablename__ = "definition"
    __kind__ = "approval_definition"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    subject_kind: Mapped[str] = mapped_column(String(60))
    revision: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(default=True)
    draft: Mapped[dict[str, Any] | None] = mapped_column(Json)


class DefinitionVersion(Base):
    """A published version; never changed, since running instances stay on it."""

    __tablename__ = "definition_version"

    definition_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(60))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    published_by: Mapped[str] = mapped_column(String(64))


class Instance(Record, Base):
    """One subject on its way through one version of a definition; its owner is who asked.

    `status` is running, returned, approved, rejected or withdrawn.
    """

    __tablename__ = "approval"
    __kind__ = "approval"

    definition_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id"))
    definition_key: Mapped[str] = mapped_column(String(60))
    definition_revision: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(300), info={"personal": True})
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    account_id: Mapped[str | None] = mapped_column(Id)
    source: Mapped[str] = mapped_column(String(40))
    request_id: Mapped[str] = mapped_column(Id)
    link: Mapped[str] = mapped_column(String(500), default="")
    status: Mapped[str] = mapped_column(String(20), default="running")
    decided_by: Mapped[str | None] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(Text, default="", info={"personal": True})
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_approval_subject", "subject_kind", "subject_id"),
        Index("ix_approval_created", "created_at", "id"),
        Index("ix_approval_status", "status", "created_at"),
        Index("ix_approval_definition", "definition_key", "started_at"),
    )


class InstanceState(Base):
    """What the events of an instance add up to (approvals.state), so that no step has to read them all."""

    __tablename__ = "approval_state"

    instance_id: Mapped[str] = mapped_column(Id, ForeignKey("approval.id"), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(Json, info={"personal": True})
    length: Mapped[int] = mapped_column(Integer, default=0)


class InstanceEvent(Base):
    """One event of an instance; rows are only ever added."""

    __tablename__ = "approval_event"

    instance_id: Mapped[str] = mapped_column(Id, ForeignKey("approval.id"), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(Json, info={"personal": True})


class Request(Base):
    """A request that was taken in: the same one never starts anything twice."""

    __tablename__ = "approval_request"

    request_id: Mapped[str] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[str] = mapped_column(Id, ForeignKey("approval.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Task(Base):
    """What one person is asked at one node: pending or queued, then how it ended."""

    __tablename__ = "approval_task"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    instance_id: Mapped[str] = mapped_column(Id, ForeignKey("approval.id"), index=True)
    node: Mapped[str] = mapped_column(String(60))
    node_name: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    type: Mapped[str] = mapped_column(String(20))
    visit: Mapped[int] = mapped_column(Integer)
    assignee_id: Mapped[str] = mapped_column(Id)
    status: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(Text, default="", info={"personal": True})
    reason: Mapped[str] = mapped_column(String(120), default="")
    why: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (
        Index("ix_approval_task_inbox", "assignee_id", "status", "opened_at"),
        Index("ix_approval_task_node", "node", "opened_at"),
    )


class Copy(Base):
    """A person who was sent a copy of an instance."""

    __tablename__ = "approval_copy"

    instance_id: Mapped[str] = mapped_column(Id, ForeignKey("approval.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, primary_key=True)
    node: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_approval_copy_user", "user_id", "at"),)


class Delegation(Base):
    """A period in which somebody else is asked instead of `user_id`."""

    __tablename__ = "delegation"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    user_id: Mapped[str] = mapped_column(Id, index=True)
    substitute_id: Mapped[str] = mapped_column(Id)
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    created_by: Mapped[str] = mapped_column(String(64))
