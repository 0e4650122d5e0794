"""A leaver's approval tasks go to a successor, in the same place of the flow."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from approvals import instances
from approvals.models import Instance, Task
from approvals.state import OPEN
from chassis.caller import Caller
from engines.ownership.hand_over import Part, taking_part


def _asked(leaver_id: str) -> Any:
    running = Instance.status == "running"
    return (
        select(Task.id)
        .join(Instance, Instance.id == Task.instance_id)
        .where(Task.assignee_id == leaver_id, Task.status.in_(OPEN), running)
    )


def _count(session: Session, leaver_id: str) -> int:
    return int(session.execute(select(func.count()).select_from(_asked(leaver_id).subquery())).scalar_one())


def _find(session: Session, leaver_id: str, after: str, limit: int) -> Sequence[str]:
    return session.scalars(_asked(leaver_id).where(Task.id > after).order_by(Task.id).limit(limit)).all()


def _move(session: Session, task_id: str, to: str, caller: Caller) -> None:
    instances.act_on_task(session, task_id, {"do": "hand_over", "by": caller.id, "to": to, "comment": ""})


on, due = taking_part(Part("approval_task", _count, _find, _move))
