"""What a caller's roles grant, merged: the widest scope, every named right, the most permissive rule per field."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import Caller
from chassis.db import Database

log = logging.getLogger(__name__)

ADMIN = "admin"
ACTIONS = ("read", "edit", "delete")
SCOPES = ("none", "own", "team", "department_tree", "all")
RULES = ("none", "mask", "read", "edit")

Condition = Mapping[str, Any]


@dataclass(frozen=True)
class Granted:
    """What one caller may do with one kind of record.

    `scopes` lists per action the scopes granted, each with the condition its role adds; `fields` holds only the fields
    that are not fully open. `everything` is the administrator's grant.
    """

    create: bool = False
    scopes: Mapping[str, tuple[tuple[str, Condition | None], ...]] = field(default_factory=dict)
    rights: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    everything: bool = False

    def may(self, action: str) -> bool:
        """Whether the action, or a named right, is granted on some record at least."""
        if self.everything:
            return True
        if action == "create":
            return self.create
        return bool(self.scopes.get(action)) if action in ACTIONS else action in self.rights

    def rule(self, name: str) -> str:
        """none, mask, read or edit for a field."""
        return "edit" if self.everything else self.fields.get(name, "edit")

    def part_rule(self, name: str, inner: str) -> str:
        """The rule for a member of the parts of field `name`: that of "lines.cost", and of "cost" wherever it stands."""
        return min(self.rule(f"{name}.{inner}"), self.rule(inner), self.rule(name), key=RULES.index)

    @property
    def hidden(self) -> frozenset[str]:
        """Fields the caller may not read in full: neither shown as they are nor filtered, sorted or searched by."""
        if self.everything:
            return frozenset()
        return frozenset(name for name, rule in self.fields.items() if rule in {"none", "mask"})


EVERYTHING = Granted(everything=True)
NOTHING = Granted()


def granted(source: Session | Database, caller: Caller, kind: str) -> Granted:
    """What `caller` may do with records of `kind`, from the replica of roles in the database."""
    if ADMIN in caller.roles:
        return EVERYTHING
    if not caller.roles:
        return NOTHING
    database = source if isinstance(source, Database) else source.info["database"]
    roles = directory.of(database).snapshot().grants
    return _cached(_Roles(roles), caller.roles, kind)


class _Roles:
    """A directory snapshot's roles as a cache key: the same mapping object is the same roles."""

    __slots__ = ("grants",)

    def __init__(self, grants: Mapping[str, Mapping[str, Any]]):
        self.grants = grants

    def __hash__(self) -> int:
        return id(self.grants)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Roles) and self.grants is other.grants


@lru_cache(maxsize=1024)
def _cached(roles: _Roles, held: tuple[str, ...], kind: str) -> Granted:
    of_kind = [roles.grants.get(key, {}) for key in held]
    return merge([grant for role in of_kind if (grant := role.get(kind) or role.get("*"))])


def merge(grants: Sequence[Mapping[str, Any]]) -> Granted:
    """Several roles' grants on one kind as one: rights add up, a field is as open as the most open role leaves it."""
    scopes: dict[str, list[tuple[str, Condition | None]]] = {action: [] for action in ACTIONS}
    for grant in grants:
        for action in ACTIONS:
            scope = grant.get(action, "none")
            if scope not in SCOPES:
                log.warning("a role grants %s in an unknown scope %r: taken as none", action, scope)
            elif scope != "none":
                scopes[action].append((scope, grant.get("condition")))
    return Granted(
        create=any(grant.get("create") is True for grant in grants),
        scopes=MappingProxyType({action: _widest(found) for action, found in scopes.items()}),
        rights=frozenset(right for grant in grants for right in grant.get("rights") or ()),
        fields=MappingProxyType(_most_open([grant.get("fields") or {} for grant in grants])),
    )


def _widest(found: list[tuple[str, Condition | None]]) -> tuple[tuple[str, Condition | None], ...]:
    """Drop what a wider scope covers: among those without a condition only the widest counts."""
    plain = max((SCOPES.index(scope) for scope, condition in found if not condition), default=0)
    kept: list[tuple[str, Condition | None]] = [(SCOPES[plain], None)] if plain else []
    if SCOPES[plain] == "all":
        return tuple(kept)
    return (*kept, *((scope, condition) for scope, condition in found if condition))


def _most_open(rules: list[Mapping[str, str]]) -> dict[str, str]:
    """A role that says nothing of a field leaves it open; an unknown rule closes it."""
    names = {name for role in rules for name in role}
    merged = {}
    for name in names:
        rank = max(RULES.index(rule) if (rule := role.get(name, "edit")) in RULES else 0 for role in rules)
        if RULES[rank] != "edit":
            merged[name] = RULES[rank]
    return merged
