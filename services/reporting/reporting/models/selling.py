"""Facts of leads and opportunities, and the accounts and stages they refer to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Id, Json
from reporting.models.metadata import Base, key, minor, moment, ref, stamp, word


class Lead(Base):
    """One lead from capture to conversion."""

    __tablename__ = "fact_lead"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(40)
    captured_at: Mapped[datetime | None] = moment()
    assigned_at: Mapped[datetime | None] = moment()
    contacted_at: Mapped[datetime | None] = moment()
    first_response_seconds: Mapped[int | None] = mapped_column(Integer)
    contacted_seq: Mapped[int | None] = stamp()
    qualified_at: Mapped[datetime | None] = moment()
    converted_at: Mapped[datetime | None] = moment()
    account_id: Mapped[str | None] = ref()
    opportunity_id: Mapped[str | None] = ref()
    converted_seq: Mapped[int | None] = stamp()
    disqualified_at: Mapped[datetime | None] = moment()
    disqualify_reason: Mapped[str | None] = word(200)
    disqualified_seq: Mapped[int | None] = stamp()
    merged_into: Mapped[str | None] = ref()
    merged_seq: Mapped[int | None] = stamp()
    status: Mapped[str | None] = word(30)
    source: Mapped[str | None] = word()
    channel: Mapped[str | None] = word()
    campaign_id: Mapped[str | None] = ref()
    country: Mapped[str | None] = word(8)
    region: Mapped[str | None] = word(80)
    city: Mapped[str | None] = word(80)
    industry: Mapped[str | None] = word(80)
    company_size: Mapped[str | None] = word(40)
    score: Mapped[int | None] = mapped_column(Integer)
    grade: Mapped[str | None] = word(4)
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    pool: Mapped[str | None] = word(80)
    state_seq: Mapped[int | None] = stamp()

    __table_args__ = (
        Index("ix_fact_lead_captured_at", "captured_at", "id"),
        Index("ix_fact_lead_converted_at", "converted_at", "id"),
        Index("ix_fact_lead_contacted_at", "contacted_at", "id"),
    )


class Account(Base):
    """A customer, as last heard from sales."""

    __tablename__ = "dim_account"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(40)
    name: Mapped[str | None] = word(200)
    tier: Mapped[str | None] = word(10)
    industry: Mapped[str | None] = word(80)
    region: Mapped[str | None] = word(80)
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    state_seq: Mapped[int | None] = stamp()


class Stage(Base):
    """One stage of a pipeline in board order, as last saved; `active` is false once it was taken out."""

    __tablename__ = "dim_stage"

    pipeline: Mapped[str] = mapped_column(String(60), primary_key=True)
    stage: Mapped[str] = mapped_column(String(60), primary_key=True)
    place: Mapped[int | None] = mapped_column(Integer)
    label: Mapped[dict[str, Any] | None] = mapped_column(Json)
    pipeline_label: Mapped[dict[str, Any] | None] = mapped_column(Json)
    probability: Mapped[int | None] = mapped_column(Integer)
    category: Mapped[str | None] = word(10)
    seq: Mapped[int | None] = stamp()


class Opportunity(Base):
    """One opportunity: its present state, and how and by whom it was closed."""

    __tablename__ = "fact_opportunity"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(40)
    name: Mapped[str | None] = word(200)
    account_id: Mapped[str | None] = ref()
    lead_id: Mapped[str | None] = ref()
    pipeline: Mapped[str | None] = word()
    probability: Mapped[int | None] = mapped_column(Integer)
    forecast_category: Mapped[str | None] = word(20)
    amount_minor: Mapped[int | None] = minor()
    currency: Mapped[str | None] = word(3)
    base_minor: Mapped[int | None] = minor()
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    region: Mapped[str | None] = word(80)
    source: Mapped[str | None] = word()
    close_date: Mapped[date | None] = mapped_column(Date)
    state_seq: Mapped[int | None] = stamp()
    created_at: Mapped[datetime | None] = moment()
    stage: Mapped[str | None] = word()
    category: Mapped[str | None] = word(10)
    stage_entered_at: Mapped[datetime | None] = moment()
    closed_at: Mapped[datetime | None] = moment()
    closed_base_minor: Mapped[int | None] = minor()
    closed_owner_id: Mapped[str | None] = ref()
    closed_department_id: Mapped[str | None] = ref()
    stage_seq: Mapped[int | None] = stamp()
    loss_reason: Mapped[str | None] = word(60)
    loss_seq: Mapped[int | None] = stamp()

    __table_args__ = (
        Index("ix_fact_opportunity_created_at", "created_at", "id"),
        Index("ix_fact_opportunity_closed_at", "closed_at", "category", "id"),
        Index("ix_fact_opportunity_category_stage", "category", "pipeline", "stage"),
    )


class StageInterval(Base):
    """One stay of an opportunity in a stage; `seq` is the event that began it, `left_at` is empty while it lasts."""

    __tablename__ = "fact_stage_interval"

    opportunity_id: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pipeline: Mapped[str | None] = word()
    stage: Mapped[str | None] = word()
    category: Mapped[str | None] = word(10)
    probability: Mapped[int | None] = mapped_column(Integer)
    base_minor: Mapped[int | None] = minor()
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    region: Mapped[str | None] = word(80)
    source: Mapped[str | None] = word()
    entered_at: Mapped[datetime | None] = moment()
    left_at: Mapped[datetime | None] = moment()

    __table_args__ = (
        Index("ix_fact_stage_interval_entered_at", "entered_at", "opportunity_id"),
        Index("ix_fact_stage_interval_left_at", "left_at"),
    )
