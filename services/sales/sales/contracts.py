"""Contracts: drafted, approved, taken over by the ERP, paid, completed or terminated."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.changes import pending
from chassis.events import publish
from chassis.i18n import both
from chassis.ids import uuid7
from engines.numbering import next_number
from sales import (
    accounts,
    approval,
    events,
    facts,
    lines,
    metrics,
    money,
    opportunities,
    ownership,
    plans,
    rates,
    receivables,
    tiers,
)
from sales.errors import PlanMismatch, UnknownReference, WrongState
from sales.models import Account, Contract, Opportunity, Quote
from sales.settings import current

DEFAULT_TERMS = [{"percent": 100, "after_days": 30}]


def left(record: Contract) -> int | None:
    """What is still to be paid; None for whoever may not see the amounts."""
    found = money.left(record.amount_minor, record.paid_minor)
    return None if found is None else max(found, 0)


def create(
    session: Session,
    *,
    caller: Caller,
    account_id: str | None = None,
    opportunity_id: str | None = None,
    title: str | None = None,
    currency: str | None = None,
    lines: Sequence[dict[str, Any]] = (),
    payment_terms: Sequence[dict[str, Any]] | None = None,
    **values: Any,
) -> Contract:
    """Draft a contract by hand, for an opportunity or for an account by itself."""
    opportunity = session.get(Opportunity, opportunity_id) if opportunity_id else None
    account = session.get(Account, opportunity.account_id if opportunity else account_id or "")
    if account is None or (opportunity_id and opportunity is None):
        raise UnknownReference(
            errors={"opportunity_id" if opportunity_id else "account_id": [str(UnknownReference.title)]}
        )
    record = Contract(
        account_id=account.id,
        opportunity_id=opportunity_id,
        title=title or (opportunity.name if opportunity else account.name),
        currency=currency or (opportunity.currency if opportunity else current().base_currency),
        **_ownership(opportunity or account, caller),
        **values,
    )
    return _draft(session, record, given=lines, terms=payment_terms)


def from_quote(
    session: Session, quote: Quote, *, caller: Caller, payment_terms: Sequence[dict[str, Any]] | None = None
) -> Contract:
    """Draft a contract with the lines, prices and discount of an accepted quote."""
    record = Contract(
        account_id=quote.account_id,
        opportunity_id=quote.opportunity_id,
        quote_id=quote.id,
        title=quote.title,
        currency=quote.currency,
        tax_included=quote.tax_included,
        discount_percent=quote.discount_percent,
        **_ownership(quote, caller),
    )
    return _draft(session, record, given=quote.lines, terms=payment_terms)


def edit(
    session: Session,
    record: Contract,
    *,
    lines: Sequence[dict[str, Any]] | None = None,
    payment_terms: Sequence[dict[str, Any]] | None = None,
    **values: Any,
) -> Contract:
    """Change a draft. New lines without new terms keep the shares of the present plan."""
    _require(record, "draft")
    before = record.amount_minor
    for name, value in values.items():
        setattr(record, name, value)
    if lines is not None or values.keys() & {"discount_percent", "tax_included", "currency"}:
        _put_lines(session, record, record.lines if lines is None else lines)
    if payment_terms is not None:
        record.payment_plan = plan_for(record, payment_terms)
    elif record.amount_minor != before:
        record.payment_plan = _rescaled(record)
    return changed(session, record)


def submit(session: Session, record: Contract, *, caller: Caller) -> Contract:
    """Ask for approval; the plan must cover the amount to the last unit."""
    _require(record, "draft")
    if record.amount_minor <= 0 or sum(term["amount_minor"] for term in record.payment_plan) != record.amount_minor:
        raise PlanMismatch(errors={"payment_plan": [str(PlanMismatch.title)]})
    approval.request(session, record, caller=caller, definition="contract")
    ownership.review(session, record.account_id)
    metrics.CONTRACTS.labels("submitted").inc()
    return record


def decide(session: Session, record: Contract, *, outcome: str, decision: dict[str, Any]) -> None:
    """Take in the approvers' word. Anything but approval makes it a draft again, with the comment."""
    approval.note(record, outcome=outcome, decision=decision)
    metrics.CONTRACTS.labels(outcome).inc()
    if outcome == approval.APPROVED:
        _approved(session, record)
        return
    record.status = "draft"
    rejected = events.ContractRejected(
        record, **_fact(session, record), outcome=outcome, comment=decision.get("comment")
    )
    publish(session, rejected)
    ownership.review(session, record.account_id)


def activate(session: Session, record: Contract) -> Contract:
    """An approved contract takes effect: it was signed, or the ERP has its order."""
    _require(record, "approved")
    record.status = "active"
    record.signed_on = record.signed_on or rates.today()
    record.starts_on = record.starts_on or rates.today()
    publish(session, events.ContractActivated(record, **_fact(session, record)))
    return record


def assign(session: Session, record: Contract, *, owner_id: str, caller: Caller, how: str = "hand") -> Contract:
    """Another owner, with the open tasks; he is told. UnknownPerson."""
    ownership.pass_on(session, record, owner_id=owner_id, caller=caller, label=record.title, how=how)
    return changed(session, record)


