"""Contracts, what is owed under them, and what was paid."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Id, Json, UtcDateTime
from chassis.records import Record
from sales.models.catalogue import ScaledDecimal
from sales.models.metadata import PERSONAL, Base

CONTRACT_STATUSES = ("draft", "in_approval", "approved", "active", "completed", "terminated")


class Contract(Record, Base):
    """An agreement: draft → in_approval → approved → active → completed or terminated."""

    __tablename__ = "contract"
    __kind__ = "contract"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    opportunity_id: Mapped[str | None] = mapped_column(Id, ForeignKey("opportunity.id"), index=True)
    quote_id: Mapped[str | None] = mapped_column(Id, ForeignKey("quote.id"))
    title: Mapped[str] = mapped_column(String(200), info=PERSONAL)
    status: Mapped[str] = mapped_column(String(20), default="draft")
    currency: Mapped[str] = mapped_column(String(3))
    tax_included: Mapped[bool] = mapped_column(Boolean, default=True)
    discount_percent: Mapped[Decimal] = mapped_column(ScaledDecimal(), default=Decimal(0))
    max_discount_percent: Mapped[Decimal] = mapped_column(ScaledDecimal(), default=Decimal(0))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    payment_plan: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    net_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    cost_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    base_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    signed_on: Mapped[date | None] = mapped_column(Date)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    terms: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Id)
    approval: Mapped[dict[str, Any]] = mapped_column(
        Json, default=dict
    )  # {outcome, comment, decided_by, instance_id, at}
    erp: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # {system, order: {number, state, …}, …}
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    termination_reason: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (
        Index("ix_contract_created", "created_at", "id"),
        Index("ix_contract_status", "status", "created_at"),
    )


class Receivable(Record, Base):
    """What is owed for one term of a contract's payment plan: open → partly_paid → closed, or cancelled."""

    __tablename__ = "receivable"
    __kind__ = "receivable"

    contract_id: Mapped[str] = mapped_column(Id, ForeignKey("contract.id"))
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    term: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    base_minor: Mapped[int] = mapped_column(BigInteger)
    due_date: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(12), default="open")
    overdue: Mapped[bool] = mapped_column(Boolean, default=False)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("contract_id", "term"),
        Index("ix_receivable_due", "status", "due_date"),
        Index("ix_receivable_created", "created_at", "id"),
    )

    @property
    def left_minor(self) -> int:
        """What is still owed."""
        return self.amount_minor - self.paid_minor


class Payment(Record, Base):
    """Money that came in. `external_id` is the ERP's number: the same one is never booked twice."""

    __tablename__ = "payment"
    __kind__ = "payment"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    contract_id: Mapped[str | None] = mapped_column(Id, ForeignKey("contract.id"), index=True)
    system: Mapped[str | None] = mapped_column(String(40))
    external_id: Mapped[str | None] = mapped_column(String(120))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    base_minor: Mapped[int] = mapped_column(BigInteger)
    unallocated_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    paid_at: Mapped[datetime] = mapped_column(UtcDateTime)
    method: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (UniqueConstraint("system", "external_id"), Index("ix_payment_created", "created_at", "id"))


class Allocation(Base):
    """The part of a payment laid on one receivable."""

    __tablename__ = "allocation"

    payment_id: Mapped[str] = mapped_column(Id, ForeignKey("payment.id"), primary_key=True)
    receivable_id: Mapped[str] = mapped_column(Id, ForeignKey("receivable.id"), primary_key=True, index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
