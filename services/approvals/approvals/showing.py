"""Instances as a reader may see them: snapshots without what his role hides, the trace in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from approvals import instances, queries, subjects, words
from approvals.blocks import HUMAN, Shape
from approvals.models import Instance, InstanceEvent
from chassis import clock, directory, i18n
from chassis.caller import Caller
from engines import access, comments, explain
from engines.explain import Decision


def hidden(session: Session, caller: Caller, subject_kind: str) -> frozenset[str]:
    """Fields of the subject that the caller may not see: what his roles hide of it, and cost and margin unless granted."""
    grant = access.granted(session, caller, subject_kind)
    if grant.everything:
        return frozenset()
    sensitive = frozenset(subjects.SENSITIVE) if not grant.may("read") else frozenset()
    return grant.hidden | sensitive


def snapshot(session: Session, caller: Caller, instance: Instance, subject: Mapping[str, Any]) -> dict[str, Any]:
    """The subject's snapshot without hidden fields, in its lines too."""
    names = hidden(session, caller, instance.subject_kind)
    by_name = instances.kind_for(session, instance).type.by_name
    keys = {by_name[name].column if name in by_name else subjects.SENSITIVE.get(name, name) for name in names} | names
    return {name: _without(value, keys) for name, value in subject.items() if name not in keys}


def trace(session: Session, caller: Caller, instance: Instance) -> list[dict[str, Any]]:
    """Everything people want to know of an instance's way, oldest first: what, who, when, why.

    Each entry has kind, at, node, name {"zh", "en"}, by, who (the person asked), comment, text {"zh", "en"}, steps.
    """
    shape = instances.shape_of(session, instance)
    names = hidden(session, caller, instance.subject_kind)
    kind = instances.kind_for(session, instance)
    assignees = {task.id: task.assignee_id for task in queries.tasks(session, instance.id)}
    entries = []
    for event in instances.events_of(session, instance.id):
        if event.kind in _SILENT:
            continue
        entries.append(_entry(session, event, shape, assignees, kind, names))
    said = [_said(comment) for comment in comments.of(session, "approval", instance.id)]
    return sorted([*entries, *said], key=lambda entry: entry["at"]) if said else entries


def route_decision(session: Session, caller: Caller, instance: Instance) -> Decision | None:
    """Why the request takes this route, if its reader may see all it was based on."""
    found = explain.decisions_of(session, f"approval/{instance.id}", kind="route", limit=1)
    return found[0] if found and not hidden(session, caller, instance.subject_kind) else None


def steps(session: Session, instance: Instance) -> list[dict[str, Any]]:
    """The steps of people on the way: done, now or ahead (as the route recorded at the start foresaw)."""
    shape = instances.shape_of(session, instance)
    state = instances.state_of(session, instance.id)
    decided = explain.decisions_of(session, f"approval/{instance.id}", kind="route", limit=1)
    foreseen = set((decided[0].outcome or {}).get("route", ())) if decided else set()
    made = []
    for node_id, place in shape.places.items():
        if place.node["type"] not in HUMAN:
            continue
        done, now = node_id in state["passed"], node_id in state["active"]
        ahead = node_id in foreseen and state["status"] in ("running", "returned")
        if done or now or ahead:
            made.append(
                {
                    "node": node_id,
                    "name": dict(place.node["name"]),
                    "state": "now" if now else "done" if done else "ahead",
                }
            )
    return made


def time_per_node(session: Session, instance: Instance) -> list[dict[str, Any]]:
    """How long the instance stood at each step of people."""
    shape = instances.shape_of(session, instance)
    visits = queries.time_per_node(instances.events_of(session, instance.id), clock.now())
    return [{**visit, "name": dict(shape.node(visit["node"])["name"])} for visit in visits if visit["type"] in HUMAN]


def _said(comment: comments.Comment) -> dict[str, Any]:
    """A comment, in the shape of an entry."""
    nothing = dict.fromkeys(("node", "task_id", "who", "to", "outcome"))
    told = {"kind": "commented", "at": comment.created_at, "by": comment.by, "comment": comment.text}
    return {**nothing, **told, "name": {}, "reason": "", "text": {}, "steps": []}


def _entry(
    session: Session, event: InstanceEvent, shape: Shape, assignees: Mapping[str, str], kind: subjects.SubjectKind,
    names: frozenset[str],
) -> dict[str, Any]:  # fmt: skip
    data = event.data
    node = shape.node(data["node"]) if data.get("node") in shape.places else None
    made: dict[str, Any] = {
        "kind": event.kind,
        "at": event.at,
        "node": data.get("node"),
        "name": dict(node["name"]) if node else {},
        "task_id": data.get("task"),
        "by": data.get("by"),
        "who": data.get("assignee") or assignees.get(data.get("task", "")),
        "to": data.get("to"),
        "outcome": data.get("outcome") or data.get("then"),
        "comment": data.get("comment") or "",
        "reason": data.get("reason") or "",
        "text": {},
        "steps": [],
    }
    if event.kind == "task_created":
        made["text"] = words.person_why(session, data["why"], data["assignee"])
    elif event.kind == "branch_taken" and node is not None:
        made["steps"] = words.branch_steps(node, data["branch"], data["looked_at"], kind, names)
    elif event.kind == "cc_sent":
        people = directory.names(session, data["users"])
        made["who_all"] = [people.get(user, user) for user in data["users"]]
    return made


def _without(value: Any, keys: frozenset[str] | set[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(item, keys) for name, item in value.items() if name not in keys}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without(item, keys) for item in value]
    return value


_SILENT = {"node_entered", "node_left", "block_opened", "branch_arrived"}


def plain_steps(steps: Sequence[explain.Step]) -> list[dict[str, Any]]:
    """Steps of an explanation as data, with their sentences in the reader's language."""
    return [{"text": step.read(i18n.current()), "data": dict(step.data)} for step in steps]
