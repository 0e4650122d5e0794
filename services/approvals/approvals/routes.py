"""The route a request takes when everybody approves: by the same step as live ones, for preview, simulation and records."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from approvals import words
from approvals.blocks import HUMAN, Shape
from approvals.flow import Surroundings, step
from approvals.models import DefinitionVersion, Instance
from approvals.state import Event, State, apply
from approvals.subjects import kind_of
from engines.conditions import snapshot
from engines.explain import decide

MAX_STEPS = 500  # a definition has at most 200 nodes, and nothing is returned here


@dataclass
class Route:
    """Where a request went: `stops` are the nodes that asked people, `events` everything that happened."""

    stops: list[dict[str, Any]] = field(default_factory=list)
    branches: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    outcome: str = "running"

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(stop["node"] for stop in self.stops)

    @property
    def people(self) -> list[str]:
        """Everybody who is asked, once per step."""
        return [person for stop in self.stops for person in stop["people"]]


def trace(body: Mapping[str, Any], state: State, around: Surroundings) -> Route:
    """Run `body` from the state before its start to its end, everybody approving; nothing outside is touched."""
    numbers = count(1)
    around = replace(around, new_id=lambda: f"trial-{next(numbers)}")
    state = {
        **state,
        "tasks": {},
        "active": {},
        "visits": {},
        "arrived": {},
        "taken": {},
        "passed": [],
        "approved_by": {},
    }
    route, command = Route(), {"do": "start", "by": state["initiator"]}
    for _ in range(MAX_STEPS):
        for event in step(body, state, command, around):
            apply(state, event)
            route.events.append(event)
        pending = next((key for key, task in state["tasks"].items() if task["status"] == "pending"), None)
        if pending is None:
            break
        command = {"do": "approve", "by": state["tasks"][pending]["assignee"], "task": pending}
    route.outcome = state["status"]
    _describe(route, Shape(body))
    return route


def _describe(route: Route, shape: Shape) -> None:
    stops: dict[str, dict[str, Any]] = {}
    for event in route.events:
        kind, node_id = event["kind"], event.get("node", "")
        if kind in ("node_entered", "cc_sent") and shape.node(node_id)["type"] in (*HUMAN, "cc"):
            node = shape.node(node_id)
            stops.setdefault(
                node_id,
                {"node": node_id, "name": dict(node["name"]), "type": node["type"], "mode": node.get("mode", "any"),
                 "people": [], "why": {}, "due_at": None, "skipped": False},
            )  # fmt: skip
        if kind == "task_created":
            stops[node_id]["people"].append(event["assignee"])
            stops[node_id] |= {"why": event["why"], "due_at": event["due_at"]}
        elif kind == "cc_sent":
            stops[node_id] |= {"people": event["users"], "why": event["why"]}
        elif kind == "node_empty":
            stops[node_id] |= {"why": event["why"], "skipped": True}
        elif kind == "branch_taken":
            name = dict(shape.node(node_id)["name"])
            route.branches.append(
                {"node": node_id, "name": name, "branch": event["branch"], "looked_at": event["looked_at"]}
            )
    route.stops = list(stops.values())


def record(
    session: Session, instance: Instance, version: DefinitionVersion, state: State, around: Surroundings
) -> None:
    """Keep why a request takes its route: version, inputs, branches and people, so that it can be tried again later."""
    route = trace(version.body, state, around)
    kind = kind_of(version.subject_kind)
    inputs = {name: value for name, value in snapshot(kind.type, state["subject"]).items() if value is not None}
    decide(
        session,
        kind="route",
        subject=f"approval/{instance.id}",
        rule=instance.definition_key,
        version=instance.definition_revision,
        inputs=inputs | {"chosen": state["subject"].get("chosen"), "initiator": state["initiator"]},
        outcome={"route": list(route.nodes), "people": route.people, "outcome": route.outcome},
        steps=words.route_steps(session, route, Shape(version.body), kind),
    )
