"""The state of one instance as plain JSON: where it begins, and how each event changes it."""

from copy import deepcopy
from typing import Any

State = dict[str, Any]
Event = dict[str, Any]
OPEN = ("pending", "queued")
GONE = ("cancelled", "transferred")  # closed without a say
ENDED = ("approved", "rejected", "withdrawn")


def new_state(*, initiator: str, subject: dict[str, Any]) -> State:
    """The state before `start`.

    `active` and `visits` hold node → visit, `arrived` open parallel block → branches that ended, `taken` condition →
    branch, `passed` the nodes people approved, `approved_by` person → nodes; the last three only of the present round.
    """
    return {
        "status": "new",
        "initiator": initiator,
        "subject": dict(subject),
        "tasks": {},
        "active": {},
        "visits": {},
        "arrived": {},
        "taken": {},
        "passed": [],
        "approved_by": {},
        "resume": None,
    }


def fold(state: State, events: list[Event]) -> State:
    """The state after several events; `state` stays as it is."""
    state = deepcopy(state)
    for event in events:
        apply(state, event)
    return state


def apply(state: State, event: Event) -> State:
    """The state after one event; changes and returns `state`."""
    tasks, kind = state["tasks"], event["kind"]
    match kind:
        case "instance_started" | "instance_resubmitted":
            state["status"] = "running"
            state["subject"] = deepcopy(event["subject"])
            if kind == "instance_resubmitted" and not event["resumes"]:
                state |= {"taken": {}, "passed": []}
            state["resume"] = None
        case "node_entered":
            state["visits"][event["node"]] = state["active"][event["node"]] = event["visit"]
        case "node_left":
            state["active"].pop(event["node"], None)
            state["arrived"].pop(event["node"], None)
            if event["outcome"] == "approved":
                state["passed"].append(event["node"])
        case "branch_taken":
            state["taken"][event["node"]] = event["branch"]
        case "block_opened":
            state["arrived"][event["node"]] = list(event["arrived"])
        case "branch_arrived":
            state["arrived"][event["node"]].append(event["branch"])
        case "task_created":
            names = ("node", "visit", "assignee", "status", "order", "due_at", "why")
            tasks[event["task"]] = {name: event[name] for name in names} | {"held": []}
        case "task_opened":
            tasks[event["task"]] |= {"status": "pending", "due_at": event["due_at"]}
        case "task_transferred":
            old = tasks[event["task"]]
            tasks[event["to_task"]] = old | {
                "assignee": event["to"], "due_at": event["due_at"], "held": [*old["held"], old["assignee"]],
            }  # fmt: skip
            tasks[event["task"]] = old | {"status": "transferred", "by": event["by"]}
        case "task_completed" | "task_cancelled":
            tasks[event["task"]] |= {"status": event["outcome"], "by": event["by"]}
            state["subject"] |= event.get("fields") or {}
            if event["outcome"] == "approved":
                state["approved_by"].setdefault(event["by"], []).append(event["node"])
        case "instance_returned":
            _returned(state, event)
        case "instance_completed":
            state["status"] = event["outcome"]
    return state


def _returned(state: State, event: Event) -> None:
    """What was passed beyond the target counts no more, so that nobody's earlier approval bounces the return back."""
    undone = set(event["undone"])
    state["approved_by"] = {
        person: kept
        for person, nodes in state["approved_by"].items()
        if (kept := [n for n in nodes if n not in undone])
    }
    if event["to"] == "initiator":
        state["status"], state["resume"] = "returned", event["resume"]
    else:
        state["passed"] = [node for node in state["passed"] if node not in undone]
