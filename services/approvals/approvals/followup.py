"""What follows from the events of a step: rows of tasks and copies, timers, shares, facts and notifications."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import deadlines, metrics, subjects, telling
from approvals.blocks import Shape
from approvals.models import Copy, Instance, Task
from approvals.state import ENDED, Event, State
from approvals.subjects import SubjectKind
from chassis import clock
from engines import access


def follow(
    session: Session,
    instance: Instance,
    shape: Shape,
    kind: SubjectKind,
    before: State,
    after: State,
    events: list[Event],
) -> None:
    """Bring everything that hangs on an instance's events up to them, in the same transaction.

    A task that was opened and closed in one step (somebody who had approved already) is kept, but nobody is told.
    """
    rows = _task_rows(session, instance, shape, events)
    _note_status(instance, after, events)
    asked = {key for key, task in before["tasks"].items() if task["status"] == "pending"}
    asks = {key for key, task in after["tasks"].items() if task["status"] == "pending"}
    for event in events:
        tell = _TELL.get(event["kind"])
        if tell is not None:
            tell(session, instance, shape, event)
    for task_id in [key for key in after["tasks"] if key in asked - asks]:
        task = rows[task_id]
        deadlines.disarm(session, task.id)
        metrics.TASKS.labels(task.status).inc()
        if task.opened_at and task.closed_at:
            metrics.TASK_HOURS.observe((task.closed_at - task.opened_at).total_seconds() / 3600)
        telling.task_completed(session, instance, task)
    highlights = subjects.highlights(kind, after["subject"])
    for task_id in [key for key in after["tasks"] if key in asks - asked]:
        task = rows[task_id]
        access.share(
            session, kind="approval", subject_id=instance.id, user_id=task.assignee_id, reason=f"task/{task.id}"
        )
        deadlines.set_for(session, task, shape.node(task.node))
        telling.task_created(session, instance, task, highlights=highlights)
    if after["status"] in (*ENDED, "returned") and before["status"] != after["status"]:
        telling.instance_answered(session, instance, shape, events[-1])


def _task_rows(session: Session, instance: Instance, shape: Shape, events: list[Event]) -> dict[str, Task]:
    """Write what the events say of tasks; returns the rows they touch."""
    touched = [event["task"] for event in events if "task" in event]
    rows = {row.id: row for row in session.scalars(select(Task).where(Task.id.in_(touched)))} if touched else {}
    now = clock.now()
    for event in events:
        kind = event["kind"]
        if kind == "task_created":
            node = shape.node(event["node"])
            rows[event["task"]] = _added(
                session, instance, node, event["task"], visit=event["visit"], assignee_id=event["assignee"],
                status=event["status"], due_at=event["due_at"], why=event["why"],
            )  # fmt: skip
        elif kind == "task_opened":
            row = rows[event["task"]]
            row.status, row.opened_at, row.due_at = "pending", now, _time(event["due_at"])
        elif kind == "task_transferred":
            old = rows[event["task"]]
            status = old.status
            _closed(old, "transferred", event)
            rows[event["to_task"]] = _added(
                session, instance, shape.node(event["node"]), event["to_task"], visit=old.visit, assignee_id=event["to"],
                status=status, due_at=event["due_at"],
                why={"handed": event["reason"], "from": event["from"], "before": old.why},
            )  # fmt: skip
        elif kind in ("task_completed", "task_cancelled"):
            _closed(rows[event["task"]], event["outcome"], event)
    session.flush()
    return rows


def _added(
    session: Session, instance: Instance, node: Mapping[str, Any], task_id: str, *, due_at: str | None, **values: Any
) -> Task:
    row = Task(
        id=task_id, instance_id=instance.id, node=node["id"], node_name=dict(node["name"]), type=node["type"],
        due_at=_time(due_at), opened_at=clock.now() if values["status"] == "pending" else None, **values,
    )  # fmt: skip
    session.add(row)
    return row


def _closed(row: Task, outcome: str, event: Event) -> None:
    row.status, row.closed_at, row.closed_by = outcome, clock.now(), event["by"]
    row.comment, row.reason = event.get("comment") or "", (event.get("reason") or "")[:120]


def _note_status(instance: Instance, after: State, events: list[Event]) -> None:
    """The instance's own row says how it stands."""
    if instance.status != after["status"]:
        instance.status = after["status"]
    last = events[-1] if events else {}
    if last.get("kind") in ("instance_completed", "instance_returned") and after["status"] != "running":
        instance.decided_by, instance.comment = last["by"], last["comment"]
        instance.completed_at = clock.now() if last["kind"] == "instance_completed" else None
    elif any(event["kind"] == "instance_resubmitted" for event in events):
        instance.decided_by, instance.comment = None, ""


def _copied(session: Session, instance: Instance, shape: Shape, event: Event) -> None:
    for user_id in event["users"]:
        if session.get(Copy, (instance.id, user_id)) is None:
            session.add(Copy(instance_id=instance.id, user_id=user_id, node=event["node"], at=clock.now()))
            session.flush()
        access.share(session, kind="approval", subject_id=instance.id, user_id=user_id, reason="approvals.copy")
    telling.copied(session, instance, event["users"])


def _started(session: Session, instance: Instance, shape: Shape, event: Event) -> None:
    telling.instance_started(session, instance, again=event["kind"] == "instance_resubmitted")


def _asked(session: Session, instance: Instance, shape: Shape, event: Event) -> None:
    telling.step_requested(session, instance, event)


def _urged(session: Session, instance: Instance, shape: Shape, event: Event) -> None:
    telling.urged(session, instance, event)


_TELL = {
    "instance_started": _started,
    "instance_resubmitted": _started,
    "cc_sent": _copied,
    "service_asked": _asked,
    "urged": _urged,
}


def _time(text: str | None) -> Any:
    return clock.parse(text) if text else None
