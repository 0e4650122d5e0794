"""Facts of contracts, what is owed under them and what came in."""

from datetime import date, datetime

from sqlalchemy import Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.metadata import Base, key, minor, moment, ref, stamp, word


class Contract(Base):
    """One contract from draft to completion."""

    __tablename__ = "fact_contract"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(40)
    title: Mapped[str | None] = word(200)
    status: Mapped[str | None] = word(20)
    account_id: Mapped[str | None] = ref()
    opportunity_id: Mapped[str | None] = ref()
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    amount_minor: Mapped[int | None] = minor()
    currency: Mapped[str | None] = word(3)
    base_minor: Mapped[int | None] = minor()
    region: Mapped[str | None] = word(80)
    state_seq: Mapped[int | None] = stamp()
    created_at: Mapped[datetime | None] = moment()
    approved_at: Mapped[datetime | None] = moment()
    activated_at: Mapped[datetime | None] = moment()
    completed_at: Mapped[datetime | None] = moment()
    terminated_at: Mapped[datetime | None] = moment()

    __table_args__ = (
        Index("ix_fact_contract_created_at", "created_at", "id"),
        Index("ix_fact_contract_approved_at", "approved_at", "id"),
    )


class Receivable(Base):
    """One term of a payment plan; `open_base_minor` is what is still owed, in the base currency."""

    __tablename__ = "fact_receivable"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(60)
    contract_id: Mapped[str | None] = ref()
    account_id: Mapped[str | None] = ref()
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    amount_minor: Mapped[int | None] = minor()
    paid_minor: Mapped[int | None] = minor()
    currency: Mapped[str | None] = word(3)
    base_minor: Mapped[int | None] = minor()
    open_base_minor: Mapped[int | None] = minor()
    due_date: Mapped[date | None] = mapped_column(Date)
    status: Mapped[str | None] = word(20)
    state_seq: Mapped[int | None] = stamp()
    opened_at: Mapped[datetime | None] = moment()
    overdue_at: Mapped[datetime | None] = moment()
    closed_at: Mapped[datetime | None] = moment()

    __table_args__ = (Index("ix_fact_receivable_due_date", "due_date", "id"),)


class Payment(Base):
    """Money that came in."""

    __tablename__ = "fact_payment"

    id: Mapped[str] = key()
    number: Mapped[str | None] = word(40)
    contract_id: Mapped[str | None] = ref()
    account_id: Mapped[str | None] = ref()
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    amount_minor: Mapped[int | None] = minor()
    currency: Mapped[str | None] = word(3)
    base_minor: Mapped[int | None] = minor()
    system: Mapped[str | None] = word(40)
    paid_at: Mapped[datetime | None] = moment()
    state_seq: Mapped[int | None] = stamp()

    __table_args__ = (Index("ix_fact_payment_paid_at", "paid_at", "id"),)
