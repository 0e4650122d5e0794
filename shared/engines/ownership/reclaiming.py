"""When a record goes back to its pool, why, and the timer that warns of it and does it.

The date follows the record (a new activity moves it at once); the timer does not: it looks again when it rings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, attributes

from chassis import clock, directory
from chassis.caller import SYSTEM
from chassis.timers import Timer, Timers, arm, cancel, new_row
from engines.access import sight
from engines.conditions import Context
from engines.conditions.context import company_zone
from engines.explain import Decision, Step, record_decision
from engines.ownership import metrics, notices, ownable
from engines.ownership.definitions import InForce, Pool, ReclaimRule, glance, in_force
from engines.ownership.ownable import Ownable, Pause
from engines.workdays import Workdays

TIMER, REVIEW = "reclaim", "reclaim_review"
AT_ONCE = 200
due = Timers()


@dataclass(frozen=True)
class Due:
    """When a record is taken back (never: None) and every step to that; `rule` is the one that comes first."""

    at: datetime | None
    rule: str
    steps: tuple[Step, ...]
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True)
class Held:
    """What the date depends on, of one record; `times` are the values of the fields that rules count from."""

    owned_since: datetime
    times: Mapping[str, datetime]
    protected_until: datetime | None = None
    resumed_at: datetime | None = None
    not_before: datetime | None = None
    pauses: tuple[Pause, ...] = ()


_SINCE = {
    "zh": "规则“{title}”：自 {since} 起满 {days} 个{unit}，即 {at}",
    "en": "Rule “{title}”: {days} {unit} after {since}, on {at}",
}
_UNIT = {True: {"zh": "工作日", "en": "working days"}, False: {"zh": "自然日", "en": "days"}}
_NOT_MET = {"zh": "规则“{title}”：条件不满足", "en": "Rule “{title}”: its condition is not met"}
_NOT_BEFORE = {
    "grace": {
        "zh": "刚分到的记录至少保留 {days} 个工作日，不早于 {at}",
        "en": "What was just given is kept for {days} working days, until {at}",
    },
    "protected": {"zh": "保护期至 {at}", "en": "Protected until {at}"},
    "warned": {"zh": "须先提醒负责人，不早于 {at}", "en": "Its owner is warned first: not before {at}"},
}  # fmt: skip
_PAUSED = {"zh": "暂停回收：{what} 尚未结束", "en": "Paused while {what} is open"}
_RESUMED = {"zh": "暂停于 {at} 结束，重新计时", "en": "The pause ended on {at}: counting begins there"}
_NO_RULE = {"zh": "没有适用的回收规则，不会被回收", "en": "No rule applies: it stays with its owner"}


def due_date(pool: Pool, matching: Sequence[ReclaimRule], held: Held, days: Workdays) -> Due:
    """The earliest date of the rules that match; later activity, protection or a warning only ever moves it on. Pure."""
    if held.pauses:
        what = [dict(pause.label) for pause in held.pauses]
        return Due(None, "", (Step(text=_PAUSED, data={"what": what, "matched": True}),), held.pauses)
    steps, found = [], []
    for rule in matching:
        since = max([held.owned_since, *(held.times[name] for name in rule.since if name in held.times)])
        if held.resumed_at and held.resumed_at > since:
            since = held.resumed_at
            steps.append(Step(text=_RESUMED, data={"at": _local(since)}))
        at = days.add(since, rule.days) if rule.working else since + timedelta(days=rule.days)
        found.append((at, rule.key))
        steps.append(
            Step(text=_SINCE, data={"rule": rule.key, "title": dict(rule.title) or rule.key, "days": rule.days,
                 "unit": _UNIT[rule.working], "since": _local(since), "at": _local(at), "matched": True})
        )  # fmt: skip
    if not found:
        return Due(None, "", (*steps, Step(text=_NO_RULE)))
    at, key = min(found)
    floors = {"grace": days.add(held.owned_since, pool.grace_days), "protected": held.protected_until}
    for name, floor in (floors | {"warned": held.not_before}).items():
        if floor is not None and floor > at:
            at = floor
            steps.append(Step(text=_NOT_BEFORE[name], data={"at": _local(at), "days": pool.grace_days}))
    return Due(at, key, tuple(steps))


def work_out(session: Session, kind: Ownable, record: Any, known: InForce, *, now: datetime | None = None) -> Due:
    """The date of a record as it is now; nothing is stored."""
    pool = known.home(directory.snapshot(session), record.department_id)
    if record.owner_id is None or not kind.reclaimable(record):
        return Due(None, "", ())
    pauses = tuple(kind.paused(session, record)) if pool.rules else ()
    return of_pool(kind, record, pool, known, pauses=pauses, now=now)


def of_pool(
    kind: Ownable, record: Any, pool: Pool, known: InForce, *, pauses: Sequence[Pause] = (), now: datetime | None = None
) -> Due:
    """The date of a held record by the rules of `pool`."""
    context = Context(caller=SYSTEM, now=now)
    matching = [rule for rule in pool.rules if kind.counts(record, rule.since) and rule.when(record, context)]
    missed = [
        Step(text=_NOT_MET, data={"rule": rule.key, "title": dict(rule.title) or rule.key, "matched": False})
        for rule in pool.rules
        if rule not in matching
    ]
    found = due_date(pool, matching, _held(kind, record, matching, pauses), known.workdays)
    return Due(found.at, found.rule, (*missed, *found.steps), found.pauses)


def _held(kind: Ownable, record: Any, rules: Sequence[ReclaimRule], pauses: Sequence[Pause]) -> Held:
    kept = record.reclaim or {}
    names = {name for rule in rules for name in rule.since}
    times = {name: _moment(getattr(record, kind.kind.by_name[name].column)) for name in names}
    return Held(
        owned_since=getattr(record, kind.owned_since) or record.created_at,
        times={name: value for name, value in times.items() if value is not None},
        protected_until=record.protected_until,
        resumed_at=clock.parse(kept["resumed_at"]) if kept.get("resumed_at") else None,
        not_before=clock.parse(kept["not_before"]) if kept.get("not_before") else None,
        pauses=tuple(pauses),
    )


def _moment(value: Any) -> datetime | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


def schedule(session: Session, kind: Ownable, record: Any, *, known: InForce | None = None, anew: bool = False) -> Due:
    """Set the record's date from what it is now; the timer is only touched when it would ring too late.

    `anew` begins a new holding: what the last one left behind (a pause, a warning) is forgotten. The caller publishes.
    """
    known = known or in_force(session, kind)
    before = record.next_reclaim_at
    kept = {} if anew else dict(record.reclaim or {})
    if anew:
        record.reclaim = {}
    found = work_out(session, kind, record, known)
    if kept.get("paused") and not found.pauses:
        kept["resumed_at"] = clock.iso(clock.now())
        record.reclaim = kept
        found = work_out(session, kind, record, known)
    record.next_reclaim_at = found.at
    record.reclaim = _kept(kept, found, known.home(directory.snapshot(session), record.department_id))
    if found.at is not None and (before is None or anew or found.at < before):
        _arm(session, kind, record, found.at, known, warned=[])
    return found


def _kept(kept: Mapping[str, Any], found: Due, pool: Pool) -> dict[str, Any]:
    """What the record remembers beside its date."""
    stays = {name: kept[name] for name in ("resumed_at", "not_before") if kept.get(name)}
    if found.pauses:
        return stays | {"pool": pool.key, "paused": [dict(pause.label) for pause in found.pauses]}
    return stays | ({"pool": pool.key, "rule": found.rule} if found.at else {})


def resume(session: Session, kind: Ownable, record: Any) -> None:
    """The record is taken up again after it was closed: counting begins now. The caller publishes."""
    record.reclaim = {"resumed_at": clock.iso(clock.now())}
    record.next_reclaim_at = None
    schedule(session, kind, record)


def stop(session: Session, kind: Ownable, record: Any) -> None:
    """Nobody owns it any more, or it is closed: no date, no timer."""
    record.next_reclaim_at, record.reclaim = None, {}
    cancel(session, kind=TIMER, key=key_of(kind, record))


def begin(session: Session, kind: Ownable, record: Any) -> tuple[list[dict[str, Any]], Decision]:
    """A record that is being made with an owner: set its date. The caller stores it, with the timers' rows returned
    here; the decision explains the date to a reader. For hot paths."""
    known = glance(session, kind)
    pool = known.home(directory.snapshot(session), record.department_id)
    found = work_out(session, kind, record, known)
    record.next_reclaim_at, record.reclaim = found.at, _kept({}, found, pool)
    decision = _decision(session, kind, record, known, found, outcome={"next_reclaim_at": _iso(found.at)})
    return [] if found.at is None else [new_row(**_ring(kind, record, found.at, pool, warned=[]))], decision


def take_up(session: Session, kind: Ownable, record: Any) -> None:
    """A record that was just made with an owner: set its date and its timer, where its pool takes records back at all."""
    known = glance(session, kind)
    if known.home(directory.snapshot(session), record.department_id).rules:
        schedule(session, kind, record, known=known, anew=True)


def explain(session: Session, kind: Ownable, record: Any) -> Decision | None:
    """Why the record goes back when it does, worked out for the reader; None when nobody owns it."""
    if record.owner_id is None:
        return None
    true, known = sight.whole(record), in_force(session, kind)
    found = work_out(session, kind, true, known)
    made = _decision(session, kind, true, known, found, outcome={"next_reclaim_at": _iso(found.at)})
    return sight.decided(session, made)


def _decision(
    session: Session, kind: Ownable, record: Any, known: InForce, found: Due, *, outcome: Mapping[str, Any]
) -> Decision:
    pool = known.home(directory.snapshot(session), record.department_id)
    used = sorted({name for rule in pool.rules for name in rule.since})
    inputs = {name: _shown(getattr(record, kind.kind.by_name[name].column)) for name in used} | {
        "owner_id": record.owner_id,
        "owned_since": _iso(getattr(record, kind.owned_since)),
        "protected_until": _iso(record.protected_until),
        "pool": pool.key,
    }
    return Decision(
        kind="reclaim", subject=f"{kind.name}/{record.id}", rule=found.rule or "none", version=pool.revision,
        inputs=inputs, outcome=dict(outcome), steps=found.steps,
    )  # fmt: skip


def key_of(kind: Ownable, record: Any) -> str:
    """The timer's key of a record."""
    return f"{kind.name}/{record.id}"


