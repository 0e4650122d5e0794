"""Roles: what their holders may do, per object, in the shape engines.access reads; from where; and with what proof."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock, directory, networks
from chassis.directory import EVERYONE
from chassis.events import publish
from integration_gateway.directory import kinds, users
from integration_gateway.errors import RoleInUse, RoleTaken, ShippedRole
from integration_gateway.events import RoleChanged, RoleRemoved
from integration_gateway.models import ApiClient, Credential, LogInSession, Role, User

SCOPES = ("none", "own", "team", "department_tree", "all")
FIELD_RULES = ("edit", "read", "mask", "none")
_GRANT_FREE = ("admin", EVERYONE)  # the one grants everything, the other nothing, whatever its row says


def create(session: Session, *, key: str, name: dict[str, str], by: str | None = None, **values: Any) -> Role:
    """Add a role; its key never changes."""
    if session.scalar(select(Role).where(Role.key == key)) is not None:
        raise RoleTaken()
    role = Role(key=key, name=name, created_by=by, **_checked(values))
    session.add(role)
    tell(session, role)
    return role


def change(session: Session, role: Role, **values: Any) -> Role:
    """Change a role: in force in every service as soon as it hears of it.

    When its holders must use a second factor from now on, those logged in without one have to log in again.
    """
    if role.key in _GRANT_FREE and values.get("grants", role.grants) != role.grants:
        raise ShippedRole()
    asks_more = values.get("second_factor", False) and not role.second_factor
    for field, value in _checked(values).items():
        setattr(role, field, value)
    tell(session, role)
    if asks_more:
        _log_out_without_code(session, role)
    return role


def grant(session: Session, role: Role, kind: str, granted: dict[str, Any] | None) -> Role:
    """Replace what the role grants on one kind; None takes the kind out, so that `*` counts for it."""
    kept = {name: each for name, each in role.grants.items() if name != kind}
    return change(session, role, grants=kept if granted is None else {**kept, kind: granted})


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
    facts: dict[str, Any] = {
        "key": role.key,
        "name": role.name,
        "grants": role.grants or {},
        "allowed_networks": role.allowed_networks or [],
    }
    version = publish(session, RoleChanged(role, **facts, second_factor=bool(role.second_factor)))
    directory.store_role(session, version=version, **facts)


def networks_of(session: Session, keys: Iterable[str]) -> list[list[str]]:
    """The allow-lists of these roles and of the company; a person must be inside every one that is not empty."""
    return list(session.scalars(select(Role.allowed_networks).where(Role.key.in_((*keys, EVERYONE)))))


def asks_second_factor(session: Session, keys: Iterable[str]) -> bool:
    """Whether one of these roles, or the company, wants a second factor."""
    asking = select(Role.key).where(Role.key.in_((*keys, EVERYONE)), Role.second_factor)
    return session.scalar(asking.limit(1)) is not None


def holders(session: Session, role: Role) -> list[User]:
    """The active people who hold the role; everybody holds EVERYONE."""
    everyone = session.scalars(select(User).where(User.active).order_by(User.name))
    return [user for user in everyone if role.key == EVERYONE or role.key in user.roles]


def _log_out_without_code(session: Session, role: Role) -> None:
    alive = select(LogInSession.user_id).where(
        LogInSession.revoked_at.is_(None), LogInSession.expires_at > clock.now(), LogInSession.second_factor.is_(False)
    )
    weak = set(session.scalars(alive)) | set(
        session.scalars(select(Credential.user_id).where(Credential.otp_confirmed_at.is_(None)))
    )
    for user in holders(session, role):
        if user.id in weak:
            users.log_out_everywhere(session, user)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if "allowed_networks" in values:
        values["allowed_networks"] = [networks.parse(text) for text in values["allowed_networks"]]
    if "grants" in values:
        kinds.check_grants(values["grants"])
    return values
