"""Payments: booked by hand or as the ERP reports them, laid on receivables, the rest kept as a prepayment."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.events import publish
from engines.numbering import next_number
from sales import accounts, contracts, events, facts, metrics, money, plans, rates, receivables
from sales.errors import AlreadyBooked, UnknownReference
from sales.models import Allocation, Contract, Payment, Receivable


def record_payment(
    session: Session,
    *,
    caller: Caller,
    contract: Contract,
    amount: money.Amount,
    paid_at: datetime,
    receivable_id: str | None = None,
    system: str | None = None,
    external_id: str | None = None,
    method: str | None = None,
    note: str | None = None,
) -> Payment:
    """Book money that came in for a contract and lay it on what is owed, a named receivable first, then by due date.

    AlreadyBooked when (system, external_id) is known. Money in another currency than the contract's is kept as a
    prepayment: a person lays it off once the bank's rate is known.
    """
    session.get(Contract, contract.id, with_for_update=True, populate_existing=True)
    if external_id and find(session, system=system, external_id=external_id) is not None:
        raise AlreadyBooked(system=system, external_id=external_id)
    record = Payment(
        account_id=contract.account_id,
        contract_id=contract.id,
        amount_minor=amount.minor,
        currency=amount.currency,
        base_minor=rates.to_base(session, amount.minor, currency=amount.currency),
        paid_at=paid_at,
        system=system if external_id else None,
        external_id=external_id,
        method=method,
        note=note,
        number=next_number(session, "payment", "PAY"),
        external_ids={system: external_id} if system and external_id else {},
        owner_id=contract.owner_id,
        department_id=contract.department_id,
        created_by=caller.id,
        unallocated_minor=amount.minor,
    )
    session.add(record)
    laid = _lay(session, record, contract, receivable_id) if amount.currency == contract.currency else []
    publish(session, events.PaymentRecorded(record, **facts.payment(record, allocations=laid)))
    accounts.changed(session, accounts.recount(session, contract.account_id))
    contracts.complete_if_paid(session, contract)
    metrics.PAYMENTS.labels(system or "hand").inc()
    metrics.PAID.inc(record.base_minor / 10 ** money.exponent(rates.current().base_currency))
    return record


def find(session: Session, *, system: str | None, external_id: str) -> Payment | None:
    """The payment the ERP knows by this id."""
    return session.scalars(select(Payment).where(Payment.system == system, Payment.external_id == external_id)).first()


def from_erp(session: Session, report: dict[str, Any], *, caller: Caller) -> Payment | None:
    """Book the payment of a `gateway.erp_payment.received.v1`; None when it is booked already.

    It names the contract, or a receivable by our id, number or the ERP's number. UnknownReference when none fits.
    """
    if find(session, system=report["system"], external_id=report["external_id"]) is not None:
        return None
    receivable = _receivable_of(session, report)
    contract_id = receivable.contract_id if receivable else report.get("contract_id")
    contract = session.get(Contract, contract_id) if contract_id else None
    if contract is None:
        raise UnknownReference(errors={"contract_id": [str(UnknownReference.title)]})
    return record_payment(
        session,
        caller=caller,
        contract=contract,
        amount=money.Amount(report["amount_minor"], report["currency"]),
        paid_at=report["paid_at"],
        receivable_id=receivable.id if receivable else None,
        system=report["system"],
        external_id=report["external_id"],
        method="erp",
    )


def _receivable_of(session: Session, report: dict[str, Any]) -> Receivable | None:
    named = report.get("receivable_number")
    if not named:
        return None
    found = session.scalars(select(Receivable).where(Receivable.number == named).limit(1)).first()
    if found is not None or not report.get("contract_id"):
        return found
    rows = session.scalars(select(Receivable).where(Receivable.contract_id == report["contract_id"]))
    return next((row for row in rows if (row.external_ids or {}).get(report["system"]) == named), None)


def _lay(session: Session, record: Payment, contract: Contract, receivable_id: str | None) -> list[tuple[str, int]]:
    owed = {row.id: row for row in receivables.owed_under(session, contract.id)}
    order = sorted(owed.values(), key=lambda row: (row.id != receivable_id, row.due_date, row.term))
    laid, left = plans.allocate(record.amount_minor, [(row.id, row.left_minor) for row in order])
    record.unallocated_minor = left
    session.flush()
    session.add_all(Allocation(payment_id=record.id, receivable_id=key, amount_minor=part) for key, part in laid)
    contract.paid_minor = (contract.paid_minor or 0) + sum(part for _key, part in laid)
    for key, part in laid:
        receivables.pay(session, owed[key], part)
    return laid