def review_all(session: Session, kind: Ownable) -> None:
    """The rules changed: look at every held record anew, some at a time."""
    arm(session, kind=REVIEW, key=kind.name, due_at=clock.now())


@due(REVIEW)
def review(session: Session, timer: Timer) -> None:
    """Set the dates of the next held records by the rules in force; the rest follows."""
    kind, after = ownable.of(timer.key), timer.payload.get("after", "")
    model, known = kind.model, in_force(session, kind)
    wanted = select(model).where(model.owner_id.is_not(None), model.id > after).order_by(model.id).limit(AT_ONCE)
    found = session.scalars(wanted.with_for_update()).all()
    for record in found:
        _reschedule_quietly(session, kind, record, known)
    if len(found) == AT_ONCE:
        arm(session, kind=REVIEW, key=kind.name, due_at=clock.now(), payload={"after": found[-1].id})


def review_one(session: Session, kind: Ownable, record: Any) -> None:
    """Something the date depends on changed outside of the record (a contract was closed): set it anew."""
    _reschedule_quietly(session, kind, record, in_force(session, kind))


def _reschedule_quietly(session: Session, kind: Ownable, record: Any, known: InForce) -> None:
    before = (record.next_reclaim_at, record.reclaim)
    with session.no_autoflush:
        schedule(session, kind, record, known=known)
    after = (record.next_reclaim_at, record.reclaim)
    _write_quietly(session, kind, record, before, after)


