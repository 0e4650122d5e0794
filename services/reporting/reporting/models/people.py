"""Facts of what people do: activities they log and features they use."""

from datetime import date, datetime

from sqlalchemy import Date, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Id
from reporting.models.metadata import Base, key, moment, ref, stamp, word


class Activity(Base):
    """A logged call, visit, mail, meeting or note."""

    __tablename__ = "fact_activity"

    id: Mapped[str] = key()
    subject_kind: Mapped[str | None] = word(40)
    subject_id: Mapped[str | None] = ref()
    kind: Mapped[str | None] = word(20)
    by: Mapped[str | None] = ref()
    at: Mapped[datetime | None] = moment()
    state_seq: Mapped[int | None] = stamp()

    __table_args__ = (Index("ix_fact_activity_at", "at", "id"),)


class Usage(Base):
    """How often a person used a feature on a day of the company's calendar."""

    __tablename__ = "fact_usage_daily"

    user_id: Mapped[str] = mapped_column(Id, primary_key=True)
    feature: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    uses: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_fact_usage_daily_day", "day", "user_id"),)
