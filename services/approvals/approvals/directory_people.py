"""The directory's replica and delegation periods as the approval engine asks them; and what a live step runs in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals.flow import Surroundings
from approvals.models import Delegation
from approvals.people import People
from approvals.subjects import SubjectKind
from chassis import clock, directory
from chassis.ids import uuid7
from engines.conditions import Context, compile_memory, explain

_STEPS = 5  # substitutes of substitutes are followed so far


class Replica:
    """`People` from this service's replica of the directory."""

    def __init__(self, people: directory.Snapshot, substitutes: Mapping[str, str]):
        self.people = people
        self.substitutes = substitutes

    def active(self, user_id: str) -> bool:
        person = self.people.users.get(user_id)
        return person is not None and person.active

    def with_role(self, role: str) -> Sequence[str]:
        return sorted(user.id for user in self.people.users.values() if user.active and role in user.roles)

    def manager(self, user_id: str, level: int) -> str | None:
        """The `level`-th active head above a person: of his department, or for its head of the one above, and so on."""
        person = self.people.users.get(user_id)
        step = self.people.departments.get(person.department_id or "") if person else None
        above: list[str] = []
        passed: set[str] = set()
        while step is not None and step.id not in passed:
            passed.add(step.id)
            if step.head_id and step.head_id != user_id and step.head_id not in above and self.active(step.head_id):
                above.append(step.head_id)
            if step.head_id == user_id:
                above.clear()  # whom he heads does not stand above him
            step = self.people.departments.get(step.parent_id or "")
        return above[level - 1] if 0 < level <= len(above) else None

    def head_of(self, department_id: str) -> str | None:
        found = self.people.departments.get(department_id)
        return found.head_id if found else None

    def department(self, user_id: str) -> str | None:
        person = self.people.users.get(user_id)
        return person.department_id if person else None

    def substitute(self, user_id: str) -> str | None:
        """Who stands in: whom he named for this time, else, while the directory has him absent, his manager."""
        at = user_id
        for _ in range(_STEPS):
            named = self.substitutes.get(at) or (self.manager(at, 1) if self._absent(at) else None)
            if named is None or named == user_id:
                break
            at = named
        return at if at != user_id else None

    def everybody(self) -> Sequence[str]:
        return sorted(user.id for user in self.people.users.values() if user.active)

    def admins(self) -> tuple[str, ...]:
        return tuple(self.with_role("admin"))

    def _absent(self, user_id: str) -> bool:
        person = self.people.users.get(user_id)
        return person is not None and person.absent


def replica(session: Session, *, now: datetime | None = None) -> Replica:
    """The directory and the delegations in force."""
    now = now or clock.now()
    rows = session.execute(
        select(Delegation.user_id, Delegation.substitute_id)
        .where(Delegation.begins_at <= now, Delegation.ends_at > now)
        .order_by(Delegation.created_at)
    )
    return Replica(directory.snapshot(session), {row.user_id: row.substitute_id for row in rows})


def surroundings(
    session: Session, kind: SubjectKind, *, people: People | None = None, admins: Sequence[str] | None = None
) -> Surroundings:
    """What a step runs in now; `people` may stand in for the directory."""
    found = replica(session) if people is None else None
    return Surroundings(
        people=people or found,  # type: ignore[arg-type]
        holds=holds_for(kind),
        now=clock.now(),
        new_id=uuid7,
        admins=tuple(admins or ()) if found is None else found.admins(),
    )


def holds_for(kind: SubjectKind) -> Any:
    """`holds(condition, subject)` of subjects of `kind`: whether, and the comparison of each part."""
    context = Context()

    def holds(condition: Any, subject: Mapping[str, Any]) -> tuple[bool, Any]:
        result = compile_memory(condition, kind.type)(dict(subject), context)
        return result, explain(condition, dict(subject), context, kind.type)

    return holds
