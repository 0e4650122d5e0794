"""Routes of tasks."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, select

from chassis.api import Api, Call
from chassis.errors import Conflict, NotFound
from chassis.paging import Paged
from engines import record_kit, timeline
from engines.timeline import Task
from engines.timeline_api.subjects import ID, LONG, TAGS, SubjectIn, Subjects


class TaskIn(SubjectIn):
    title = fields.String(required=True, validate=validate.Length(1, 200))
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=LONG))
    assignee_id = fields.String(load_default=None, allow_none=True, validate=ID)
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)
    remind_at = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "a reminder before the one at due_at"}
    )


class TaskEdit(Schema):
    title = fields.String(validate=validate.Length(1, 200))
    note = fields.String(allow_none=True, validate=validate.Length(max=LONG))
    assignee_id = fields.String(validate=ID)
    due_at = fields.AwareDateTime(allow_none=True)
    remind_at = fields.AwareDateTime(allow_none=True)


class TaskChangeIn(Schema):
    assignee_id = fields.String(required=True, validate=ID)
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)


class RecordTaskOut(Schema):
    id = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    key = fields.String()
    title = fields.Dict(keys=fields.String(), values=fields.String())
    note = fields.String(allow_none=True)
    assignee_id = fields.String(allow_none=True)
    due_at = fields.DateTime(allow_none=True)
    remind_at = fields.DateTime(allow_none=True)
    done_at = fields.DateTime(allow_none=True)
    done_by = fields.String(allow_none=True)
    outcome = fields.String(metadata={"description": "cancelled where it was not done, else empty"})
    link = fields.String()
    created_at = fields.DateTime()


class TaskQuery(Schema):
    subject_kind = fields.String(load_default="")
    subject_id = fields.String(load_default="")
    open = fields.Boolean(load_default=True, metadata={"description": "only what is not done"})


_TASKS = Paged(entity=Task, sort={"created_at": Task.created_at, "due_at": Task.due_at}, default="-created_at")


def held(call: Call, subjects: Subjects, task_id: str) -> Task:
    """A task of the caller's own, or of a record he may write to; locked against a second completion."""
    task = call.session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise NotFound()
    if task.assignee_id != call.caller.id:
        subjects.record(call, task.subject_kind, task.subject_id, "write")
    return task


def mount(api: Api, subjects: Subjects) -> None:
    """Add /tasks."""

    @api.post("/tasks", body=TaskIn, answer=RecordTaskOut, status=201, allow=subjects, errors=[NotFound], tags=TAGS)
    def create_task(call: Call) -> Task:
        """Give somebody something to do about a record"""
        kind, record_id = call.body["subject_kind"], call.body["subject_id"]
        subjects.record(call, kind, record_id, "write")
        body = call.body | {"assignee_id": call.body["assignee_id"] or call.caller.id}
        link = record_kit.link(call.session, kind, record_id)
        return timeline.assign_task(call.session, caller=call.caller, link=link, **body)

    @api.get("/tasks", page=_TASKS, query=TaskQuery, answer=RecordTaskOut, allow=subjects, errors=[NotFound], tags=TAGS)
    def list_tasks(call: Call) -> Select[Any]:
        """Tasks of a record, or without one the caller's own"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        if kind or record_id:
            subjects.record(call, kind, record_id)
            found = select(Task).where(Task.subject_kind == kind, Task.subject_id == record_id)
        else:
            found = select(Task).where(Task.assignee_id == call.caller.id)
        return found.where(Task.done_at.is_(None)) if call.query["open"] else found

    @api.patch("/tasks/<id>", body=TaskEdit, answer=RecordTaskOut, allow=subjects, errors=[Conflict], tags=TAGS)
    def edit_task(call: Call, id: str) -> Task:
        """Change an open task"""
        return timeline.edit_task(call.session, held(call, subjects, id), caller=call.caller, **call.body)

    @api.post("/tasks/<id>/complete", answer=RecordTaskOut, allow=subjects, errors=[Conflict], tags=TAGS)
    def complete_task(call: Call, id: str) -> Task:
        """Mark a task as done"""
        return timeline.complete_task(call.session, held(call, subjects, id), by=call.caller.id)

    @api.post("/tasks/<id>/cancel", answer=RecordTaskOut, allow=subjects, errors=[Conflict], tags=TAGS)
    def cancel_task(call: Call, id: str) -> Task:
        """Take back a task that nobody needs to do"""
        return timeline.cancel_task(call.session, held(call, subjects, id), by=call.caller.id)

    @api.post("/tasks/<id>/reopen", answer=RecordTaskOut, allow=subjects, errors=[Conflict], tags=TAGS)
    def reopen_task(call: Call, id: str) -> Task:
        """Put a task that was done or taken back onto the list again"""
        return timeline.reopen_task(call.session, held(call, subjects, id))

    @api.post(
        "/tasks/<id>/reassign", body=TaskChangeIn, answer=RecordTaskOut, allow=subjects, errors=[Conflict], tags=TAGS
    )
    def reassign_task(call: Call, id: str) -> Task:
        """Give an open task to another person"""
        given = {name: value for name, value in call.body.items() if value is not None}
        return timeline.edit_task(call.session, held(call, subjects, id), caller=call.caller, **given)
