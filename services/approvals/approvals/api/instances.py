"""Requests on their way: /approvals/api/v1/instances."""

from typing import Any

from marshmallow import fields, validate

from approvals import instances as use_cases
from approvals import queries, requests, schemas, showing
from approvals.api.allowed import anybody
from approvals.errors import NotYourTask, UnknownDefinition, UrgedRecently, WrongState
from approvals.models import Instance
from approvals.objects import APPROVAL
from chassis.api import Api, Call
from engines import listing
from engines.access import right

api = Api("approvals", tag="Instances")
PAGE = listing.paged(APPROVAL)
MINE = {
    "q": fields.String(load_default="", validate=validate.Length(max=200)),
    "cursor": fields.String(load_default="", validate=validate.Length(max=36)),
    "limit": fields.Integer(load_default=50, validate=validate.Range(1, 200)),
}


@api.get("/instances", answer=schemas.InstanceOut, allow=anybody, page=PAGE, query=listing.QUERY)
def list_instances(call: Call) -> Any:
    """Every request the caller may see: by role, as who asked, or as somebody it was put before."""
    return listing.rows(call, APPROVAL)


@api.get("/instances/started", answer=schemas.Instances, allow=anybody, query=MINE)
def list_started(call: Call) -> Any:
    """What the caller asked for himself, newest first."""
    return _mine(call, queries.started_by(call.caller.id))


@api.get("/instances/copies", answer=schemas.Instances, allow=anybody, query=MINE)
def list_copies(call: Call) -> Any:
    """What the caller was sent a copy of, newest first."""
    return _mine(call, queries.copied_to(call.caller.id))


@api.post(
    "/instances", body=schemas.StartIn, answer=schemas.InstanceFull, status=201, allow=right("approval", "create"),
    errors=[UnknownDefinition],
)  # fmt: skip
def start_instance(call: Call) -> Any:
    """Start a flow by hand."""
    return _full(call, requests.ask(call.session, caller=call.caller, **call.body))


@api.get("/instances/<id>", answer=schemas.InstanceFull, allow=anybody)
def read_instance(call: Call, id: str) -> Any:
    """One request: what it is about, who is asked, how long each step took."""
    return _full(call, requests.readable(call.session, call.caller, id))


@api.get("/instances/<id>/trace", answer=schemas.Trace, allow=anybody)
def read_trace(call: Call, id: str) -> Any:
    """Everything that happened to a request, in order, with why each person was asked and each branch taken."""
    instance = requests.readable(call.session, call.caller, id)
    entries = showing.trace(call.session, call.caller, instance)
    return {"items": [entry | {"steps": showing.plain_steps(entry["steps"])} for entry in entries]}


@api.post(
    "/instances/<id>/withdraw",
    body=schemas.Said,
    answer=schemas.InstanceFull,
    allow=anybody,
    errors=[WrongState, NotYourTask],
)
def withdraw_instance(call: Call, id: str) -> Any:
    """Take the request back."""
    return _full(call, requests.withdraw(call.session, caller=call.caller, instance_id=id, **call.body))


@api.post(
    "/instances/<id>/urge", body=schemas.Said, answer=schemas.InstanceFull, allow=anybody,
    errors=[WrongState, NotYourTask, UrgedRecently],
)  # fmt: skip
def urge_instance(call: Call, id: str) -> Any:
    """Remind everybody who is asked now."""
    minutes = call.settings.urge_minutes  # type: ignore[attr-defined]
    return _full(call, requests.urge(call.session, caller=call.caller, instance_id=id, minutes=minutes, **call.body))


@api.post("/instances/<id>/comments", body=schemas.CommentIn, answer=schemas.InstanceFull, status=201, allow=anybody)
def comment_instance(call: Call, id: str) -> Any:
    """Say something, and tell people who are mentioned."""
    return _full(call, requests.comment(call.session, caller=call.caller, instance_id=id, **call.body))


@api.post(
    "/instances/<id>/resubmit", body=schemas.ResubmitIn, answer=schemas.InstanceFull, allow=anybody,
    errors=[WrongState, NotYourTask],
)  # fmt: skip
def resubmit_instance(call: Call, id: str) -> Any:
    """Put a returned request before its approvers again."""
    return _full(call, requests.resubmit(call.session, caller=call.caller, instance_id=id, **call.body))


def _mine(call: Call, wanted: Any) -> Any:
    found, cursor = queries.instances(
        call.session, wanted, q=call.query["q"], after=call.query["cursor"], limit=call.query["limit"]
    )
    return {"items": found, "next_cursor": cursor}


def _full(call: Call, instance: Instance) -> dict[str, Any]:
    subject = use_cases.state_of(call.session, instance.id)["subject"]
    row = {name: getattr(instance, name) for name in _COLUMNS}
    return row | {
        "snapshot": showing.snapshot(call.session, call.caller, instance, subject),
        "tasks": queries.tasks(call.session, instance.id),
        "steps": showing.steps(call.session, instance),
        "time_per_node": showing.time_per_node(call.session, instance),
    }


_COLUMNS = tuple(field.attribute or name for name, field in schemas.InstanceOut().fields.items())
