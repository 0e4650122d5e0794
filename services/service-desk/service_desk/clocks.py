"""A ticket's SLA clocks as rows: replayed from its steps after each, with the marks at which somebody is told.

A row is a projection of the replay (sla.py), so nothing can drift; what was met is never worked out anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import changes, clock
from chassis.caller import Caller
from chassis.events import publish
from chassis.timers import arm, cancel
from service_desk import definitions, facts, policies, sla, warnings
from service_desk.business_time import Calendar, calendar
from service_desk.definitions import Policy
from service_desk.events import ClockMet, TicketChanged, TicketFact
from service_desk.models import SlaClock, Step, Ticket

TIMER = "sla_clock"
ALWAYS = calendar({
    "timezone": "Etc/UTC",
    "business_hours": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
})  # fmt: skip
_RULING = ("created", "sla_change", "priority_change")  # kinds of steps that name policy, calendar and targets
_SLA_KINDS = frozenset(
    (*_RULING, "customer_reply", "agent_reply", "internal_note", "state_change", "closed", "reopened")
)
_LATE = timedelta(seconds=1)  # an answer at the very instant it is due is in time


@dataclass(frozen=True)
class Mark:
    """A point of a clock at which somebody is told: `after_s` open seconds from its start."""

    kind: str  # warning | breach | escalation
    after_s: int
    value: int  # percent of the target, or level of the escalation


def add_step(session: Session, ticket: Ticket, kind: str, *, by: Caller | str, **detail: Any) -> Step:
    """Write one line of the ticket's history."""
    step = Step(ticket_id=ticket.id, at=clock.now(), kind=kind, by=by if isinstance(by, str) else by.id, detail=detail)
    session.add(step)
    return step


def steps_of(session: Session, ticket_id: str) -> Sequence[Step]:
    """The ticket's history, oldest first."""
    session.flush()
    return session.scalars(select(Step).where(Step.ticket_id == ticket_id).order_by(Step.at, Step.id)).all()


def rule(session: Session, ticket: Ticket, kind: str, *, by: Caller | str, **detail: Any) -> bool:
    """Match the policies anew and note a change in the history; False when everything stays as it was."""
    found = policies.match(session, ticket)
    before = ruling(steps_of(session, ticket.id)) if kind != "created" else None
    if before == found.detail():
        return False
    ticket.sla_policy = found.policy.key if found.policy else None
    add_step(session, ticket, kind, by=by, **found.detail(), **detail)
    policies.record(session, ticket, found)
    return True


def ruling(steps: Iterable[Step]) -> dict[str, Any] | None:
    """Policy, calendar and targets in force after `steps`."""
    names = ("targets", "policy", "policy_revision", "calendar", "calendar_revision")
    last = next((step for step in reversed(list(steps)) if step.kind in _RULING), None)
    return {name: last.detail.get(name) for name in names} if last else None


def replay(session: Session, steps: Sequence[Step], *, now: datetime) -> sla.Ledger:
    """The ledger after a ticket's history, as of `now`."""
    ledger = sla.new_ledger(ALWAYS, None)
    for event in events_of(steps, lambda key, revision: definitions.calendar_at(session, key, revision)):
        sla.take(ledger, event)
    return sla.take(ledger, {"at": max(now, ledger.now or now), "kind": "tick"})


def events_of(
    steps: Iterable[Step],
    calendar_at: Callable[[str, int], Calendar],
    *,
    targets: Callable[[Step], Mapping[str, int | None] | None] | None = None,
) -> Iterator[dict[str, Any]]:
    """The history as sla.take reads it; with `targets` by other targets than those it had.

    A customer who writes again before the first answer starts no second clock: the first response is still owed.
    """
    is_answered = False
    for step in steps:
        if step.kind not in _SLA_KINDS or (step.kind == "customer_reply" and not is_answered):
            continue
        is_answered = is_answered or step.kind == "agent_reply"
        detail = step.detail
        if step.kind in _RULING:
            if detail.get("calendar"):
                hours = calendar_at(detail["calendar"], detail["calendar_revision"])
                yield {"at": step.at, "kind": "calendar_change", "calendar": hours}
            chosen = targets(step) if targets else detail.get("targets")
            yield {"at": step.at, "kind": "sla_change", "sla": chosen}
            if step.kind != "created":
                continue
        yield {"at": step.at, "kind": step.kind, "pausing": bool(detail.get("pausing"))}


