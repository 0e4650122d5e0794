"""Hand-overs of leavers: /gateway/api/v1/hand-overs."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis.api import Api, Call
from engines import access
from engines.access import right
from engines.listing import QUERY, paged, rows
from integration_gateway import hand_overs
from integration_gateway.errors import HandOverRuns, LastAdministrator, NotCounted
from integration_gateway.models import HandOver
from integration_gateway.objects import HAND_OVER

api = Api("gateway", tag="hand-over")
_ID = validate.Length(1, 36)


class HandOverIn(Schema):
    leaver_id = fields.String(required=True, validate=_ID)


class StartIn(Schema):
    successors = fields.Dict(
        keys=fields.String(), values=fields.String(validate=_ID), required=True,
        metadata={"description": "kind of record → person; * for every kind not named"},
    )  # fmt: skip
    switch_off = fields.Boolean(load_default=False, metadata={"description": "sign the leaver out for good, at once"})


class HandOverBrief(Schema):
    id = fields.String()
    version = fields.Integer()
    leaver_id = fields.String()
    status = fields.String()
    successors = fields.Dict()
    created_at = fields.AwareDateTime()
    created_by = fields.String(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


class AnswerOut(Schema):
    service = fields.String()
    counts = fields.Dict()
    counted_at = fields.AwareDateTime(allow_none=True)
    moved = fields.Dict()
    refused = fields.List(fields.Dict())
    completed_at = fields.AwareDateTime(allow_none=True)


class HandOverOut(HandOverBrief):
    """A hand-over with what each service counted, moved and refused."""

    counts = fields.Dict()
    moved = fields.Dict()
    waiting_for = fields.List(fields.String())
    services = fields.List(fields.Nested(AnswerOut))


@api.get("/hand-overs", answer=HandOverBrief, allow=right("hand_over", "read"), page=paged(HAND_OVER), query=QUERY)
def list_hand_overs(call: Call) -> Any:
    """Hand-overs, newest first."""
    return rows(call, HAND_OVER)


@api.post(
    "/hand-overs", body=HandOverIn, answer=HandOverOut, status=201, allow=right("hand_over", "create"),
    errors=[HandOverRuns],
)  # fmt: skip
def prepare_hand_over(call: Call) -> Any:
    """Ask every service what a leaver has; the answers come in by event."""
    record = hand_overs.prepare(call.session, caller=call.caller, **call.body)
    return hand_overs.details(call.session, record)


@api.get("/hand-overs/<id>", answer=HandOverOut, allow=right("hand_over", "read"))
def read_hand_over(call: Call, id: str) -> Any:
    """One hand-over with its preview and report."""
    return hand_overs.details(call.session, access.get(call.session, call.caller, HandOver, id))


@api.post("/hand-overs/<id>/count", answer=HandOverOut, allow=right("hand_over", "edit"), errors=[HandOverRuns])
def count_again(call: Call, id: str) -> Any:
    """Ask every service anew what the leaver has."""
    return hand_overs.details(call.session, hand_overs.count_again(call.session, _locked(call, id)))


@api.post(
    "/hand-overs/<id>/start", body=StartIn, answer=HandOverOut, status=202, allow=right("hand_over", "edit"),
    errors=[HandOverRuns, NotCounted, LastAdministrator],
)  # fmt: skip
def start_hand_over(call: Call, id: str) -> Any:
    """Let every service move what it owns to the successors; progress and report come in by event."""
    record = hand_overs.start(call.session, _locked(call, id), caller=call.caller, **call.body)
    return hand_overs.details(call.session, record)


@api.post("/hand-overs/<id>/cancel", answer=HandOverOut, allow=right("hand_over", "edit"), errors=[HandOverRuns])
def cancel_hand_over(call: Call, id: str) -> Any:
    """Give a hand-over up before it was started."""
    return hand_overs.details(call.session, hand_overs.cancel(call.session, _locked(call, id)))


def _locked(call: Call, id: str) -> HandOver:
    return access.get(call.session, call.caller, HandOver, id, "edit", lock=True)
