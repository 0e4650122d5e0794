"""Tables of the leads service."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis import clock
from chassis.db import NAMING, Id, Json, UtcDateTime
from chassis.ids import uuid7
from chassis.records import Record
from engines.ownership.models import Poolable

PERSONAL = {"personal": True}
HELD = text(
    "status NOT IN ('converted', 'disqualified') AND duplicate_of IS NULL"
)  # an open lead, worked on by its owner


class Base(DeclarativeBase):
    """Root of the service's own tables."""

    metadata = MetaData(naming_convention=NAMING)


class Lead(Record, Poolable, Base):
    """A person or company that might buy. `status` is kept by lifecycle.py alone."""

    __tablename__ = "lead"
    __kind__ = "lead"

    name: Mapped[str] = mapped_column(String(100), default="", info=PERSONAL)
    company: Mapped[str] = mapped_column(String(200), default="", info=PERSONAL)
    title: Mapped[str] = mapped_column(String(100), default="", info=PERSONAL)
    phones: Mapped[list[str]] = mapped_column(Json, default=list, info=PERSONAL)
    emails: Mapped[list[str]] = mapped_column(Json, default=list, info=PERSONAL)
    wechat: Mapped[str | None] = mapped_column(String(60), info=PERSONAL)
    address: Mapped[str] = mapped_column(String(300), default="", info=PERSONAL)
    message: Mapped[str] = mapped_column(Text, default="", info=PERSONAL)
    credit_code: Mapped[str | None] = mapped_column(String(18))
    source: Mapped[str] = mapped_column(String(40), default="manual")
    channel: Mapped[str | None] = mapped_column(String(40))
    campaign_id: Mapped[str | None] = mapped_column(Id)
    utm: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    referrer_url: Mapped[str | None] = mapped_column(String(1000))
    country: Mapped[str | None] = mapped_column(String(2))
    province: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(60))
    region: Mapped[str | None] = mapped_column(String(40))
    industry: Mapped[str | None] = mapped_column(String(60))
    company_size: Mapped[str | None] = mapped_column(String(20))
    product_interest: Mapped[list[str]] = mapped_column(Json, default=list)
    budget_minor: Mapped[int | None] = mapped_column(BigInteger)
    budget_currency: Mapped[str | None] = mapped_column(String(3))
    consent: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    form_key: Mapped[str | None] = mapped_column(String(60))
    import_id: Mapped[str | None] = mapped_column(Id)

    status: Mapped[str] = mapped_column(String(20), default="new")
    score: Mapped[int] = mapped_column(Integer, default=0)
    grade: Mapped[str] = mapped_column(String(1), default="D")
    duplicates: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    duplicate_of: Mapped[str | None] = mapped_column(Id)
    unassigned_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=clock.now)
    assigned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    response_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_activity_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_action_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disqualified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disqualify_reason: Mapped[str | None] = mapped_column(String(200))
    conversion: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    account_id: Mapped[str | None] = mapped_column(Id)
    contact_id: Mapped[str | None] = mapped_column(Id)
    opportunity_id: Mapped[str | None] = mapped_column(Id)

    @property
    def budget(self) -> str | None:
        """`123450 CNY`, the form schemas.Money reads."""
        return None if self.budget_minor is None else f"{self.budget_minor} {self.budget_currency}"

    @property
    def converted(self) -> str:
        """`account,contact,opportunity`, the form schemas.Converted reads."""
        return ",".join(each or "" for each in (self.account_id, self.contact_id, self.opportunity_id))

    __table_args__ = (
        Index("ix_lead_created_at_id", "created_at", "id"),
        Index("ix_lead_status_created_at_id", "status", "created_at", "id"),
        Index("ix_lead_owner_id_created_at_id", "owner_id", "created_at", "id"),
        Index("ix_lead_score_id", "score", "id"),
        Index("ix_lead_held_owner_id", "owner_id", postgresql_where=HELD, sqlite_where=HELD),
    )


class LeadKey(Base):
    """Normalised keys by which duplicates are found, see dedupe.index_keys."""

    __tablename__ = "lead_key"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    lead_id: Mapped[str] = mapped_column(Id, ForeignKey("lead.id", ondelete="CASCADE"), primary_key=True, index=True)


class Behaviour(Base):
    """Something a lead did that counts for its score."""

    __tablename__ = "behaviour"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    lead_id: Mapped[str] = mapped_column(Id, ForeignKey("lead.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    detail: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (Index("ix_behaviour_lead_id_at", "lead_id", "at"),)


class Merge(Base):
    """One merge with all it takes to undo it: both leads as they were and the rows that were moved."""

    __tablename__ = "lead_merge"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    survivor_id: Mapped[str] = mapped_column(Id, ForeignKey("lead.id"), index=True)
    merged_id: Mapped[str] = mapped_column(Id, ForeignKey("lead.id"), index=True)
    merged_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    merged_by: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any]] = mapped_column(Json, info=PERSONAL)  # {survivor: {...}, merged: {...}}
    changed: Mapped[dict[str, Any]] = mapped_column(
        Json, info=PERSONAL
    )  # {field: the survivor's value after the merge}
    conflicts: Mapped[dict[str, Any]] = mapped_column(Json, info=PERSONAL)  # {field: [kept, given up]}
    moved: Mapped[dict[str, list[str]]] = mapped_column(Json, default=dict)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Definition(Record, Base):
    """A scoring model, rule set, duplicate policy or capture form as it is in force; older versions beside it."""

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
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    published_by: Mapped[str] = mapped_column(String(64))


class RuleTurn(Base):
    """Memory of an assignment rule (last owner, today's counts); the hot row, locked last."""

    __tablename__ = "rule_turn"

    rule: Mapped[str] = mapped_column(String(60), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
