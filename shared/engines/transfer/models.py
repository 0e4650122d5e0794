"""Tables of transfer: imports, what became of each of their rows, the keys they are matched by, and saved mappings."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.ids import uuid7

PERSONAL = {"personal": True}


class Import(Base):
    """One file taken in: rows read = created + updated + skipped + failed, at any moment.

    `status` goes draft → queued → running → done (or stopped, failed) → undo_queued → undoing → undone. `cursor` is the
    number of the last row that is settled; it moves in the transaction that settled it. `plan` is what was declared
    (dialect, fields by column, mode, key …), `caller` who started it, with what rights.
    """

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    version: Mapped[int] = mapped_column(Integer, default=1)
    kind: Mapped[str] = mapped_column(String(60))
    file_name: Mapped[str] = mapped_column(String(200), default="")
    size: Mapped[int] = mapped_column(Integer, default=0)
    format: Mapped[str] = mapped_column(String(4), default="csv")
    status: Mapped[str] = mapped_column(String(12), default="draft")
    dry_run: Mapped[bool] = mapped_column(default=False)
    plan: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    caller: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    total: Mapped[int | None] = mapped_column(Integer)
    cursor: Mapped[int] = mapped_column(Integer, default=0)
    rows: Mapped[int] = mapped_column(Integer, default=0)
    created: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[int] = mapped_column(Integer, default=0)
    skipped: Mapped[int] = mapped_column(Integer, default=0)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    undone: Mapped[int] = mapped_column(Integer, default=0)
    kept: Mapped[int] = mapped_column(Integer, default=0)
    problem: Mapped[dict[str, str] | None] = mapped_column(Json)
    stop: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_imports_created_by_created_at", "created_by", "created_at"),
        Index("ix_imports_status", "status"),
        {"info": {"branch": "engines"}},
    )


class ImportRow(Base):
    """What became of one row of a file. `version` is the record's after it, `before` what an update replaced.

    `undo` is empty, undone, or kept with the reason beside it.
    """

    __tablename__ = "import_rows"

    import_id: Mapped[str] = mapped_column(Id, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[str | None] = mapped_column(Id)
    version: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[dict[str, Any] | None] = mapped_column(Json, info=PERSONAL)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json, info=PERSONAL)
    undo: Mapped[str] = mapped_column(String(10), default="", server_default="")
    kept_because: Mapped[dict[str, Any] | None] = mapped_column(Json, info=PERSONAL)

    __table_args__ = (
        Index("ix_import_rows_outcome", "import_id", "outcome", "line"),
        Index("ix_import_rows_record_id", "record_id"),
        {"info": {"branch": "engines"}},
    )


class ImportKey(Base):
    """The records an import may find by a key that has no index of its own; collected when it starts, gone when it ends."""

    __tablename__ = "import_keys"

    import_id: Mapped[str] = mapped_column(Id, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    record_id: Mapped[str] = mapped_column(Id, primary_key=True)

    __table_args__ = ({"info": {"branch": "engines"}},)


class ImportMapping(Base):
    """A plan under a name, by heading instead of by column, so that it fits the next file of the same make."""

    __tablename__ = "import_mappings"

    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    plan: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    saved_by: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = ({"info": {"branch": "engines"}},)
