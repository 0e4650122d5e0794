"""A gadget, with every kind of column that paging must handle."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, Integer, MetaData, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.db import NAMING
from chassis.records import Record


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Gadget(Record, Base):
    __tablename__ = "gadgets"
    __table_args__ = (CheckConstraint("size >= 0", name="size"),)
    __kind__ = "gadget"

    name: Mapped[str] = mapped_column(String(80))
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    size: Mapped[int] = mapped_column(Integer, default=0)
    score: Mapped[int | None] = mapped_column(Integer)
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    built_on: Mapped[date | None] = mapped_column(Date)
