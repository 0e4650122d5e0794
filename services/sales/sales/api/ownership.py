"""Records of sales changing hands: accounts with their pools, opportunities and contracts one by one or many at once."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from chassis.api import Api, Call
from engines import access
from engines.access import right
from engines.ownership import api as pools
from engines.ownership import require_giving
from engines.ownership.errors import CLAIM_REFUSED, HoldingFull, UnknownPerson, UnknownPool
from sales import contracts, opportunities, ownership
from sales.api import writing
from sales.models import Account, Contract, Opportunity
from sales.schemas import contracts as contract_schemas
from sales.schemas import customers as schemas
from sales.schemas.values import Nothing

api = Api("sales", tag="Ownership")


class Ids(Schema):
    ids = fields.List(
        fields.String(validate=validate.Length(1, 36)), required=True, validate=validate.Length(1, writing.MAX_BULK)
    )


class BulkAssign(schemas.AccountOwnerIn, Ids):
    """Who gets them."""


class BulkRelease(schemas.ReleaseIn, Ids):
    """Where they go."""


class BulkOwner(schemas.OwnerIn, Ids):
    """Who gets them."""


def _to_give(call: Call, id: str) -> Account:
    """The account for giving away: by the right `assign`, or as an admin of its pool."""
    record: Account = access.get(call.session, call.caller, Account, id, lock=True)
    require_giving(call.session, ownership.ACCOUNTS, record, call.caller)
    return record


@api.post(
    "/accounts/<id>/assign", body=schemas.AccountOwnerIn, answer=schemas.AccountOut, allow=right("account", "read"),
    errors=[UnknownPerson, HoldingFull],
)  # fmt: skip
def assign_account(call: Call, id: str) -> Any:
    """Give an account another owner; its contacts and open tasks go along."""
    return ownership.assign_account(call.session, _to_give(call, id), caller=call.caller, **call.body)


@api.post(
    "/accounts/<id>/claim",
    body=Nothing,
    answer=schemas.AccountOut,
    allow=right("account", "claim"),
    errors=CLAIM_REFUSED,
)
def claim_account(call: Call, id: str) -> Any:
    """Take an account from the pool, within its limits."""
    record = access.get(call.session, call.caller, Account, id)
    return ownership.claim_account(call.session, record, caller=call.caller)


@api.post(
    "/accounts/<id>/release", body=schemas.ReleaseIn, answer=schemas.AccountOut, allow=right("account", "edit"),
    errors=[UnknownPool],
)  # fmt: skip
def release_account(call: Call, id: str) -> Any:
    """Put an account into a pool."""
    record = writing.locked(call.session, call.caller, Account, id)
    return ownership.release_account(call.session, record, caller=call.caller, **call.body)


@api.post("/accounts/bulk/assign", body=BulkAssign, answer=writing.BulkOut, allow=right("account", "bulk"))
def assign_accounts(call: Call) -> Any:
    """Give up to 1,000 accounts to one person; each is reported."""
    to = {name: call.body[name] for name in ("owner_id", "over_limit")}

    def assign(id_: str) -> None:
        ownership.assign_account(call.session, _to_give(call, id_), caller=call.caller, **to)

    return writing.bulk(call.session, call.body["ids"], assign)


@api.post("/accounts/bulk/claim", body=Ids, answer=writing.BulkOut, allow=right("account", "claim"))
def claim_accounts(call: Call) -> Any:
    """Take up to 1,000 accounts from the pool; the limits of claims bound it, so that no right to bulk is asked."""

    def claim(id_: str) -> None:
        record = access.get(call.session, call.caller, Account, id_)
        ownership.claim_account(call.session, record, caller=call.caller)

    return writing.bulk(call.session, call.body["ids"], claim)


@api.post("/accounts/bulk/release", body=BulkRelease, answer=writing.BulkOut, allow=right("account", "bulk"))
def release_accounts(call: Call) -> Any:
    """Put up to 1,000 accounts into a pool; each is reported."""
    where = {name: call.body[name] for name in ("pool", "reason")}

    def release(id_: str) -> None:
        record = writing.locked(call.session, call.caller, Account, id_)
        ownership.release_account(call.session, record, caller=call.caller, **where)

    return writing.bulk(call.session, call.body["ids"], release)


def _assign_each(call: Call, model: Any, assign: Callable[..., Any]) -> Any:
    access.require_right(call.session, call.caller, model.__kind__, "assign")

    def one(id_: str) -> None:
        record = writing.locked(call.session, call.caller, model, id_)
        assign(call.session, record, owner_id=call.body["owner_id"], caller=call.caller)

    return writing.bulk(call.session, call.body["ids"], one)


@api.post("/opportunities/bulk/assign", body=BulkOwner, answer=writing.BulkOut, allow=right("opportunity", "bulk"))
def assign_opportunities(call: Call) -> Any:
    """Give up to 1,000 opportunities to one person; each is reported."""
    return _assign_each(call, Opportunity, opportunities.assign)


@api.post("/contracts/bulk/assign", body=BulkOwner, answer=writing.BulkOut, allow=right("contract", "bulk"))
def assign_contracts(call: Call) -> Any:
    """Give up to 1,000 contracts to one person; each is reported."""
    return _assign_each(call, Contract, contracts.assign)


@api.post(
    "/contracts/<id>/assign", body=schemas.OwnerIn, answer=contract_schemas.ContractFull, allow=right("contract", "assign"),
    errors=[UnknownPerson],
)  # fmt: skip
def assign_contract(call: Call, id: str) -> Any:
    """Give a contract another owner; its open tasks go along."""
    record = writing.locked(call.session, call.caller, Contract, id)
    return contracts.assign(call.session, record, owner_id=call.body["owner_id"], caller=call.caller)


pools.mount(
    api, ownership.ACCOUNTS, "accounts", answer=schemas.AccountOut, dump=lambda session, caller, record: record,
    protect=ownership.protect_account,
)  # fmt: skip
