"""Who owns a lead: assigned by hand or rule, claimed from a pool, released into one."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.events import publish
from chassis.i18n import both
from engines import timeline
from leads import deciding, definitions, explanations, facts, followup, lifecycle, metrics
from leads.errors import AlreadyOwned, UnknownPerson
from leads.events import LeadAssigned, LeadChanged
from leads.models import Lead

PROTECTED_FOR = timedelta(days=7)  # after a claim


def assign(session: Session, lead: Lead, *, caller: Caller, owner_id: str | None = None) -> Lead:
    """Give the lead to a person, or without one let the rules choose. UnknownPerson, WrongStatus."""
    if owner_id is None:
        return _by_rule(session, lead, caller=caller)
    require_person(session, owner_id)
    return _give(session, lead, owner_id=owner_id, how="hand", rule="by_hand", caller=caller)


def require_person(session: Session, owner_id: str) -> None:
    """UnknownPerson unless the directory has this person as active."""
    person = directory.snapshot(session).users.get(owner_id)
    if person is None or not person.active:
        raise UnknownPerson(errors={"owner_id": [str(UnknownPerson.title)]})


def _by_rule(session: Session, lead: Lead, *, caller: Caller) -> Lead:
    lifecycle.require(lead, "assign")
    current = definitions.in_force(session)
    choice = deciding.assign(session, current.rules, lead)
    names = directory.names(session, [choice.owner_id])
    explanations.record_assignment(session, lead.id, current.rules, choice, deciding.inputs(lead), names)
    if choice.owner_id is None:
        return release(session, lead, caller=caller, pool=choice.pool)
    lead.response_due_at = deciding.due(choice)
    return _give(session, lead, owner_id=choice.owner_id, how="rule", rule=choice.rule, caller=caller)


def _give(session: Session, lead: Lead, *, owner_id: str, how: str, rule: str | None, caller: Caller) -> Lead:
    lifecycle.step(lead, "assign")
    before, now = lead.owner_id, clock.now()
    waited = int((now - lead.unassigned_since).total_seconds()) if lead.unassigned_since else None
    person = directory.snapshot(session).users.get(owner_id)
    lead.owner_id, lead.department_id = owner_id, person.department_id if person else lead.department_id
    lead.pool, lead.unassigned_since, lead.assigned_at = None, None, now
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
    """Take a lead that nobody owns. One conditional UPDATE decides, so two people can't both have it. AlreadyOwned."""
    lifecycle.require(lead, "assign")
    taken = session.execute(
        update(Lead)
        .where(Lead.id == lead.id, Lead.owner_id.is_(None), Lead.version == lead.version)
        .values(updated_at=Lead.updated_at)
        .returning(Lead.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        metrics.CLAIMS.labels("taken").inc()
        raise AlreadyOwned()
    metrics.CLAIMS.labels("claimed").inc()
    lead.protected_until = clock.now() + PROTECTED_FOR
    return _give(session, lead, owner_id=caller.id, how="claim", rule=None, caller=caller)


def release(session: Session, lead: Lead, *, caller: Caller, pool: str | None = None, reason: str = "") -> Lead:
    """Put the lead into a pool (the fallback pool without one) for others to claim. WrongStatus."""
    lifecycle.step(lead, "release")
    before = lead.owner_id
    lead.owner_id, lead.pool = None, pool or definitions.in_force(session).rules.fallback_pool
    lead.assigned_at, lead.protected_until, lead.next_action_at = None, None, None
    lead.unassigned_since = clock.now()
    publish(session, LeadChanged(lead, **facts.of(lead), what="released"))
    if reason:
        timeline.log_activity(session, caller=caller, subject_kind="lead", subject_id=lead.id, kind="note", text=reason)
    if before and before != caller.id:
        followup.tell(
            session, lead, key="lead_released", to=before, text=both("It is in the pool now."),
            title=both("The lead %(name)s is no longer yours", name=followup.label(lead)),
        )  # fmt: skip
    return lead