def settle(session: Session, ticket: Ticket, event: Callable[[], TicketFact] | None = None) -> None:
    """Bring the rows up to date after a step, publish the step's event, then tell what the clocks have to say."""
    session.flush()
    told = _project(session, ticket)
    if event is not None:
        publish(session, event())
    elif changes.pending(session, ticket):
        publish(session, facts.event(TicketChanged, ticket, what="sla"))
    for tell in told:
        tell()


def _project(session: Session, ticket: Ticket) -> list[Callable[[], None]]:
    now = clock.now()
    steps = steps_of(session, ticket.id)
    ledger, ruled = replay(session, steps, now=now), ruling(steps)
    policy = _policy(session, ruled)
    rows = {row.metric: row for row in session.scalars(select(SlaClock).where(SlaClock.ticket_id == ticket.id))}
    told: list[Callable[[], None]] = []
    for metric, ticking in ledger.clocks.items():
        row = rows.get(metric)
        if ticking.target is None or ticking.started_at is None or ruled is None or ruled["policy"] is None:
            if row is not None and row.met_at is None:
                row.state, row.running_since, row.due_at = "cancelled", None, None
                _arm(session, row, None)
            continue
        if (
            row is not None
            and row.met_at is not None
            and (row.met_at, row.started_at) == (ticking.met_at, ticking.started_at)
        ):
            continue
        if row is None:
            row = rows[metric] = SlaClock(ticket_id=ticket.id, metric=metric, level=0)
            session.add(row)
        told += _renew(session, ticket, row, ledger, ticking, ruled, policy, now)
    open_rows = [row for row in rows.values() if row.state in ("running", "paused", "breached") and row.met_at is None]
    ticket.next_due_at = min((row.due_at for row in open_rows if row.due_at), default=None)
    ticket.breached = ticket.breached or any(row.breached_at for row in rows.values())
    return told


def _renew(
    session: Session, ticket: Ticket, row: SlaClock, ledger: sla.Ledger, ticking: sla.Clock, ruled: dict[str, Any],
    policy: Policy | None, now: datetime,
) -> list[Callable[[], None]]:  # fmt: skip
    """Write one clock's row from the replay; returns what is to be told."""
    hours = ledger.hours
    is_new = row.started_at != ticking.started_at
    by = (row.policy, row.policy_revision, row.calendar, row.calendar_revision, row.target_s)
    if is_new:
        row.level, row.breached_at, row.started_at = 0, None, ticking.started_at  # type: ignore[assignment]
    row.policy, row.policy_revision = ruled["policy"], ruled["policy_revision"]
    row.calendar, row.calendar_revision = ruled["calendar"], ruled["calendar_revision"]
    row.target_s = ticking.target  # type: ignore[assignment]
    row.running_since, row.met_at = ticking.running_since, ticking.met_at
    row.used_s = sum(hours.between(start, end) for start, end in ticking.intervals)
    row.paused_s = ledger.paused_seconds()
    row.due_at = ticking.due_at(hours) if ledger.closed_at is None or row.met_at is not None else None
    is_ruled_anew = not is_new and by != (
        row.policy, row.policy_revision, row.calendar, row.calendar_revision, row.target_s
    )  # fmt: skip
    late_since = ticking.breached_at(hours, now)
    is_late = late_since is not None and row.breached_at is None
    row.breached_at = row.breached_at or late_since
    row.state = _state(row, ledger)
    told: list[Callable[[], None]] = []
    marks = marks_of(policy, row.target_s)
    passed = [mark for mark in marks if _passed(ticking, hours, mark, ticking.met_at or now)]
    if is_ruled_anew:  # warnings that a new target has left behind are not given any more
        row.level = len(passed) if row.breached_at else min(len(passed), _breach_place(marks))
    fresh, row.level = passed[row.level :], max(row.level, len(passed))
    if is_late:
        told.append(lambda: warnings.breached(session, ticket, row))
    if row.met_at is not None:
        told.append(lambda: _met(session, ticket, row))
    elif ledger.closed_at is None and fresh:
        told.append(lambda: warnings.tell(session, ticket, row, [(mark.kind, mark.value) for mark in fresh]))
    _arm(session, row, _next(ticking, hours, marks[row.level :]) if row.running_since is not None else None)
    return told


