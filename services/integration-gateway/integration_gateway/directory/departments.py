"""The department tree: its closure table stays right through every move, and no move can make a circle."""

from typing import Any

from sqlalchemy import delete, exists, insert, literal, select
from sqlalchemy.orm import Session, aliased

from chassis import directory
from chassis.errors import Invalid
from chassis.events import publish
from chassis.i18n import gettext as _
from chassis.ids import uuid7
from integration_gateway.directory import users
from integration_gateway.errors import DepartmentInUse, MovedBelowItself, SecondRoot
from integration_gateway.events import DepartmentChanged, DepartmentRemoved
from integration_gateway.models import Department, DepartmentPath, User


def create(
    session: Session,
    *,
    name: str,
    parent_id: str | None,
    head_id: str | None = None,
    external_ids: dict[str, str] | None = None,
    by: str | None = None,
    id: str | None = None,
) -> Department:
    """Add a department below `parent_id`; only the first one, the company, has no parent."""
    _lock_tree(session)
    if parent_id is None:
        if session.scalar(select(exists().where(Department.parent_id.is_(None)))):
            raise SecondRoot()
    else:
        _must_exist(session, parent_id)
    department_id = id or uuid7()
    department = Department(
        id=department_id,
        department_id=department_id,
        name=name,
        parent_id=parent_id,
        head_id=head_id,
        external_ids=external_ids or {},
        created_by=by,
    )
    session.add(department)
    session.flush()
    _insert_paths(session, department.id, parent_id)
    _tell(session, department)
    return department


def change(session: Session, department: Department, **values: Any) -> Department:
    """Rename, move (`parent_id`) or give another head; the people whose headship changes are told about too."""
    _lock_tree(session)
    if "parent_id" in values and values["parent_id"] != department.parent_id:
        _move(session, department, values["parent_id"])
    head_before = department.head_id
    for name, value in values.items():
        setattr(department, name, value)
    if head_before != department.head_id:
        session.flush()
        for user_id in filter(None, (head_before, department.head_id)):
            user = session.get(User, user_id)
            if user is not None:
                users.tell(session, user)
    _tell(session, department)
    return department


def remove(session: Session, department: Department) -> None:
    """Remove a department that has neither people nor departments below it."""
    _lock_tree(session)
    below = select(exists().where(Department.parent_id == department.id))
    people = select(exists().where(User.department_id == department.id, User.active))
    if session.scalar(below) or session.scalar(people) or department.parent_id is None:
        raise DepartmentInUse()
    department_id = department.id
    session.execute(delete(DepartmentPath).where(DepartmentPath.descendant_id == department_id))
    session.delete(department)
    version = publish(session, DepartmentRemoved(department, department_id=department_id))
    directory.drop_department(session, version=version, department_id=department_id)


def subtree(session: Session, department_id: str) -> list[str]:
    """Ids of the department and all below it."""
    paths = select(DepartmentPath.descendant_id).where(DepartmentPath.ancestor_id == department_id)
    return list(session.scalars(paths.order_by(DepartmentPath.depth, DepartmentPath.descendant_id)))


def ancestors(session: Session, department_id: str) -> list[str]:
    """Ids from the department itself up to the company."""
    paths = select(DepartmentPath.ancestor_id).where(DepartmentPath.descendant_id == department_id)
    return list(session.scalars(paths.order_by(DepartmentPath.depth)))


def _move(session: Session, department: Department, parent_id: str | None) -> None:
    below = subtree(session, department.id)
    if parent_id is None or department.parent_id is None:
        raise SecondRoot()
    if parent_id in below:
        raise MovedBelowItself()
    _must_exist(session, parent_id)
    outside = DepartmentPath.ancestor_id.not_in(below)
    session.execute(delete(DepartmentPath).where(DepartmentPath.descendant_id.in_(below), outside))
    upper, lower = aliased(DepartmentPath), aliased(DepartmentPath)
    crossed = (
        select(upper.ancestor_id, lower.descendant_id, upper.depth + lower.depth + 1)
        .join(lower, lower.ancestor_id == department.id)
        .where(upper.descendant_id == parent_id)
    )
    session.execute(insert(DepartmentPath).from_select(["ancestor_id", "descendant_id", "depth"], crossed))


def _insert_paths(session: Session, department_id: str, parent_id: str | None) -> None:
    session.add(DepartmentPath(ancestor_id=department_id, descendant_id=department_id, depth=0))
    above = select(DepartmentPath.ancestor_id, literal(department_id), DepartmentPath.depth + 1).where(
        DepartmentPath.descendant_id == parent_id
    )
    session.execute(insert(DepartmentPath).from_select(["ancestor_id", "descendant_id", "depth"], above))


def _lock_tree(session: Session) -> None:
    """One change of the tree at a time: two moves that are each fine could make a circle together."""
    session.execute(select(Department.id).where(Department.parent_id.is_(None)).with_for_update()).all()


def _must_exist(session: Session, department_id: str) -> None:
    if session.get(Department, department_id) is None:
        raise Invalid(errors={"parent_id": [_("There is no such department")]})


def _tell(session: Session, department: Department) -> None:
    session.flush()
    facts: dict[str, Any] = {
        "department_id": department.id,
        "parent_id": department.parent_id,
        "name": department.name,
        "head_id": department.head_id,
    }
    version = publish(session, DepartmentChanged(department, **facts))
    directory.store_department(session, version=version, **facts)
