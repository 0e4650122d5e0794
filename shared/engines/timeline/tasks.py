"""Tasks: what a person has to do about a record by a time, with reminders before it and when it is due."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeVar

from marshmallow import fields
from sqlalchemy import Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, directory
from chassis.caller import Caller
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.errors import Conflict, Invalid
from chassis.events import Event, personal, publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from chassis.timers import Timer, Timers, arm, cancel, new_row
from engines.notifications import notify

REMINDER = "task_reminder"
EARLY = "task_early_reminder"
CANCELLED = "cancelled"
due = Timers()

Texts = Mapping[str, str]


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
    outcome: Mapped[str] = mapped_column(String(20), default="", server_default="")  # cancelled, else empty
    note: Mapped[str | None] = mapped_column(Text, info={"personal": True})
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
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


class TaskFact(Event):
    """What every event about a task says of it."""

    task_id = fields.String(required=True)
    # The record it is about; filled in after construction, where `subject` names the event's own.
    subject = fields.String(metadata={"always": True})  # type: ignore[assignment]
    key = fields.String()
    title = personal(fields.Dict(keys=fields.String(), values=fields.String()))
    assignee_id = fields.String(required=True, allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    remind_at = fields.AwareDateTime(allow_none=True)
    link = fields.String()


class TaskCreated(TaskFact, type="{service}.task.created.v1"):
    """A person has something to do."""


class TaskReassigned(TaskFact, type="{service}.task.reassigned.v1"):
    """A task went to another person, or its title or times changed, or it is open again."""

    previous_assignee_id = fields.String(allow_none=True)


class TaskCompleted(TaskFact, type="{service}.task.completed.v1"):
    """A task was done, or is no longer needed."""

    done_at = fields.AwareDateTime(required=True)
    done_by = fields.String(required=True)
    outcome = fields.String(metadata={"description": "cancelled where it was not done, else empty"})


T = TypeVar("T", bound=TaskFact)


def create_task(
    session: Session,
    *,
    subject_kind: str,
    subject_id: str,
    title: Texts | str,
    assignee_id: str | None,
    due_at: datetime | None = None,
    remind_at: datetime | None = None,
    note: str | None = None,
    key: str = "",
    link: str = "",
    by: str = "system",
) -> Task:
    """Give a person something to do; he is reminded when it falls due. `title` is {"zh", "en"}, or what somebody typed."""
    _check_times(due_at, remind_at)
    row = new_task(
        subject_kind=subject_kind, subject_id=subject_id, title=_texts(title), assignee_id=assignee_id, due_at=due_at,
        remind_at=remind_at, note=note, key=key, link=link, by=by,
    )  # fmt: skip
    task = Task(**row)
    session.add(task)
    _remind_when_due(session, task, is_new=True)
    _tell(session, TaskCreated, task)
    return task


def new_task(*, title: Texts, by: str = "system", **values: Any) -> dict[str, Any]:
    """The row of a task, for hot paths that store it with what they write, its `timers_of` and its `created` event."""
    empty = {"key": "", "link": "", "outcome": "", "done_at": None, "done_by": None, "remind_at": None, "note": None}
    return empty | values | {"id": uuid7(), "title": title, "created_by": by, "created_at": clock.now()}


def timers_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a new task's timers."""
    return [new_row(kind=kind, key=row["id"], due_at=moment) for kind, moment in _to_come(SimpleNamespace(**row))]


def created(row: Mapping[str, Any]) -> TaskCreated:
    """The event of a new task."""
    return _fact(TaskCreated, SimpleNamespace(**row, subject=f"{row['subject_kind']}/{row['subject_id']}"))


def assign_task(session: Session, *, caller: Caller, assignee_id: str, **values: Any) -> Task:
    """A person gives a colleague, or himself, something to do; the colleague is told at once."""
    _require_person(session, assignee_id)
    task = create_task(session, assignee_id=assignee_id, by=caller.id, **values)
    if assignee_id != caller.id:
        _tell_assignee(session, task, caller)
    return task


def edit_task(session: Session, task: Task, *, caller: Caller, **given: Any) -> Task:
    """Change title, note, times or assignee of an open task; a new assignee is told."""
    _require_open(task)
    before = task.assignee_id
    if "title" in given:
        given["title"] = _texts(given["title"])
    if given.get("assignee_id") not in (None, before):
        _require_person(session, given["assignee_id"])
    for name, value in given.items():
        setattr(task, name, value)
    _check_times(task.due_at, task.remind_at if "remind_at" in given else None)
    _remind_when_due(session, task)
    _tell(session, TaskReassigned, task, previous_assignee_id=before)
    if task.assignee_id not in (before, caller.id):
        _tell_assignee(session, task, caller)
    return task


