"""Leads become accounts, contacts and opportunities, exactly once; sales answers with what it made or why not."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import SYSTEM
from chassis.events import publish
from sales import accounts, events, metrics, money, names, opportunities, rates
from sales.errors import NoExchangeRate
from sales.models import Account, Contact, Conversion, Opportunity
from sales.settings import current


def convert(session: Session, lead: dict[str, Any]) -> Conversion:
    """Convert the lead of a `leads.lead.conversion_requested.v1`, or refuse with the accounts it may belong to.

    The conversion's unique lead id makes it happen once: a second request for a converted lead gets the same answer
    again, one for a refused lead is tried anew with what the lead's owner chose.
    """
    record = session.scalars(select(Conversion).where(Conversion.lead_id == lead["lead_id"]).with_for_update()).first()
    if record is not None and record.status == "completed":
        return _answer(session, record, account_created=False)
    if record is None:
        record = Conversion(
            lead_id=lead["lead_id"], created_by="system", owner_id=lead.get("owner_id"), status="failed"
        )
        session.add(record)
    amount, reason = _amount_of(session, lead)
    account, candidates, reason = (None, [], reason) if reason else _account_of(session, lead)
    if reason:
        record.status, record.reason, record.candidates = "failed", reason, candidates
        session.flush()
        failed = events.ConversionFailed(record, lead_id=record.lead_id, reason=reason, candidates=candidates)
        publish(session, failed)
        metrics.CONVERSIONS.labels(reason).inc()
        return record
    created = account is None
    account = account or _new_account(session, lead)
    contact = _contact_of(session, lead, account)
    opportunity = _opportunity_of(session, lead, account, contact, amount)
    record.status, record.reason, record.candidates = "completed", None, []
    record.account_id, record.opportunity_id = account.id, opportunity.id
    record.contact_id = contact.id if contact else None
    metrics.CONVERSIONS.labels("completed").inc()
    return _answer(session, record, account_created=created)


def _answer(session: Session, record: Conversion, *, account_created: bool) -> Conversion:
    session.flush()
    completed = events.ConversionCompleted(
        record,
        lead_id=record.lead_id,
        account_id=record.account_id,
        contact_id=record.contact_id,
        opportunity_id=record.opportunity_id,
        account_created=account_created,
    )
    publish(session, completed)
    return record


def _account_of(session: Session, lead: dict[str, Any]) -> tuple[Account | None, list[dict[str, Any]], str]:
    """The account to link (None: make one), or candidates and the reason why a person must choose."""
    if lead.get("account_id"):
        account = session.get(Account, lead["account_id"])
        return account, [], "" if account else "account_not_found"
    if not (lead.get("company") or lead.get("name")):
        return None, [], "no_name"
    if lead.get("new_account"):
        return None, [], ""
    code = names.credit_code(lead.get("credit_code"))
    found = accounts.alike(session, name=lead.get("company") or lead["name"], credit_code=code)
    same_code = [item for item in found if item["reason"] == "credit_code"]
    certain = same_code or [item for item in found if item["score"] == 100]
    if len(certain) == 1 and lead.get("company"):
        return session.get_one(Account, certain[0]["id"]), [], ""
    if found and lead.get("company"):
        return None, found, "ambiguous_account"
    return None, [], ""


def _new_account(session: Session, lead: dict[str, Any]) -> Account:
    return accounts.create(
        session,
        caller=SYSTEM,
        allow_duplicate=True,
        name=lead.get("company") or lead["name"],
        credit_code=lead.get("credit_code"),
        industry=lead.get("industry"),
        region=lead.get("region"),
        city=lead.get("city"),
        size=lead.get("company_size"),
        source=lead.get("source"),
        owner_id=lead.get("owner_id"),
        department_id=lead.get("department_id"),
    )


def _contact_of(session: Session, lead: dict[str, Any], account: Account) -> Contact | None:
    name, phones, emails = lead.get("name") or "", lead.get("phones") or [], lead.get("emails") or []
    if not (name or phones or emails):
        return None
    known = accounts.find_contact(session, account_id=account.id, name=name, phones=phones, emails=emails)
    if known is not None:
        merged = {
            "phones": list(dict.fromkeys([*(known.phones or []), *phones])),
            "wechat": known.wechat or lead.get("wechat"),
        }
        merged["emails"] = list(dict.fromkeys([*(known.emails or []), *emails]))
        return accounts.edit_contact(session, known, **merged)
    return accounts.add_contact(
        session,
        caller=SYSTEM,
        account_id=account.id,
        name=name or (emails or phones)[0],
        title=lead.get("title"),
        phones=phones,
        emails=emails,
        wechat=lead.get("wechat"),
        lead_id=lead["lead_id"],
    )


def _amount_of(session: Session, lead: dict[str, Any]) -> tuple[money.Amount | None, str]:
    """The amount the lead's owner named, or why it cannot be booked."""
    wanted = lead.get("opportunity") or {}
    if not wanted.get("amount"):
        return None, ""
    currency = wanted.get("currency") or current().base_currency
    try:
        amount = money.Amount(money.to_minor(wanted["amount"], currency), currency)
        rates.rate(session, currency=currency)
    except (money.MoneyError, NoExchangeRate):
        return None, "bad_amount"
    return amount, ""


def _opportunity_of(
    session: Session, lead: dict[str, Any], account: Account, contact: Contact | None, amount: money.Amount | None
) -> Opportunity:
    wanted = lead.get("opportunity") or {}
    return opportunities.create(
        session,
        caller=SYSTEM,
        account_id=account.id,
        name=wanted.get("name") or account.name,
        amount=amount,
        owner_id=lead.get("owner_id") or account.owner_id,
        department_id=lead.get("department_id") or account.department_id,
        source=lead.get("source"),
        region=lead.get("region"),
        lead_id=lead["lead_id"],
        contacts=[{"contact_id": contact.id, "role": "contact"}] if contact else [],
    )
