"""Who gets a lead: ordered rules, a strategy each, caps, absence and working hours. Pure: the caller brings the facts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Predicate = Callable[[Any, Any], bool]  # (record, context of engines.conditions)
STRATEGIES = ("round_robin", "least_open", "weighted", "best_converter")


@dataclass(frozen=True)
class Hours:
    """Working hours of a rule: ISO weekdays (1 Monday) and a span of the day in the company's zone."""

    days: frozenset[int]
    start: time
    end: time
    zone: str

    def open_at(self, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(self.zone))
        return local.isoweekday() in self.days and self.start <= local.time() < self.end


@dataclass(frozen=True)
class Rule:
    """One line of the rule set: what it is for, to whom, how, and how soon they must respond."""

    key: str
    title: Mapping[str, str]
    when: Predicate
    users: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    pool: str = ""
    strategy: str = "round_robin"
    weights: Mapping[str, int] = field(default_factory=dict)
    daily_cap: int | None = None
    response_minutes: int = 120
    hours: Hours | None = None
    outside_hours: str = "assign"  # assign | skip


@dataclass(frozen=True)
class RuleSet:
    """A compiled, versioned set of rules with the pool for what no rule takes."""

    version: int
    rules: tuple[Rule, ...]
    fallback_pool: str
    response_minutes: int


@dataclass(frozen=True)
class Seller:
    """What the choice needs to know of a person; `open_leads` and `conversion_rate` as of now."""

    id: str
    department_id: str | None = None
    departments: tuple[str, ...] = ()  # the department and all above it
    active: bool = True
    absent: bool = False
    full: bool = False  # holds as many leads as allowed
    open_leads: int = 0
    conversion_rate: float = 0.0


@dataclass(frozen=True)
class Turn:
    """Memory of a rule: who came last, how many each got today, and the weighted strategy's balance."""

    last: str = ""
    day: str = ""
    today: Mapping[str, int] = field(default_factory=dict)
    balance: Mapping[str, int] = field(default_factory=dict)

    def on(self, day: str) -> "Turn":
        return self if self.day == day else replace(self, day=day, today={})


@dataclass(frozen=True)
class Choice:
    """The outcome: an owner or a pool, by which rule, every step of the way, and the rule's memory afterwards."""

    owner_id: str | None
    pool: str
    rule: str
    strategy: str
    response_minutes: int
    steps: tuple[dict[str, Any], ...]
    turn: Turn | None = None
    hours: Hours | None = None


def compile_rules(
    definition: Mapping[str, Any], *, version: int, zone: str, condition: Callable[[Any], Predicate]
) -> RuleSet:
    """Make a definition ready to use; `condition` compiles one condition and raises for a wrong one."""
    return RuleSet(
        version=version,
        rules=tuple(_rule(each, zone, condition) for each in definition.get("rules", ())),
        fallback_pool=definition.get("fallback_pool") or "default",
        response_minutes=int(definition.get("response_minutes", 240)),
    )


def _rule(each: Mapping[str, Any], zone: str, condition: Callable[[Any], Predicate]) -> Rule:
    hours = each.get("hours")
    return Rule(
        key=each["key"],
        title=each.get("title") or {},
        when=condition(each.get("when") or {"all": []}),
        users=tuple(each.get("users") or ()),
        departments=tuple(each.get("departments") or ()),
        pool=each.get("pool") or "",
        strategy=each.get("strategy") or "round_robin",
        weights=dict(each.get("weights") or {}),
        daily_cap=each.get("daily_cap"),
        response_minutes=int(each.get("response_minutes", 120)),
        hours=Hours(
            frozenset(hours.get("days") or (1, 2, 3, 4, 5)),
            time.fromisoformat(hours.get("start", "09:00")),
            time.fromisoformat(hours.get("end", "18:00")),
            zone,
        )
        if hours
        else None,
        outside_hours=each.get("outside_hours") or "assign",
    )


def matching(
    rules: RuleSet, record: Any, *, now: datetime, context: Any = None
) -> tuple[list[Rule], list[dict[str, Any]]]:
    """The rules that may take `record`, in order, and a step for each that does not."""
    taken, steps = [], []
    for rule in rules.rules:
        if not rule.when(record, context):
            steps.append({"rule": rule.key, "outcome": "condition_not_met"})
        elif rule.hours and rule.outside_hours == "skip" and not rule.hours.open_at(now):
            steps.append({"rule": rule.key, "outcome": "outside_hours"})
        else:
            taken.append(rule)
    return taken, steps


def members(rule: Rule, sellers: Iterable[Seller]) -> list[Seller]:
    """The sellers a rule names, by person or department, sorted by id."""
    named, departments = set(rule.users), set(rule.departments)
    chosen = (s for s in sellers if s.id in named or departments.intersection((s.department_id, *s.departments)))
    return sorted(chosen, key=lambda seller: seller.id)


