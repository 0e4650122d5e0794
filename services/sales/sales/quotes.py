"""Quotes: priced on the server, versioned, approved when large or cheap, sent, opened, accepted."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.changes import pending
from chassis.events import publish
from chassis.i18n import both
from chassis.ids import uuid7
from chassis.timers import arm, cancel
from engines import access
from engines.notifications import notify
from engines.numbering import next_number
from sales import approval, contracts, events, facts, lines, metrics, money, rates
from sales.errors import ApprovalNeeded, UnknownReference, WrongState
from sales.models import Account, Contract, Opportunity, Quote, QuoteOpen
from sales.settings import current

EXPIRY_TIMER = "quote_expiry"
OPEN = ("draft", "in_approval", "approved", "sent")


def create(
    session: Session,
    *,
    caller: Caller,
    account_id: str | None = None,
    opportunity_id: str | None = None,
    title: str | None = None,
    currency: str | None = None,
    price_book_id: str | None = None,
    lines: Sequence[dict[str, Any]] = (),
    **values: Any,
) -> Quote:
    """Make the first version of a quote, for an opportunity or for an account by itself."""
    opportunity = session.get(Opportunity, opportunity_id) if opportunity_id else None
    account = session.get(Account, opportunity.account_id if opportunity else account_id or "")
    if account is None or (opportunity_id and opportunity is None):
        raise UnknownReference(
            errors={"opportunity_id" if opportunity_id else "account_id": [str(UnknownReference.title)]}
        )
    currency = currency or (opportunity.currency if opportunity else current().base_currency)
    record = Quote(
        account_id=account.id,
        opportunity_id=opportunity_id,
        title=title or (opportunity.name if opportunity else account.name),
        currency=currency,
        id=(first := uuid7()),
        root_id=first,
        revision=1,
        status="draft",
        owner_id=(opportunity or account).owner_id or caller.id,
        department_id=(opportunity or account).department_id or caller.department_id,
        created_by=caller.id,
        number=next_number(session, "quote"),
        opens=0,
        **values,
    )
    _put_lines(session, record, lines, price_book_id=price_book_id)
    session.add(record)
    session.flush()
    publish(session, events.QuoteCreated(record, **facts.quote(record)))
    metrics.QUOTES.labels("created").inc()
    return record


def edit(session: Session, record: Quote, *, lines: Sequence[dict[str, Any]] | None = None, **values: Any) -> Quote:
    """Change a draft; what was shown to anybody is revised instead."""
    _require(record, "draft")
    for name, value in values.items():
        setattr(record, name, value)
    if lines is not None or values.keys() & {"discount_percent", "tax_included", "currency", "price_book_id"}:
        _put_lines(session, record, record.lines if lines is None else lines, price_book_id=record.price_book_id)
    return changed(session, record)


def revise(session: Session, record: Quote, *, caller: Caller) -> Quote:
    """A new draft version with the same lines; the one before is superseded and its approval with it."""
    _require(record, "approved", "sent", "rejected", "expired", "draft", "in_approval")
    copied = ("account_id", "opportunity_id", "contact_id", "title", "currency", "price_book_id", "tax_included", "lines",
              "discount_percent", "max_discount_percent", "net_minor", "tax_minor", "total_minor", "cost_minor",
              "base_minor", "notes", "owner_id", "department_id", "number", "root_id")  # fmt: skip
    version = Quote(
        **{name: getattr(record, name) for name in copied},
        revision=record.revision + 1,
        status="draft",
        opens=0,
        created_by=caller.id,
        valid_until=None,
    )
    record.status = "superseded"
    cancel(session, kind=EXPIRY_TIMER, key=record.id)
    session.add(version)
    session.flush()
    publish(session, events.QuoteChanged(record, **facts.quote(record)))
    publish(session, events.QuoteRevised(version, **facts.quote(version), previous_id=record.id))
    return version


def needs_approval(record: Quote) -> list[str]:
    """Why the quote must be approved before it is sent; empty when it need not, or is."""
    settings, record = current(), access.whole(record)  # the rule holds whatever the reader may see
    return approval.quote_reasons(
        base_minor=record.base_minor,
        max_discount=record.max_discount_percent,
        amount_limit=money.to_minor(settings.quote_approval_amount, settings.base_currency),
        discount_limit=Decimal(settings.quote_approval_discount),
    )


def submit(session: Session, record: Quote, *, caller: Caller) -> Quote:
    """Ask for approval: by the special-discount flow when only the discount is the reason, else by the quote flow."""
    _require(record, "draft")
    reasons = needs_approval(record)
    approval.request(session, record, caller=caller, definition="discount" if reasons == ["discount"] else "quote")
    metrics.QUOTES.labels("submitted").inc()
    return record


def decide(session: Session, record: Quote, *, outcome: str, decision: dict[str, Any]) -> None:
    """Take in the approvers' word: approved, or a draft again."""
    approval.note(record, outcome=outcome, decision=decision)
    record.status = "approved" if outcome == approval.APPROVED else "draft"
    publish(session, events.QuoteChanged(record, **facts.quote(record)))
    metrics.QUOTES.labels(outcome).inc()


