"""Giving a record to another owner."""

from typing import Any

from sqlalchemy.orm import Session

from chassis import directory
from chassis.i18n import both
from engines import timeline
from engines.notifications import notify
from sales.errors import UnknownReference


def hand_over(session: Session, record: Any, *, owner_id: str, label: str) -> None:
    """Set owner and department, move the open tasks along and tell the new owner; the caller publishes."""
    person = directory.snapshot(session).users.get(owner_id)
    if person is None or not person.active:
        raise UnknownReference(errors={"owner_id": [str(UnknownReference.title)]})
    if record.owner_id == owner_id:
        return
    record.owner_id = owner_id
    record.department_id = person.department_id or record.department_id
    subject = f"{record.__kind__}/{record.id}"
    timeline.reassign_tasks(session, subject_kind=record.__kind__, subject_id=record.id, to=owner_id)
    plural = {"opportunity": "opportunities"}.get(record.__kind__, f"{record.__kind__}s")
    notify(
        session,
        to=[owner_id],
        key=f"{record.__kind__}_assigned",
        title=both("%(name)s is yours now", name=label),
        link=f"/sales/{plural}/{record.id}",
        subject=subject,
    )


def people(session: Session) -> list[tuple[str, str]]:
    """Active people (id, name) a record may be given to, by name."""
    users = directory.snapshot(session).users.values()
    return sorted(((user.id, user.name) for user in users if user.active), key=lambda pair: pair[1])
