"""Roles: what their holders may do, per object, in the shape engines.access reads."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import directory
from chassis.events import publish
from integration_gateway import networks
from integration_gateway.errors import RoleInUse, RoleTaken, ShippedRole
from integration_gateway.events import RoleChanged, RoleRemoved
from integration_gateway.models import ApiClient, Role, User

SCOPES = ("none", "own", "team", "department_tree", "all")
FIELD_RULES = ("edit", "read", "mask", "none")


def create(session: Session, *, key: str, name: dict[str, str], by: str | None = None, **values: Any) -> Role:
    """Add a role; its key never changes."""
    if session.scalar(select(Role).where(Role.key == key)) is not None:
        raise RoleTaken()
    role = Role(key=key, name=name, created_by=by, **_checked(values))
    session.add(role)
    tell(session, role)
    return role


def change(session: Session, role: Role, **values: Any) -> Role:
    """Change what a role grants: in force in every service as soon as it hears of it."""
    if role.key == "admin" and "grants" in values and values["grants"] != role.grants:
        raise ShippedRole()
    for field, value in _checked(values).items():
        setattr(role, field, value)
    tell(session, role)
    return role


def remove(session: Session, role: Role) -> None:
    """Remove a role that nobody holds."""
    if role.shipped:
        raise ShippedRole()
    held = [*session.scalars(select(User.roles)), *session.scalars(select(ApiClient.roles))]
    if any(role.key in keys for keys in held):
        raise RoleInUse()
    key = role.key
    session.delete(role)
    version = publish(session, RoleRemoved(role, key=key))
    directory.drop_role(session, version=version, key=key)


def tell(session: Session, role: Role) -> None:
    """Publish the role as it is now; the gateway's own replica is written along."""
    facts: dict[str, Any] = {"key": role.key, "name": role.name, "grants": role.grants}
    version = publish(session, RoleChanged(role, **facts))
    directory.store_role(session, version=version, **facts)


def networks_of(session: Session, keys: list[str]) -> list[list[str]]:
    """The allow-lists of these roles; a person must be inside every one that is not empty."""
    return list(session.scalars(select(Role.allowed_networks).where(Role.key.in_(keys))))


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if "allowed_networks" in values:
        values["allowed_networks"] = [networks.parse(text) for text in values["allowed_networks"]]
    return values
