"""Tables of files: what a record has, and the content behind it."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.db import Base, Id, UtcDateTime
from chassis.ids import uuid7


class Blob(Base):
    """Content in the store, known by its SHA-256. A doomed one is on its way out and is never used again."""

    __tablename__ = "blobs"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    doomed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_blobs_sha256", "sha256", unique=True, postgresql_where=text("doomed_at IS NULL"),
            sqlite_where=text("doomed_at IS NULL"),
        ),
        Index("ix_blobs_touched_at", "touched_at"),
        {"info": {"branch": "engines"}},
    )  # fmt: skip

    @property
    def key(self) -> str:
        """Its name in the store. The id in it keeps a new upload apart from the same content just being removed."""
        return f"{self.sha256[:2]}/{self.sha256}-{self.id}"


class Attachment(Base):
    """A file of a record, under the name it came with."""

    __tablename__ = "attachments"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    blob_id: Mapped[str] = mapped_column(Id, ForeignKey("blobs.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), info={"personal": True})
    by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        Index("ix_attachments_subject", "subject_kind", "subject_id", "created_at", "id"),
        {"info": {"branch": "engines"}},
    )

    @property
    def subject(self) -> str:
        return f"{self.subject_kind}/{self.subject_id}"
