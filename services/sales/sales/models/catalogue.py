"""What is sold, at which price, through which stages, at which exchange rate."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Dialect, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from chassis.db import Id, Json
from chassis.ids import uuid7
from chassis.records import Record
from sales.models.metadata import Base


class ScaledDecimal(TypeDecorator[Decimal]):
    """An exact decimal(18, `scale`) kept as a whole number, so that SQLite and PostgreSQL compare alike."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, scale: int = 6):
        super().__init__()
        self.scale = scale

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(Decimal(value).scaleb(self.scale).to_integral_exact())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.scale)


class Product(Record, Base):
    """Something that can stand on a line."""

    __tablename__ = "product"
    __kind__ = "product"

    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    category: Mapped[str | None] = mapped_column(String(80))
    description: Mapped[str | None] = mapped_column(String(2000))
    unit: Mapped[str] = mapped_column(String(20), default="")
    tax_percent: Mapped[Decimal] = mapped_column(ScaledDecimal(), default=Decimal(13))
    unit_cost: Mapped[Decimal] = mapped_column(ScaledDecimal(), default=Decimal(0))
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class PriceBook(Record, Base):
    """Prices in one currency for a period; `is_default` is used when a quote names none."""

    __tablename__ = "price_book"
    __kind__ = "price_book"

    name: Mapped[str] = mapped_column(String(120))
    currency: Mapped[str] = mapped_column(String(3))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Price(Base):
    """The unit price of a product in a price book, from a quantity on (tiers)."""

    __tablename__ = "price"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    price_book_id: Mapped[str] = mapped_column(Id, ForeignKey("price_book.id", ondelete="CASCADE"))
    product_id: Mapped[str] = mapped_column(Id, ForeignKey("product.id"))
    min_quantity: Mapped[Decimal] = mapped_column(ScaledDecimal(), default=Decimal(0))
    unit_price: Mapped[Decimal] = mapped_column(ScaledDecimal())

    __table_args__ = (UniqueConstraint("price_book_id", "product_id", "min_quantity"),)


class Pipeline(Record, Base):
    """Stages in board order; their shape is in sales.gates and sales.schemas."""

    __tablename__ = "pipeline"
    __kind__ = "pipeline"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    stages: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class ExchangeRate(Base):
    """One unit of `currency` in units of the base currency, from a day on."""

    __tablename__ = "exchange_rate"

    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    rate: Mapped[Decimal] = mapped_column(ScaledDecimal(8))
