"""What sales tells people, in both languages, and whom: the owner first, the manager where a matter drags on."""

from sqlalchemy.orm import Session

from chassis import directory
from chassis.i18n import both
from engines.notifications import notify
from sales import money
from sales.models import Account, Contract, Opportunity, Quote, Receivable


def manager_of(session: Session, user_id: str | None) -> str | None:
    """The head of the person's department, or for a head the one above; None when nobody stands above."""
    people = directory.snapshot(session)
    person = people.users.get(user_id or "")
    step = people.departments.get(person.department_id or "") if person else None
    while step is not None:
        if step.head_id and step.head_id != user_id:
            return step.head_id
        step = people.departments.get(step.parent_id or "")
    return None


def opportunity_stalled(session: Session, record: Opportunity, *, days: int, escalated: bool) -> None:
    """The owner hears that a deal stands still; on escalation the manager does too."""
    to = [record.owner_id, manager_of(session, record.owner_id) if escalated else None]
    notify(
        session,
        to=_people(to),
        key="opportunity_stalled",
        title=both("%(name)s has not moved for %(days)s days", name=record.name, days=days),
        text=both(
            "Opportunity %(number)s over %(amount)s stands still. Move it, or say what holds it.",
            number=record.number,
            amount=f"{money.to_text(record.amount_minor, record.currency)} {record.currency}",
        ),
        link=f"/sales/opportunities/{record.id}",
        subject=f"opportunity/{record.id}",
    )


def receivable_due(session: Session, record: Receivable, *, days_overdue: int) -> None:
    """The owner is reminded of a receivable; once it is overdue the manager is too."""
    to = [record.owner_id, manager_of(session, record.owner_id) if days_overdue > 0 else None]
    words = {
        "number": record.number,
        "amount": f"{money.to_text(record.left_minor, record.currency)} {record.currency}",
    }
    if days_overdue > 0:
        title = both("Receivable %(number)s is %(days)s days overdue", number=record.number, days=days_overdue)
    elif days_overdue == 0:
        title = both("Receivable %(number)s is due today", number=record.number)
    else:
        title = both("Receivable %(number)s is due in %(days)s days", number=record.number, days=-days_overdue)
    notify(
        session,
        to=_people(to),
        key="receivable_overdue" if days_overdue > 0 else "receivable_due",
        title=title,
        text=both("Still to come for %(number)s: %(amount)s", **words),
        link=f"/sales/contracts/{record.contract_id}",
        subject=f"receivable/{record.id}",
    )


def approval_decided(session: Session, record: Quote | Contract, *, outcome: str, comment: str | None) -> None:
    """The owner hears what the approvers decided."""
    title = {
        "approved": both("%(number)s was approved", number=record.number),
        "rejected": both("%(number)s was rejected", number=record.number),
        "returned": both("%(number)s was returned to you", number=record.number),
    }.get(outcome)
    if title is None:
        return
    notify(
        session,
        to=_people([record.owner_id]),
        key=f"{record.__kind__}_{outcome}",
        title=title,
        text={"zh": comment or record.title, "en": comment or record.title},
        link=f"/sales/{record.__kind__}s/{record.id}",
        subject=f"{record.__kind__}/{record.id}",
    )


def account_is_vip(session: Session, record: Account) -> None:
    """Owner and manager hear that the customer became VIP."""
    notify(
        session,
        to=_people([record.owner_id, manager_of(session, record.owner_id)]),
        key="account_vip",
        title=both("%(name)s is a VIP customer now", name=record.name),
        text=both("Its approved contracts have passed the threshold."),
        link=f"/sales/accounts/{record.id}",
        subject=f"account/{record.id}",
    )


def _people(ids: list[str | None]) -> list[str]:
    return list(dict.fromkeys(id_ for id_ in ids if id_))
