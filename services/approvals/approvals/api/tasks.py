"""What people are asked: /approvals/api/v1/tasks."""

from typing import Any

from marshmallow import fields, validate

from approvals import queries, requests, schemas, subjects
from approvals.api.allowed import anybody
from approvals.errors import AlreadyAsked, NotYourTask, TargetInactive, TargetNotPassed, TaskClosed
from approvals.instances import kind_for
from chassis.api import Api, Call

api = Api("approvals", tag="Tasks")
REFUSALS = [TaskClosed, NotYourTask]
_TASK = tuple(schemas.TaskOut().fields)
QUERY = {
    "scope": fields.String(load_default="pending", validate=validate.OneOf(["pending", "done"])),
    "q": fields.String(load_default="", validate=validate.Length(max=200)),
    "cursor": fields.String(load_default="", validate=validate.Length(max=36)),
    "limit": fields.Integer(load_default=50, validate=validate.Range(1, 200)),
}


@api.get("/tasks", answer=schemas.Inbox, allow=anybody, query=QUERY)
def list_tasks(call: Call) -> Any:
    """The caller's inbox: what he is asked now, or what he has done."""
    found, cursor = queries.inbox(
        call.session, call.caller.id, done=call.query["scope"] == "done", q=call.query["q"], after=call.query["cursor"],
        limit=call.query["limit"],
    )  # fmt: skip
    shown = queries.snapshots(call.session, {item.instance.id for item in found})
    rows = []
    for item in found:
        kind = kind_for(call.session, item.instance)
        highlights = subjects.highlights(kind, shown.get(item.instance.id, {}))
        task = {name: getattr(item.task, name) for name in _TASK}
        rows.append(task | {"instance": item.instance, "highlights": highlights})
    return {"items": rows, "next_cursor": cursor} | queries.counts(call.session, call.caller.id)


@api.get("/tasks/<id>", answer=schemas.TaskOut, allow=anybody)
def read_task(call: Call, id: str) -> Any:
    """One task."""
    return requests.readable_task(call.session, call.caller, id)


@api.post("/tasks/<id>/approve", body=schemas.ApproveIn, answer=schemas.TaskOut, allow=anybody, errors=REFUSALS)
def approve_task(call: Call, id: str) -> Any:
    """Approve, or finish a step that is to be done, with the fields it asks for."""
    return requests.decide(call.session, caller=call.caller, task_id=id, do="approve", **call.body)


@api.post("/tasks/<id>/reject", body=schemas.Said, answer=schemas.TaskOut, allow=anybody, errors=REFUSALS)
def reject_task(call: Call, id: str) -> Any:
    """Reject."""
    return requests.decide(call.session, caller=call.caller, task_id=id, do="reject", **call.body)


@api.post(
    "/tasks/<id>/return", body=schemas.ReturnIn, answer=schemas.TaskOut, allow=anybody,
    errors=[*REFUSALS, TargetNotPassed],
)  # fmt: skip
def return_task(call: Call, id: str) -> Any:
    """Send the request back to who asked, or to a step it has passed."""
    return requests.decide(call.session, caller=call.caller, task_id=id, do="return", **call.body)


@api.post(
    "/tasks/<id>/transfer", body=schemas.TransferIn, answer=schemas.TaskOut, allow=anybody,
    errors=[*REFUSALS, TargetInactive, AlreadyAsked],
)  # fmt: skip
def transfer_task(call: Call, id: str) -> Any:
    """Hand the decision to somebody else."""
    return requests.decide(call.session, caller=call.caller, task_id=id, do="transfer", **call.body)


@api.post("/tasks/bulk/approve", body=schemas.BulkApproveIn, answer=schemas.BulkOut, allow=anybody)
def approve_tasks(call: Call) -> Any:
    """Approve several tasks; each is answered by itself."""
    return requests.approve_all(call.session, caller=call.caller, **call.body)