def marks_of(policy: Policy | None, target_s: int) -> list[Mark]:
    """The marks of a clock in the order in which they fall due."""
    warn, escalate = (policy.warn_percent, policy.escalations) if policy else ((50, 80), ())
    return [
        *(Mark("warning", max(1, target_s * percent // 100), percent) for percent in warn),
        Mark("breach", target_s, 100),
        *(Mark("escalation", target_s + minutes * 60, level) for minutes, level in escalate),
    ]


def _breach_place(marks: Sequence[Mark]) -> int:
    return next(place for place, mark in enumerate(marks) if mark.kind == "breach")


def _fires_at(ticking: sla.Clock, hours: Calendar, mark: Mark) -> datetime | None:
    at = ticking.reaches(hours, mark.after_s)
    return at + _LATE if at is not None and mark.kind != "warning" else at


def _passed(ticking: sla.Clock, hours: Calendar, mark: Mark, until: datetime) -> bool:
    at = _fires_at(ticking, hours, mark)
    return at is not None and at <= until


def _next(ticking: sla.Clock, hours: Calendar, marks: Sequence[Mark]) -> datetime | None:
    return _fires_at(ticking, hours, marks[0]) if marks else None


def _state(row: SlaClock, ledger: sla.Ledger) -> str:
    if row.breached_at is not None:
        return "breached"
    if row.met_at is not None:
        return "met"
    if ledger.closed_at is not None:
        return "cancelled"
    return "running" if row.running_since is not None else "paused"


def _arm(session: Session, row: SlaClock, at: datetime | None) -> None:
    """Let the worker look at the clock again when its next mark falls due."""
    session.flush()
    if row.next_fire_at == at:
        return
    row.next_fire_at = at
    if at is None:
        cancel(session, kind=TIMER, key=row.id)
    else:
        arm(session, kind=TIMER, key=row.id, due_at=at)


def _met(session: Session, ticket: Ticket, row: SlaClock) -> None:
    assert row.met_at is not None
    publish(
        session,
        ClockMet(
            subject=f"ticket/{ticket.id}", ticket_id=ticket.id, account_id=ticket.account_id, assignee_id=ticket.owner_id,
            metric=row.metric, policy=row.policy, priority=ticket.priority, target_minutes=row.target_s // 60,
            used_minutes=row.used_s // 60, in_time=row.breached_at is None, met_at=row.met_at,
        ),
    )  # fmt: skip


def _policy(session: Session, ruled: dict[str, Any] | None) -> Policy | None:
    key = ruled["policy"] if ruled else None
    return next((policy for policy in definitions.in_force(session).policies if policy.key == key), None)


def fire(session: Session, clock_id: str) -> None:
    """A mark of a clock fell due: look at the ticket again, under its lock."""
    ticket_id = session.scalars(select(SlaClock.ticket_id).where(SlaClock.id == clock_id)).first()
    ticket = session.get(Ticket, ticket_id, with_for_update=True) if ticket_id else None
    if ticket is None:
        return
    row = session.get_one(SlaClock, clock_id)
    row.next_fire_at = None  # its timer is spent
    settle(session, ticket)


def of(session: Session, ticket_id: str) -> Sequence[SlaClock]:
    """The rows of a ticket's clocks."""
    found = session.scalars(select(SlaClock).where(SlaClock.ticket_id == ticket_id)).all()
    return sorted(found, key=lambda row: sla.METRICS.index(row.metric))


def explained(session: Session, ticket_id: str) -> list[dict[str, Any]]:
    """Each clock with due, used, paused and why, replayed as of now."""
    ledger = replay(session, steps_of(session, ticket_id), now=clock.now())
    return sla.clocks_explained(ledger)
