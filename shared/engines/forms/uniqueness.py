"""Values only one record may have: claimed in a table of their own, so that the database decides between two at once."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis.db import is_sqlite
from engines.fields import Spec
from engines.forms.models import UniqueValue


def digest(spec: Spec, stored: Any) -> str:
    """What stands for a value in the table."""
    return hashlib.sha256(spec.kind.unique_key(spec, stored).encode()).hexdigest()


def claim(session: Session, kind: str, record_id: str, spec: Spec, stored: Any) -> str | None:
    """Take a value for a record, giving up the one it had; the id of the record that has it already, else None."""
    session.execute(
        delete(UniqueValue).where(
            UniqueValue.subject_kind == kind, UniqueValue.field == spec.key, UniqueValue.subject_id == record_id
        )
    )
    if stored is None:
        return None
    dialect: Any = sqlite if is_sqlite(session) else postgresql
    row = {"subject_kind": kind, "field": spec.key, "digest": digest(spec, stored), "subject_id": record_id}
    taken = session.execute(
        dialect.insert(UniqueValue).values(row).on_conflict_do_nothing().returning(UniqueValue.subject_id)
    ).scalar_one_or_none()
    if taken is not None:
        return None
    return session.scalars(
        select(UniqueValue.subject_id).where(
            UniqueValue.subject_kind == kind, UniqueValue.field == spec.key, UniqueValue.digest == row["digest"]
        )
    ).first()


def release(session: Session, kind: str, record_id: str) -> None:
    """Give up all a record has."""
    session.execute(delete(UniqueValue).where(UniqueValue.subject_kind == kind, UniqueValue.subject_id == record_id))


def claim_all(session: Session, kind: str, spec: Spec, values: Iterable[tuple[str, Any]]) -> None:
    """Take the values of all records of a kind when a field becomes unique; there are no twins among them."""
    drop(session, kind, spec.key)
    rows: list[Mapping[str, Any]] = []
    for record_id, stored in values:
        rows.append({"subject_kind": kind, "field": spec.key, "digest": digest(spec, stored), "subject_id": record_id})
        if len(rows) == 1000:
            session.execute(UniqueValue.__table__.insert(), rows)  # type: ignore[attr-defined]
            rows = []
    if rows:
        session.execute(UniqueValue.__table__.insert(), rows)  # type: ignore[attr-defined]


def drop(session: Session, kind: str, field: str) -> None:
    """Forget the values of a field that is unique no more."""
    session.execute(delete(UniqueValue).where(UniqueValue.subject_kind == kind, UniqueValue.field == field))
