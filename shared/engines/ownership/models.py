"""Tables of ownership: definitions with their versions, the ledger of claims, who owned what, hand-overs on their way."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.ids import uuid7
from chassis.records import Record

_BRANCH = {"info": {"branch": "engines"}}


class Poolable:
    """Mixin of a record that may lie in a pool: which, what protects it, and when it is taken back. Since when it has
    been owned or in the pool is in columns the service names (ownable.Ownable).

    `reclaim` holds what `next_reclaim_at` rests on: rule, pool, paused (what pauses it), resumed_at, not_before.
    """

    pool: Mapped[str | None] = mapped_column(String(60))
    protected_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_activity_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_reclaim_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    reclaim: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class PoolRule(Record, Base):
    """A pool of one kind of record, or how many of them people may hold, as it is in force."""

    __tablename__ = "pool_rules"
    __kind__ = "pool_rule"

    subject_kind: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(20))  # pool | holding
    key: Mapped[str] = mapped_column(String(60))
    title: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(default=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (UniqueConstraint("subject_kind", "purpose", "key"), _BRANCH)


class PoolRuleVersion(Base):
    """A published version; never changed."""

    __tablename__ = "pool_rule_versions"
    __table_args__ = _BRANCH

    rule_id: Mapped[str] = mapped_column(Id, ForeignKey("pool_rules.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    active: Mapped[bool] = mapped_column(default=True)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    published_by: Mapped[str] = mapped_column(String(64))


class Claim(Base):
    """One claim that was made. It stays when the record is given back: limits count claims, not records held."""

    __tablename__ = "claim_ledger"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    person_id: Mapped[str] = mapped_column(Id)
    pool: Mapped[str] = mapped_column(String(60))
    day: Mapped[date] = mapped_column(Date)  # of the company's zone
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        Index("ix_claim_ledger_person", "person_id", "subject_kind", "pool", "day"),
        Index("ix_claim_ledger_subject", "subject_kind", "subject_id"),
        _BRANCH,
    )


class Turnstile(Base):
    """One row per person and kind, locked while he takes or is given something, so that limits hold in parallel."""

    __tablename__ = "ownership_turnstiles"
    __table_args__ = _BRANCH

    person_id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    passed: Mapped[int] = mapped_column(Integer, default=0)


class OwnerChange(Base):
    """A record went from one owner (or pool) to another: how, by whom, why."""

    __tablename__ = "owner_history"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    from_id: Mapped[str | None] = mapped_column(Id)
    to_id: Mapped[str | None] = mapped_column(Id)
    from_pool: Mapped[str | None] = mapped_column(String(60))
    to_pool: Mapped[str | None] = mapped_column(String(60))
    how: Mapped[str] = mapped_column(String(20))  # claim, hand, rule, release, reclaim, hand_over, protect …
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300), default="", info={"personal": True})
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        Index("ix_owner_history_subject", "subject_kind", "subject_id", "id"),
        Index("ix_owner_history_from", "from_id", "subject_kind", "at"),
        _BRANCH,
    )


class HandOver(Base):
    """This service's part in handing a leaver's records to successors; `moved` and `refused` per kind are its report."""

    __tablename__ = "hand_over_parts"
    __table_args__ = _BRANCH

    id: Mapped[str] = mapped_column(Id, primary_key=True)  # of the hand-over at the directory
    leaver_id: Mapped[str] = mapped_column(Id)
    successors: Mapped[dict[str, str]] = mapped_column(Json)  # kind → person, "*" for every other kind
    requested_by: Mapped[str] = mapped_column(String(64))
    moved: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    refused: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
