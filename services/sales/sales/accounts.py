"""Accounts and contacts: entered once, found again under another spelling, kept with their totals."""

from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.changes import pending
from chassis.events import publish
from engines.numbering import next_number
from engines.ownership import schedule, take_up
from sales import events, facts, names, ownership
from sales.errors import DuplicateAccount, UnknownReference
from sales.models import Account, Contact, Contract, Receivable
from sales.ownership import ACCOUNTS

ALIKE = 92  # rapidfuzz ratio of two name keys from which a person should look
_BLOCK = 300  # names compared at most: those that begin alike


def create(
    session: Session,
    *,
    caller: Caller,
    name: str,
    allow_duplicate: bool = False,
    owner_id: str | None = None,
    department_id: str | None = None,
    **values: Any,
) -> Account:
    """Enter a customer. DuplicateAccount names those it may already be, unless the caller has looked at them."""
    code = names.credit_code(values.pop("credit_code", None))
    if not allow_duplicate:
        found = alike(session, name=name, credit_code=code)
        if found:
            raise DuplicateAccount(candidates=found)
    record = Account(
        name=name.strip(),
        name_key=names.name_key(name),
        credit_code=code,
        number=next_number(session, "account"),
        owner_id=owner_id or (caller.id if caller.is_person else None),
        department_id=department_id or caller.department_id,
        created_by=caller.id,
        tier=values.pop("tier", None) or "C",
        contract_minor=0,
        paid_minor=0,
        open_minor=0,
        **values,
    )
    session.add(record)
    if record.owner_id:
        record.owned_since = clock.now()
        session.flush()
        take_up(session, ACCOUNTS, record)
    session.flush()
    publish(session, events.AccountCreated(record, **facts.account(record)))
    return record


def edit(session: Session, record: Account, **values: Any) -> Account:
    """Change an account's own fields; the name's key follows the name."""
    if "name" in values:
        record.name_key = names.name_key(values["name"])
    if "credit_code" in values:
        values["credit_code"] = names.credit_code(values["credit_code"])
    for name, value in values.items():
        setattr(record, name, value)
    if record.owner_id and pending(session, record):
        schedule(session, ACCOUNTS, record)
    return changed(session, record)


def changed(session: Session, record: Account) -> Account:
    """Say that the account changed, if it did."""
    if pending(session, record):
        publish(session, events.AccountChanged(record, **facts.account(record)))
    return record


def alike(session: Session, *, name: str, credit_code: str | None = None) -> list[dict[str, Any]]:
    """Accounts that may be the same customer, best first: {id, number, name, score, reason}.

    Same credit code or same name key: 100. Otherwise names that begin alike and whose keys agree to ALIKE percent;
    an account with another credit code is never taken for the same.
    """
    key = names.name_key(name)
    same = [Account.name_key == key]
    if credit_code:
        same.append(Account.credit_code == credit_code)
    if len(key) >= 4:
        same.append(Account.name_key.startswith(key[:2], autoescape=True))
    rows = session.execute(
        select(Account.id, Account.number, Account.name, Account.name_key, Account.credit_code)
        .where(or_(*same))
        .order_by((Account.name_key == key).desc(), Account.created_at.desc())
        .limit(_BLOCK)
    ).all()
    found = []
    for row in rows:
        score, reason = _likeness(row, key=key, code=credit_code)
        if score >= ALIKE:
            found.append({"id": row.id, "number": row.number, "name": row.name, "score": score, "reason": reason})
    return sorted(found, key=lambda item: -item["score"])[:5]


def add_contact(session: Session, *, caller: Caller, account_id: str, name: str, **values: Any) -> Contact:
    """Enter a person at an account; who owns the account owns the contact."""
    account = session.get(Account, account_id)
    if account is None:
        raise UnknownReference(errors={"account_id": [str(UnknownReference.title)]})
    record = Contact(
        account_id=account.id,
        name=name,
        number=next_number(session, "contact", "CT"),
        owner_id=values.pop("owner_id", None) or account.owner_id,
        department_id=account.department_id,
        created_by=caller.id,
        **values,
    )
    session.add(record)
    session.flush()
    publish(session, events.ContactCreated(record, **facts.contact(record)))
    return record


def edit_contact(session: Session, record: Contact, **values: Any) -> Contact:
    """Change a contact's fields."""
    for name, value in values.items():
        setattr(record, name, value)
    if pending(session, record):
        publish(session, events.ContactChanged(record, **facts.contact(record)))
    return record


def pass_on_contact(session: Session, record: Contact, *, owner_id: str, caller: Caller) -> Contact:
    """Give a contact of a leaver to a successor."""
    ownership.pass_on(session, record, owner_id=owner_id, caller=caller, label=record.name, how="hand_over")
    return edit_contact(session, record)


def find_contact(
    session: Session, *, account_id: str, name: str, phones: list[str], emails: list[str]
) -> Contact | None:
    """The person at the account with one of these numbers or addresses, or with the same name."""
    people = session.scalars(
        select(Contact).where(Contact.account_id == account_id).order_by(Contact.created_at).limit(200)
    )
    best = None
    for person in people:
        if set(person.phones or []) & set(phones) or set(person.emails or []) & set(emails):
            return person
        if best is None and name and person.name == name:
            best = person
    return best


def recount(session: Session, account_id: str) -> Account:
    """Set the account's totals from its contracts and receivables, in the base currency; the caller publishes."""
    session.flush()
    account = session.get_one(Account, account_id, with_for_update=True)
    live = ("approved", "active", "completed")
    contracts = select(func.coalesce(func.sum(Contract.base_minor), 0)).where(
        Contract.account_id == account_id, Contract.status.in_(live)
    )
    owed = select(Receivable.amount_minor, Receivable.paid_minor, Receivable.base_minor).where(
        Receivable.account_id == account_id, Receivable.status != "cancelled"
    )
    paid = left = 0
    for amount, paid_minor, base in session.execute(owed):
        share = base * paid_minor // amount if amount else 0
        paid, left = paid + share, left + base - share
    account.contract_minor = int(session.scalar(contracts) or 0)
    account.paid_minor, account.open_minor = paid, left
    return account


def _likeness(row: Any, *, key: str, code: str | None) -> tuple[int, str]:
    if code and row.credit_code:
        return (100, "credit_code") if code == row.credit_code else (0, "")
    if row.name_key == key:
        return 100, "name"
    return int(fuzz.ratio(key, row.name_key)), "similar_name"
