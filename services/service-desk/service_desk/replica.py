"""What the desk keeps of customers: names, tiers and contacts' addresses, fed by the events of sales."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chassis.caller import SYSTEM
from service_desk import clocks, tickets
from service_desk.lifecycle import ACTIVE
from service_desk.models import Account, ContactAddress, Ticket


def keep_account(session: Session, *, account_id: str, **values: Any) -> None:
    """Insert or overwrite an account."""
    session.merge(Account(id=account_id, **{name: value for name, value in values.items() if name != "id"}))


def keep_contact(
    session: Session, *, contact_id: str, account_id: str | None, name: str | None, emails: Iterable[str]
) -> None:
    """Replace the addresses of a contact."""
    session.execute(delete(ContactAddress).where(ContactAddress.contact_id == contact_id))
    for address in sorted({each.strip().lower() for each in emails if "@" in each and len(each) <= 254}):
        session.add(
            ContactAddress(contact_id=contact_id, address=address, account_id=account_id, name=(name or "")[:120])
        )


def tier_changed(session: Session, *, account_id: str, tier: str) -> int:
    """Give the account's open tickets its new tier and, with it, perhaps another SLA; returns how many there were."""
    found = session.scalars(
        select(Ticket)
        .where(Ticket.account_id == account_id, Ticket.status.in_(ACTIVE), Ticket.account_tier.is_distinct_from(tier))
        .order_by(Ticket.id)
        .with_for_update()
    ).all()
    for ticket in found:
        ticket.account_tier = tier
        clocks.rule(session, ticket, "sla_change", by=SYSTEM)
        clocks.settle(session, ticket)
    return len(found)


def adopt(session: Session, *, account_id: str, emails: Iterable[str]) -> int:
    """Tickets from these addresses that no customer was known for belong to the account; returns how many."""
    account = session.get(Account, account_id)
    found = session.scalars(
        select(Ticket)
        .where(Ticket.account_id.is_(None), Ticket.requester_email.in_([each.strip().lower() for each in emails]))
        .order_by(Ticket.id)
        .with_for_update()
    ).all()
    for ticket in found if account is not None else ():
        tickets.edit(session, ticket, caller=SYSTEM, account_id=account_id)
    return len(found)


def forget(session: Session, *, removed: Mapping[str, Sequence[str]]) -> None:
    """Drop the accounts and contacts that sales removed with its demo data."""
    accounts, contacts = removed.get("account", ()), removed.get("contact", ())
    session.execute(delete(Account).where(Account.id.in_(accounts)))
    session.execute(
        delete(ContactAddress).where(ContactAddress.account_id.in_(accounts) | ContactAddress.contact_id.in_(contacts))
    )
