"""People: joining, changes, leaving. Whatever narrows what a person may do ends what they hold at once."""

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis import directory, networks
from chassis.directory import EVERYONE
from chassis.errors import Invalid
from chassis.events import publish
from chassis.i18n import gettext as _
from chassis.ids import uuid7
from integration_gateway import sessions
from integration_gateway.errors import EmailTaken, LastAdministrator, UnknownRole
from integration_gateway.events import UserChanged
from integration_gateway.models import Credential, Department, Role, User

ADMINISTRATOR = "admin"


def create(
    session: Session, *, name: str, email: str, by: str | None = None, id: str | None = None, **values: Any
) -> User:
    """Add a person; they can log in once they have chosen a password."""
    user_id = id or uuid7()
    values = {"active": True} | _checked(session, values | {"email": email})
    user = User(id=user_id, owner_id=user_id, name=name, created_by=by, epoch=1, **values)
    session.add(user)
    session.flush()
    session.add(Credential(user_id=user.id, otp_last_step=0))
    tell(session, user)
    return user


def change(session: Session, user: User, **values: Any) -> User:
    """Change a person. Leaving (`active=False`) and a change of roles raise the epoch: their tokens die at once."""
    values = _checked(session, values, user)
    if user.active and ADMINISTRATOR in user.roles:
        stays = values.get("active", True) and ADMINISTRATOR in values.get("roles", user.roles)
        if not stays and not _another_administrator(session, user):
            raise LastAdministrator()
    narrower = not values.get("active", True) or set(values.get("roles", user.roles)) != set(user.roles)
    for field, value in values.items():
        setattr(user, field, value)
    if narrower:
        user.epoch += 1
    if not user.active:
        sessions.end_all(session, user)
    tell(session, user)
    return user


def log_out_everywhere(session: Session, user: User) -> None:
    """End all sessions and tokens of a person."""
    user.epoch += 1
    session.flush()
    sessions.end_all(session, user)
    tell(session, user)


def tell(session: Session, user: User) -> None:
    """Publish the person as they are now; the gateway's own replica is written along."""
    session.flush()
    heads = select(exists().where(Department.id == user.department_id, Department.head_id == user.id))
    facts: dict[str, Any] = {
        "user_id": user.id,
        "name": user.name,
        "email": user.email,
        "locale": user.locale,
        "department_id": user.department_id,
        "is_head": bool(session.scalar(heads)),
        "roles": user.roles,
        "active": user.active,
        "epoch": user.epoch,
        "absent": user.absent,
        "allowed_networks": user.allowed_networks or [],
    }
    version = publish(session, UserChanged(user, **facts))
    directory.store_user(session, version=version, **facts)


def by_email(session: Session, email: str) -> User | None:
    """The person with this address, in any case of letters."""
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def anyone(session: Session) -> bool:
    """Whether there is any person at all."""
    return bool(session.scalar(select(exists().where(User.id.is_not(None)))))


def known_roles(session: Session, keys: list[str]) -> list[str]:
    """The keys, sorted and each once; UnknownRole names those that no role has, or that all hold without being given."""
    wanted = set(keys)
    unknown = (wanted - set(session.scalars(select(Role.key).where(Role.key.in_(wanted))))) | (wanted & {EVERYONE})
    if unknown:
        raise UnknownRole(roles=sorted(unknown))
    return sorted(wanted)


def _checked(session: Session, values: dict[str, Any], user: User | None = None) -> dict[str, Any]:
    if "email" in values:
        values["email"] = values["email"].strip().lower()
        holder = by_email(session, values["email"])
        if holder is not None and holder is not user:
            raise EmailTaken()
    if values.get("department_id") is not None and session.get(Department, values["department_id"]) is None:
        raise Invalid(errors={"department_id": [_("There is no such department")]})
    if "roles" in values:
        values["roles"] = known_roles(session, values["roles"])
    if "allowed_networks" in values:
        values["allowed_networks"] = [networks.parse(text) for text in values["allowed_networks"]]
    return values


def _another_administrator(session: Session, user: User) -> bool:
    others = session.scalars(select(User.roles).where(User.active, User.id != user.id))
    return any(ADMINISTRATOR in roles for roles in others)