def complete_task(session: Session, task: Task, *, by: str, outcome: str = "") -> Task:
    """Mark a task as done; Conflict when it is already."""
    _require_open(task)
    task.done_at, task.done_by, task.outcome = clock.now(), by, outcome
    _forget_reminders(session, task)
    _tell(session, TaskCompleted, task, done_at=task.done_at, done_by=by, outcome=outcome)
    return task


def cancel_task(session: Session, task: Task, *, by: str) -> Task:
    """Take back a task that nobody needs to do any more."""
    return complete_task(session, task, by=by, outcome=CANCELLED)


def reopen_task(session: Session, task: Task) -> Task:
    """Put a task that was ticked off or taken back onto its assignee's list again."""
    if task.done_at is None:
        raise Conflict(_("This task is open"))
    task.done_at, task.done_by, task.outcome = None, None, ""
    _remind_when_due(session, task)
    _tell(session, TaskReassigned, task, previous_assignee_id=task.assignee_id)
    return task


def complete_open(session: Session, *, subject_kind: str, subject_id: str, by: str, key: str = "") -> int:
    """Complete the open tasks of a record, with `key` only those made by it; returns how many."""
    found = [task for task in open_tasks(session, subject_kind, subject_id) if not key or task.key == key]
    for task in found:
        complete_task(session, task, by=by)
    return len(found)


def reassign_task(session: Session, task: Task, *, to: str | None, due_at: datetime | None = None) -> Task:
    """Give an open task to another person, optionally with another due time."""
    _require_open(task)
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


@due(EARLY)
def remind_early(session: Session, timer: Timer) -> None:
    """Tell the assignee what is coming, at the time they asked for."""
    task = session.get(Task, timer.key)
    if task is None or task.done_at is not None or task.remind_at is None:
        return
    text = {"zh": f"任务提醒：{task.title.get('zh', '')}", "en": f"Reminder: {task.title.get('en', '')}"}
    notify(session, to=[task.assignee_id], key="task_reminder", title=text, link=task.link, subject=task.subject)


def _remind_when_due(session: Session, task: Task, *, is_new: bool = False) -> None:
    """Arm what is still to come; a reminder that has passed is not given again."""
    to_come = dict(_to_come(task))
    for kind in (REMINDER, EARLY):
        if kind in to_come:
            arm(session, kind=kind, key=task.id, due_at=to_come[kind])
        elif not is_new:
            cancel(session, kind=kind, key=task.id)


def _to_come(task: Any) -> list[tuple[str, datetime]]:
    """The reminders of a task that are still to be given, by kind of timer."""
    if task.assignee_id is None:
        return []
    found = [(REMINDER, task.due_at)] if task.due_at is not None else []
    if task.remind_at is not None and task.remind_at > clock.now():
        found.append((EARLY, task.remind_at))
    return found


def _forget_reminders(session: Session, task: Task) -> None:
    cancel(session, kind=REMINDER, key=task.id)
    cancel(session, kind=EARLY, key=task.id)


def _tell_assignee(session: Session, task: Task, caller: Caller) -> None:
    who = caller.name or caller.id
    text = {
        "zh": f"{who} 给你安排了任务：{task.title.get('zh', '')}",
        "en": f"{who} gave you a task: {task.title.get('en', '')}",
    }
    notify(session, to=[task.assignee_id], key="task_assigned", title=text, link=task.link, subject=task.subject)


def _texts(title: Texts | str) -> dict[str, str]:
    return {"zh": title, "en": title} if isinstance(title, str) else dict(title)


def _require_open(task: Task) -> None:
    if task.done_at is not None:
        raise Conflict(_("This task is done already"))


def _require_person(session: Session, user_id: str) -> None:
    found = directory.snapshot(session).users.get(user_id)
    if found is None or not found.active:
        raise Invalid(errors={"assignee_id": [_("There is no such person: %(id)s", id=user_id)]})


def _check_times(due_at: datetime | None, remind_at: datetime | None) -> None:
    if remind_at is not None and due_at is not None and remind_at > due_at:
        raise Invalid(errors={"remind_at": [_("The reminder must come before the task is due.")]})


def _tell(session: Session, kind: type[TaskFact], task: Task, **more: Any) -> None:
    publish(session, _fact(kind, task, **more))


def _fact(kind: type[T], task: Any, **more: Any) -> T:
    event = kind(
        subject=f"task/{task.id}", task_id=task.id, key=task.key, title=task.title, assignee_id=task.assignee_id,
        due_at=task.due_at, remind_at=task.remind_at, link=task.link, **more,
    )  # fmt: skip
    event.data["subject"] = task.subject
    return event