def _write_quietly(session: Session, kind: Ownable, record: Any, before: Any, after: Any) -> None:
    """Write the derived date without a new version of the record: nobody changed it, so there is nothing to tell."""
    for name, value in zip(("next_reclaim_at", "reclaim"), after, strict=True):
        attributes.set_committed_value(record, name, value)
    if before != after:
        table = kind.model.__table__
        session.connection().execute(
            update(table).where(table.c.id == record.id).values(next_reclaim_at=after[0], reclaim=after[1])
        )


@due(TIMER)
def ring(session: Session, timer: Timer) -> None:
    """Warn the owner of what is near, take back what is due, and look again when the date has moved."""
    name, _, record_id = timer.key.partition("/")
    kind = ownable.of(name)
    record = session.get(kind.model, record_id, with_for_update=True)
    if record is None or record.owner_id is None:
        return
    known = in_force(session, kind)
    before = (record.next_reclaim_at, record.reclaim)
    warned = list(timer.payload.get("warned", ()))
    found = _settle(session, kind, record, known)
    pool = known.home(directory.snapshot(session), record.department_id)
    now = clock.now()
    if found.at is not None and found.at <= now and (warned or not pool.warn_days):
        _write_quietly(session, kind, record, before, (record.next_reclaim_at, record.reclaim))
        _take_back(session, kind, record, known, found, pool)
        return
    if found.at is not None and found.at <= now:  # nobody warned him yet: a rule may have changed since
        lead = timedelta(days=min(pool.warn_days))
        record.reclaim = dict(record.reclaim) | {"not_before": clock.iso(now + lead)}
        found = _settle(session, kind, record, known)
    _write_quietly(session, kind, record, before, (record.next_reclaim_at, record.reclaim))
    if found.at is None:
        return
    passed = [mark for mark in _marks(pool, found.at) if mark <= now]
    told = f"{clock.iso(found.at)}/{len(passed)}"
    if passed and told not in warned:
        notices.warn(session, kind, record, at=found.at, pool=pool)
        metrics.WARNINGS.labels(kind.name).inc()
        warned = [told]
    elif not passed:
        warned = []  # told of a date that has moved on
    _arm(session, kind, record, found.at, known, warned=warned)


