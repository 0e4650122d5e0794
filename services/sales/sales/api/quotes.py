"""Quotes: /sales/api/v1/quotes."""

from typing import Any

from sqlalchemy.orm import defer

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from sales import quotes
from sales.api import writing
from sales.errors import ApprovalNeeded, BadAmount, NoExchangeRate, NoPrice, UnknownReference, WrongState
from sales.models import Account, Opportunity, Quote
from sales.objects import QUOTE
from sales.schemas import contracts as contract_schemas
from sales.schemas import deals
from sales.schemas.values import Nothing

api = Api("sales", tag="Quotes")
PAGE = listing.paged(QUOTE)
PRICING = [BadAmount, NoPrice, NoExchangeRate, UnknownReference, WrongState]


@api.get("/quotes", answer=deals.QuoteOut, allow=right("quote", "read"), page=PAGE, query=listing.QUERY)
def list_quotes(call: Call) -> Any:
    """The quotes the caller may read, without their lines."""
    return listing.rows(call, QUOTE).options(defer(Quote.lines), defer(Quote.notes))


@api.post(
    "/quotes", body=deals.QuoteIn, answer=deals.QuoteFull, status=201, allow=right("quote", "create"), errors=PRICING
)
def create_quote(call: Call) -> Any:
    """Make a quote for an opportunity or an account; prices come from the price book, totals from the server."""
    writing.check_references(call.session, call.caller, call.body)
    require_subject(call)
    return quotes.create(call.session, caller=call.caller, **call.body)


@api.get("/quotes/<id>", answer=deals.QuoteFull, allow=right("quote", "read"))
def read_quote(call: Call, id: str) -> Any:
    """One quote with its lines."""
    return access.get(call.session, call.caller, Quote, id)


@api.patch(
    "/quotes/<id>",
    body=deals.QuoteEdit(partial=True),
    answer=deals.QuoteFull,
    allow=right("quote", "edit"),
    errors=PRICING,
)
def edit_quote(call: Call, id: str) -> Any:
    """Change a draft quote."""
    writing.check_references(call.session, call.caller, call.body)
    return quotes.edit(call.session, writing.locked(call.session, call.caller, Quote, id), **call.body)


@api.post(
    "/quotes/<id>/revise", body=Nothing, answer=deals.QuoteFull, status=201, allow=right("quote", "create"),
    errors=[WrongState],
)  # fmt: skip
def revise_quote(call: Call, id: str) -> Any:
    """A new draft version with the same lines; this one is superseded."""
    return quotes.revise(call.session, writing.locked(call.session, call.caller, Quote, id), caller=call.caller)


@api.post(
    "/quotes/<id>/submit", body=Nothing, answer=deals.QuoteFull, allow=right("quote", "edit"), errors=[WrongState]
)
def submit_quote(call: Call, id: str) -> Any:
    """Ask for approval."""
    return quotes.submit(call.session, writing.locked(call.session, call.caller, Quote, id), caller=call.caller)


@api.post(
    "/quotes/<id>/send", body=deals.SendIn, answer=deals.QuoteFull, allow=right("quote", "edit"),
    errors=[WrongState, ApprovalNeeded],
)  # fmt: skip
def send_quote(call: Call, id: str) -> Any:
    """Give the quote its public link; refused while it needs approval."""
    writing.check_references(call.session, call.caller, call.body)
    return quotes.send(call.session, writing.locked(call.session, call.caller, Quote, id), **call.body)


@api.post(
    "/quotes/<id>/accept", body=contract_schemas.TermsIn, answer=contract_schemas.ContractFull, status=201,
    allow=right("contract", "create"), errors=PRICING,
)  # fmt: skip
def accept_quote(call: Call, id: str) -> Any:
    """The customer accepts: a contract is drafted from the quote."""
    writing.check_references(call.session, call.caller, call.body)
    return quotes.accept(
        call.session, writing.locked(call.session, call.caller, Quote, id), caller=call.caller, **call.body
    )


@api.post(
    "/quotes/<id>/reject", body=Nothing, answer=deals.QuoteFull, allow=right("quote", "edit"), errors=[WrongState]
)
def reject_quote(call: Call, id: str) -> Any:
    """The customer declines."""
    return quotes.reject(call.session, writing.locked(call.session, call.caller, Quote, id))


def require_subject(call: Call) -> None:
    """UnknownReference unless the caller may read the opportunity or account that the body names."""
    writing.check_references(call.session, call.caller, call.body)
    if call.body.get("opportunity_id"):
        writing.referred(call.session, call.caller, Opportunity, call.body["opportunity_id"], field="opportunity_id")
    elif call.body.get("account_id"):
        writing.referred(call.session, call.caller, Account, call.body["account_id"], field="account_id")