def send(session: Session, record: Quote, *, valid_until: date | None = None) -> Quote:
    """Give the quote its public link and its last day. ApprovalNeeded when it is large or cheap and not approved."""
    _require(record, "draft", "approved", "sent")
    reasons = needs_approval(record)
    if record.status == "draft" and reasons:
        raise ApprovalNeeded(reasons=reasons)
    record.status = "sent"
    record.share_token = record.share_token or secrets.token_urlsafe(24)
    record.valid_until = valid_until or record.valid_until or rates.today() + timedelta(days=30)
    arm(session, kind=EXPIRY_TIMER, key=record.id, due_at=_day_end(record.valid_until))
    metrics.QUOTES.labels("sent").inc()
    return changed(session, record)


def offered(session: Session, token: str) -> Quote | None:
    """The quote behind a shared link, None when there is no such link."""
    record = session.scalars(select(Quote).where(Quote.share_token == token)).first()
    return record if record is not None and record.status in ("sent", "accepted") else None


def opened(session: Session, token: str) -> Quote | None:
    """A customer opened the shared link: recorded, and told to the owner. None when there is no such link."""
    record = session.scalars(select(Quote).where(Quote.share_token == token).with_for_update()).first()
    if record is None or record.status not in ("sent", "accepted"):
        return None
    session.add(QuoteOpen(quote_id=record.id))
    record.opens += 1
    publish(session, events.QuoteOpened(record, **facts.quote(record), opens=record.opens))
    if record.owner_id:
        notify(
            session,
            to=[record.owner_id],
            key="quote_opened",
            title=both("The customer opened quote %(number)s", number=record.number),
            text=both("%(title)s: opened %(n)s times so far", title=record.title, n=record.opens),
            link=f"/sales/quotes/{record.id}",
            subject=f"quote/{record.id}",
        )
    return record


def accept(
    session: Session, record: Quote, *, caller: Caller, payment_terms: list[dict[str, Any]] | None = None
) -> Contract:
    """The customer accepts: a contract with the same lines is drafted, by default due in one sum after 30 days."""
    _require(record, "approved", "sent")
    record.status = "accepted"
    cancel(session, kind=EXPIRY_TIMER, key=record.id)
    contract = contracts.from_quote(session, record, caller=caller, payment_terms=payment_terms)
    publish(session, events.QuoteAccepted(record, **facts.quote(record), contract_id=contract.id))
    metrics.QUOTES.labels("accepted").inc()
    return contract


def reject(session: Session, record: Quote) -> Quote:
    """The customer declines."""
    _require(record, "approved", "sent")
    record.status = "rejected"
    cancel(session, kind=EXPIRY_TIMER, key=record.id)
    metrics.QUOTES.labels("rejected_by_customer").inc()
    return changed(session, record)


def expire(session: Session, quote_id: str) -> None:
    """A sent quote's last day is over."""
    record = session.get(Quote, quote_id, with_for_update=True)
    if record is not None and record.status == "sent":
        record.status = "expired"
        changed(session, record)


def changed(session: Session, record: Quote) -> Quote:
    """Say that the quote changed, if it did."""
    if pending(session, record):
        publish(session, events.QuoteChanged(record, **facts.quote(record)))
    return record


def _put_lines(session: Session, record: Quote, given: Sequence[dict[str, Any]], *, price_book_id: str | None) -> None:
    if price_book_id is None:
        book = lines.default_book(session, record.currency)
        price_book_id = book.id if book else None
    record.price_book_id = price_book_id
    record.total_minor = lines.put(session, record, lines=given, price_book_id=price_book_id).total


def _require(record: Quote, *states: str) -> None:
    if record.status not in states:
        raise WrongState(state=record.status, allowed=states)


def _day_end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(current().time_zone)).astimezone(UTC)
