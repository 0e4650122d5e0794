"""Facts of tickets, their clocks and surveys, and of approvals."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Id, Json
from reporting.models.metadata import Base, key, moment, ref, stamp, word


class Ticket(Base):
    """One service request from creation to rest."""

    __tablename__ = "fact_ticket"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(40)
    status: Mapped[str | None] = word(20)
    channel: Mapped[str | None] = word(20)
    type: Mapped[str | None] = word(40)
    priority: Mapped[str | None] = word(10)
    queue: Mapped[str | None] = word()
    account_id: Mapped[str | None] = ref()
    contract_id: Mapped[str | None] = ref()
    assignee_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    sla_policy: Mapped[str | None] = word()
    breached: Mapped[bool | None] = mapped_column(Boolean)
    reopened: Mapped[int | None] = mapped_column(Integer)
    next_due_at: Mapped[datetime | None] = moment()
    first_response_at: Mapped[datetime | None] = moment()
    state_seq: Mapped[int | None] = stamp()
    created_at: Mapped[datetime | None] = moment()
    first_response_minutes: Mapped[int | None] = mapped_column(Integer)
    response_seq: Mapped[int | None] = stamp()
    solved_at: Mapped[datetime | None] = moment()
    resolution_minutes: Mapped[int | None] = mapped_column(Integer)
    replies: Mapped[int | None] = mapped_column(Integer)
    solved_seq: Mapped[int | None] = stamp()
    closed_at: Mapped[datetime | None] = moment()

    __table_args__ = (
        Index("ix_fact_ticket_created_at", "created_at", "id"),
        Index("ix_fact_ticket_solved_at", "solved_at", "id"),
    )


class SlaClock(Base):
    """One clock of a ticket that was met or ran out. Clocks that start anew with each exchange have a `round` each."""

    __tablename__ = "fact_sla_clock"

    ticket_id: Mapped[str] = mapped_column(Id, primary_key=True)
    metric: Mapped[str] = mapped_column(String(20), primary_key=True)
    round: Mapped[str] = mapped_column(String(40), primary_key=True)
    policy: Mapped[str | None] = word()
    priority: Mapped[str | None] = word(10)
    assignee_id: Mapped[str | None] = ref()
    account_id: Mapped[str | None] = ref()
    target_minutes: Mapped[int | None] = mapped_column(Integer)
    told_seq: Mapped[int | None] = stamp()
    used_minutes: Mapped[int | None] = mapped_column(Integer)
    met_at: Mapped[datetime | None] = moment()
    met_seq: Mapped[int | None] = stamp()
    breached_at: Mapped[datetime | None] = moment()

    __table_args__ = (
        Index("ix_fact_sla_clock_met_at", "met_at"),
        Index("ix_fact_sla_clock_breached_at", "breached_at"),
    )


class Csat(Base):
    """One answered survey, 1 to 5."""

    __tablename__ = "fact_csat"

    id: Mapped[str] = key()
    ticket_id: Mapped[str | None] = ref()
    account_id: Mapped[str | None] = ref()
    assignee_id: Mapped[str | None] = ref()
    queue: Mapped[str | None] = word()
    score: Mapped[int | None] = mapped_column(Integer)
    answered_at: Mapped[datetime | None] = moment()
    state_seq: Mapped[int | None] = stamp()

    __table_args__ = (Index("ix_fact_csat_answered_at", "answered_at", "id"),)


class ApprovalInstance(Base):
    """One run of an approval flow."""

    __tablename__ = "fact_approval"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(40)
    definition: Mapped[str | None] = word()
    subject_kind: Mapped[str | None] = word(40)
    subject_id: Mapped[str | None] = ref()
    initiator_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    started_at: Mapped[datetime | None] = moment()
    told_seq: Mapped[int | None] = stamp()
    outcome: Mapped[str | None] = word(20)
    completed_at: Mapped[datetime | None] = moment()
    completed_seq: Mapped[int | None] = stamp()

    __table_args__ = (Index("ix_fact_approval_completed_at", "completed_at", "id"),)


class ApprovalTask(Base):
    """One person's decision in an approval; `node` is "<definition>/<node>", `opened_at` when it became his turn."""

    __tablename__ = "fact_approval_task"

    id: Mapped[str] = key()
    instance_id: Mapped[str | None] = ref()
    definition: Mapped[str | None] = word()
    node: Mapped[str | None] = word(120)
    node_name: Mapped[dict[str, Any] | None] = mapped_column(Json)
    subject_kind: Mapped[str | None] = word(40)
    subject_id: Mapped[str | None] = ref()
    account_id: Mapped[str | None] = ref()
    assignee_id: Mapped[str | None] = ref()
    due_at: Mapped[datetime | None] = moment()
    told_seq: Mapped[int | None] = stamp()
    created_at: Mapped[datetime | None] = moment()
    opened_at: Mapped[datetime | None] = moment()
    outcome: Mapped[str | None] = word(20)
    completed_at: Mapped[datetime | None] = moment()
    completed_seq: Mapped[int | None] = stamp()

    __table_args__ = (
        Index("ix_fact_approval_task_created_at", "created_at", "id"),
        Index("ix_fact_approval_task_completed_at", "completed_at", "id"),
    )
