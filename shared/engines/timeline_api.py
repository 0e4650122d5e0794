"""JSON routes of activities and tasks for all kinds of records of a service, within the access of each record."""

from collections.abc import Callable, Iterable
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis.api import Api, Call
from chassis.caller import Caller
from chassis.errors import Conflict, Invalid, NotFound
from chassis.i18n import lazy as _
from chassis.paging import Paged
from engines import access, timeline
from engines.objects import ObjectType
from engines.timeline import ACTIVITY_KINDS, Activity, Task

_ID = validate.Length(1, 36)
_LONG = 20_000
AfterActivity = Callable[[Session, Caller, Any, Activity], None]


class SubjectIn(Schema):
    subject_kind = fields.String(required=True, validate=validate.Length(1, 60))
    subject_id = fields.String(required=True, validate=_ID)


class ActivityIn(SubjectIn):
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    text = fields.String(required=True, validate=validate.Length(1, _LONG))
    at = fields.AwareDateTime(load_default=None, allow_none=True)


class ActivityOut(Schema):
    id = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    kind = fields.String()
    text = fields.String()
    at = fields.DateTime()
    by = fields.String()


class TaskIn(SubjectIn):
    title = fields.String(required=True, validate=validate.Length(1, 200))
    assignee_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)


class TaskChangeIn(Schema):
    assignee_id = fields.String(required=True, validate=_ID)
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)


class TaskOut(Schema):
    id = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    key = fields.String()
    title = fields.Dict(keys=fields.String(), values=fields.String())
    assignee_id = fields.String(allow_none=True)
    due_at = fields.DateTime(allow_none=True)
    done_at = fields.DateTime(allow_none=True)
    done_by = fields.String(allow_none=True)
    link = fields.String()
    created_at = fields.DateTime()


class SubjectQuery(Schema):
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True, validate=_ID)


class TaskQuery(Schema):
    subject_kind = fields.String(load_default="")
    subject_id = fields.String(load_default="")
    open = fields.Boolean(load_default=True, metadata={"description": "only what is not done"})


_ACTIVITIES = Paged(entity=Activity, sort={"at": Activity.at}, default="-at")
_TASKS = Paged(entity=Task, sort={"created_at": Task.created_at, "due_at": Task.due_at}, default="-created_at")


class _Subjects:
    """The kinds of records a service keeps a timeline for; as `allow=` it asks for reading any of them."""

    def __init__(self, kinds: Iterable[ObjectType]):
        self.by_kind = {kind.kind: kind for kind in kinds}

    def __call__(self, call: Call) -> bool:
        return any(access.has_right(call.database, call.caller, kind, "read") for kind in self.by_kind)

    def record(self, call: Call, kind: str, record_id: str, action: str) -> Any:
        """The record behind a subject; NotFound or Forbidden as for the record itself."""
        found = self.by_kind.get(kind)
        if found is None:
            raise Invalid(errors={"subject_kind": [_("Choose from: %(names)s", names=", ".join(self.by_kind))]})
        return access.get(call.session, call.caller, found.model, record_id, action)

    def task(self, call: Call, task_id: str) -> Task:
        """A task of the caller's own, or of a record he may edit; locked against a second completion."""
        task = call.session.get(Task, task_id, with_for_update=True)
        if task is None:
            raise NotFound()
        if task.assignee_id != call.caller.id:
            self.record(call, task.subject_kind, task.subject_id, "edit")
        return task


def mount(api: Api, kinds: Iterable[ObjectType], *, after_activity: AfterActivity | None = None) -> None:
    """Add /activities and /tasks to a service's API.

    `after_activity(session, caller, record, activity)` lets the service note what an activity means for its record, in
    the same transaction.
    """
    subjects = _Subjects(kinds)
    _mount_activities(api, subjects, after_activity)
    _mount_tasks(api, subjects)


def _mount_activities(api: Api, subjects: _Subjects, after_activity: AfterActivity | None) -> None:
    @api.post("/activities", body=ActivityIn, answer=ActivityOut, status=201, allow=subjects, tags=["timeline"])
    def log_activity(call: Call) -> Activity:
        """Log a call, visit, mail, meeting or note on a record"""
        record = subjects.record(call, call.body["subject_kind"], call.body["subject_id"], "edit")
        activity = timeline.log_activity(call.session, caller=call.caller, **call.body)
        if after_activity is not None:
            after_activity(call.session, call.caller, record, activity)
        return activity

    @api.get("/activities", page=_ACTIVITIES, query=SubjectQuery, answer=ActivityOut, allow=subjects, tags=["timeline"])
    def list_activities(call: Call) -> Select[Any]:
        """Activities of a record, the latest first"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        subjects.record(call, kind, record_id, "read")
        return select(Activity).where(Activity.subject_kind == kind, Activity.subject_id == record_id)


def _mount_tasks(api: Api, subjects: _Subjects) -> None:
    @api.post("/tasks", body=TaskIn, answer=TaskOut, status=201, allow=subjects, tags=["timeline"])
    def create_task(call: Call) -> Task:
        """Give somebody something to do about a record"""
        subjects.record(call, call.body["subject_kind"], call.body["subject_id"], "edit")
        body = call.body | {"assignee_id": call.body["assignee_id"] or call.caller.id}
        return timeline.create_task(call.session, by=call.caller.id, **body)

    @api.get("/tasks", page=_TASKS, query=TaskQuery, answer=TaskOut, allow=subjects, tags=["timeline"])
    def list_tasks(call: Call) -> Select[Any]:
        """Tasks of a record, or without one the caller's own"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        if kind or record_id:
            subjects.record(call, kind, record_id, "read")
            found = select(Task).where(Task.subject_kind == kind, Task.subject_id == record_id)
        else:
            found = select(Task).where(Task.assignee_id == call.caller.id)
        return found.where(Task.done_at.is_(None)) if call.query["open"] else found

    @api.post("/tasks/<id>/complete", answer=TaskOut, allow=subjects, errors=[Conflict], tags=["timeline"])
    def complete_task(call: Call, id: str) -> Task:
        """Mark a task as done"""
        return timeline.complete_task(call.session, subjects.task(call, id), by=call.caller.id)

    @api.post(
        "/tasks/<id>/reassign", body=TaskChangeIn, answer=TaskOut, allow=subjects, errors=[Conflict], tags=["timeline"]
    )
    def reassign_task(call: Call, id: str) -> Task:
        """Give an open task to another person"""
        task = subjects.task(call, id)
        return timeline.reassign_task(call.session, task, to=call.body["assignee_id"], due_at=call.body["due_at"])
