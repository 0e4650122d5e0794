"""What happened with a record and what is to be done: activities and tasks of any kind of record, with reminders."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import fields
from sqlalchemy import Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock
from chassis.caller import Caller
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.errors import Conflict, Invalid
from chassis.events import Event, personal, publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from chassis.timers import Timer, Timers, arm, cancel
from engines.notifications import notify

ACTIVITY_KINDS = ("call", "visit", "mail", "meeting", "note")
REMINDER = "task_reminder"
due = Timers()

Texts = Mapping[str, str]


class Activity(Base):
    """A logged call, visit, mail, meeting or note."""

    __tablename__ = "activities"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, info={"personal": True})
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        Index("ix_activities_subject", "subject_kind", "subject_id", "at", "id"),
        {"info": {"branch": "engines"}},
    )


class Task(Base):
    """Something a person has to do about a record; `key` names what made it ("follow_up"), `title` is {"zh", "en"}."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    key: Mapped[str] = mapped_column(String(60), default="")
    title: Mapped[dict[str, str]] = mapped_column(Json, info={"personal": True})
    assignee_id: Mapped[str | None] = mapped_column(Id)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str | None] = mapped_column(String(64))
    link: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    created_by: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_tasks_subject", "subject_kind", "subject_id", "id"),
        Index("ix_tasks_assignee", "assignee_id", "done_at", "due_at"),
        {"info": {"branch": "engines"}},
    )

    @property
    def subject(self) -> str:
        return f"{self.subject_kind}/{self.subject_id}"


class ActivityLogged(Event, type="{service}.activity.logged.v1"):
    """Somebody logged a call, visit, mail, meeting or note on a record."""

    activity_id = fields.String(required=True)
    # The record it is about; filled in after construction, where `subject` names the event's own.
    subject = fields.String(metadata={"always": True})  # type: ignore[assignment]
    kind = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)


