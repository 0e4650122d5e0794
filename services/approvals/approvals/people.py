"""Who is asked at a node: people found in the directory by the node's rule, with the reason as data a person can check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

KINDS = ("users", "role", "manager", "owner_manager", "department_head", "initiator_choice", "field")


class People(Protocol):
    """What the engine needs of the directory; the service's replica and simulations both offer it."""

    def active(self, user_id: str) -> bool: ...
    def with_role(self, role: str) -> Sequence[str]: ...
    def manager(self, user_id: str, level: int) -> str | None: ...
    def head_of(self, department_id: str) -> str | None: ...
    def department(self, user_id: str) -> str | None: ...
    def substitute(self, user_id: str) -> str | None: ...


@dataclass(frozen=True)
class Found:
    """People in the order they are asked, and why: `why` is data ({"rule", "for", …}) for the explanation.

    `why["for"]` maps a stand-in to the person he stands in for.
    """

    users: tuple[str, ...]
    why: dict[str, Any]


def find(
    who: Mapping[str, Any], subject: Mapping[str, Any], *, initiator: str, people: People, own: str = "manager"
) -> Found:
    """Resolve a `who` rule: users, role, manager (level), department_head, owner_manager, initiator_choice or field.

    Inactive people are left out; one who is absent is replaced by his substitute. `own` says what becomes of the
    initiator when the rule finds himself: "manager" asks his manager instead, "skip" leaves him out, "allow" asks him.
    """
    users: dict[str, None] = {}
    replaced: dict[str, str] = {}
    own_case = None
    for user in _candidates(who, subject, initiator=initiator, people=people):
        if not isinstance(user, str) or not user:
            continue
        asked: str | None = user
        if user == initiator and own != "allow":
            asked, own_case = (people.manager(initiator, 1) if own == "manager" else None), own
        if asked is None or not people.active(asked):
            continue
        stand_in = people.substitute(asked)
        if stand_in and people.active(stand_in) and (stand_in != initiator or own == "allow"):
            replaced[stand_in] = asked
            asked = stand_in
        users[asked] = None
    why = {"rule": dict(who), "found": list(users), "for": replaced}
    return Found(tuple(users), why | ({"own": own_case} if own_case else {}))


def _candidates(who: Mapping[str, Any], subject: Mapping[str, Any], *, initiator: str, people: People) -> Sequence[Any]:
    match who["kind"]:
        case "users":
            return list(who["users"])
        case "role":
            return people.with_role(who["role"])
        case "manager":
            return [people.manager(initiator, who.get("level", 1))]
        case "owner_manager":
            owner = subject.get("owner_id")
            return [people.manager(owner, who.get("level", 1)) if owner else None]
        case "department_head":
            department = who.get("department_id") or subject.get("department_id") or people.department(initiator)
            return [people.head_of(department) if department else None]
        case "initiator_choice":
            chosen = subject.get("chosen")
            return list(chosen.get(who.get("slot", "default")) or []) if isinstance(chosen, Mapping) else []
        case "field":
            value = subject.get(who["field"])
            return value if isinstance(value, list) else [value]
    raise ValueError(f"unknown rule {who['kind']!r}")
