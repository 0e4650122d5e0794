"""One table."""

from sqlalchemy import Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.db import NAMING


class Base(DeclarativeBase):
    """Root of the service's tables."""

    metadata = MetaData(naming_convention=NAMING)


class Greeting(Base):
    """What somebody said."""

    __tablename__ = "greeting"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    text: Mapped[str] = mapped_column(String(100))
