"""A record that turned out to be a known lead: what is new in it goes into that lead, nothing is overwritten."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.events import publish
from engines import forms, timeline
from leads import dedupe, facts, lookup, rescoring
from leads.definitions import InForce
from leads.events import BehaviourRecorded, LeadChanged
from leads.lookup import Candidate
from leads.models import Behaviour, Lead
from leads.objects import LEAD

LISTS = ("phones", "emails", "product_interest", "tags")
FILLED = (
    "name", "company", "title", "wechat", "address", "credit_code", "channel", "campaign_id", "referrer_url", "country",
    "province", "city", "region", "industry", "company_size", "budget_minor", "budget_currency", "utm", "consent",
)  # fmt: skip


def fold(
    session: Session,
    match: Candidate,
    record: Mapping[str, Any],
    *,
    caller: Caller,
    current: InForce,
    behaviour: str | None,
    custom: Mapping[str, Any] | None = None,
) -> Lead:
    """Fill the known lead's empty fields, add new numbers and addresses, log what was said; returns the lead."""
    lead = session.get(Lead, match.lead_id, with_for_update=True)
    assert lead is not None  # the look-up found it in this transaction
    fill(lead, record)
    lacking = {key: value for key, value in (custom or {}).items() if key not in (lead.custom or {})}
    forms.fill(session, LEAD, lead, lacking, caller=caller)
    if behaviour:
        session.add(Behaviour(lead_id=lead.id, kind=behaviour, at=clock.now()))
        publish(session, BehaviourRecorded(lead, lead_id=lead.id, kind=behaviour, at=clock.now()))
    if record.get("message"):
        timeline.log_activity(
            session, caller=caller, subject_kind="lead", subject_id=lead.id, kind="note", text=record["message"]
        )
    rescoring.rescore(session, lead, current=current)
    lookup.store_keys(session, lead.id, dedupe.index_keys(dedupe.traits(as_record(lead))))
    publish(session, LeadChanged(lead, **facts.of(lead), what="captured_again"))
    return lead


def fill(lead: Lead, record: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Take over what the lead lacks; returns {field: [kept, given up]} where both say something different."""
    conflicts: dict[str, list[Any]] = {}
    for name in LISTS:
        ours, theirs = list(getattr(lead, name) or ()), record.get(name) or ()
        if any(each not in ours for each in theirs):
            setattr(lead, name, list(dict.fromkeys([*ours, *theirs])))
    for name in FILLED:
        ours, theirs = getattr(lead, name), record.get(name)
        if theirs in (None, "", {}, []) or theirs == ours:
            continue
        if ours in (None, "", {}, []):
            setattr(lead, name, theirs)
        else:
            conflicts[name] = [ours, theirs]
    return conflicts


def as_record(lead: Lead) -> dict[str, Any]:
    """The fields the comparison reads."""
    names = ("name", "company", "phones", "emails", "credit_code", "wechat")
    return {name: getattr(lead, name) for name in names}