def _settle(session: Session, kind: Ownable, record: Any, known: InForce) -> Due:
    """The date as of now, set on the record in memory."""
    with session.no_autoflush:
        found = work_out(session, kind, record, known)
        record.next_reclaim_at = found.at
        record.reclaim = _kept(
            record.reclaim or {}, found, known.home(directory.snapshot(session), record.department_id)
        )
    return found


def _take_back(session: Session, kind: Ownable, record: Any, known: InForce, found: Due, pool: Pool) -> None:
    outcome = {"reclaimed": True, "pool": pool.key, "from": record.owner_id, "at": _iso(found.at)}
    decision = _decision(session, kind, record, known, found, outcome=outcome)
    record_decision(session, decision)
    rule = next((rule for rule in pool.rules if rule.key == found.rule), None)
    reason = notices.reason(rule.title if rule else {}, found.rule)
    kind.give_back(session, record, SYSTEM, pool.key, "reclaim", reason)
    metrics.RECLAIMS.labels(kind.name).inc()


def _marks(pool: Pool, at: datetime) -> list[datetime]:
    """When the owner is warned of the date `at`, earliest first."""
    return [at - timedelta(days=days) for days in pool.warn_days]


def _arm(session: Session, kind: Ownable, record: Any, at: datetime, known: InForce, *, warned: Sequence[str]) -> None:
    pool = known.home(directory.snapshot(session), record.department_id)
    arm(session, **_ring(kind, record, at, pool, warned=warned))


def _ring(kind: Ownable, record: Any, at: datetime, pool: Pool, *, warned: Sequence[str]) -> dict[str, Any]:
    """The timer of a record that goes back `at`: it rings at the next warning, or then."""
    now = clock.now()
    ahead = [mark for mark in (*_marks(pool, at), at) if mark > now]
    due_at = ahead[0] if ahead else at
    return {"kind": TIMER, "key": key_of(kind, record), "due_at": due_at, "payload": {"warned": list(warned)}}


def _shown(value: Any) -> Any:
    return _iso(value) if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else value


def _iso(value: datetime | None) -> str | None:
    return clock.iso(value) if value else None


def _local(value: datetime) -> str:
    """A time as people of the company read it."""
    return value.astimezone(ZoneInfo(company_zone())).strftime("%Y-%m-%d %H:%M")
