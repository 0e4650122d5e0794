"""Service level clocks: a ticket's history replayed to first response, next response and resolution, each with its due time.

Pure. One semantics: clocks count open seconds of the calendar and stand still in pausing states; first response runs from
creation to the first public agent reply; next response ("update") from the first unanswered customer message; resolution
("solution") from creation to closing. A breach is a fact with its own instant: a late answer stays late.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service_desk.business_time import Calendar, calendar

FIRST_RESPONSE, UPDATE, SOLUTION = "first_response", "update", "solution"
METRICS = (FIRST_RESPONSE, UPDATE, SOLUTION)
WARN_SHARES = (0.5, 0.8, 1.0)
_REPLIES = {"agent_reply", "agent_contact"}
_MESSAGES = {"customer_reply", "customer_contact"}
EXPLAINED_DAYS = 31


@dataclass
class Clock:
    """One clock of a ticket. `intervals` are the stretches it ran, as (from, to); the running one has no end yet."""

    metric: str
    target: int | None = None  # open seconds; None: there is no such target
    started_at: datetime | None = None
    intervals: list[tuple[datetime, datetime]] = field(default_factory=list)
    running_since: datetime | None = None
    met_at: datetime | None = None
    cancelled: bool = False
    last_used: int | None = None  # next response: open seconds of the exchange that ended last

    @property
    def begun(self) -> bool:
        return self.started_at is not None and not self.cancelled

    def begin(self, at: datetime, *, paused: bool) -> None:
        self.started_at, self.intervals, self.met_at, self.cancelled = at, [], None, False
        self.running_since = None if paused else at

    def pause(self, at: datetime) -> None:
        if self.running_since is not None:
            self.intervals.append((self.running_since, at))
            self.running_since = None

    def resume(self, at: datetime) -> None:
        if self.begun and self.met_at is None and self.running_since is None:
            self.running_since = at

    def meet(self, at: datetime) -> None:
        if self.begun and self.met_at is None:
            self.pause(at)
            self.met_at = at

    def used(self, hours: Calendar, now: datetime) -> int:
        """Open seconds it ran until `now`."""
        running = [(self.running_since, max(now, self.running_since))] if self.running_since else []
        return sum(hours.between(start, end) for start, end in self.intervals + running)

    def reaches(self, hours: Calendar, seconds: int) -> datetime | None:
        """When it has run `seconds`: in the past, in the future if it goes on running, None while it is paused."""
        left = seconds
        for start, end in self.intervals:
            span = hours.between(start, end)
            if 0 < left <= span:
                return hours.add(start, left)
            left -= span
        if self.running_since is None:
            return None
        return hours.add(self.running_since, left) if left > 0 else self.running_since

    def due_at(self, hours: Calendar) -> datetime | None:
        """The instant the target is used up; as seen while it ran once it is met, None while it is paused."""
        if self.target is None or not self.begun:
            return None
        if self.met_at is not None and self.intervals and self.used(hours, self.met_at) < self.target:
            start, end = self.intervals[-1]
            return hours.add(start, self.target - (self.used(hours, self.met_at) - hours.between(start, end)))
        return self.reaches(hours, self.target)

    def breached_at(self, hours: Calendar, now: datetime) -> datetime | None:
        """The due instant, if it passed before the clock was met."""
        due = self.due_at(hours)
        return due if due is not None and due < (self.met_at or now) else None


@dataclass
class Ledger:
    """All clocks of one ticket after some of its history."""

    hours: Calendar
    clocks: dict[str, Clock]
    now: datetime | None = None
    created_at: datetime | None = None
    pausing: bool = False
    paused_since: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    closed_at: datetime | None = None
    unanswered_since: datetime | None = None
    targets: Mapping[str, int | None] | None = None
    missed: list[str] = field(default_factory=list)

    def paused_seconds(self) -> int:
        """Open seconds spent in pausing states."""
        assert self.now is not None
        running = [(self.paused_since, self.now)] if self.paused_since else []
        return sum(self.hours.between(start, end) for start, end in self.pauses + running)


def new_ledger(hours: Calendar, targets: Mapping[str, int | None] | None) -> Ledger:
    """Clocks with the targets of a policy: {first_response_min, update_min, solution_min}, None for no such target."""
    ledger = Ledger(hours, {metric: Clock(metric) for metric in METRICS})
    _set_targets(ledger, targets)
    return ledger


def replay(hours: Calendar, targets: Mapping[str, int | None] | None, events: Iterable[Mapping[str, Any]]) -> Ledger:
    """The ledger after `events` ({"at": datetime, "kind", …} in replay order, kinds as in the SLA reference)."""
    ledger = new_ledger(hours, targets)
    for event in events:
        take(ledger, event)
    return ledger


def take(ledger: Ledger, event: Mapping[str, Any]) -> Ledger:
    """Advance the ledger by one event; changes and returns it. ValueError for an unknown kind."""
    at, kind = event["at"], event["kind"]
    ledger.now = at
    if kind == "created":
        _create(ledger, event)
    elif kind in _MESSAGES:
        _hear_customer(ledger, at)
    elif kind in _REPLIES:
        _answer(ledger, at)
    elif kind == "state_change":
        _set_pausing(ledger, at, bool(event.get("pausing")))
    elif kind in ("closed", "solved"):
        _close(ledger, at)
    elif kind == "reopened":
        _reopen(ledger, at, pausing=bool(event.get("pausing")))
    elif kind in ("priority_change", "sla_change"):
        _set_targets(ledger, event.get("sla"))
    elif kind == "calendar_change":
        ledger.hours = event["calendar"] if isinstance(event["calendar"], Calendar) else calendar(event["calendar"])
    elif kind not in ("internal_note", "tick"):
        raise ValueError(f"unknown kind of event: {kind}")
    _note_misses(ledger)
    return ledger


def _create(ledger: Ledger, event: Mapping[str, Any]) -> None:
    at = event["at"]
    ledger.created_at, ledger.pausing = at, bool(event.get("pausing"))
    ledger.paused_since = at if ledger.pausing else None
    for metric in (FIRST_RESPONSE, SOLUTION):
        ledger.clocks[metric].begin(at, paused=ledger.pausing)
    if event.get("customer_message"):
        _hear_customer(ledger, at)


def _hear_customer(ledger: Ledger, at: datetime) -> None:
    if ledger.unanswered_since is None:
        ledger.unanswered_since = at
        ledger.clocks[UPDATE].begin(at, paused=ledger.pausing)
        ledger.clocks[UPDATE].target = _seconds(ledger.targets, UPDATE)  # it may have changed since the last exchange


def _answer(ledger: Ledger, at: datetime) -> None:
    ledger.clocks[FIRST_RESPONSE].meet(at)
    update = ledger.clocks[UPDATE]
    if ledger.unanswered_since is not None:
        _note_misses(ledger)
        update.last_used = update.used(ledger.hours, at)
        update.meet(at)
        ledger.unanswered_since = None


def _set_pausing(ledger: Ledger, at: datetime, pausing: bool) -> None:
    if pausing == ledger.pausing or ledger.closed_at is not None:
        return
    ledger.pausing = pausing
    for clock in ledger.clocks.values():
        clock.pause(at) if pausing else clock.resume(at)
    if pausing:
        ledger.paused_since = at
    elif ledger.paused_since is not None:
        ledger.pauses.append((ledger.paused_since, at))
        ledger.paused_since = None


def _close(ledger: Ledger, at: datetime) -> None:
    if ledger.closed_at is not None:
        return
    _note_misses(ledger)
    _set_pausing(ledger, at, False)
    ledger.closed_at = at
    ledger.clocks[SOLUTION].meet(at)
    for metric in (FIRST_RESPONSE, UPDATE):
        ledger.clocks[metric].pause(at)


def _reopen(ledger: Ledger, at: datetime, *, pausing: bool) -> None:
    if ledger.closed_at is None:
        return
    ledger.closed_at = None
    ledger.clocks[SOLUTION].met_at = None
    ledger.clocks[SOLUTION].target = _seconds(ledger.targets, SOLUTION)
    if pausing:
        _set_pausing(ledger, at, True)
        return
    for clock in ledger.clocks.values():
        clock.resume(at)


def _set_targets(ledger: Ledger, targets: Mapping[str, int | None] | None) -> None:
    """Same start, same used time, new target; without a policy there are no clocks. What was met stays as it was."""
    ledger.targets = targets
    for metric, clock in ledger.clocks.items():
        if clock.met_at is None or targets is None:
            clock.target = _seconds(targets, metric)


def _seconds(targets: Mapping[str, int | None] | None, metric: str) -> int | None:
    minutes = (targets or {}).get(f"{metric}_min")
    return None if minutes is None else int(minutes * 60)


def _note_misses(ledger: Ledger) -> None:
    assert ledger.now is not None
    for metric, clock in ledger.clocks.items():
        if metric not in ledger.missed and clock.breached_at(ledger.hours, ledger.now) is not None:
            ledger.missed.append(metric)


def status(ledger: Ledger) -> str:
    """active, paused, active_with_misses, failed or fulfilled: the word on the ticket."""
    if ledger.closed_at is not None:
        return "failed" if ledger.missed else "fulfilled"
    if ledger.missed:
        return "failed" if ledger.pausing else "active_with_misses"
    return "paused" if ledger.pausing else "active"


def summary(ledger: Ledger) -> dict[str, Any]:
    """The ledger in one flat mapping: due times, open minutes used (floored), target minus used, paused minutes."""
    found: dict[str, Any] = {"status": status(ledger), "missed": list(ledger.missed)}
    open_dues = []
    for metric, clock in ledger.clocks.items():
        due = _shown_due(ledger, clock)
        found[f"{metric}_due_at"] = due
        if due is not None and clock.met_at is None:
            open_dues.append(due)
        used = _final_use(ledger, clock)
        target = None if clock.target is None else clock.target // 60
        found[f"{metric}_in_min"] = None if used is None else used // 60
        found[f"{metric}_diff_in_min"] = None if used is None or target is None else target - used // 60
        late = used is not None and clock.target is not None and used > clock.target
        found[f"{metric}_failed_by_min"] = (used - clock.target) // 60 if late else None  # type: ignore[operator]
    found["next_due_at"] = min(open_dues, default=None)
    found["paused_minutes"] = ledger.paused_seconds() // 60
    return found


def _shown_due(ledger: Ledger, clock: Clock) -> datetime | None:
    if ledger.closed_at is not None:
        return None  # a closed ticket owes nothing
    if clock.metric == UPDATE and ledger.unanswered_since is None:
        return None  # the exchange is over
    return clock.due_at(ledger.hours)


def _final_use(ledger: Ledger, clock: Clock) -> int | None:
    if clock.target is None:
        return None
    if clock.metric == UPDATE:
        return clock.last_used
    return None if clock.met_at is None else clock.used(ledger.hours, clock.met_at)


def clocks_explained(ledger: Ledger) -> list[dict[str, Any]]:
    """Each clock with due, used, paused and why: the stretches counted and the days that were closed."""
    assert ledger.now is not None
    return [_explained(ledger, clock) for clock in ledger.clocks.values() if clock.target is not None]


def _explained(ledger: Ledger, clock: Clock) -> dict[str, Any]:
    hours, now = ledger.hours, ledger.now
    assert now is not None
    assert clock.target is not None
    due = _shown_due(ledger, clock)
    stretches = clock.intervals + (
        [(clock.running_since, now)] if clock.running_since and now > clock.running_since else []
    )
    return {
        "metric": clock.metric,
        "target_minutes": clock.target // 60,
        "state": _clock_state(ledger, clock),
        "started_at": clock.started_at,
        "due_at": due,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at(hours, now),
        "used_minutes": clock.used(hours, clock.met_at or now) // 60 if clock.started_at else 0,
        "paused_minutes": ledger.paused_seconds() // 60,
        "why": {
            "timezone": hours.timezone,
            "counted": [
                {"from": start, "to": end, "open_minutes": hours.between(start, end) // 60} for start, end in stretches
            ],
            "paused": [
                {"from": start, "to": end, "open_minutes": hours.between(start, end) // 60}
                for start, end in ledger.pauses + ([(ledger.paused_since, now)] if ledger.paused_since else [])
            ],
            "closed_days": closed_days(hours, clock.started_at, due or now) if clock.started_at else [],
        },
    }


def _clock_state(ledger: Ledger, clock: Clock) -> str:
    assert ledger.now is not None
    if not clock.begun:
        return "waiting"
    if clock.breached_at(ledger.hours, ledger.now) is not None:
        return "breached"
    if clock.met_at is not None:
        return "met"
    if ledger.closed_at is not None:
        return "cancelled"
    return "running" if clock.running_since is not None else "paused"


def closed_days(hours: Calendar, start: datetime, end: datetime) -> list[dict[str, str]]:
    """Local days from `start` to `end` on which nothing counts, with why (holiday, weekday); at most EXPLAINED_DAYS."""
    zone = ZoneInfo(hours.timezone)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    found: list[dict[str, str]] = []
    while day <= last and len(found) < EXPLAINED_DAYS:
        reason = hours.why_closed(day)
        if reason is not None:
            found.append({"date": day.isoformat(), "reason": reason})
        day += timedelta(days=1)
    return found


def warn_marks(ledger: Ledger, metric: str, shares: Sequence[float] = WARN_SHARES) -> list[tuple[float, datetime]]:
    """When the running clock will have used each share of its target; nothing while it is paused or over."""
    clock = ledger.clocks[metric]
    if clock.target is None or clock.running_since is None or ledger.closed_at is not None:
        return []
    marks = ((share, clock.reaches(ledger.hours, max(1, int(clock.target * share)))) for share in shares)
    return [(share, at) for share, at in marks if at is not None]
