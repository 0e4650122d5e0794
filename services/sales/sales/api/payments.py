"""Receivables and payments: /sales/api/v1/receivables, /payments."""

from typing import Any

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from sales import payments, queries
from sales.api import writing
from sales.errors import AlreadyBooked, NoExchangeRate
from sales.models import Contract, Payment, Receivable
from sales.objects import PAYMENT, RECEIVABLE
from sales.schemas import contracts as schemas

api = Api("sales", tag="Receivables and payments")
RECEIVABLES = listing.paged(RECEIVABLE, default="due_date")
PAYMENTS = listing.paged(PAYMENT, default="-paid_at")


@api.get(
    "/receivables",
    answer=schemas.ReceivableOut,
    allow=right("receivable", "read"),
    page=RECEIVABLES,
    query=listing.QUERY,
)
def list_receivables(call: Call) -> Any:
    """What is owed under contracts the caller may see."""
    return listing.rows(call, RECEIVABLE)


@api.get("/receivables/ageing", answer=schemas.AgeingOut, allow=right("receivable", "read"))
def ageing(call: Call) -> Any:
    """What is still owed by days overdue, in the base currency."""
    return queries.ageing(call.session, caller=call.caller)


@api.get("/receivables/<id>", answer=schemas.ReceivableOut, allow=right("receivable", "read"))
def read_receivable(call: Call, id: str) -> Any:
    """One receivable."""
    return access.get(call.session, call.caller, Receivable, id)


@api.get("/payments", answer=schemas.PaymentOut, allow=right("payment", "read"), page=PAYMENTS, query=listing.QUERY)
def list_payments(call: Call) -> Any:
    """What came in."""
    return listing.rows(call, PAYMENT)


@api.post(
    "/payments", body=schemas.PaymentIn, answer=schemas.PaymentOut, status=201, allow=right("payment", "create"),
    errors=[AlreadyBooked, NoExchangeRate],
)  # fmt: skip
def record_payment(call: Call) -> Any:
    """Book money that came in; it is laid on what is owed."""
    writing.check_references(call.session, call.caller, call.body)
    contract = writing.referred(call.session, call.caller, Contract, call.body.pop("contract_id"), field="contract_id")
    return payments.record_payment(call.session, caller=call.caller, contract=contract, **call.body)


@api.get("/payments/<id>", answer=schemas.PaymentOut, allow=right("payment", "read"))
def read_payment(call: Call, id: str) -> Any:
    """One payment."""
    return access.get(call.session, call.caller, Payment, id)
