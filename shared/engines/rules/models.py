"""Tables of automation rules: what is in force, its versions, where the log was read to, how often each ran in an hour."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.records import Record

_BRANCH = {"info": {"branch": "engines"}}


class AutomationRule(Record, Base):
    """A rule as it is in force; `place` orders those that hear of the same change."""

    __tablename__ = "automation_rules"
    __kind__ = "automation_rule"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    subject_kind: Mapped[str] = mapped_column(String(60))
    title: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    place: Mapped[int] = mapped_column(Integer, default=100)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    since: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # active from then on; what happened before is not its business
    body: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = _BRANCH


class AutomationRuleVersion(Base):
    """A published version; never changed."""

    __tablename__ = "automation_rule_versions"
    __table_args__ = _BRANCH

    rule_id: Mapped[str] = mapped_column(Id, ForeignKey("automation_rules.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    published_by: Mapped[str] = mapped_column(String(64))


class AutomationCursor(Base):
    """One row: up to where rules have read the service's own log."""

    __tablename__ = "automation_cursor"
    __table_args__ = _BRANCH

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)


class AutomationUse(Base):
    """How often a rule acted in an hour, for its bound."""

    __tablename__ = "automation_use"
    __table_args__ = _BRANCH

    rule_id: Mapped[str] = mapped_column(Id, ForeignKey("automation_rules.id", ondelete="CASCADE"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    acted: Mapped[int] = mapped_column(Integer, default=0)
