"""Records that people shared by hand: whom a record was opened to, its figures are open to as well."""

from typing import Any

from marshmallow import fields
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis.db import is_sqlite
from chassis.subscriptions import Received, Subscriptions
from engines.access.shares import Share
from engines.access.sharing import BY_HAND
from reporting.subscriptions.reading import reads

on = Subscriptions()
GROUP: dict[str, Any] = {"group": "record_shares", "kind": "projection", "tables": [Share]}
_SHARED = reads(
    required="grantee_kind grantee_id level", until=fields.AwareDateTime(load_default=None, allow_none=True)
)
_UNSHARED = reads(required="grantee_kind grantee_id")
_KEY = ("grantee_id", "subject_kind", "subject_id", "grantee_kind", "reason")


@on("*.record.shared.v1", reads=_SHARED, **GROUP)
def record_shared(session: Session, event: Received) -> None:
    """Keep the share as its own service keeps it; its id and time are the event's, so that it rebuilds the same."""
    dialect: Any = sqlite if is_sqlite(session) else postgresql
    changed = {"level": event.data["level"], "until": event.data["until"]}
    made = dialect.insert(Share).values(id=event.id, created_at=event.time, **_place(event), **changed)
    session.execute(made.on_conflict_do_update(index_elements=_KEY, set_=changed))


@on("*.record.unshared.v1", reads=_UNSHARED, **GROUP)
def record_unshared(session: Session, event: Received) -> None:
    """Forget it."""
    session.execute(delete(Share).filter_by(**_place(event)))


def _place(event: Received) -> dict[str, str]:
    kind, _slash, record_id = event.subject.partition("/")
    return {
        "subject_kind": kind,
        "subject_id": record_id,
        "grantee_kind": event.data["grantee_kind"],
        "grantee_id": event.data["grantee_id"],
        "reason": BY_HAND,
    }
