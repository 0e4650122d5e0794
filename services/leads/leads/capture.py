"""Capture: normalise → look for duplicates → score → assign → follow-up task and notice, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.events import Event
from engines import ownership
from engines.numbering import next_number
from leads import (
    deciding,
    dedupe,
    definitions,
    explanations,
    facts,
    folding,
    followup,
    intake,
    lookup,
    metrics,
    queries,
    writing,
)
from leads.assignment import Choice
from leads.definitions import InForce
from leads.errors import DuplicateRefused
from leads.events import BehaviourRecorded, LeadAssigned, LeadCaptured
from leads.lifecycle import OPEN
from leads.lookup import Candidate
from leads.models import Behaviour, Lead
from leads.ownership import LEADS


@dataclass(frozen=True)
class Captured:
    """What became of what came in: a new lead, or the one it was merged into; and what it looked like."""

    lead: Lead
    outcome: str  # created | linked | merged | allowed
    duplicates: Sequence[Candidate] = field(default=())


def capture(
    session: Session,
    *,
    caller: Caller,
    source: str = "manual",
    owner_id: str | None = None,
    behaviour: str | None = None,
    policy: str | None = None,
    import_id: str | None = None,
    form_key: str | None = None,
    **given: Any,
) -> Captured:
    """Take in a lead as typed. The source's policy (or `policy`) decides what happens to one that exists.

    `owner_id` assigns it by hand instead of by rule; `behaviour` is what the person did to get here. NotReachable,
    DuplicateRefused.
    """
    record = intake.clean(given) | {"source": source}
    intake.require_reachable(record)
    traits = dedupe.traits(record)
    keys = dedupe.index_keys(traits)
    found, stamp = lookup.duplicates(session, traits, keys)
    current = definitions.in_force(session, stamp=stamp)
    action = settle(current, found, source=source, policy=policy)
    if action == "refused":
        metrics.CAPTURED.labels(source, "refused").inc()
        raise DuplicateRefused(queries.candidates(session, caller, found[:5]))
    if action == "merged":
        lead = folding.fold(session, found[0], record, caller=caller, current=current, behaviour=behaviour)
    else:
        alike = found if action == "linked" else ()
        origin = {"import_id": import_id, "form_key": form_key, "owner_id": owner_id}
        lead = _create(session, record, keys, alike, current, caller=caller, behaviour=behaviour, origin=origin)
    if found:
        used = policy or current.policy.for_source(source)
        explanations.record_match(
            session, lead.id, found[:5], policy=used, version=current.policy.version,
            threshold=current.policy.threshold, action=action,
        )  # fmt: skip
    metrics.CAPTURED.labels(source, action).inc()
    return Captured(lead, action, found)


def settle(current: InForce, found: Sequence[Candidate], *, source: str, policy: str | None = None) -> str:
    """What to do with a record that looks like `found` (best first): created, linked, merged, allowed or refused.

    Only a shared phone, e-mail, credit code or WeChat id merges by itself; names that look alike are linked.
    """
    if not found or found[0].match.score < current.policy.threshold:
        return "created"
    chosen = policy or current.policy.for_source(source)
    if chosen == "merge" and (not found[0].match.exact or found[0].status not in OPEN):
        chosen = "link"
    return {"link": "linked", "merge": "merged", "allow": "allowed", "refuse": "refused"}[chosen]


def _create(
    session: Session,
    record: Mapping[str, Any],
    keys: Sequence[str],
    alike: Sequence[Candidate],
    current: InForce,
    *,
    caller: Caller,
    behaviour: str | None,
    origin: Mapping[str, str | None],
) -> Lead:
    now = clock.now()
    done = [(behaviour, now)] if behaviour else []
    owner_id = origin["owner_id"]
    given = {name: value for name, value in record.items() if value is not None}
    taken_from = {"form_key": origin["form_key"], "import_id": origin["import_id"], "created_by": caller.id}
    lead = Lead(**(writing.blank(now) | given | taken_from))
    lead.duplicates = [{"lead_id": each.lead_id, "score": each.match.score} for each in alike[:5]]
    result = deciding.score(current.model, lead, done)
    lead.score, lead.grade = result.score, result.grade
    inputs = deciding.inputs(lead)
    choice = _choice(session, lead, alike, current, by_hand=owner_id)
    _place(session, lead, choice, now)
    lead.number = next_number(session, kind="lead", prefix="L")
    how = "hand" if owner_id else "rule"
    writing.store(session, lead, _first_facts(lead, done, how=how, rule=choice.rule))
    lookup.store_keys(session, lead.id, keys)
    session.add_all(Behaviour(lead_id=lead.id, kind=kind, at=moment) for kind, moment in done)
    explanations.record_score(session, lead.id, current.model, result, inputs)
    names = directory.names(session, [lead.owner_id])
    explanations.record_assignment(session, lead.id, current.rules, choice, inputs, names)
    if lead.owner_id:
        followup.open_first(session, lead, by=caller)
    return lead


def _first_facts(lead: Lead, done: Sequence[tuple[str, datetime]], *, how: str, rule: str) -> list[Event]:
    """The events of a new lead, in order."""
    state = facts.of(lead)
    captured = LeadCaptured(
        lead, **state, form_key=lead.form_key, import_id=lead.import_id, utm=lead.utm,
        duplicates=[each["lead_id"] for each in lead.duplicates], response_due_at=lead.response_due_at,
    )  # fmt: skip
    found: list[Event] = [captured]
    found += [BehaviourRecorded(lead, lead_id=lead.id, kind=kind, at=moment) for kind, moment in done]
    if lead.owner_id:
        found.append(LeadAssigned(lead, **state, how=how, rule=rule, waited_seconds=0))
    return found


def _choice(
    session: Session, lead: Lead, alike: Sequence[Candidate], current: InForce, *, by_hand: str | None
) -> Choice:
    minutes = current.rules.response_minutes
    if by_hand:
        step: dict[str, Any] = {"rule": "by_hand", "outcome": "by_hand", "owner_id": by_hand}
        return Choice(by_hand, "", "by_hand", "", minutes, (step,))
    known = directory.snapshot(session).users
    for each in alike:
        owner = known.get(each.owner_id or "")
        if owner and owner.active and not owner.absent and each.status in OPEN:
            step = {"rule": "same_owner", "outcome": "same_owner", "owner_id": owner.id, "number": each.number}
            return Choice(owner.id, "", "same_owner", "", minutes, (step,))
    return deciding.assign(session, current.rules, lead)


def _place(session: Session, lead: Lead, choice: Choice, now: datetime) -> None:
    """Give the new lead the owner or pool that was chosen, and the time its first response is due."""
    lead.owner_id, lead.pool = choice.owner_id, choice.pool or None
    lead.response_due_at = deciding.due(choice)
    if not choice.owner_id:
        lead.unassigned_since = now
        return
    person = directory.snapshot(session).users.get(choice.owner_id)
    lead.status = "assigned"
    lead.department_id = person.department_id if person else lead.department_id
    lead.assigned_at, lead.unassigned_since, lead.next_action_at = now, None, lead.response_due_at
    ownership.begin(session, LEADS, lead)


def preview(session: Session, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Candidate]]:
    """The record as it would be stored and the leads it looks like; nothing is stored."""
    record = intake.clean(given)
    traits = dedupe.traits(record)
    found, _stamp = lookup.duplicates(session, traits, dedupe.index_keys(traits))
    return record, found
