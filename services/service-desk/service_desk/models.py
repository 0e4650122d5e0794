"""Tables of the service desk."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, synonym

from chassis import clock
from chassis.db import NAMING, Id, Json, UtcDateTime
from chassis.ids import uuid7
from chassis.records import Record

PERSONAL = {"personal": True}


class Base(DeclarativeBase):
    """Root of the service's own tables."""

    metadata = MetaData(naming_convention=NAMING)


class Ticket(Record, Base):
    """A service request; its assignee is its owner. `status` is kept by lifecycle.py alone, the SLA fields by clocks.py."""

    __tablename__ = "ticket"
    __kind__ = "ticket"

    subject: Mapped[str] = mapped_column(String(200), info=PERSONAL)
    channel: Mapped[str] = mapped_column(String(20), default="api")
    type: Mapped[str] = mapped_column(String(40), default="question")
    priority: Mapped[str] = mapped_column(String(10), default="normal")
    status: Mapped[str] = mapped_column(String(10), default="new")
    queue: Mapped[str | None] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(2), default="zh")
    requester_name: Mapped[str] = mapped_column(String(120), default="", info=PERSONAL)
    requester_email: Mapped[str | None] = mapped_column(String(254), info=PERSONAL)
    requester_phone: Mapped[str | None] = mapped_column(String(40), info=PERSONAL)
    contact_id: Mapped[str | None] = mapped_column(Id)
    account_id: Mapped[str | None] = mapped_column(Id)
    account_tier: Mapped[str | None] = mapped_column(String(8))
    contract_id: Mapped[str | None] = mapped_column(Id)
    request_id: Mapped[str | None] = mapped_column(String(64), unique=True)  # of the event that asked for the ticket
    follows_id: Mapped[str | None] = mapped_column(Id)  # the closed ticket this one follows up
    collaborator_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    sla_policy: Mapped[str | None] = mapped_column(String(60))
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    breached: Mapped[bool] = mapped_column(Boolean, default=False)
    first_response_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_customer_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_agent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    solved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened: Mapped[int] = mapped_column(Integer, default=0)
    csat: Mapped[int | None] = mapped_column(Integer)
    assignee_id = synonym("owner_id")

    __table_args__ = (
        Index("ix_ticket_created_at_id", "created_at", "id"),
        Index("ix_ticket_status_created_at_id", "status", "created_at", "id"),
        Index("ix_ticket_owner_id_status", "owner_id", "status"),
        Index("ix_ticket_account_id_created_at", "account_id", "created_at"),
        Index("ix_ticket_next_due_at_id", "next_due_at", "id"),
    )


class Message(Base):
    """One message of a ticket: a public reply, or an internal note. `mail_id` is its Message-ID without angle brackets."""

    __tablename__ = "message"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("ticket.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    kind: Mapped[str] = mapped_column(String(8))  # public | note
    author: Mapped[str] = mapped_column(String(10))  # customer | agent | system
    by: Mapped[str] = mapped_column(String(64))
    by_name: Mapped[str] = mapped_column(String(120), default="", info=PERSONAL)
    address: Mapped[str | None] = mapped_column(String(254), info=PERSONAL)
    channel: Mapped[str] = mapped_column(String(20), default="api")
    text: Mapped[str] = mapped_column(Text, info=PERSONAL)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(
        Json, default=list
    )  # name, type and size of what was left out
    mail_id: Mapped[str | None] = mapped_column(String(255), unique=True)

    __table_args__ = (
        Index("ix_message_ticket_id_at", "ticket_id", "at", "id"),
        Index("ix_message_address_at", "address", "at"),
    )


class Step(Base):
    """What happened to a ticket, in order: the ledger that its SLA clocks are replayed from. Never changed."""

    __tablename__ = "ticket_step"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("ticket.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (Index("ix_ticket_step_ticket_id_at", "ticket_id", "at", "id"),)


class SlaClock(Base):
    """One clock of a ticket as of its latest step: equal to the replay of its steps, see clocks.project.

    `used_s` are the open seconds before `running_since`; `level` counts the marks (warnings, breach, escalations) behind it
    and `next_fire_at` is when the next one falls due, empty while it stands still.
    """

    __tablename__ = "sla_clock"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("ticket.id", ondelete="CASCADE"))
    metric: Mapped[str] = mapped_column(String(20))
    policy: Mapped[str] = mapped_column(String(60))
    policy_revision: Mapped[int] = mapped_column(Integer)
    calendar: Mapped[str] = mapped_column(String(60))
    calendar_revision: Mapped[int] = mapped_column(Integer)
    target_s: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    running_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_s: Mapped[int] = mapped_column(Integer, default=0)
    paused_s: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_fire_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    level: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(10))  # running | paused | met | breached | cancelled
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("ticket_id", "metric"),
        Index("ix_sla_clock_next_fire_at_id", "next_fire_at", "id"),
        Index("ix_sla_clock_policy_state", "policy", "state"),
        Index("ix_sla_clock_calendar_state", "calendar", "state"),
    )


class Survey(Base):
    """One question to the requester of a solved ticket."""

    __tablename__ = "survey"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    assignee_id: Mapped[str | None] = mapped_column(Id)
    score: Mapped[int | None] = mapped_column(Integer)
    comment: Mapped[str] = mapped_column(Text, default="", info=PERSONAL)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Definition(Record, Base):
    """A queue, SLA policy, business calendar or the dispatch rules as they are in force; older versions beside it."""

    __tablename__ = "definition"
    __kind__ = "definition"

    purpose: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(60))
    title: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(default=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (UniqueConstraint("purpose", "key"),)


class DefinitionVersion(Base):
    """A published version; never changed."""

    __tablename__ = "definition_version"

    definition_id: Mapped[str] = mapped_column(Id, ForeignKey("definition.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(60))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    published_by: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("purpose", "key", "revision"),)


class Turn(Base):
    """Whom a dispatch rule chose last; the hot row, locked last."""

    __tablename__ = "dispatch_turn"

    rule: Mapped[str] = mapped_column(String(60), primary_key=True)
    last: Mapped[str] = mapped_column(String(36), default="")


class Account(Base):
    """What the desk knows of a customer, kept up to date by the events of sales."""

    __tablename__ = "account_replica"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200), default="")
    tier: Mapped[str | None] = mapped_column(String(8))
    owner_id: Mapped[str | None] = mapped_column(Id)
    department_id: Mapped[str | None] = mapped_column(Id)


class ContactAddress(Base):
    """Which contact of which account an e-mail address belongs to, by the events of sales."""

    __tablename__ = "contact_address"

    contact_id: Mapped[str] = mapped_column(Id, primary_key=True)
    address: Mapped[str] = mapped_column(String(254), primary_key=True, index=True, info=PERSONAL)
    account_id: Mapped[str | None] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(120), default="", info=PERSONAL)
