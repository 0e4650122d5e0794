"""Deadlines of tasks: the timers an open task has, and a closed one has no more."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from approvals.models import Task
from chassis.timers import arm, cancel

REMINDER = "approval_reminder"
DEADLINE = "approval_deadline"


def set_for(session: Session, task: Task, node: Mapping[str, Any]) -> None:
    """Arm the timers of a task that has just been opened."""
    deadline = node.get("deadline") or {}
    if task.due_at is None:
        return
    before = deadline.get("remind_before")
    if before and before < deadline["hours"]:
        arm(session, kind=REMINDER, key=task.id, due_at=task.due_at - timedelta(hours=before))
    arm(session, kind=DEADLINE, key=task.id, due_at=task.due_at, payload={"times": 0})


def disarm(session: Session, task_id: str) -> None:
    """The task is over: nothing falls due any more."""
    cancel(session, kind=REMINDER, key=task_id)
    cancel(session, kind=DEADLINE, key=task_id)
