"""Out of office: /approvals/api/v1/delegations."""

from typing import Any

from approvals import delegations, schemas
from approvals.api.allowed import anybody
from chassis.api import Api, Call
from chassis.errors import Forbidden
from engines import access
from engines.access import right

api = Api("approvals", tag="Delegations")


@api.get("/delegations", answer=schemas.Delegations, allow=anybody)
def list_delegations(call: Call) -> Any:
    """The caller's own delegations that are not over."""
    return {"items": delegations.current(call.session, user_id=call.caller.id)}


@api.get("/delegations/all", answer=schemas.Delegations, allow=right("approval_definition", "edit"))
def list_all_delegations(call: Call) -> Any:
    """Everybody's delegations that are not over."""
    return {"items": delegations.current(call.session)}


@api.post("/delegations", body=schemas.DelegationIn, answer=schemas.DelegationOut, status=201, allow=anybody)
def create_delegation(call: Call) -> Any:
    """Name who is asked instead for a while; administrators may do it for somebody who is away."""
    user_id = call.body.pop("user_id") or call.caller.id
    if user_id != call.caller.id and not _administers(call):
        raise Forbidden()
    return delegations.delegate(call.session, caller=call.caller, user_id=user_id, **call.body)


@api.delete("/delegations/<id>", status=204, allow=anybody)
def end_delegation(call: Call, id: str) -> Any:
    """Take a delegation back."""
    delegations.end(call.session, id, user_id=None if _administers(call) else call.caller.id)


def _administers(call: Call) -> bool:
    return access.granted(call.session, call.caller, "approval").everything
