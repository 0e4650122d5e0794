"""What approvals says to other services, and to people in both languages."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import events, metrics, subjects
from approvals.blocks import Shape
from approvals.models import Instance, Task
from approvals.state import ENDED, Event
from chassis import clock, directory
from chassis.events import publish
from chassis.i18n import both
from engines.notifications import notify

TASK_KEY = "approval_task"  # the gateway's chat shows these as cards with buttons


def fact(instance: Instance) -> dict[str, Any]:
    """What every event about an instance says of it."""
    return {
        "instance_id": instance.id,
        "number": instance.number,
        "request_id": instance.request_id,
        "definition": instance.definition_key,
        "definition_version": instance.definition_revision,
        "subject_kind": instance.subject_kind,
        "subject_id": instance.subject_id,
        "account_id": instance.account_id,
        "title": instance.title,
        "initiator_id": instance.owner_id,
        "department_id": instance.department_id,
    }


def instance_started(session: Session, instance: Instance, *, again: bool) -> None:
    kind = events.InstanceResubmitted if again else events.InstanceStarted
    publish(session, kind(instance, **fact(instance)))


def instance_answered(session: Session, instance: Instance, shape: Shape, last: Event) -> None:
    """The asking service hears the answer; who asked by hand is told here, others by the service they asked in."""
    outcome = instance.status
    if outcome == "returned":
        node = dict(shape.node(last["from"])["name"])
        returned = events.InstanceReturned(
            instance, **fact(instance), returned_by=last["by"], comment=last["comment"], node=node
        )
        publish(session, returned)
    else:
        metrics.COMPLETED.labels(instance.definition_key, outcome).inc()
    answered = events.InstanceCompleted(
        instance, **fact(instance), outcome=outcome, decided_by=instance.decided_by, comment=instance.comment,
        started_at=instance.started_at, completed_at=clock.now(), trace=trace(session, instance),
    )  # fmt: skip
    publish(session, answered)
    if instance.source == "approvals" and outcome in (*ENDED, "returned") and outcome != "withdrawn":
        title = {
            "approved": both("%(title)s was approved", title=instance.title),
            "rejected": both("%(title)s was rejected", title=instance.title),
            "returned": both("%(title)s was returned to you", title=instance.title),
        }[outcome]
        text = {"zh": instance.comment, "en": instance.comment}
        _notify(session, instance, to=[instance.owner_id], key="approval_answered", title=title, text=text)


def trace(session: Session, instance: Instance) -> list[dict[str, Any]]:
    """Everybody's part in an instance, in order: who, at which step, what, when, in whose words."""
    wanted = select(Task).where(
        Task.instance_id == instance.id, Task.closed_at.is_not(None), Task.status != "cancelled"
    )
    return [
        {
            "node": task.node,
            "name": task.node_name,
            "user_id": task.assignee_id,
            "by": task.closed_by,
            "outcome": task.status,
            "comment": task.comment,
            "reason": task.reason,
            "opened_at": clock.iso(task.opened_at) if task.opened_at else None,
            "closed_at": clock.iso(task.closed_at) if task.closed_at else None,
        }
        for task in session.scalars(wanted.order_by(Task.closed_at, Task.id))
    ]


def task_created(session: Session, instance: Instance, task: Task, *, highlights: list[dict[str, Any]]) -> None:
    """A person is asked: a to-do in "my work", a card in the chat, a share of the subject, a notification."""
    person = directory.snapshot(session).users.get(task.assignee_id)
    made = events.TaskCreated(
        subject=f"approval_task/{task.id}", **_task_fact(instance, task), highlights=highlights,
        summary=dict(task.node_name), facts=subjects.facts(highlights, person.locale if person else "zh"),
    )  # fmt: skip
    made.data["subject"] = f"{instance.subject_kind}/{instance.subject_id}"
    publish(session, made)
    _notify(
        session, instance, to=[task.assignee_id], key=TASK_KEY, title=_title(task, instance), text=dict(task.node_name),
        link=task_link(task.id),
    )  # fmt: skip


def task_completed(session: Session, instance: Instance, task: Task) -> None:
    """A task is over for this person, whatever the reason."""
    closed_at = task.closed_at or clock.now()
    made = events.TaskCompleted(
        subject=f"approval_task/{task.id}", **_task_fact(instance, task), outcome=task.status, completed_by=task.closed_by,
        comment=task.comment, reason=task.reason, opened_at=task.opened_at, completed_at=closed_at,
        overdue=task.due_at is not None and closed_at > task.due_at,
    )  # fmt: skip
    made.data["subject"] = f"{instance.subject_kind}/{instance.subject_id}"
    publish(session, made)


def task_due(session: Session, instance: Instance, task: Task, *, overdue: bool) -> None:
    """The person asked is reminded before the deadline, and again after it."""
    if overdue:
        title = both("Overdue approval: %(title)s", title=instance.title)
    else:
        title = both("Approval due soon: %(title)s", title=instance.title)
    key = "approval_overdue" if overdue else "approval_due"
    _notify(session, instance, to=[task.assignee_id], key=key, title=title, link=task_link(task.id))


def urged(session: Session, instance: Instance, event: Event) -> None:
    title = both("Please decide: %(title)s", title=instance.title)
    text = {"zh": event["comment"], "en": event["comment"]}
    _notify(session, instance, to=event["to"], key="approval_urged", title=title, text=text)


def copied(session: Session, instance: Instance, users: list[str]) -> None:
    title = both("For your information: %(title)s", title=instance.title)
    _notify(session, instance, to=users, key="approval_copy", title=title)


def step_requested(session: Session, instance: Instance, event: Event) -> None:
    publish(session, events.StepRequested(instance, **fact(instance), event=event["event"], node=event["node"]))


def decision_refused(session: Session, instance: Instance, *, user_id: str, reason: dict[str, str]) -> None:
    """A button was pressed in the chat that decides nothing any more."""
    title = both("Your decision on %(title)s was not taken", title=instance.title)
    text = reason
    _notify(session, instance, to=[user_id], key="approval_not_taken", title=title, text=text)


def task_link(task_id: str) -> str:
    return f"/approvals/tasks/{task_id}"


def _title(task: Task, instance: Instance) -> dict[str, str]:
    if task.type == "handle":
        return both("To do: %(title)s", title=instance.title)
    return both("To approve: %(title)s", title=instance.title)


def _task_fact(instance: Instance, task: Task) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "instance_id": instance.id,
        "definition": instance.definition_key,
        "node": task.node,
        "node_name": task.node_name,
        "kind": task.type,
        "subject_kind": instance.subject_kind,
        "subject_id": instance.subject_id,
        "account_id": instance.account_id,
        "title": _title(task, instance),
        "assignee_id": task.assignee_id,
        "initiator_id": instance.owner_id,
        "due_at": task.due_at,
        "link": task_link(task.id),
    }


def _notify(
    session: Session, instance: Instance, *, to: Any, key: str, title: Any, text: Any = None, link: str = ""
) -> None:
    notify(
        session, to=to, key=key, title=title, text=text, link=link or f"/approvals/instances/{instance.id}",
        subject=f"approval/{instance.id}",
    )  # fmt: skip
