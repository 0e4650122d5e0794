"""Tables of forms: the form of each kind of record with its versions, and the values that must differ between records."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.records import Record

_BRANCH = {"info": {"branch": "engines"}}


class Form(Record, Base):
    """The company's own fields of a kind of record, as they are in force; `own` where the kind itself is the company's."""

    __tablename__ = "forms"
    __kind__ = "form"

    subject_kind: Mapped[str] = mapped_column(String(60), unique=True)
    own: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    title: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    body: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (_BRANCH,)


class FormVersion(Base):
    """A published version; never changed."""

    __tablename__ = "form_versions"
    __table_args__ = _BRANCH

    form_id: Mapped[str] = mapped_column(Id, ForeignKey("forms.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    published_by: Mapped[str] = mapped_column(String(64))


class UniqueValue(Base):
    """Who has a value that only one record may have; `digest` is the SHA-256 of what must differ."""

    __tablename__ = "unique_values"

    subject_kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    field: Mapped[str] = mapped_column(String(60), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject_id: Mapped[str] = mapped_column(Id)

    __table_args__ = (Index("ix_unique_values_subject", "subject_kind", "subject_id"), _BRANCH)
