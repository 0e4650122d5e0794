"""Out of office: periods in which a substitute is asked instead. Tasks that are open already stay where they are."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals.events import DelegationChanged
from approvals.models import Delegation
from chassis import clock, directory
from chassis.caller import Caller
from chassis.errors import Invalid, NotFound
from chassis.events import publish
from chassis.i18n import gettext as _


def delegate(
    session: Session, *, caller: Caller, user_id: str, substitute_id: str, begins_at: datetime, ends_at: datetime,
    reason: str = "",
) -> Delegation:  # fmt: skip
    """Have `substitute_id` asked instead of `user_id` for a while; Invalid for oneself, unknown people or a past period."""
    people = directory.snapshot(session).users
    errors: dict[str, list[str]] = {}
    if substitute_id == user_id:
        errors["substitute_id"] = [_("Somebody else must stand in.")]
    elif substitute_id not in people or not people[substitute_id].active:
        errors["substitute_id"] = [_("There is no such person.")]
    if user_id not in people:
        errors["user_id"] = [_("There is no such person.")]
    if ends_at <= begins_at or ends_at <= clock.now():
        errors["ends_at"] = [_("Must end after it begins, and not in the past.")]
    if errors:
        raise Invalid(errors=errors)
    made = Delegation(
        user_id=user_id, substitute_id=substitute_id, begins_at=begins_at, ends_at=ends_at, reason=reason[:200],
        created_by=caller.id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _tell(session, made, active=True)
    return made


def end(session: Session, delegation_id: str, *, user_id: str | None) -> None:
    """Take a delegation back, at once; NotFound unless it is the person's own (`user_id` None: anybody's)."""
    found = session.get(Delegation, delegation_id, with_for_update=True)
    if found is None or (user_id is not None and found.user_id != user_id):
        raise NotFound()
    _tell(session, found, active=False)
    session.delete(found)


def current(session: Session, *, user_id: str | None = None) -> list[Delegation]:
    """Delegations that are not over: one person's, or everybody's; by when they begin."""
    wanted = select(Delegation).where(Delegation.ends_at > clock.now()).order_by(Delegation.begins_at, Delegation.id)
    return list(session.scalars(wanted.where(Delegation.user_id == user_id) if user_id else wanted))


def _tell(session: Session, delegation: Delegation, *, active: bool) -> None:
    publish(
        session,
        DelegationChanged(
            subject=f"delegation/{delegation.id}", delegation_id=delegation.id, user_id=delegation.user_id,
            substitute_id=delegation.substitute_id, begins_at=delegation.begins_at, ends_at=delegation.ends_at,
            active=active,
        ),
    )  # fmt: skip
