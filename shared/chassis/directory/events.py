"""How the gateway's events fill the replica; each change says at which event it stands."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.directory.tables import (
    TABLES,
    DirectoryContact,
    DirectoryDepartment,
    DirectoryRevocation,
    DirectoryRole,
    DirectoryState,
    DirectoryUser,
)
from chassis.subscriptions import Received, Subscriptions

KEEP_REVOCATIONS = timedelta(days=40)  # longer than any session lives
on = Subscriptions()


class UserChanged(Schema):
    user_id = fields.String(required=True)
    name = fields.String(load_default="")
    email = fields.String(load_default="", allow_none=True)
    locale = fields.String(load_default="en", allow_none=True)
    department_id = fields.String(load_default=None, allow_none=True)
    is_head = fields.Boolean(load_default=False)
    roles = fields.List(fields.String(), load_default=list)
    active = fields.Boolean(load_default=True)
    absent = fields.Boolean(load_default=False)
    epoch = fields.Integer(load_default=0)
    allowed_networks = fields.List(fields.String(), load_default=list)


class DepartmentChanged(Schema):
    department_id = fields.String(required=True)
    parent_id = fields.String(load_default=None, allow_none=True)
    name = fields.String(load_default="")
    head_id = fields.String(load_default=None, allow_none=True)


class RoleChanged(Schema):
    key = fields.String(required=True)
    name = fields.Dict(load_default=dict)
    grants = fields.Dict(load_default=dict)
    allowed_networks = fields.List(fields.String(), load_default=list)


class DepartmentRemoved(Schema):
    department_id = fields.String(required=True)


class RoleRemoved(Schema):
    key = fields.String(required=True)


class SessionRevoked(Schema):
    session_id = fields.String(load_default=None, allow_none=True)
    user_id = fields.String(load_default=None, allow_none=True)
    epoch = fields.Integer(load_default=None, allow_none=True)


class DemoDataRemoved(Schema):
    removed = fields.Dict(load_default=dict)


@on("gateway.user.changed.v1", group="directory", kind="projection", reads=UserChanged, tables=TABLES)
def user_changed(session: Session, event: Received) -> None:
    store_user(session, version=event.id, **event.data)


@on("gateway.department.changed.v1", group="directory", kind="projection", reads=DepartmentChanged, tables=TABLES)
def department_changed(session: Session, event: Received) -> None:
    store_department(session, version=event.id, **event.data)


@on("gateway.role.changed.v1", group="directory", kind="projection", reads=RoleChanged, tables=TABLES)
def role_changed(session: Session, event: Received) -> None:
    store_role(session, version=event.id, **event.data)


@on("gateway.department.removed.v1", group="directory", kind="projection", reads=DepartmentRemoved, tables=TABLES)
def department_removed(session: Session, event: Received) -> None:
    drop_department(session, version=event.id, **event.data)


@on("gateway.role.removed.v1", group="directory", kind="projection", reads=RoleRemoved, tables=TABLES)
def role_removed(session: Session, event: Received) -> None:
    drop_role(session, version=event.id, **event.data)


@on("gateway.session.revoked.v1", group="directory", kind="projection", reads=SessionRevoked, tables=TABLES)
def session_revoked(session: Session, event: Received) -> None:
    revoke(session, version=event.id, at=event.time, **event.data)


@on("gateway.demo_data.removed.v1", group="directory", kind="projection", reads=DemoDataRemoved, tables=TABLES)
def demo_data_removed(session: Session, event: Received) -> None:
    gone = event.data["removed"]
    session.execute(delete(DirectoryUser).where(DirectoryUser.id.in_(gone.get("user", []))))
    session.execute(delete(DirectoryDepartment).where(DirectoryDepartment.id.in_(gone.get("department", []))))
    _stand_at(session, event.id)


def store_user(session: Session, *, version: str, user_id: str, epoch: int = 0, **values: Any) -> None:
    """Insert or overwrite a person; an epoch never goes back."""
    values = {name: value for name, value in values.items() if value is not None or name == "department_id"}
    user = session.get(DirectoryUser, user_id)
    if user is None:
        user = DirectoryUser(id=user_id, epoch=0)
        session.add(user)
    for name, value in values.items():
        setattr(user, name, value)
    user.epoch = max(user.epoch, epoch)
    _stand_at(session, version)


def store_department(
    session: Session, *, version: str, department_id: str, parent_id: str | None = None, name: str = "",
    head_id: str | None = None,
) -> None:  # fmt: skip
    """Insert or overwrite a department and renew the paths of all below it; children may arrive before parents."""
    session.merge(DirectoryDepartment(id=department_id, parent_id=parent_id, name=name, head_id=head_id, path=""))
    session.flush()
    everyone = {item.id: item for item in session.scalars(select(DirectoryDepartment))}
    for item in everyone.values():
        item.path = "/" + "/".join(_ancestry(everyone, item.id)) + "/"
    _stand_at(session, version)


def store_role(
    session: Session, *, version: str, key: str, name: Mapping[str, str] | None = None,
    grants: Mapping[str, Any] | None = None, allowed_networks: Iterable[str] = (),
) -> None:  # fmt: skip
    """Insert or overwrite a role."""
    session.merge(
        DirectoryRole(
            key=key, name=dict(name or {}), grants=dict(grants or {}), allowed_networks=list(allowed_networks)
        )
    )
    _stand_at(session, version)


def drop_department(session: Session, *, version: str, department_id: str) -> None:
    """Forget a department; it had none below it."""
    session.execute(delete(DirectoryDepartment).where(DirectoryDepartment.id == department_id))
    _stand_at(session, version)


def drop_role(session: Session, *, version: str, key: str) -> None:
    """Forget a role that nobody held."""
    session.execute(delete(DirectoryRole).where(DirectoryRole.key == key))
    _stand_at(session, version)


def revoke(
    session: Session, *, version: str, at: datetime, session_id: str | None = None, user_id: str | None = None,
    epoch: int | None = None,
) -> None:  # fmt: skip
    """End one session, or with `user_id` every session and token of an epoch below `epoch`."""
    if session_id:
        session.merge(DirectoryRevocation(session_id=session_id, revoked_at=at))
        session.execute(delete(DirectoryRevocation).where(DirectoryRevocation.revoked_at < at - KEEP_REVOCATIONS))
    if user_id and epoch is not None:
        user = session.get(DirectoryUser, user_id)
        if user is None:  # its own event comes later; the epoch must not be lost until then
            session.add(DirectoryUser(id=user_id, epoch=epoch, active=False))
        else:
            user.epoch = max(user.epoch, epoch)
    _stand_at(session, version)


def heard(session: Session) -> None:
    """Note that the directory's log has just been read to its end: the replica is current as of now."""
    session.merge(DirectoryContact(id=1, heard_at=clock.now()))


def _stand_at(session: Session, version: str) -> None:
    session.merge(DirectoryState(id=1, version=version))
    session.flush()


def _ancestry(everyone: Mapping[str, Any], department_id: str) -> list[str]:
    """Ids from the top down to the department; a loop, which only a mistake upstream can make, is cut."""
    line: list[str] = []
    step: str | None = department_id
    while step is not None and step in everyone and step not in line:
        line.append(step)
        step = everyone[step].parent_id
    return line[::-1]
