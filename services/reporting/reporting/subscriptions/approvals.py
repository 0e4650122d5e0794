"""Facts of approvals: runs of a flow, and each person's decision in them."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from chassis.subscriptions import Received, Subscriptions
from reporting.models import ApprovalInstance, ApprovalTask
from reporting.projecting import fields_of, put
from reporting.subscriptions.reading import reads

on = Subscriptions()
GROUP: dict[str, Any] = {
    "group": "approval_facts",
    "kind": "projection",
    "tables": [ApprovalInstance, ApprovalTask],
    "batch": True,
}
INSTANCE = ("number", "definition", "subject_kind", "subject_id", "initiator_id", "department_id")
TASK = (
    "instance_id",
    "definition",
    "node",
    "node_name",
    "subject_kind",
    "subject_id",
    "account_id",
    "assignee_id",
    "due_at",
)
Started = reads(required="instance_id", texts="number definition subject_kind subject_id initiator_id department_id")
Completed = reads(required="instance_id", texts="outcome")
TaskCreated = reads(
    required="task_id", texts="instance_id definition node subject_kind subject_id account_id assignee_id", moments="due_at",
    node_name=fields.Dict(load_default=None, allow_none=True),
)  # fmt: skip
TaskCompleted = reads(required="task_id", texts="outcome", moments="opened_at")


@on("approvals.instance.started.v1", reads=Started, **GROUP)
def instance_started(session: Session, events: Sequence[Received]) -> None:
    rows = [
        fields_of(event, INSTANCE, id=event.data["instance_id"], started_at=event.time, told_seq=event.sequence)
        for event in events
    ]
    put(session, ApprovalInstance, rows, first={"told_seq": [*INSTANCE, "started_at"]})


@on("approvals.instance.completed.v1", reads=Completed, **GROUP)
def instance_completed(session: Session, events: Sequence[Received]) -> None:
    rows = [
        fields_of(
            event, ["outcome"], id=event.data["instance_id"], completed_at=event.time, completed_seq=event.sequence
        )
        for event in events
    ]
    put(session, ApprovalInstance, rows, latest={"completed_seq": ["outcome", "completed_at"]})


@on("approvals.task.created.v1", reads=TaskCreated, **GROUP)
def task_created(session: Session, events: Sequence[Received]) -> None:
    rows = []
    for event in events:
        row = fields_of(event, TASK, id=event.data["task_id"], told_seq=event.sequence, created_at=event.time)
        rows.append(row | {"node": f"{row['definition'] or ''}/{row['node'] or ''}"})
    put(session, ApprovalTask, rows, latest={"told_seq": TASK}, earliest=["created_at"])


@on("approvals.task.completed.v1", reads=TaskCompleted, **GROUP)
def task_completed(session: Session, events: Sequence[Received]) -> None:
    rows = [
        fields_of(
            event,
            ["outcome", "opened_at"],
            id=event.data["task_id"],
            completed_at=event.time,
            completed_seq=event.sequence,
        )
        for event in events
    ]
    put(session, ApprovalTask, rows, first={"completed_seq": ["outcome", "opened_at", "completed_at"]})