def choose(rule: Rule, sellers: Iterable[Seller], turn: Turn, *, day: str) -> tuple[Choice | None, dict[str, Any]]:
    """One rule's choice among `sellers`, or None when nobody can take it; `day` is the company's day (daily caps)."""
    step: dict[str, Any] = {"rule": rule.key, "title": dict(rule.title), "strategy": rule.strategy, "candidates": []}
    if rule.pool and not rule.users and not rule.departments:
        step |= {"outcome": "pool", "pool": rule.pool}
        return _choice(rule, None, step, None), step
    turn = turn.on(day)
    free = []
    for seller in members(rule, sellers):
        why_not = _why_not(rule, seller, turn)
        step["candidates"].append(_seen(seller, turn, why_not))
        if not why_not:
            free.append(seller)
    if not free:
        step["outcome"] = "nobody_free"
        return (_choice(rule, None, step, None) if rule.pool else None), step
    chosen, balance = _pick(rule, free, turn)
    today = dict(turn.today) | {chosen.id: turn.today.get(chosen.id, 0) + 1}
    step |= {"outcome": "assigned", "owner_id": chosen.id, "previous": turn.last or None}
    return _choice(rule, chosen.id, step, Turn(chosen.id, day, today, balance)), step


def _choice(rule: Rule, owner_id: str | None, step: dict[str, Any], turn: Turn | None) -> Choice:
    pool = "" if owner_id else rule.pool
    return Choice(owner_id, pool, rule.key, rule.strategy, rule.response_minutes, (step,), turn, rule.hours)


def fallback(rules: RuleSet) -> Choice:
    """Nobody takes the lead: it goes to the pool of the rule set."""
    step = {"rule": "fallback", "outcome": "pool", "pool": rules.fallback_pool}
    return Choice(None, rules.fallback_pool, "fallback", "", rules.response_minutes, (step,))


def due_at(start: datetime, minutes: int, hours: Hours | None) -> datetime:
    """When a response is due: `minutes` of the rule's working time after `start` (of any time without hours)."""
    if not hours or hours.start >= hours.end or not hours.days:
        return start + timedelta(minutes=minutes)
    zone, left, moment = ZoneInfo(hours.zone), timedelta(minutes=minutes), start
    while True:
        local = moment.astimezone(zone)
        opening = datetime.combine(local.date(), hours.start, zone)
        closing = datetime.combine(local.date(), hours.end, zone)
        moment = max(moment, opening.astimezone(moment.tzinfo))
        if local.isoweekday() in hours.days and moment < closing:
            if left <= closing - moment:
                return moment + left
            left -= closing - moment
        moment = datetime.combine(local.date() + timedelta(days=1), time(), zone).astimezone(start.tzinfo)


def _why_not(rule: Rule, seller: Seller, turn: Turn) -> str:
    if not seller.active:
        return "inactive"
    if seller.absent:
        return "absent"
    if seller.full:
        return "full"
    if rule.daily_cap is not None and turn.today.get(seller.id, 0) >= rule.daily_cap:
        return "daily_cap"
    if rule.strategy == "weighted" and rule.weights.get(seller.id, 1) <= 0:
        return "weight_zero"
    return ""


def _seen(seller: Seller, turn: Turn, why_not: str) -> dict[str, Any]:
    return {
        "id": seller.id,
        "open_leads": seller.open_leads,
        "conversion_rate": round(seller.conversion_rate, 4),
        "today": turn.today.get(seller.id, 0),
        "why_not": why_not or None,
    }


def _pick(rule: Rule, free: list[Seller], turn: Turn) -> tuple[Seller, Mapping[str, int]]:
    today = turn.today
    if rule.strategy == "least_open":
        return min(free, key=lambda s: (s.open_leads, today.get(s.id, 0), s.id)), turn.balance
    if rule.strategy == "best_converter":
        return min(free, key=lambda s: (-s.conversion_rate, s.open_leads, s.id)), turn.balance
    if rule.strategy == "weighted":
        return _weighted(rule, free, turn)
    return next((s for s in free if s.id > turn.last), free[0]), turn.balance


def _weighted(rule: Rule, free: list[Seller], turn: Turn) -> tuple[Seller, Mapping[str, int]]:
    """Smooth weighted round-robin, as nginx spreads requests: no bursts, shares exact over each full cycle."""
    weights = {seller.id: rule.weights.get(seller.id, 1) for seller in free}
    balance = {each: turn.balance.get(each, 0) + weight for each, weight in weights.items()}
    chosen = max(free, key=lambda s: (balance[s.id], s.id))
    balance[chosen.id] -= sum(weights.values())
    return chosen, balance
