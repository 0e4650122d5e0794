"""Who owns a lead: given by hand or rule, claimed from a pool, released into one, taken back, handed over."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.events import publish
from chassis.i18n import both
from engines import ownership, timeline
from engines.explain import record_decision
from engines.ownership.hand_over import TASKS, owned, taking_part
from leads import deciding, definitions, explanations, facts, followup, lifecycle
from leads.events import LeadAssigned, LeadChanged
from leads.lifecycle import OPEN
from leads.models import Lead
from leads.objects import LEAD


def assign(
    session: Session, lead: Lead, *, caller: Caller, owner_id: str | None = None, over_limit: bool = False
) -> Lead:
    """Give the lead to a person, or without one let the rules choose. UnknownPerson, HoldingFull, WrongStatus."""
    if owner_id is None:
        return _by_rule(session, lead, caller=caller)
    return _give(session, lead, owner_id=owner_id, how="hand", rule="by_hand", caller=caller, over_limit=over_limit)


def _by_rule(session: Session, lead: Lead, *, caller: Caller) -> Lead:
    lifecycle.require(lead, "assign")
    current = definitions.in_force(session)
    choice = deciding.assign(session, current.rules, lead)
    names = directory.names(session, [choice.owner_id])
    record_decision(session, explanations.assignment(lead.id, current.rules, choice, deciding.inputs(lead), names))
    if choice.owner_id is None:
        return release(session, lead, caller=caller, pool=choice.pool)
    lead.response_due_at = deciding.due(choice)
    return _give(
        session, lead, owner_id=choice.owner_id, how="rule", rule=choice.rule, caller=caller, over_limit=True
    )  # the rules have looked at what everybody holds


def _give(
    session: Session, lead: Lead, *, owner_id: str, how: str, rule: str | None, caller: Caller, over_limit: bool = False
) -> Lead:
    lifecycle.require(lead, "assign")
    before, waiting = lead.owner_id, lead.unassigned_since
    if how == "claim":
        ownership.claim(session, LEADS, lead, caller=caller)
    else:
        ownership.give(session, LEADS, lead, to=owner_id, caller=caller, how=how, over_limit=over_limit)
    lifecycle.step(lead, "assign")
    now = clock.now()
    waited = int((now - waiting).total_seconds()) if waiting else None
    if not lead.response_due_at or lead.response_due_at < now:
        lead.response_due_at = now + timedelta(minutes=definitions.in_force(session).rules.response_minutes)
    lead.next_action_at = lead.next_action_at or lead.response_due_at
    data = facts.of(lead)
    publish(session, LeadAssigned(lead, **data, previous_owner_id=before, how=how, rule=rule, waited_seconds=waited))
    if before:
        timeline.reassign_tasks(session, subject_kind="lead", subject_id=lead.id, to=owner_id)
    elif lead.first_activity_at is None:
        followup.open_first(session, lead, by=caller)
        return lead
    if owner_id != caller.id:
        followup.tell(
            session, lead, key="lead_assigned", title=both("You now have the lead %(name)s", name=followup.label(lead)),
            text=both("It was passed on to you."),
        )  # fmt: skip
    return lead


def claim(session: Session, lead: Lead, *, caller: Caller) -> Lead:
    """Take a lead that nobody owns, within the limits of its pool. AlreadyOwned, NotAMember, Frozen, CoolingDown,
    ClaimLimitReached, HoldingFull."""
    return _give(session, lead, owner_id=caller.id, how="claim", rule=None, caller=caller)


def release(
    session: Session, lead: Lead, *, caller: Caller, pool: str | None = None, reason: str = "", how: str = "release"
) -> Lead:
    """Put the lead into a pool (that of its department without one) for others to claim. WrongStatus, UnknownPool."""
    lifecycle.require(lead, "release")
    before = lead.owner_id
    known = ownership.in_force(session, LEADS)
    pool = pool or (None if known.pools else definitions.in_force(session).rules.fallback_pool)
    ownership.release(session, LEADS, lead, caller=caller, pool=pool, how=how, reason=reason)
    lifecycle.step(lead, "release")
    lead.next_action_at = lead.disqualify_reason = lead.disqualified_at = None
    publish(session, LeadChanged(lead, **facts.of(lead), what="reclaimed" if how == "reclaim" else "released"))
    if reason and how != "reclaim":
        timeline.log_activity(session, caller=caller, subject_kind="lead", subject_id=lead.id, kind="note", text=reason)
    if before and before != caller.id:
        by_rule = both("The pool's rules took it back; its page says why.")
        followup.tell(
            session, lead, key="lead_released", to=before,
            text=by_rule if how == "reclaim" else both("It is in the pool now."),
            title=both("The lead %(name)s is no longer yours", name=followup.label(lead)),
        )  # fmt: skip
    return lead


def protect(session: Session, lead: Lead, *, caller: Caller, until: Any, reason: str = "") -> Lead:
    """Keep the lead with its owner until then, whatever the pool's rules say. NotOwned."""
    lifecycle.present_only(lead)
    ownership.protect(session, LEADS, lead, caller=caller, until=until, reason=reason)
    publish(session, LeadChanged(lead, **facts.of(lead), what="protected"))
    return lead


def _held() -> ColumnElement[bool]:
    return and_(Lead.status.in_(OPEN), Lead.duplicate_of.is_(None))


def _reclaimable(lead: Lead) -> bool:
    return not lead.duplicate_of and lead.status in lifecycle.STEPS["release"]


def _counts(lead: Lead, since: Any) -> bool:
    """A lead that was given up is only taken back by rules that count from then."""
    return ("disqualified_at" in since) == (lead.status == "disqualified")


def _give_back(session: Session, lead: Lead, caller: Caller, pool: str, how: str, reason: str) -> None:
    release(session, lead, caller=caller, pool=pool, how=how, reason=reason)


LEADS = ownership.register(
    ownership.Ownable(
        LEAD, label=followup.label, link=followup.link, give_back=_give_back, held=_held, reclaimable=_reclaimable,
        counts=_counts, owned_since="assigned_at", pooled_at="unassigned_since",
    )
)  # fmt: skip


def _hand_over(session: Session, lead: Lead, to: str, caller: Caller) -> None:
    """A leaver's lead goes to the successor, however many he has already."""
    _give(session, lead, owner_id=to, how="hand_over", rule=None, caller=caller, over_limit=True)


on_hand_over, hand_overs = taking_part(owned("lead", Lead, _hand_over, only=_held), TASKS)
