"""Whom a rule means: the owner, the owner's manager, followers, a role, somebody by name."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis import directory
from chassis.directory import Snapshot
from engines import followers
from engines.rules.automated import Automated


def meant(session: Session, record: Any, who: Iterable[str]) -> list[str]:
    """Ids of the active people meant, each once."""
    known = directory.snapshot(session)
    found = [person for one in who for person in _meant(session, known, record, one)]
    return [
        person for person in dict.fromkeys(found) if person and person in known.users and known.users[person].active
    ]


def _meant(session: Session, known: Snapshot, record: Any, who: str) -> Sequence[str | None]:
    word, _colon, name = who.partition(":")
    owner = getattr(record, "owner_id", None)
    if word == "owner":
        return [owner]
    if word == "manager":
        return [manager(known, owner, getattr(record, "department_id", None))]
    if word == "creator":
        return [record.created_by]
    if word == "followers":
        return followers.of(session, record.__kind__, record.id)
    if word == "collaborators":
        return list(getattr(record, "collaborator_ids", None) or ())
    if word == "user":
        return [name]
    if word == "role":
        return sorted(user.id for user in known.users.values() if user.active and name in user.roles)
    department = known.departments.get(name) if word == "head" else None
    return [department.head_id] if department else []


def manager(known: Snapshot, user_id: str | None, department_id: str | None = None) -> str | None:
    """The head above a person (or of the department where nobody owns it); nobody above the highest."""
    person = known.users.get(user_id or "")
    department = known.departments.get((person.department_id if person else department_id) or "")
    for _ in range(20):  # a loop in the tree must not hold us
        if department is None:
            return None
        if department.head_id and department.head_id != user_id:
            return department.head_id
        department = known.departments.get(department.parent_id or "")
    return None


def addresses(session: Session, automated: Automated, record: Any, who: Iterable[str]) -> list[str]:
    """The e-mail addresses meant: the customer's, written ones, and those of people."""
    found: list[str] = []
    for one in who:
        word, _colon, name = one.partition(":")
        if word == "customer":
            found += automated.addresses(session, record)
        elif word == "mail":
            found.append(name)
        else:
            users = directory.snapshot(session).users
            found += [users[person].email for person in meant(session, record, [one])]
    return [address for address in dict.fromkeys(found) if address]
