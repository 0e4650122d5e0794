"""Opportunities with their history, quotes, and the conversions that began them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.db import Id, Json, UtcDateTime
from chassis.ids import uuid7
from chassis.records import Record
from sales.models.catalogue import ScaledDecimal
from sales.models.metadata import PERSONAL, Base


class Opportunity(Record, Base):
    """One possible deal in a stage of a pipeline. Category and probability are copies of its stage's, for lists and sums."""

    __tablename__ = "opportunity"
    __kind__ = "opportunity"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), info=PERSONAL)
    amount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    base_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    close_date: Mapped[date | None] = mapped_column(Date)
    pipeline_id: Mapped[str] = mapped_column(Id, ForeignKey("pipeline.id"))
    stage: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(8))
    probability: Mapped[int] = mapped_column(SmallInteger)
    forecast_category: Mapped[str] = mapped_column(String(20))
    stage_entered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    stalled: Mapped[bool] = mapped_column(Boolean, default=False)
    stall_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its timer rings next
    last_stage: Mapped[str | None] = mapped_column(String(60))  # the open stage it was won or lost from
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    loss_reason: Mapped[str | None] = mapped_column(String(40))
    loss_note: Mapped[str | None] = mapped_column(String(1000), info=PERSONAL)
    next_step: Mapped[str | None] = mapped_column(String(300), info=PERSONAL)
    source: Mapped[str | None] = mapped_column(String(80))
    region: Mapped[str | None] = mapped_column(String(80))
    lead_id: Mapped[str | None] = mapped_column(Id)
    price_book_id: Mapped[str | None] = mapped_column(Id, ForeignKey("price_book.id"))
    done: Mapped[list[str]] = mapped_column(Json, default=list)  # ticked checklist items
    documents: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)  # {kind, name, link}
    competitors: Mapped[list[str]] = mapped_column(Json, default=list)
    contacts: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)  # {contact_id, role}
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    last_activity_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_opportunity_created", "created_at", "id"),
        Index("ix_opportunity_board", "pipeline_id", "stage", "stage_entered_at", "id"),
        Index("ix_opportunity_in_play", "pipeline_id", "category", "closed_at"),
        Index("ix_opportunity_owner", "owner_id", "category"),
    )


class StageHistory(Base):
    """One move: where from, where to, by whom, and how long the opportunity had stood there."""

    __tablename__ = "stage_history"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    opportunity_id: Mapped[str] = mapped_column(Id, ForeignKey("opportunity.id"))
    from_stage: Mapped[str | None] = mapped_column(String(60))
    to_stage: Mapped[str] = mapped_column(String(60))
    from_category: Mapped[str | None] = mapped_column(String(8))
    to_category: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[int] = mapped_column(BigInteger, default=0)  # spent in from_stage
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (Index("ix_stage_history_opportunity", "opportunity_id", "at"),)


class Quote(Record, Base):
    """One version of a priced offer. `lines` keep the prices they were offered at."""

    __tablename__ = "quote"
    __kind__ = "quote"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    opportunity_id: Mapped[str | None] = mapped_column(Id, ForeignKey("opportunity.id"), index=True)
    contact_id: Mapped[str | None] = mapped_column(Id, ForeignKey("contact.id"))
    title: Mapped[str] = mapped_column(String(200), info=PERSONAL)
    root_id: Mapped[str] = mapped_column(Id, index=True)  # the first version's id, shared by all versions
    revision: Mapped[int] = mapped_column(Integer, default=1)
    status: Mapped[str] = mapped_column(String(20), default="draft")
    currency: Mapped[str] = mapped_column(String(3))
    price_book_id: Mapped[str | None] = mapped_column(Id, ForeignKey("price_book.id"))
    tax_included: Mapped[bool] = mapped_column(Boolean, default=True)
    discount_percent: Mapped[Decimal] = mapped_column(ScaledDecimal(), default=Decimal(0))
    max_discount_percent: Mapped[Decimal] = mapped_column(ScaledDecimal(), default=Decimal(0))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    net_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    cost_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    base_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    valid_until: Mapped[date | None] = mapped_column(Date)
    notes: Mapped[str | None] = mapped_column(Text, info=PERSONAL)
    request_id: Mapped[str | None] = mapped_column(Id)  # of the approval last asked for
    approval: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    share_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    opens: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (Index("ix_quote_created", "created_at", "id"),)


QUOTE_STATUSES = ("draft", "in_approval", "approved", "sent", "accepted", "rejected", "superseded", "expired")


class QuoteOpen(Base):
    """One opening of a quote's shared link."""

    __tablename__ = "quote_open"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    quote_id: Mapped[str] = mapped_column(Id, ForeignKey("quote.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Conversion(Record, Base):
    """What became of a lead; the unique lead id is what makes a conversion happen once."""

    __tablename__ = "conversion"
    __kind__ = "conversion"

    lead_id: Mapped[str] = mapped_column(Id, unique=True)
    status: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(60))
    account_id: Mapped[str | None] = mapped_column(Id)
    contact_id: Mapped[str | None] = mapped_column(Id)
    opportunity_id: Mapped[str | None] = mapped_column(Id)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list, info=PERSONAL)
