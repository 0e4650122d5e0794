"""The columns every business record has, and the change set of one save."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from chassis import clock
from chassis.db import Id, Json, UtcDateTime
from chassis.ids import uuid7


class Record:
    """Mixin of a business record: identity, version (optimistic lock), ownership and custom values.

    A class that uses it sets `__kind__` ("lead"), the noun of its events' subjects, its number series and access rules.
    """

    __kind__: str

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    number: Mapped[str | None] = mapped_column(String(40), index=True)
    external_ids: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now)
    created_by: Mapped[str | None] = mapped_column(String(64))
    owner_id: Mapped[str | None] = mapped_column(Id, index=True)
    department_id: Mapped[str | None] = mapped_column(Id)
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    custom: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy calls it with the class
        return {"version_id_col": cls.__table__.c.version if hasattr(cls, "__table__") else cls.version}
