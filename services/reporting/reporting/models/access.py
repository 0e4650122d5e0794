"""Whose a record is: what the access predicate needs to know of it, whichever service it lives in."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Id, Json
from reporting.models.metadata import Base, ref, stamp, word


class RecordAccess(Base):
    """Owner, department and collaborators of one record, as last heard."""

    __tablename__ = "record_access"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner_id: Mapped[str | None] = ref()
    department_id: Mapped[str | None] = ref()
    collaborator_ids: Mapped[list[str] | None] = mapped_column(Json)
    region: Mapped[str | None] = word(80)
    pool: Mapped[str | None] = word(80)
    seq: Mapped[int | None] = stamp()

    __table_args__ = (
        Index("ix_record_access_owner_id_kind", "owner_id", "kind"),
        Index("ix_record_access_department_id_kind", "department_id", "kind"),
    )
