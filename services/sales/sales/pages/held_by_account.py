"""What hangs on a customer, as its page shows it: milestones and tables."""

from collections.abc import Sequence
from typing import Any

from chassis.i18n import gettext as _
from chassis.i18n import pick
from console import details
from sales import money
from sales.objects import CATEGORIES, CONTRACT_STATUS_LABELS, DECISION_ROLE_LABELS, RECEIVABLE_STATUS_LABELS
from sales.pages.edge import choice


def milestones(held: dict[str, Sequence[Any]]) -> list[details.Entry]:
    """Deals, signed contracts and payments as entries of a timeline."""
    made = [
        details.Entry(
            at=item.created_at,
            title=_("Opportunity %(name)s", name=item.name),
            icon="target",
            link=f"/sales/opportunities/{item.id}",
        )
        for item in held["opportunities"]
    ]
    signed = [
        details.Entry(
            at=item.approved_at,
            title=_("Contract %(number)s approved", number=item.number),
            icon="file-text",
            colour="green",
            link=f"/sales/contracts/{item.id}",
        )
        for item in held["contracts"]
        if item.approved_at
    ]
    paid = [
        details.Entry(
            at=item.paid_at,
            title=_("Payment received"),
            icon="currency-yuan",
            colour="green",
            text=f"{money.to_text(item.amount_minor, item.currency)} {item.currency}",
        )
        for item in held["payments"]
    ]
    return [*made, *signed, *paid]  # fmt: skip


def tables(held: dict[str, Sequence[Any]], people: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Contacts, deals, contracts and open receivables as rows."""
    return {
        "contacts": [
            {"name": item.name, "title": item.title or "", "role": pick(DECISION_ROLE_LABELS.get(item.decision_role or "")),
             "phones": item.phones or [], "emails": item.emails or []}
            for item in held["contacts"]
        ],
        "opportunities": [
            {"name": item.name, "link": f"/sales/opportunities/{item.id}", "state": choice(CATEGORIES, item.category),
             "amount": money.outside(item.amount_minor, item.currency), "owner": people.get(item.owner_id or "", ""),
             "close_date": item.close_date}
            for item in held["opportunities"]
        ],
        "contracts": [
            {"name": f"{item.number} {item.title}", "link": f"/sales/contracts/{item.id}",
             "state": choice(CONTRACT_STATUS_LABELS, item.status), "amount": money.outside(item.amount_minor, item.currency),
             "paid": money.outside(item.paid_minor, item.currency)}
            for item in held["contracts"]
        ],
        "receivables": [
            {"number": item.number, "due": item.due_date, "state": choice(RECEIVABLE_STATUS_LABELS, item.status),
             "left": money.outside(money.left(item.amount_minor, item.paid_minor), item.currency), "overdue": item.overdue}
            for item in held["receivables"]
            if item.status in ("open", "partly_paid")
        ],
    }  # fmt: skip
