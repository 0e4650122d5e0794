"""Contracts: /sales/api/v1/contracts."""

from typing import Any

from sqlalchemy.orm import defer

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from sales import contracts
from sales.api import writing
from sales.api.quotes import PRICING, require_subject
from sales.errors import PlanMismatch, WrongState
from sales.models import Contract
from sales.objects import CONTRACT
from sales.schemas import contracts as schemas
from sales.schemas.values import Nothing

api = Api("sales", tag="Contracts")
PAGE = listing.paged(CONTRACT)
EDIT = right("contract", "edit")


@api.get("/contracts", answer=schemas.ContractOut, allow=right("contract", "read"), page=PAGE, query=listing.QUERY)
def list_contracts(call: Call) -> Any:
    """The contracts the caller may read, without their lines."""
    found = listing.rows(call, CONTRACT)
    return found.options(defer(Contract.lines), defer(Contract.payment_plan), defer(Contract.terms))


@api.post(
    "/contracts", body=schemas.ContractIn, answer=schemas.ContractFull, status=201, allow=right("contract", "create"),
    errors=[*PRICING, PlanMismatch],
)  # fmt: skip
def create_contract(call: Call) -> Any:
    """Draft a contract by hand."""
    writing.check_references(call.session, call.caller, call.body)
    require_subject(call)
    return contracts.create(call.session, caller=call.caller, **call.body)


@api.get("/contracts/<id>", answer=schemas.ContractFull, allow=right("contract", "read"))
def read_contract(call: Call, id: str) -> Any:
    """One contract with its lines and payment plan."""
    return access.get(call.session, call.caller, Contract, id)


@api.patch(
    "/contracts/<id>", body=schemas.ContractEdit(partial=True), answer=schemas.ContractFull, allow=EDIT,
    errors=[*PRICING, PlanMismatch],
)  # fmt: skip
def edit_contract(call: Call, id: str) -> Any:
    """Change a draft contract."""
    writing.check_references(call.session, call.caller, call.body)
    return contracts.edit(call.session, writing.locked(call.session, call.caller, Contract, id), **call.body)


@api.post(
    "/contracts/<id>/submit", body=Nothing, answer=schemas.ContractFull, allow=EDIT, errors=[WrongState, PlanMismatch]
)
def submit_contract(call: Call, id: str) -> Any:
    """Ask for approval; the approvers hear by event."""
    return contracts.submit(call.session, writing.locked(call.session, call.caller, Contract, id), caller=call.caller)


@api.post("/contracts/<id>/activate", body=Nothing, answer=schemas.ContractFull, allow=EDIT, errors=[WrongState])
def activate_contract(call: Call, id: str) -> Any:
    """An approved contract was signed and takes effect."""
    return contracts.activate(call.session, writing.locked(call.session, call.caller, Contract, id))


@api.post(
    "/contracts/<id>/terminate", body=schemas.ReasonIn, answer=schemas.ContractFull, allow=EDIT, errors=[WrongState]
)
def terminate_contract(call: Call, id: str) -> Any:
    """End a contract before it is fulfilled; what is still owed is cancelled."""
    writing.check_references(call.session, call.caller, call.body)
    record = writing.locked(call.session, call.caller, Contract, id)
    return contracts.terminate(call.session, record, reason=call.body["reason"])