def terminate(session: Session, record: Contract, *, reason: str) -> Contract:
    """End a contract before it is fulfilled; what is still owed under it is cancelled."""
    _require(record, "draft", "approved", "active")
    record.status, record.termination_reason = "terminated", reason
    publish(session, events.ContractTerminated(record, **_fact(session, record), reason=reason))
    receivables.cancel_open(session, contract_id=record.id)
    accounts.changed(session, accounts.recount(session, record.account_id))
    ownership.review(session, record.account_id)
    return record


def complete_if_paid(session: Session, record: Contract) -> None:
    """Nothing is owed any more: the contract is completed."""
    if record.status not in ("approved", "active") or record.paid_minor < record.amount_minor:
        changed(session, record)
        return
    record.status, record.completed_at = "completed", clock.now()
    publish(session, events.ContractCompleted(record, **_fact(session, record)))
    ownership.review(session, record.account_id)
    metrics.CONTRACTS.labels("completed").inc()


def plan_for(record: Contract, terms: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The payment plan of a contract from its terms; PlanMismatch when they do not sum to its amount."""
    try:
        return plans.resolve_plan(terms, total=record.amount_minor, start=record.starts_on or rates.today())
    except ValueError as error:
        raise PlanMismatch(errors={"payment_terms": [str(PlanMismatch.title)]}) from error


def changed(session: Session, record: Contract) -> Contract:
    """Say that the contract changed, if it did."""
    if pending(session, record):
        publish(session, events.ContractChanged(record, **_fact(session, record)))
    return record


def _approved(session: Session, record: Contract) -> None:
    account = session.get_one(Account, record.account_id)
    record.status, record.approved_at = "approved", clock.now()
    publish(
        session,
        events.ContractApproved(
            record,
            **_fact(session, record),
            max_discount_percent=str(record.max_discount_percent),
            lines=[approval.line_fact(line) for line in record.lines],
            payment_plan=record.payment_plan,
            account=facts.customer(account),
            approved_at=clock.iso(record.approved_at),
        ),
    )
    receivables.open_for(session, record)
    account = accounts.recount(session, record.account_id)
    accounts.changed(session, account)
    tiers.review(session, account)
    ownership.review(session, account.id)
    if record.opportunity_id:
        opportunities.win_by_contract(session, record.opportunity_id, contract=record)
    if current().onboarding_tickets:
        _ask_for_onboarding(session, record, account)


def _ask_for_onboarding(session: Session, record: Contract, account: Account) -> None:
    """The service desk is asked for the onboarding of the customer, in the owner's language; VIPs come first."""
    owner = directory.snapshot(session).users.get(record.owner_id or "")
    language = "en" if owner is not None and not owner.locale.startswith("zh") else "zh"
    words = both("Onboarding of %(account)s, contract %(number)s", account=account.name, number=record.number)
    publish(
        session,
        events.TicketRequested(
            record,
            request_id=uuid7(),
            account_id=account.id,
            contract_id=record.id,
            title=words[language],
            body="\n".join(f"{line['name']} × {line['quantity']} {line['unit']}".rstrip() for line in record.lines),
            priority="high" if account.tier == "VIP" else "normal",
            kind="onboarding",
        ),
    )


def _draft(
    session: Session, record: Contract, *, given: Sequence[dict[str, Any]], terms: Sequence[dict[str, Any]] | None
) -> Contract:
    record.status, record.number, record.paid_minor = "draft", next_number(session, "contract"), 0
    _put_lines(session, record, given)
    record.payment_plan = plan_for(record, terms or DEFAULT_TERMS) if record.amount_minor else []
    session.add(record)
    session.flush()
    publish(session, events.ContractCreated(record, **_fact(session, record)))
    metrics.CONTRACTS.labels("created").inc()
    return record


def _put_lines(session: Session, record: Contract, given: Sequence[dict[str, Any]]) -> None:
    book = lines.default_book(session, record.currency)
    record.amount_minor = lines.put(session, record, lines=given, price_book_id=book.id if book else None).total


def _rescaled(record: Contract) -> list[dict[str, Any]]:
    present = record.payment_plan
    if not present or record.amount_minor <= 0:
        return plan_for(record, DEFAULT_TERMS) if record.amount_minor > 0 else []
    shares = plans.money.split(record.amount_minor, [term["amount_minor"] for term in present])
    return [term | {"amount_minor": share} for term, share in zip(present, shares, strict=True)]


def _ownership(source: Any, caller: Caller) -> dict[str, Any]:
    return {
        "owner_id": source.owner_id or caller.id,
        "department_id": source.department_id or caller.department_id,
        "created_by": caller.id,
    }


def _fact(session: Session, record: Contract) -> dict[str, Any]:
    return facts.contract(record, region=session.get_one(Account, record.account_id).region)


def _require(record: Contract, *states: str) -> None:
    if record.status not in states:
        raise WrongState(state=record.status, allowed=states)
