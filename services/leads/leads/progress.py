"""Work on a lead: activities, nurturing, qualifying, giving up and taking up again, behaviours, edits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.events import publish
from engines import forms, ownership, timeline
from leads import dedupe, definitions, facts, folding, followup, intake, lifecycle, lookup, metrics, rescoring
from leads.events import BehaviourRecorded, LeadChanged, LeadContacted, LeadDisqualified, LeadQualified
from leads.models import Behaviour, Lead, LeadKey
from leads.objects import LEAD
from leads.ownership import LEADS

_KEYED = frozenset(("name", "company", "phones", "emails", "wechat", "credit_code"))


def edit(session: Session, lead: Lead, *, caller: Caller, **given: Any) -> Lead:
    """Change fields; normalised like a capture, keys and score follow."""
    lifecycle.present_only(lead)
    custom = given.pop("custom", None)
    for name, value in intake.clean(given).items():
        setattr(lead, name, value)
    forms.fill(session, LEAD, lead, custom, caller=caller)
    intake.require_reachable(folding.as_record(lead))
    if lead.owner_id:
        ownership.schedule(session, LEADS, lead)
    if _KEYED & given.keys():
        session.execute(delete(LeadKey).where(LeadKey.lead_id == lead.id))
        lookup.store_keys(session, lead.id, dedupe.index_keys(dedupe.traits(folding.as_record(lead))))
    rescoring.rescore(session, lead)
    publish(session, LeadChanged(lead, **facts.of(lead), what="edited"))
    return lead


def log(
    session: Session,
    lead: Lead,
    *,
    caller: Caller,
    kind: str,
    text: str,
    at: datetime | None = None,
    next_action_at: datetime | None = None,
) -> Any:
    """Log an activity. The first one by a person answers the first response and moves the lead to working."""
    lifecycle.require(lead, "contact")
    activity = timeline.log_activity(
        session, caller=caller, subject_kind="lead", subject_id=lead.id, kind=kind, text=text, at=at
    )
    note_contact(session, lead, by=caller, at=at or clock.now(), next_action_at=next_action_at)
    return activity


def after_activity(session: Session, caller: Caller, lead: Lead, activity: Any) -> None:
    """What an activity logged by the shared routes means for its lead."""
    note_contact(session, lead, by=caller, at=activity.at, next_action_at=lead.next_action_at)


def note_contact(
    session: Session, lead: Lead, *, by: Caller, at: datetime, next_action_at: datetime | None = None
) -> None:
    """What an activity does to the lead itself."""
    lifecycle.step(lead, "contact")
    first = lead.first_activity_at is None
    ownership.touched(session, LEADS, lead, at=at)
    lead.next_action_at = next_action_at
    if first:
        lead.first_activity_at = at
        since = lead.assigned_at or lead.created_at
        seconds = max(0, int((at - since).total_seconds()))
        metrics.FIRST_RESPONSE.observe(seconds)
        publish(session, LeadContacted(lead, **facts.of(lead), first_response_seconds=seconds))
        timeline.complete_open(session, subject_kind="lead", subject_id=lead.id, by=by.id, key=followup.FIRST_RESPONSE)
    else:
        publish(session, LeadChanged(lead, **facts.of(lead), what="worked"))


def nurture(session: Session, lead: Lead) -> Lead:
    """Not ripe yet: keep warm."""
    return _moved(session, lead, "nurture", "nurturing")


def resume(session: Session, lead: Lead) -> Lead:
    """Back from nurturing to work."""
    return _moved(session, lead, "resume", "working")


def qualify(session: Session, lead: Lead) -> Lead:
    """The lead is worth an opportunity."""
    lifecycle.step(lead, "qualify")
    publish(session, LeadQualified(lead, **facts.of(lead)))
    return lead


def disqualify(session: Session, lead: Lead, *, caller: Caller, reason: str) -> Lead:
    """Give the lead up, with the reason."""
    lifecycle.step(lead, "disqualify")
    lead.disqualify_reason, lead.next_action_at, lead.pool = reason, None, None
    lead.disqualified_at = clock.now()
    if lead.owner_id:
        ownership.schedule(session, LEADS, lead, anew=True)
    publish(session, LeadDisqualified(lead, **facts.of(lead), reason=reason))
    timeline.complete_open(session, subject_kind="lead", subject_id=lead.id, by=caller.id, key=followup.FIRST_RESPONSE)
    return lead


def reopen(session: Session, lead: Lead) -> Lead:
    """Take a lead that was given up again: to its owner, or without one into the queue of new ones."""
    lifecycle.step(lead, "reopen")
    lead.disqualify_reason = lead.disqualified_at = None
    if lead.owner_id is None:
        lead.unassigned_since = clock.now()
        lead.pool = definitions.in_force(session).rules.fallback_pool
    else:
        ownership.resume(session, LEADS, lead)
    publish(session, LeadChanged(lead, **facts.of(lead), what="reopened"))
    return lead


def record_behaviours(session: Session, lead: Lead, *, done: list[Mapping[str, Any]]) -> Lead:
    """Add what the lead did ({kind, at, detail}) and score it anew."""
    lifecycle.present_only(lead)
    for each in done:
        moment = min(each.get("at") or clock.now(), clock.now())
        session.add(Behaviour(lead_id=lead.id, kind=each["kind"], at=moment, detail=each.get("detail")))
        publish(session, BehaviourRecorded(lead, lead_id=lead.id, kind=each["kind"], at=moment))
    if rescoring.rescore(session, lead):
        publish(session, LeadChanged(lead, **facts.of(lead), what="scored"))
    return lead


def _moved(session: Session, lead: Lead, verb: str, what: str) -> Lead:
    lifecycle.step(lead, verb)
    publish(session, LeadChanged(lead, **facts.of(lead), what=what))
    return lead
