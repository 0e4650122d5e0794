"""The declarative root of reporting's own tables, and the column shapes they share."""

from datetime import datetime

from sqlalchemy import BigInteger, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.db import NAMING, Id, UtcDateTime


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


def key() -> Mapped[str]:
    """The id of the record a row tells of."""
    return mapped_column(Id, primary_key=True)


def ref() -> Mapped[str | None]:
    """The id of another record or person."""
    return mapped_column(Id)


def word(length: int = 60) -> Mapped[str | None]:
    """A short text such as a status."""
    return mapped_column(String(length))


def moment() -> Mapped[datetime | None]:
    """A time something happened, empty until it has."""
    return mapped_column(UtcDateTime)


def stamp() -> Mapped[int | None]:
    """Sequence of the event a group of columns was taken from; an older event never overwrites a newer one."""
    return mapped_column(BigInteger)


def minor() -> Mapped[int | None]:
    """An amount in minor units."""
    return mapped_column(BigInteger)
