"""What is owed: opened from payment plans, closed by payments, called for when due."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.changes import pending
from chassis.events import publish
from chassis.timers import arm, cancel
from sales import events, facts, metrics, money, notices, rates
from sales.models import Contract, Receivable
from sales.settings import current

DUE_TIMER = "receivable_due"
OWED = ("open", "partly_paid")
_CALL_HOUR = 9  # reminders come at nine in the morning


def open_for(session: Session, contract: Contract) -> list[Receivable]:
    """One receivable for each term of an approved contract's plan; its base amounts sum to the contract's."""
    plan = contract.payment_plan
    bases = money.split(contract.base_minor, [term["amount_minor"] for term in plan])
    opened = [
        Receivable(
            contract_id=contract.id,
            account_id=contract.account_id,
            term=term["term"],
            title=term.get("title") or "",
            amount_minor=term["amount_minor"],
            paid_minor=0,
            currency=contract.currency,
            base_minor=base,
            due_date=date.fromisoformat(term["due_date"]),
            status="open",
            number=f"{contract.number}-{term['term']}",
            owner_id=contract.owner_id,
            department_id=contract.department_id,
            created_by="system",
        )
        for term, base in zip(plan, bases, strict=True)
    ]
    session.add_all(opened)
    session.flush()
    for record in opened:
        publish(session, events.ReceivableOpened(record, **facts.receivable(record)))
        first = record.due_date - timedelta(days=current().due_reminder_days)
        arm(session, kind=DUE_TIMER, key=record.id, due_at=max(_morning(first), clock.now()))
    return opened


def owed_under(session: Session, contract_id: str) -> list[Receivable]:
    """The contract's receivables that are not closed, locked, in order of due date."""
    return list(
        session.scalars(
            select(Receivable)
            .where(Receivable.contract_id == contract_id, Receivable.status.in_(OWED))
            .order_by(Receivable.due_date, Receivable.term)
            .with_for_update()
        )
    )


def pay(session: Session, record: Receivable, amount: int) -> None:
    """Lay `amount` minor units on a receivable (never more than is left); it closes when nothing is left."""
    record.paid_minor += amount
    if record.left_minor > 0:
        record.status = "partly_paid"
        publish(session, events.ReceivableChanged(record, **facts.receivable(record)))
        return
    record.status, record.overdue, record.closed_at = "closed", False, clock.now()
    cancel(session, kind=DUE_TIMER, key=record.id)
    publish(session, events.ReceivableClosed(record, **facts.receivable(record), closed_at=clock.iso(record.closed_at)))


def changed(session: Session, record: Receivable) -> Receivable:
    """Say that the receivable changed, if it did."""
    if pending(session, record):
        publish(session, events.ReceivableChanged(record, **facts.receivable(record)))
    return record


def cancel_open(session: Session, *, contract_id: str) -> None:
    """Nothing more is owed under a contract that was terminated."""
    for record in owed_under(session, contract_id):
        record.status = "cancelled"
        cancel(session, kind=DUE_TIMER, key=record.id)
        publish(session, events.ReceivableChanged(record, **facts.receivable(record)))


def call_in(session: Session, receivable_id: str) -> None:
    """Remind of a receivable: before its due date its owner, on it again, and every week after it the manager too."""
    record = session.get(Receivable, receivable_id, with_for_update=True)
    if record is None or record.status not in OWED:
        return
    days = (rates.today() - record.due_date).days
    if days > 0 and not record.overdue:
        record.overdue = True
        publish(session, events.ReceivableOverdue(record, **facts.receivable(record), days_overdue=days))
        metrics.OVERDUE.inc()
    notices.receivable_due(session, record, days_overdue=days)
    arm(session, kind=DUE_TIMER, key=record.id, due_at=_next_call(record, days))


def _next_call(record: Receivable, days: int) -> datetime:
    if days < 0:
        return _morning(record.due_date)
    if days == 0:
        return _morning(record.due_date + timedelta(days=1))
    return clock.now() + timedelta(days=current().overdue_reminder_days)


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(_CALL_HOUR), ZoneInfo(current().time_zone)).astimezone(UTC)


def summary(records: list[Receivable]) -> dict[str, Any]:
    """Owed, paid and left of one contract's receivables."""
    counted = [record for record in records if record.status != "cancelled"]
    return {
        "amount_minor": sum(record.amount_minor for record in counted),
        "paid_minor": sum(record.paid_minor for record in counted),
        "left_minor": sum(record.left_minor for record in counted),
    }
