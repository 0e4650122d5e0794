"""Who may give what away: nobody grants more than their own roles do, and only an administrator touches that role."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import directory, networks
from chassis.caller import Caller
from chassis.directory import EVERYONE
from engines import access
from engines.access.grants import ACTIONS, ADMIN, RULES, SCOPES, Granted, merge
from integration_gateway.errors import AddressExcluded, AdministratorOnly, ExceedsOwn, OwnAccess
from integration_gateway.models import ApiClient, Role, User

Grants = Mapping[str, Mapping[str, Any]]
_OWN_ACCESS = ("roles", "allowed_networks", "active", "department_id")


def check_user(session: Session, caller: Caller, user: User | None, values: Mapping[str, Any]) -> None:
    """May `caller` make this person, change them so, or (without values) act on their log-in?

    Somebody who holds more than the caller is not to be changed at all: a new address would take the account over.
    """
    held = set(user.roles) if user is not None else set()
    wanted = set(values.get("roles", held))
    if "allowed_networks" in values:
        _check_own_place(session, caller, user, values["allowed_networks"])
    if _is_admin(caller):
        return
    if user is not None and user.id == caller.id:
        changed = [name for name in _OWN_ACCESS if name in values and _differs(values[name], getattr(user, name))]
        if changed:
            raise OwnAccess(fields=changed)
        return
    check_roles(session, caller, held | wanted)


def managed(session: Session, caller: Caller, user_id: str) -> User:
    """A person whose log-in the caller looks after: within his scope for editing, and holding no more than he does."""
    user = access.get(session, caller, User, user_id, "edit")
    if user.id != caller.id:
        check_user(session, caller, user, {})
    return user


def check_role(session: Session, caller: Caller, role: Role | None, values: Mapping[str, Any]) -> None:
    """May `caller` make this role or change it so?"""
    key = role.key if role is not None else values.get("key", "")
    if "allowed_networks" in values and (key == EVERYONE or key in caller.roles):
        _check_place(caller, values["allowed_networks"])
    if _is_admin(caller):
        return
    rules = "allowed_networks" in values or "second_factor" in values
    if key in (ADMIN, EVERYONE) or (rules and key in caller.roles):
        raise AdministratorOnly()
    before: Grants = role.grants if role is not None else {}
    after: Grants = values.get("grants", before)
    changed = {kind: after.get(kind, {}) for kind in {*before, *after} if before.get(kind) != after.get(kind)}
    exceeding = [kind for kind, grant in changed.items() if not _narrower(grant, before.get(kind))]
    _refuse(session, caller, {kind: changed[kind] for kind in exceeding})


def check_department(caller: Caller, values: Mapping[str, Any]) -> None:
    """Who is no administrator may neither head a department by his own hand nor draw one below his own."""
    if not _is_admin(caller) and (
        values.get("head_id") == caller.id or values.get("parent_id") in (caller.department_ids or ("",))
    ):
        raise OwnAccess(fields=sorted({"head_id", "parent_id"} & values.keys()))


def check_client(session: Session, caller: Caller, client: ApiClient | None, values: Mapping[str, Any]) -> None:
    """May `caller` make this machine client, change it so, or renew its secret?"""
    if caller.scopes and "*" not in caller.scopes:
        scopes = {*values.get("scopes", ()), *(client.scopes if client is not None else ())}
        if not scopes <= caller.scopes:
            raise ExceedsOwn(scopes=sorted(scopes - caller.scopes))
    if not _is_admin(caller):
        check_roles(session, caller, {*values.get("roles", ()), *(client.roles if client is not None else ())})


def check_roles(session: Session, caller: Caller, keys: Iterable[str]) -> None:
    """ExceedsOwn unless the caller's own roles cover what these grant."""
    keys = set(keys)
    if ADMIN in keys:
        raise AdministratorOnly()
    for role in session.scalars(select(Role).where(Role.key.in_(keys - set(caller.roles)))):
        _refuse(session, caller, role.grants)


def covers(mine: Iterable[Grants], wanted: Grants) -> list[str]:
    """The kinds on which `wanted` grants more than the roles `mine` together do."""
    mine = list(mine)
    kinds = set(wanted)
    if "*" in wanted:  # it also stands for every kind that a role of mine rules apart
        kinds |= {kind for role in mine for kind in role}
    return sorted(kind for kind in kinds if not _within(wanted.get(kind) or wanted.get("*") or {}, _on(mine, kind)))


def _on(mine: Iterable[Grants], kind: str) -> Granted:
    return merge([grant for role in mine if (grant := role.get(kind) or role.get("*"))])


def _within(wanted: Mapping[str, Any], mine: Granted) -> bool:
    asked = merge([wanted])
    scopes = all(
        any(
            SCOPES.index(own) >= SCOPES.index(scope) and (not limit or limit == only) for own, limit in mine.scopes[act]
        )
        for act in ACTIONS
        for scope, only in asked.scopes[act]
    )
    fields = all(RULES.index(asked.rule(name)) <= RULES.index(rule) for name, rule in mine.fields.items())
    can_act = asked.create or any(asked.scopes[act] for act in ACTIONS) or asked.rights
    rights = asked.rights <= mine.rights or "*" in mine.rights
    return scopes and rights and (mine.create or not asked.create) and (fields or not can_act)


def _narrower(after: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Whether a grant only takes away from what the role granted already; a kind taken out may fall back to `*`."""
    return bool(after) and before is not None and _within(after, merge([before]))


def _refuse(session: Session, caller: Caller, wanted: Grants) -> None:
    known = directory.snapshot(session).grants
    beyond = covers([known.get(key, {}) for key in caller.roles], wanted)
    if beyond:
        raise ExceedsOwn(kinds=beyond)


def _check_own_place(session: Session, caller: Caller, user: User | None, wanted: Iterable[str]) -> None:
    if user is not None and user.id == caller.id:
        _check_place(caller, wanted)


def _check_place(caller: Caller, wanted: Iterable[str]) -> None:
    """AddressExcluded when the one who sets a list would be the first it locks out."""
    if caller.address and not networks.allowed(caller.address, [list(wanted)]):
        raise AddressExcluded(address=caller.address)


def _differs(value: Any, held: Any) -> bool:
    return set(value or ()) != set(held or ()) if isinstance(held, list) else value != held


def _is_admin(caller: Caller) -> bool:
    return ADMIN in caller.roles
