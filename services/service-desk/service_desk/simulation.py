"""What would be: a calendar asked, a history played through clocks, a draft policy over past tickets. Stores nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from engines import access
from engines.conditions import Context
from service_desk import clocks, definitions, sla
from service_desk.business_time import Calendar, NeverOpen
from service_desk.errors import CalendarNeverOpen
from service_desk.models import Step, Ticket


def calendar_for(session: Session, asked: Mapping[str, Any] | str) -> Calendar:
    """Opening hours given as data, or a stored calendar by its key. Invalid for an unknown key."""
    if isinstance(asked, str):
        found = definitions.in_force(session).calendars.get(asked)
        if found is None:
            raise Invalid(errors={"calendar": [_("There is no such calendar.")]})
        return found[1]
    return definitions.calendar_of(asked)


def evaluate(session: Session, *, calendar: Mapping[str, Any] | str, op: str, **asked: Any) -> dict[str, Any]:
    """One question to a calendar; answered under the name the reference cases use. CalendarNeverOpen."""
    hours = calendar_for(session, calendar)
    try:
        match op:
            case "add":
                return {"end": hours.add(asked["start"], asked["seconds"])}
            case "subtract":
                return {"end": hours.subtract(asked["start"], asked["seconds"])}
            case "between":
                return {"seconds": hours.between(asked["start"], asked["end"])}
            case "is_open":
                return {"open": hours.is_open(asked["at"])}
            case "periods":
                found = hours.periods(asked["start"], forward=asked["direction"] == "after", count=asked["count"])
                return {"segments": [list(pair) for pair in found]}
        return {"end": hours.add_days(asked["start"], asked["days"] if op == "add_days" else -asked["days"])}
    except NeverOpen:
        raise CalendarNeverOpen() from None


def history(
    session: Session,
    *,
    calendar: Mapping[str, Any] | str,
    events: Sequence[Mapping[str, Any]],
    targets: Mapping[str, int | None] | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """One history played through the clocks: each with due, used, paused and why, and the flat summary."""
    ledger = sla.new_ledger(calendar_for(session, calendar), targets)
    try:
        for event in events:
            if event["kind"] == "calendar_change":
                event = {**event, "calendar": calendar_for(session, event.get("calendar") or calendar)}
            sla.take(ledger, event)
        if at is not None:
            sla.take(ledger, {"at": at, "kind": "tick"})
        return sla.summary(ledger) | {"clocks": [plain(each) for each in sla.clocks_explained(ledger)]}
    except NeverOpen:
        raise CalendarNeverOpen() from None


def past(
    session: Session,
    *,
    caller: Caller,
    definition: Mapping[str, Any],
    since: datetime,
    until: datetime | None = None,
    limit: int = 500,
) -> dict[str, Any]:
    """A draft policy over the tickets of a period the caller may see: which clocks it would have met, beside what was."""
    body = definitions.checked(session, "sla_policy", definition)
    draft = definitions.compile_policy("draft", body, title={}, revision=0)
    hours, context = definitions.in_force(session).calendars[draft.calendar][1], Context()
    wanted = access.readable(session, caller, Ticket).where(
        Ticket.created_at >= since, Ticket.created_at < (until or clock.now())
    )
    tickets = session.scalars(wanted.order_by(Ticket.created_at.desc(), Ticket.id).limit(limit)).all()
    chosen = [each for each in tickets if draft.when(each, context) and draft.targets_for(each.priority)]
    steps = _steps(session, [ticket.id for ticket in chosen])
    results = [_compare(session, ticket, steps.get(ticket.id, []), draft, hours) for ticket in chosen]
    counted = []
    for metric in sla.METRICS:
        pairs = [(row["was"][metric], row["would_be"][metric]) for row in results if row["would_be"].get(metric)]
        counted.append({
            "metric": metric, "tickets": len(pairs), "breached_now": sum(was == "breached" for was, _would in pairs),
            "breached_with_draft": sum(would == "breached" for _was, would in pairs),
        })  # fmt: skip
    return {"tried": len(tickets), "matched": len(chosen), "metrics": counted, "results": results}


def _compare(
    session: Session, ticket: Ticket, steps: Sequence[Step], draft: definitions.Policy, hours: Calendar
) -> dict[str, Any]:
    now = clock.now()
    targets = draft.targets_for(ticket.priority)
    ledger = sla.new_ledger(hours, None)
    for event in clocks.events_of(steps, lambda _key, _revision: hours, targets=lambda _step: targets):
        sla.take(ledger, event)
    sla.take(ledger, {"at": max(now, ledger.now or now), "kind": "tick"})
    before = clocks.replay(session, steps, now=now)
    return {
        "ticket_id": ticket.id, "number": ticket.number, "priority": ticket.priority, "was": _states(before),
        "would_be": _states(ledger),
    }  # fmt: skip


def _states(ledger: sla.Ledger) -> dict[str, str | None]:
    shown = {each["metric"]: each["state"] for each in sla.clocks_explained(ledger)}
    return {metric: "breached" if metric in ledger.missed else shown.get(metric) for metric in sla.METRICS}


def _steps(session: Session, ids: Sequence[str]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for place in range(0, len(ids), 500):
        rows = (
            select(Step).where(Step.ticket_id.in_(ids[place : place + 500])).order_by(Step.ticket_id, Step.at, Step.id)
        )
        for step in session.scalars(rows):
            found.setdefault(step.ticket_id, []).append(step)
    return found


def plain(value: Any) -> Any:
    """Times inside free-form members as ISO text."""
    if isinstance(value, datetime):
        return clock.iso(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
