"""The declarative root of sales' own tables."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from chassis.db import NAMING

PERSONAL = {"personal": True}  # a column whose values erasure removes, and that travels apart in events


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
