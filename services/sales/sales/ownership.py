"""Who owns what in sales: accounts with their pool, and everything else that simply changes hands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import Caller
from chassis.events import publish
from chassis.i18n import both
from engines import ownership, timeline
from engines.notifications import notify
from engines.ownership import moves
from sales import events, facts
from sales.models import Account, Contact, Contract, Opportunity, Quote, Receivable
from sales.objects import ACCOUNT

BINDING = ("in_approval", "approved", "active")  # contracts that keep an account with its owner
OWED = ("open", "partly_paid")
_PLURAL = {"opportunity": "opportunities"}


def assign_account(
    session: Session, record: Account, *, owner_id: str, caller: Caller, over_limit: bool = False, how: str = "hand"
) -> Account:
    """Give the account to a person, with its contacts and open tasks; he is told. UnknownPerson, HoldingFull."""
    before = record.owner_id
    ownership.give(session, ACCOUNTS, record, to=owner_id, caller=caller, how=how, over_limit=over_limit)
    return _settled(session, record, before=before, caller=caller)


def claim_account(session: Session, record: Account, *, caller: Caller) -> Account:
    """Take an account nobody owns, within the limits of its pool. AlreadyOwned, NotAMember, Frozen, CoolingDown,
    ClaimLimitReached, HoldingFull."""
    ownership.claim(session, ACCOUNTS, record, caller=caller)
    return _settled(session, record, before=None, caller=caller)


def release_account(
    session: Session,
    record: Account,
    *,
    caller: Caller,
    pool: str | None = None,
    reason: str = "",
    how: str = "release",
) -> Account:
    """Put the account into a pool (that of its department without one) for others to claim. UnknownPool."""
    before = record.owner_id
    ownership.release(session, ACCOUNTS, record, caller=caller, pool=pool, how=how, reason=reason)
    _contacts_follow(session, record, before)
    changed(session, record)
    if before and before != caller.id:
        by_rule = both("The pool's rules took it back; its page says why.")
        notify(
            session, to=[before], key="account_released", link=_link(record), subject=f"account/{record.id}",
            title=both("The account %(name)s is no longer yours", name=record.name),
            text=by_rule if how == "reclaim" else both("It is in the pool now."),
        )  # fmt: skip
    return record


def protect_account(
    session: Session, record: Account, *, caller: Caller, until: datetime | None, reason: str = ""
) -> Account:
    """Keep the account with its owner until then, whatever the pool's rules say. NotOwned."""
    ownership.protect(session, ACCOUNTS, record, caller=caller, until=until, reason=reason)
    return changed(session, record)


def changed(session: Session, record: Account) -> Account:
    """Say that the account changed hands."""
    publish(session, events.AccountChanged(record, **facts.account(record)))
    return record


def pass_on(session: Session, record: Any, *, owner_id: str, caller: Caller, label: str, how: str = "hand") -> None:
    """Another owner for a record without a pool: his department, the open tasks, a word to him; the caller publishes."""
    if record.owner_id == owner_id:
        return
    moves.pass_on(session, record, to=owner_id, caller=caller, how=how)
    timeline.reassign_tasks(session, subject_kind=record.__kind__, subject_id=record.id, to=owner_id)
    if owner_id != caller.id:
        _tell(session, record, label)


def review(session: Session, account_id: str) -> None:
    """A contract or receivable opened or closed: whether the account may go back to its pool is looked at anew."""
    account = session.get(Account, account_id)
    if account is not None and account.owner_id:
        session.flush()
        ownership.review_one(session, ACCOUNTS, account)


def people(session: Session) -> list[tuple[str, str]]:
    """Active people (id, name) a record may be given to, by name."""
    users = directory.snapshot(session).users.values()
    return sorted(((user.id, user.name) for user in users if user.active), key=lambda pair: pair[1])


def _settled(session: Session, record: Account, *, before: str | None, caller: Caller) -> Account:
    if record.owner_id == before:
        return record
    _contacts_follow(session, record, before)
    changed(session, record)
    timeline.reassign_tasks(session, subject_kind="account", subject_id=record.id, to=record.owner_id)
    if record.owner_id != caller.id:
        _tell(session, record, record.name)
    return record


def _contacts_follow(session: Session, record: Account, before: str | None) -> None:
    """The contacts that belonged to the account's owner belong to the new one; in the pool to nobody."""
    session.flush()
    theirs = Contact.owner_id.is_(None) if before is None else Contact.owner_id == before
    for contact in session.scalars(select(Contact).where(Contact.account_id == record.id, theirs)):
        contact.owner_id, contact.department_id = record.owner_id, record.department_id
        publish(session, events.ContactChanged(contact, **facts.contact(contact)))


def _tell(session: Session, record: Any, label: str) -> None:
    kind = record.__kind__
    notify(
        session, to=[record.owner_id], key=f"{kind}_assigned", link=_link(record), subject=f"{kind}/{record.id}",
        title=both("%(name)s is yours now", name=label),
    )  # fmt: skip


def _link(record: Any) -> str:
    if isinstance(record, Receivable):
        return f"/sales/contracts/{record.contract_id}"
    return f"/sales/{_PLURAL.get(record.__kind__, f'{record.__kind__}s')}/{record.id}"


def _paused(session: Session, record: Account) -> Sequence[ownership.Pause]:
    """Open contracts and receivables keep an account with its owner."""
    contracts = session.execute(
        select(Contract.id, Contract.number)
        .where(Contract.account_id == record.id, Contract.status.in_(BINDING))
        .order_by(Contract.id)
        .limit(3)
    ).all()
    found = [
        ownership.Pause({"zh": f"合同 {row.number}", "en": f"contract {row.number}"}, f"/sales/contracts/{row.id}")
        for row in contracts
    ]
    if found:
        return found
    owed = session.execute(
        select(Receivable.number, Receivable.contract_id)
        .where(Receivable.account_id == record.id, Receivable.status.in_(OWED))
        .order_by(Receivable.id)
        .limit(3)
    ).all()
    return [
        ownership.Pause(
            {"zh": f"应收 {row.number}", "en": f"receivable {row.number}"}, f"/sales/contracts/{row.contract_id}"
        )
        for row in owed
    ]


def _give_back(session: Session, record: Account, caller: Caller, pool: str, how: str, reason: str) -> None:
    release_account(session, record, caller=caller, pool=pool, how=how, reason=reason)


ACCOUNTS = ownership.register(
    ownership.Ownable(ACCOUNT, label=lambda record: record.name, link=_link, give_back=_give_back, paused=_paused)
)
KEPT = {  # which of a leaver's records go to successors; what is closed stays his, for the figures
    Opportunity: lambda: Opportunity.category == "open",
    Quote: lambda: Quote.status.in_(("draft", "in_approval", "approved", "sent", "accepted")),
    Contract: lambda: Contract.status.in_(("draft", *BINDING)),
    Receivable: lambda: Receivable.status.in_(OWED),
}
