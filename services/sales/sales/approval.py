"""How sales asks for approval, and hears what became of it."""

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.events import publish
from chassis.ids import uuid7
from sales import events
from sales.models import Account, Contract, Quote

APPROVED, REJECTED, RETURNED, WITHDRAWN = "approved", "rejected", "returned", "withdrawn"


def request(session: Session, record: Quote | Contract, *, caller: Caller, definition: str) -> str:
    """Put the record before its approvers: it waits as `in_approval`; returns the request's id."""
    account = session.get_one(Account, record.account_id)
    record.status, record.request_id, record.approval = "in_approval", uuid7(), {}
    event = events.ContractApprovalRequested if isinstance(record, Contract) else events.QuoteApprovalRequested
    publish(
        session,
        event(
            record,
            request_id=record.request_id,
            subject_kind=record.__kind__,
            subject_id=record.id,
            definition=definition,
            title=f"{record.number} {record.title} · {account.name}",
            snapshot=_snapshot(record, account),
            names={"title": record.title, "account_name": account.name},
            requested_by=caller.id,
            account_id=account.id,
            link=f"/sales/{record.__kind__}s/{record.id}",
        ),
    )
    return record.request_id


def note(record: Quote | Contract, *, outcome: str, decision: dict[str, Any]) -> None:
    """Keep on the record who decided what, and why."""
    record.approval = {
        "outcome": outcome,
        "comment": decision.get("comment"),
        "decided_by": decision.get("decided_by"),
        "instance_id": decision.get("instance_id"),
        "at": clock.iso(clock.now()),
    }


def quote_reasons(*, base_minor: int, max_discount: Decimal, amount_limit: int, discount_limit: Decimal) -> list[str]:
    """Why a quote needs approval: "amount" above the limit, "discount" above the limit; empty when it needs none."""
    reasons = ["amount"] if base_minor > amount_limit else []
    return [*reasons, "discount"] if max_discount > discount_limit else reasons


def _snapshot(record: Quote | Contract, account: Account) -> dict[str, Any]:
    """What the approvers judge and the flow branches on, as it was when they were asked; names travel beside it."""
    amount = record.amount_minor if isinstance(record, Contract) else record.total_minor
    return {
        "number": record.number,
        "amount_minor": amount,
        "currency": record.currency,
        "base_minor": record.base_minor,
        "max_discount_percent": float(record.max_discount_percent),
        "margin_minor": record.net_minor - record.cost_minor,
        "account_id": account.id,
        "account_tier": account.tier,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "lines": [line_fact(line) for line in record.lines or []],
        "payment_plan": list(getattr(record, "payment_plan", None) or []),
    }


def line_fact(line: dict[str, Any]) -> dict[str, Any]:
    """A priced line as events carry it."""
    names = (
        "position", "product_id", "code", "name", "unit", "quantity", "unit_price", "list_price", "discount_percent",
        "effective_discount_percent", "tax_percent", "net_minor", "tax_minor", "total_minor", "cost_minor", "category",
    )  # fmt: skip
    return {name: line.get(name) for name in names}
