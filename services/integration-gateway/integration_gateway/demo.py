"""The demo data of all services: which still hold some, and its removal at an administrator's word."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from chassis.events import publish
from chassis.seeding import DemoRecord
from chassis.subscriptions import Received
from integration_gateway.directory import departments, users
from integration_gateway.errors import NoOwnAdministrator, NothingToRemove
from integration_gateway.events import DemoDataRemovalRequested
from integration_gateway.models import Credential, DemoData, Department, Notification, User, WorkItem


def states(session: Session) -> list[DemoData]:
    """What each service said of its demo data, by name."""
    return list(session.scalars(select(DemoData).order_by(DemoData.service)))


def own_administrator(session: Session, *, besides: Sequence[str] = ()) -> User | None:
    """An administrator who is no part of the demo and can log in; None when there is none."""
    demo = select(DemoRecord.id).where(DemoRecord.kind == "user")
    ready = (
        select(User)
        .join(Credential, Credential.user_id == User.id)
        .where(User.active, User.id.not_in(demo), User.id.not_in(besides), Credential.password_hash.is_not(None))
        .order_by(User.id)
    )
    return next((user for user in session.scalars(ready) if users.ADMINISTRATOR in user.roles), None)


def request_removal(session: Session, *, by: str) -> None:
    """Ask every service to remove its demo data; somebody must be left who can look after the system."""
    if not any(state.loaded_at and not state.removed_at for state in states(session)):
        raise NothingToRemove()
    if own_administrator(session) is None:
        raise NoOwnAdministrator()
    publish(session, DemoDataRemovalRequested(subject="demo_data/all", requested_by=by))


def unseed(session: Session, marked: dict[str, set[str]]) -> None:
    """Roles stay; so do departments in which people of the company's own are, and those above them.

    Without an administrator of its own the company keeps the demo's: nobody shall be locked out.
    """
    marked.pop("role", None)
    if own_administrator(session) is None:
        admins = {user.id for user in session.scalars(select(User)) if users.ADMINISTRATOR in user.roles}
        marked["user"] = marked.get("user", set()) - admins
    leaving, going = marked.get("user", set()), marked.get("department", set())
    needed = set(
        session.scalars(
            select(User.department_id).where(User.department_id.is_not(None), User.id.not_in(leaving)).distinct()
        )
    )
    needed |= set(session.scalars(select(Department.parent_id).where(Department.id.not_in(going))))
    for department_id in [each for each in needed if each is not None]:
        going.difference_update(departments.ancestors(session, department_id))
    for department in session.scalars(select(Department).where(Department.head_id.in_(leaving))).all():
        if department.id not in going:
            departments.change(session, department, head_id=None)
    marked["department"] = going
    session.execute(delete(Notification).where(Notification.user_id.in_(leaving)))


def loaded(session: Session, event: Received) -> None:
    """Project that a service filled itself with demo data."""
    session.merge(DemoData(service=event.source, loaded_at=event.time, records=event.data["records"], removed={}))


def requested(session: Session, event: Received) -> None:
    """Project that the removal was asked for."""
    for state in states(session):
        if state.removed_at is None:
            state.requested_at, state.requested_by = event.time, event.data["requested_by"]


def removed(session: Session, event: Received) -> None:
    """Project that a service removed its demo data, or what it still kept about another one's."""
    state = session.get(DemoData, event.source) or DemoData(service=event.source, records={}, removed={})
    counts = dict(state.removed or {})
    for kind, ids in event.data["removed"].items():
        counts[kind] = counts.get(kind, 0) + len(ids)
    state.removed, state.removed_at = counts, state.removed_at or event.time
    session.add(state)


def forget_work(session: Session, event: Received) -> None:
    """No work is left for people or about records that are gone."""
    gone = event.data["removed"]
    about = [f"{kind}/{one}" for kind, ids in gone.items() for one in ids]
    for start in range(0, len(about), 400):
        session.execute(delete(WorkItem).where(WorkItem.subject.in_(about[start : start + 400])))
    tasks = [one for name in ("tasks", "approval_task") for one in gone.get(name, ())]
    session.execute(delete(WorkItem).where(WorkItem.source == event.source, WorkItem.task_id.in_(tasks)))
    if event.source == "gateway":
        session.execute(delete(WorkItem).where(WorkItem.assignee_id.in_(gone.get("user", ()))))


def anything_left(session: Session) -> bool:
    """Whether demo data is here or on its way out."""
    here = select(exists().where(DemoData.loaded_at.is_not(None), DemoData.removed_at.is_(None)))
    return bool(session.scalar(here))
