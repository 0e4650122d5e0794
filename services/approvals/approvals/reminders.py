"""When a deadline comes near or passes: remind, then what the node says: remind again, escalate, approve or reject."""

from datetime import timedelta

from sqlalchemy.orm import Session

from approvals import deadlines, instances, metrics, telling
from approvals.models import Instance, Task
from chassis import clock
from chassis.errors import Problem
from chassis.timers import arm

_REPEATS = 5  # reminders after the deadline
_REPEAT_HOURS = 24


def remind(session: Session, task_id: str) -> None:
    """The deadline is near."""
    task = _act(session, task_id, "remind")
    if task is not None:
        telling.task_due(session, session.get_one(Instance, task.instance_id), task, overdue=False)


def time_out(session: Session, task_id: str, *, times: int) -> None:
    """The deadline passed, `times` times reminded already. While the task stays open its person is reminded again."""
    if times == 0:
        task = _act(session, task_id, "time_out")
        metrics.OVERDUE.inc()
    else:
        task = _act(session, task_id, "remind")
    if task is None or task.status != "pending":
        return
    instance = session.get_one(Instance, task.instance_id)
    telling.task_due(session, instance, task, overdue=True)
    deadline = instances.shape_of(session, instance).node(task.node).get("deadline") or {}
    if times < _REPEATS:
        again = clock.now() + timedelta(hours=deadline.get("repeat_hours") or _REPEAT_HOURS)
        arm(session, kind=deadlines.DEADLINE, key=task.id, due_at=again, payload={"times": times + 1})


def _act(session: Session, task_id: str, do: str) -> Task | None:
    """The task after a timer's command; None when it was over already."""
    try:
        return instances.act_on_task(session, task_id, {"do": do, "by": "system"})
    except Problem:
        return None
