"""Small flows, people and surroundings for tests of the pure engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from approvals.flow import Surroundings, step
from approvals.state import apply, fold, new_state

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Crew:
    """People by name: `managers` chain upwards, `roles`, who is away and who has left."""

    managers: dict[str, str] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=dict)
    substitutes: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    heads: dict[str, str] = field(default_factory=dict)

    def active(self, user_id: str) -> bool:
        return user_id not in self.gone

    def with_role(self, role: str) -> Sequence[str]:
        return self.roles.get(role, [])

    def manager(self, user_id: str, level: int) -> str | None:
        at: str | None = user_id
        for _ in range(level):
            at = self.managers.get(at or "")
        return at

    def head_of(self, department_id: str) -> str | None:
        return self.heads.get(department_id)

    def department(self, user_id: str) -> str | None:
        return None

    def substitute(self, user_id: str) -> str | None:
        return self.substitutes.get(user_id)


def around(
    crew: Crew | None = None, *, admins: tuple[str, ...] = ("root",), now: datetime = NOW, ids: Any = None
) -> Surroundings:
    """Surroundings in which a condition is the name of a flag of the subject."""
    numbers = ids or count(1)
    return Surroundings(
        people=crew or Crew(), holds=lambda flag, subject: (bool(subject.get(flag)), flag), now=now,
        new_id=lambda: f"t{next(numbers)}", admins=admins,
    )  # fmt: skip


def ask(id_: str, *users: str, **more: Any) -> dict[str, Any]:
    """A node that asks these people."""
    return {
        "id": id_,
        "type": "approve",
        "name": {"zh": id_, "en": id_},
        "who": {"kind": "users", "users": list(users)},
        **more,
    }


def when(id_: str, *branches: tuple[str | None, list[Any]]) -> dict[str, Any]:
    """A condition block: (flag or None, nodes) per branch."""
    made = [
        {"id": f"{id_}{n}", "name": {"zh": id_, "en": id_}, "when": flag, "nodes": nodes}
        for n, (flag, nodes) in enumerate(branches)
    ]
    return {"id": id_, "type": "condition", "name": {"zh": id_, "en": id_}, "branches": made}


def both_of(id_: str, *branches: list[Any]) -> dict[str, Any]:
    """A parallel block."""
    made = [{"id": f"{id_}{n}", "name": {"zh": id_, "en": id_}, "nodes": nodes} for n, nodes in enumerate(branches)]
    return {"id": id_, "type": "parallel", "name": {"zh": id_, "en": id_}, "branches": made}


class Run:
    """One instance: commands in, events kept."""

    def __init__(self, *nodes: Any, subject: dict[str, Any] | None = None, crew: Crew | None = None, **definition: Any):
        self.definition = {"nodes": list(nodes), **definition}
        self.begin = new_state(initiator="me", subject=subject or {})
        self.state = fold(self.begin, [])
        self.events: list[dict[str, Any]] = []
        self.around = around(crew)

    def start(self) -> "Run":
        self.do("start", "me")
        return self

    def do(self, do: str, by: str, **more: Any) -> list[dict[str, Any]]:
        events = step(self.definition, self.state, {"do": do, "by": by, **more}, self.around)
        for event in events:
            apply(self.state, event)
        self.events += events
        return events

    def act(self, by: str, do: str = "approve", **more: Any) -> list[dict[str, Any]]:
        """Somebody does something with his open task."""
        task = next(
            key for key, task in self.state["tasks"].items() if task["assignee"] == by and task["status"] == "pending"
        )
        return self.do(do, by, task=task, **more)

    @property
    def status(self) -> str:
        return self.state["status"]

    @property
    def pending(self) -> list[str]:
        """Who is asked now."""
        return sorted(task["assignee"] for task in self.state["tasks"].values() if task["status"] == "pending")

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]
