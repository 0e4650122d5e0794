"""Decisions from cards in the chat people use. Whether they count is decided here, as for any other decision."""

from sqlalchemy.orm import Session

from approvals import instances, metrics, telling
from approvals.models import Instance, Task
from chassis.errors import Problem
from chassis.i18n import both

DECISIONS = ("approve", "reject")


def decide(session: Session, *, task_id: str, user_id: str, decision: str, comment: str | None = "") -> str:
    """Take a decision once, from the person asked, while the task is open; returns taken, refused or unknown.

    The same press of a button heard twice finds its task closed: that is silent. Any other refusal is told to the person.
    """
    task = session.get(Task, task_id)
    if task is None or decision not in DECISIONS:
        return _counted("unknown")
    command = {"do": decision, "by": user_id, "comment": comment or ""}
    try:
        with session.begin_nested():
            instances.act_on_task(session, task_id, command)
    except Problem as refusal:
        if not (task.assignee_id == user_id and task.status == _OUTCOMES[decision]):
            instance = session.get_one(Instance, task.instance_id)
            telling.decision_refused(
                session, instance, user_id=user_id, reason=both(str(getattr(refusal.title, "message", refusal.title)))
            )
        return _counted("refused")
    return _counted("taken")


_OUTCOMES = {"approve": "approved", "reject": "rejected"}


def _counted(result: str) -> str:
    metrics.CHAT_DECISIONS.labels(result).inc()
    return result
