"""Accounts and the people at them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Id, Json, UtcDateTime
from chassis.records import Record
from engines.ownership.models import Poolable
from sales.models.metadata import PERSONAL, Base

TIERS = ("VIP", "A", "B", "C")


class Account(Record, Poolable, Base):
    """A company (or person) we deal with. `name_key` is the normalised name that duplicates are found by."""

    __tablename__ = "account"
    __kind__ = "account"

    name: Mapped[str] = mapped_column(String(200), info=PERSONAL)
    name_key: Mapped[str] = mapped_column(String(200), index=True, info=PERSONAL)
    legal_name: Mapped[str | None] = mapped_column(String(200), info=PERSONAL)
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True, info=PERSONAL)
    industry: Mapped[str | None] = mapped_column(String(80))
    region: Mapped[str | None] = mapped_column(String(80))
    city: Mapped[str | None] = mapped_column(String(80))
    address: Mapped[str | None] = mapped_column(String(300), info=PERSONAL)
    size: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[str | None] = mapped_column(String(80))
    tier: Mapped[str] = mapped_column(String(8), default="C")
    health: Mapped[str | None] = mapped_column(String(20))
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("account.id"))
    collaborator_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    pooled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owned_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contract_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # approved contracts, base currency
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    open_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # owed and not yet paid

    __table_args__ = (
        Index("ix_account_created", "created_at", "id"),
        Index("ix_account_owner_created", "owner_id", "created_at", "id"),
    )


class Contact(Record, Base):
    """A person at an account."""

    __tablename__ = "contact"
    __kind__ = "contact"

    account_id: Mapped[str | None] = mapped_column(Id, ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(120), info=PERSONAL)
    title: Mapped[str | None] = mapped_column(String(120), info=PERSONAL)
    decision_role: Mapped[str | None] = mapped_column(String(40))
    phones: Mapped[list[str]] = mapped_column(Json, default=list, info=PERSONAL)
    emails: Mapped[list[str]] = mapped_column(Json, default=list, info=PERSONAL)
    wechat: Mapped[str | None] = mapped_column(String(80), info=PERSONAL)
    birthday: Mapped[date | None] = mapped_column(Date, info=PERSONAL)
    lead_id: Mapped[str | None] = mapped_column(Id)

    __table_args__ = (Index("ix_contact_created", "created_at", "id"),)


DECISION_ROLES = ("decision_maker", "influencer", "user", "purchaser", "gatekeeper", "other")
