"""Capture: normalise → look for duplicates → score → assign → follow-up task and notice, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.events import Event
from chassis.ids import uuid7
from chassis.timers import TABLE as TIMERS
from engines import forms, ownership, timeline
from engines.explain import Decision, DecisionRow, record_decision
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
from leads.models import Behaviour, Lead, LeadKey
from leads.objects import LEAD
from leads.ownership import LEADS


@dataclass(frozen=True)
class Captured:
    """What became of what came in: a new lead, or the one it was merged into; and what it looked like."""

    lead: Lead
    outcome: str  # created | linked | merged | allowed
    duplicates: Sequence[Candidate] = field(default=())
    decisions: Sequence[Decision] = field(default=())  # on a new lead: why it has this score, owner and date


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
    custom: Mapping[str, Any] | None = None,
    **given: Any,
) -> Captured:
    """Take in a lead as typed. The source's policy (or `policy`) decides what happens to one that exists.

    `owner_id` assigns it by hand instead of by rule; `behaviour` is what the person did to get here; `custom` are the
    company's own fields, all that are required of them where a person or program enters the lead. NotReachable,
    DuplicateRefused, Invalid.
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
    decisions: Sequence[Decision] = ()
    if action == "merged":
        lead = folding.fold(
            session, found[0], record, caller=caller, current=current, behaviour=behaviour, custom=custom
        )
    else:
        alike = found if action == "linked" else ()
        origin = {"import_id": import_id, "form_key": form_key, "owner_id": owner_id}
        lead, decisions = _create(
            session, record, keys, alike, current, caller=caller, behaviour=behaviour, origin=origin, custom=custom
        )
    if found:
        used = policy or current.policy.for_source(source)
        match = explanations.match(
            lead.id, found[:5], policy=used, version=current.policy.version, threshold=current.policy.threshold,
            action=action,
        )  # fmt: skip
        record_decision(session, match)
    metrics.CAPTURED.labels(source, action).inc()
    return Captured(lead, action, found, decisions)


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
    custom: Mapping[str, Any] | None,
) -> tuple[Lead, list[Decision]]:
    """Everything is worked out before the rule's turn is locked, and stored by one statement after it."""
    now = clock.now()
    done = [(behaviour, now)] if behaviour else []
    owner_id = origin["owner_id"]
    given = {name: value for name, value in record.items() if value is not None}
    taken_from = {"form_key": origin["form_key"], "import_id": origin["import_id"], "created_by": caller.id}
    lead = writing.unstored(writing.blank(now) | given | taken_from)
    complete = not origin["form_key"] and (caller.is_person or caller.kind == "client")
    forms.fill(session, LEAD, lead, custom, caller=caller, new=True, complete=complete)
    lead.duplicates = [{"lead_id": each.lead_id, "score": each.match.score} for each in alike[:5]]
    result = deciding.score(current.model, lead, done)
    lead.score, lead.grade = result.score, result.grade
    lead.number = next_number(session, kind="lead", prefix="L")
    inputs = deciding.inputs(lead)
    decisions = [explanations.score(lead.id, current.model, result, inputs)]
    rows: dict[Any, list[dict[str, Any]]] = {
        LeadKey.__table__: [{"key": key, "lead_id": lead.id} for key in keys],
        Behaviour.__table__: [{"id": uuid7(), "lead_id": lead.id, "kind": kind, "at": at} for kind, at in done],
    }
    choice = _choice(session, lead, alike, current, by_hand=owner_id)
    timers, dated = _place(session, lead, choice, now)
    names = directory.names(session, [lead.owner_id])
    decisions.append(explanations.assignment(lead.id, current.rules, choice, inputs, names))
    told = _first_facts(session, lead, done, how="hand" if owner_id else "rule", rule=choice.rule)
    if lead.owner_id:
        task, news = followup.first_of_new(lead, by=caller)
        told += news
        rows |= {timeline.Task.__table__: [task], TIMERS: [*timers, *timeline.timers_of(task)]}
    if choice.turn:
        rows[deciding.TURN] = [deciding.turn_row(choice)]
    rows[DecisionRow.__table__] = [each.row() for each in decisions]
    writing.store(session, lead, told, rows)
    forms.begun(session, LEAD, lead)
    return lead, [*decisions, *dated]


def _first_facts(
    session: Session, lead: Lead, done: Sequence[tuple[str, datetime]], *, how: str, rule: str
) -> list[Event]:
    """The events of a new lead, in order."""
    state = facts.of(lead) | {"custom": forms.said(session, LEAD, lead.custom)}
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
    return deciding.chosen(session, current.rules, lead)


def _place(session: Session, lead: Lead, choice: Choice, now: datetime) -> tuple[list[dict[str, Any]], list[Decision]]:
    """Give the new lead the owner or pool that was chosen, and the time its first response is due.

    Returns the timers to store for an owner, and why the lead goes back to the pool when it does.
    """
    lead.owner_id, lead.pool = choice.owner_id, choice.pool or None
    lead.response_due_at = deciding.due(choice)
    if not choice.owner_id:
        lead.unassigned_since = now
        return [], []
    person = directory.snapshot(session).users.get(choice.owner_id)
    lead.status = "assigned"
    lead.department_id = person.department_id if person else lead.department_id
    lead.assigned_at, lead.unassigned_since = now, None
    lead.next_action_at = lead.next_action_at or lead.response_due_at
    timers, decision = ownership.begin(session, LEADS, lead)
    return timers, [decision]


def preview(session: Session, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Candidate]]:
    """The record as it would be stored and the leads it looks like; nothing is stored."""
    record = intake.clean(given)
    traits = dedupe.traits(record)
    found, _stamp = lookup.duplicates(session, traits, dedupe.index_keys(traits))
    return record, found
