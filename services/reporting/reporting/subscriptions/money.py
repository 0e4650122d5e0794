"""Facts of contracts, receivables and payments."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.subscriptions import Received, Subscriptions
from reporting.models import Contract, Payment, Receivable
from reporting.projecting import fields_of, put
from reporting.subscriptions.reading import day, reads

on = Subscriptions()
GROUP: dict[str, Any] = {
    "group": "money_facts",
    "kind": "projection",
    "tables": [Contract, Receivable, Payment],
    "batch": True,
}
CONTRACT = (
    "number", "title", "status", "account_id", "opportunity_id", "owner_id", "department_id", "amount_minor", "currency",
    "base_minor", "region",
)  # fmt: skip
RECEIVABLE = (
    "number", "contract_id", "account_id", "owner_id", "department_id", "amount_minor", "paid_minor", "currency",
    "base_minor", "status",
)  # fmt: skip
PAYMENT = (
    "number",
    "contract_id",
    "account_id",
    "owner_id",
    "department_id",
    "amount_minor",
    "currency",
    "base_minor",
    "system",
)
ContractState = reads(
    required="contract_id",
    texts="number title status account_id opportunity_id owner_id department_id currency region approved_at",
    integers="amount_minor base_minor",
)
ReceivableState = reads(
    required="receivable_id due_date",
    texts="number contract_id account_id owner_id department_id currency status closed_at",
    integers="amount_minor paid_minor base_minor",
)
Paid = reads(
    required="payment_id paid_at",
    texts="number contract_id account_id owner_id department_id currency system",
    integers="amount_minor base_minor",
)
STEPS = {
    "created": "created_at",
    "approved": "approved_at",
    "activated": "activated_at",
    "completed": "completed_at",
    "terminated": "terminated_at",
}


@on("sales.contract.created.v1", reads=ContractState, **GROUP)
@on("sales.contract.approved.v1", reads=ContractState, **GROUP)
@on("sales.contract.activated.v1", reads=ContractState, **GROUP)
@on("sales.contract.completed.v1", reads=ContractState, **GROUP)
@on("sales.contract.terminated.v1", reads=ContractState, **GROUP)
def contract_stepped(session: Session, events: Sequence[Received]) -> None:
    contract_state(session, events)
    step = STEPS[events[0].type.split(".")[2]]
    put(session, Contract, [{"id": event.data["contract_id"], step: event.time} for event in events], earliest=[step])


@on("sales.contract.changed.v1", reads=ContractState, **GROUP)
@on("sales.contract.rejected.v1", reads=ContractState, **GROUP)
def contract_state(session: Session, events: Sequence[Received]) -> None:
    rows = [fields_of(event, CONTRACT, id=event.data["contract_id"], state_seq=event.sequence) for event in events]
    put(session, Contract, rows, latest={"state_seq": CONTRACT})


@on("sales.receivable.opened.v1", reads=ReceivableState, **GROUP)
def receivable_opened(session: Session, events: Sequence[Received]) -> None:
    _receivable(session, events, "opened_at")


@on("sales.receivable.overdue.v1", reads=ReceivableState, **GROUP)
def receivable_overdue(session: Session, events: Sequence[Received]) -> None:
    _receivable(session, events, "overdue_at")


@on("sales.receivable.closed.v1", reads=ReceivableState, **GROUP)
def receivable_closed(session: Session, events: Sequence[Received]) -> None:
    _receivable(session, events, "closed_at")


@on("sales.receivable.changed.v1", reads=ReceivableState, **GROUP)
def receivable_changed(session: Session, events: Sequence[Received]) -> None:
    _receivable(session, events, None)


@on("sales.payment.recorded.v1", reads=Paid, **GROUP)
def payment_recorded(session: Session, events: Sequence[Received]) -> None:
    rows = [
        fields_of(
            event,
            PAYMENT,
            id=event.data["payment_id"],
            paid_at=clock.parse(event.data["paid_at"]),
            state_seq=event.sequence,
        )
        for event in events
    ]
    put(session, Payment, rows, latest={"state_seq": [*PAYMENT, "paid_at"]})


def still_open(*, amount: int | None, paid: int | None, base: int | None) -> int | None:
    """What is owed yet, in the base currency: the base amount's share that is not paid, never below nothing."""
    if amount is None or base is None:
        return None
    left = max(amount - (paid or 0), 0)
    return int((Decimal(base) * left / amount).quantize(Decimal(1), ROUND_HALF_UP)) if amount else 0


def _receivable(session: Session, events: Sequence[Received], step: str | None) -> None:
    rows = []
    for event in events:
        data = event.data
        owed = still_open(amount=data["amount_minor"], paid=data["paid_minor"], base=data["base_minor"])
        row = fields_of(
            event, RECEIVABLE, id=data["receivable_id"], due_date=day(data["due_date"]),
            open_base_minor=owed, state_seq=event.sequence,
        )  # fmt: skip
        rows.append(row | ({step: event.time} if step else {}))
    put(
        session, Receivable, rows, latest={"state_seq": [*RECEIVABLE, "due_date", "open_base_minor"]},
        earliest=[step] if step else [],
    )  # fmt: skip
