"""Reads: inbox, what one did, started and was sent copies of, the trace of an instance, time per node."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from approvals.models import Copy, Instance, InstanceEvent, InstanceState, Task
from chassis import clock

DONE = ("approved", "rejected", "returned", "transferred")


@dataclass(frozen=True)
class Item:
    """A task with the instance it belongs to."""

    task: Task
    instance: Instance


def tasks_of(user_id: str, *, done: bool = False) -> Select[Any, Any]:
    """SELECT of a person's tasks with their instances: those to do, or with `done` those that are over."""
    wanted = select(Task, Instance).join(Instance, Instance.id == Task.instance_id).where(Task.assignee_id == user_id)
    return wanted.where(Task.status.in_(DONE)) if done else wanted.where(Task.status == "pending")


def inbox(
    session: Session, user_id: str, *, done: bool = False, q: str = "", after: str = "", limit: int = 50
) -> tuple[list[Item], str | None]:
    """One page of a person's tasks: to do by age, done latest first; and the cursor of the next page."""
    wanted = tasks_of(user_id, done=done)
    if q:
        wanted = wanted.where(_holds(q))
    if after:
        wanted = wanted.where(Task.id < after if done else Task.id > after)
    rows = session.execute(wanted.order_by(Task.id.desc() if done else Task.id).limit(limit + 1)).all()
    items = [Item(row[0], row[1]) for row in rows[:limit]]
    return items, items[-1].task.id if len(rows) > limit else None


def started_by(user_id: str) -> Select[Any]:
    """SELECT of the instances a person asked for."""
    return select(Instance).where(Instance.owner_id == user_id)


def copied_to(user_id: str) -> Select[Any]:
    """SELECT of the instances a person was sent a copy of."""
    return select(Instance).join(Copy, and_(Copy.instance_id == Instance.id, Copy.user_id == user_id))


def instances(
    session: Session, wanted: Select[Any], *, q: str = "", after: str = "", limit: int = 50
) -> tuple[list[Instance], str | None]:
    """One page of instances, newest first, and the cursor of the next page."""
    if q:
        wanted = wanted.where(_holds(q))
    if after:
        wanted = wanted.where(Instance.id < after)
    rows = list(session.scalars(wanted.order_by(Instance.id.desc()).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def counts(session: Session, user_id: str) -> dict[str, int]:
    """How many tasks wait for a person, and how many of them are overdue."""
    now = clock.now()
    late = func.count(Task.id).filter(Task.due_at < now)
    row = session.execute(
        select(func.count(Task.id), late).where(Task.assignee_id == user_id, Task.status == "pending")
    ).one()
    return {"pending": row[0], "overdue": row[1]}


def tasks(session: Session, instance_id: str) -> list[Task]:
    """All tasks of an instance, in the order they were made."""
    return list(session.scalars(select(Task).where(Task.instance_id == instance_id).order_by(Task.id)))


def waiting_for(session: Session, ids: Iterable[str]) -> dict[str, list[str]]:
    """Instance → people it waits for."""
    found: dict[str, list[str]] = {}
    wanted = select(Task.instance_id, Task.assignee_id).where(Task.instance_id.in_(list(ids)), Task.status == "pending")
    for row in session.execute(wanted.order_by(Task.id)):
        found.setdefault(row.instance_id, []).append(row.assignee_id)
    return found


def snapshots(session: Session, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Instance → the subject as it was put before the approvers."""
    wanted = select(InstanceState.instance_id, InstanceState.state).where(InstanceState.instance_id.in_(list(ids)))
    return {row.instance_id: row.state["subject"] for row in session.execute(wanted)}


def time_per_node(events: Sequence[InstanceEvent], now: datetime) -> list[dict[str, Any]]:
    """How long an instance stood at each node, visit by visit, in seconds; `left_at` is empty while it stands there."""
    visits: list[dict[str, Any]] = []
    open_: dict[str, dict[str, Any]] = {}
    for event in events:
        node: str = event.data.get("node") or ""
        if event.kind == "node_entered":
            open_[node] = {
                "node": node, "type": event.data["type"], "visit": event.data["visit"], "entered_at": event.at, "left_at": None,
                "outcome": None,
            }  # fmt: skip
            visits.append(open_[node])
        elif event.kind == "node_left" and node in open_:
            open_.pop(node).update(left_at=event.at, outcome=event.data["outcome"])
    for visit in visits:
        visit["seconds"] = round(((visit["left_at"] or now) - visit["entered_at"]).total_seconds())
    return visits


def usual_hours(session: Session, definition: str, *, limit: int = 2000) -> dict[str, float]:
    """Node → median hours between asking and answer, of the latest answers in a flow."""
    wanted = (
        select(Task.node, Task.opened_at, Task.closed_at)
        .join(Instance, Instance.id == Task.instance_id)
        .where(Instance.definition_key == definition, Task.status.in_(("approved", "rejected", "returned")))
        .where(Task.opened_at.is_not(None), Task.closed_at.is_not(None))
        .order_by(Task.id.desc())
        .limit(limit)
    )
    hours: dict[str, list[float]] = {}
    for row in session.execute(wanted):
        hours.setdefault(row.node, []).append((row.closed_at - row.opened_at).total_seconds() / 3600)
    return {node: round(median(found), 2) for node, found in hours.items()}


def _holds(q: str) -> ColumnElement[bool]:
    return and_(
        *(
            Instance.title.icontains(word, autoescape=True) | Instance.number.icontains(word, autoescape=True)
            for word in q.split()[:8]
        )
    )
