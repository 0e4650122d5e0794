"""Metrics and dashboards people made beside the shipped ones."""

from typing import Any

from sqlalchemy import Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Json
from chassis.records import Record
from reporting.models.metadata import Base


class MetricDefinition(Record, Base):
    """A metric made by somebody; `body` is the definition, `revision` counts its versions."""

    __tablename__ = "metric"
    __kind__ = "metric"

    key: Mapped[str] = mapped_column(String(60))
    revision: Mapped[int] = mapped_column(Integer, default=1)
    body: Mapped[dict[str, Any]] = mapped_column(Json)

    __table_args__ = (UniqueConstraint("key"),)


class Dashboard(Record, Base):
    """A dashboard made by somebody; `shared` lets everyone with dashboards open it."""

    __tablename__ = "dashboard"
    __kind__ = "dashboard"

    key: Mapped[str] = mapped_column(String(60))
    shared: Mapped[bool] = mapped_column(default=False)
    body: Mapped[dict[str, Any]] = mapped_column(Json)

    __table_args__ = (UniqueConstraint("key"),)