class TaskFact(Event):
    """What every event about a task says of it."""

    task_id = fields.String(required=True)
    # The record it is about; filled in after construction, where `subject` names the event's own.
    subject = fields.String(metadata={"always": True})  # type: ignore[assignment]
    key = fields.String()
    title = personal(fields.Dict(keys=fields.String(), values=fields.String()))
    assignee_id = fields.String(required=True, allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    link = fields.String()


class TaskCreated(TaskFact, type="{service}.task.created.v1"):
    """A person has something to do."""


class TaskReassigned(TaskFact, type="{service}.task.reassigned.v1"):
    """A task went to another person, or its due time moved."""

    previous_assignee_id = fields.String(allow_none=True)


class TaskCompleted(TaskFact, type="{service}.task.completed.v1"):
    """A task was done, or is no longer needed."""

    done_at = fields.AwareDateTime(required=True)
    done_by = fields.String(required=True)


def log_activity(
    session: Session,
    *,
    caller: Caller,
    subject_kind: str,
    subject_id: str,
    kind: str,
    text: str,
    at: datetime | None = None,
) -> Activity:
    """Log what happened, now or at a past moment. Whether the caller may is the edge's business."""
    now = clock.now()
    if kind not in ACTIVITY_KINDS:
        raise Invalid(errors={"kind": [_("Choose from: %(names)s", names=", ".join(ACTIVITY_KINDS))]})
    if at is not None and at > now:
        raise Invalid(errors={"at": [_("An activity lies in the past; plan a task for what is to come.")]})
    activity = Activity(
        id=uuid7(), subject_kind=subject_kind, subject_id=subject_id, kind=kind, text=text, at=at or now, by=caller.id
    )
    session.add(activity)
    event = ActivityLogged(
        subject=f"{subject_kind}/{subject_id}", activity_id=activity.id, kind=kind, at=activity.at, by=caller.id
    )
    event.data["subject"] = event.subject
    publish(session, event)
    return activity


def create_task(
    session: Session,
    *,
    subject_kind: str,
    subject_id: str,
    title: Texts | str,
    assignee_id: str | None,
    due_at: datetime | None = None,
    key: str = "",
    link: str = "",
    by: str = "system",
) -> Task:
    """Give a person something to do; he is reminded when it falls due. `title` is {"zh", "en"}, or what somebody typed."""
    texts = {"zh": title, "en": title} if isinstance(title, str) else dict(title)
    task = Task(
        id=uuid7(), subject_kind=subject_kind, subject_id=subject_id, title=texts, assignee_id=assignee_id,
        due_at=due_at, key=key, link=link, created_by=by,
    )  # fmt: skip
    session.add(task)
    _remind_when_due(session, task)
    _tell(session, TaskCreated, task)
    return task


def complete_task(session: Session, task: Task, *, by: str) -> Task:
    """Mark a task as done; Conflict when it is already."""
    if task.done_at is not None:
        raise Conflict(_("This task is done already"))
    task.done_at, task.done_by = clock.now(), by
    cancel(session, kind=REMINDER, key=task.id)
    _tell(session, TaskCompleted, task, done_at=task.done_at, done_by=by)
    return task


def complete_open(session: Session, *, subject_kind: str, subject_id: str, by: str, key: str = "") -> int:
    """Complete the open tasks of a record, with `key` only those made by it; returns how many."""
    found = [task for task in open_tasks(session, subject_kind, subject_id) if not key or task.key == key]
    for task in found:
        complete_task(session, task, by=by)
    return len(found)


def reassign_task(session: Session, task: Task, *, to: str | None, due_at: datetime | None = None) -> Task:
    """Give an open task to another person, optionally with another due time."""
    if task.done_at is not None:
        raise Conflict(_("This task is done already"))
    before = task.assignee_id
    task.assignee_id = to
    task.due_at = due_at or task.due_at
    _remind_when_due(session, task)
    _tell(session, TaskReassigned, task, previous_assignee_id=before)
    return task


def reassign_tasks(session: Session, *, subject_kind: str, subject_id: str, to: str | None) -> int:
    """Give all open tasks of a record to its new owner; returns how many moved."""
    moved = [task for task in open_tasks(session, subject_kind, subject_id) if task.assignee_id != to]
    for task in moved:
        reassign_task(session, task, to=to)
    return len(moved)


def reassign_all(session: Session, *, person: str, to: str | None) -> int:
    """Give all open tasks of a leaver to a successor; returns how many moved."""
    wanted = select(Task).where(Task.assignee_id == person, Task.done_at.is_(None)).order_by(Task.id)
    found = list(session.scalars(wanted))
    for task in found:
        reassign_task(session, task, to=to)
    return len(found)


def open_tasks(session: Session, subject_kind: str, subject_id: str) -> Sequence[Task]:
    """Tasks of a record that are not done, oldest first."""
    session.flush()
    wanted = select(Task).where(Task.subject_kind == subject_kind, Task.subject_id == subject_id)
    return session.scalars(wanted.where(Task.done_at.is_(None)).order_by(Task.id)).all()


def activities(session: Session, subject_kind: str, subject_id: str, *, limit: int = 50) -> Sequence[Activity]:
    """The latest activities of a record, newest first."""
    wanted = select(Activity).where(Activity.subject_kind == subject_kind, Activity.subject_id == subject_id)
    return session.scalars(wanted.order_by(Activity.at.desc(), Activity.id.desc()).limit(limit)).all()


@due(REMINDER)
def remind(session: Session, timer: Timer) -> None:
    """Tell the assignee of an open task that it is due now."""
    task = session.get(Task, timer.key)
    if task is None or task.done_at is not None or task.due_at is None:
        return
    if task.due_at > timer.due_at:
        _remind_when_due(session, task)
        return
    text = {"zh": f"任务到期：{task.title.get('zh', '')}", "en": f"Task due: {task.title.get('en', '')}"}
    notify(session, to=[task.assignee_id], key="task_due", title=text, link=task.link, subject=task.subject)


def _remind_when_due(session: Session, task: Task) -> None:
    if task.due_at is not None and task.assignee_id is not None:
        arm(session, kind=REMINDER, key=task.id, due_at=task.due_at)
    else:
        cancel(session, kind=REMINDER, key=task.id)


def _tell(session: Session, kind: type[TaskFact], task: Task, **more: Any) -> None:
    event = kind(
        subject=f"task/{task.id}", task_id=task.id, key=task.key, title=task.title, assignee_id=task.assignee_id,
        due_at=task.due_at, link=task.link, **more,
    )  # fmt: skip
    event.data["subject"] = task.subject
    publish(session, event)
