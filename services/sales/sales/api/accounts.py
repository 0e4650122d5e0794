"""Accounts: /sales/api/v1/accounts."""

from typing import Any

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from sales import accounts, queries, tiers
from sales.api import writing
from sales.errors import DuplicateAccount
from sales.models import Account
from sales.objects import ACCOUNT
from sales.schemas import customers as schemas

api = Api("sales", tag="Accounts")
PAGE = listing.paged(ACCOUNT)


@api.get("/accounts", answer=schemas.AccountOut, allow=right("account", "read"), page=PAGE, query=listing.QUERY)
def list_accounts(call: Call) -> Any:
    """The accounts the caller may read."""
    return listing.rows(call, ACCOUNT)


@api.post(
    "/accounts", body=schemas.AccountIn, answer=schemas.AccountOut, status=201, allow=right("account", "create"),
    errors=[DuplicateAccount],
)  # fmt: skip
def create_account(call: Call) -> Any:
    """Enter a customer; refused with candidates when it seems to exist."""
    writing.check_references(call.session, call.caller, call.body)
    if call.body.get("owner_id") not in (None, call.caller.id):
        access.require_right(call.session, call.caller, "account", "assign")
    return accounts.create(call.session, caller=call.caller, **call.body)


@api.post(
    "/accounts/duplicates", body=schemas.DuplicateCheck, answer=schemas.Candidates, allow=right("account", "create"),
    session="read",
)  # fmt: skip
def check_duplicates(call: Call) -> Any:
    """The accounts a new customer may already be; named even where the caller may not read them."""
    writing.check_references(call.session, call.caller, call.body)
    return {"candidates": accounts.alike(call.session, **call.body)}


@api.get("/accounts/<id>", answer=schemas.AccountOut, allow=right("account", "read"))
def read_account(call: Call, id: str) -> Any:
    """One account."""
    return access.get(call.session, call.caller, Account, id)


@api.patch(
    "/accounts/<id>", body=schemas.AccountEdit(partial=True), answer=schemas.AccountOut, allow=right("account", "edit")
)
def edit_account(call: Call, id: str) -> Any:
    """Change an account."""
    writing.check_references(call.session, call.caller, call.body)
    return accounts.edit(call.session, writing.locked(call.session, call.caller, Account, id), **call.body)


@api.post("/accounts/<id>/tier", body=schemas.TierIn, answer=schemas.AccountOut, allow=right("account", "assign"))
def set_account_tier(call: Call, id: str) -> Any:
    """Set an account's tier by hand."""
    writing.check_references(call.session, call.caller, call.body)
    record = writing.locked(call.session, call.caller, Account, id)
    return tiers.by_hand(call.session, record, caller=call.caller, tier=call.body["tier"])


@api.get("/accounts/<id>/decisions", answer=schemas.Decisions, allow=right("account", "read"))
def account_decisions(call: Call, id: str) -> Any:
    """Why the account has the tier it has."""
    access.get(call.session, call.caller, Account, id)
    return {"items": queries.decisions(call.session, subject=f"account/{id}", locale=call.caller.locale)}


@api.post(
    "/accounts/bulk",
    body=writing.bulk_body(schemas.AccountEdit),
    answer=writing.BulkOut,
    allow=right("account", "bulk"),
)
def edit_accounts(call: Call) -> Any:
    """Change up to 1,000 accounts alike; each is reported."""
    writing.check_references(call.session, call.caller, call.body)
    access.check_edit(call.session, call.caller, "account", call.body["edit"])

    def edit(id_: str) -> None:
        accounts.edit(call.session, writing.locked(call.session, call.caller, Account, id_), **call.body["edit"])

    return writing.bulk(call.session, call.body["ids"], edit)
