"""Who gets a ticket: ordered rules to queues and people, a strategy each, skills, absence, working hours. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from service_desk.business_time import Calendar

STRATEGIES = ("round_robin", "least_open")
Predicate = Callable[[Any, Any], bool]  # (record, context of engines.conditions)


@dataclass(frozen=True)
class Queue:
    """People who work on one kind of ticket, each with skills."""

    key: str
    title: Mapping[str, str]
    members: Mapping[str, frozenset[str]]  # user → skills
    lead_id: str | None = None


@dataclass(frozen=True)
class Rule:
    """One line of the rule set: what it is for, to which queue or people, and how one of them is chosen."""

    key: str
    title: Mapping[str, str]
    when: Predicate
    queue: str | None = None
    users: tuple[str, ...] = ()
    strategy: str = "round_robin"
    skills: frozenset[str] = frozenset()
    max_open: int | None = None
    hours: Calendar | None = None
    outside_hours: str = "assign"  # assign | queue (nobody is chosen) | skip (the next rule decides)


@dataclass(frozen=True)
class Agent:
    """What the choice needs to know of a person as of now."""

    id: str
    active: bool = True
    absent: bool = False
    open_tickets: int = 0
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Choice:
    """The outcome: a queue, perhaps an assignee, by which rule, and every step of the way."""

    queue: str | None
    assignee_id: str | None
    rule: str
    steps: tuple[dict[str, Any], ...] = field(default=())


def decide(
    rules: Sequence[Rule],
    queues: Mapping[str, Queue],
    record: Any,
    *,
    now: datetime,
    context: Any,
    agents: Callable[[Iterable[str]], Mapping[str, Agent]],
    last: Callable[[str], str],
    fallback: str | None = None,
) -> Choice:
    """The first matching rule decides; one that finds nobody free leaves the ticket in its queue, or passes on without one.

    `agents` looks people up, `last` says whom a rule chose last (asked only for the rule that chooses).
    """
    steps: list[dict[str, Any]] = []
    for rule in rules:
        if not rule.when(record, context):
            steps.append({"rule": rule.key, "title": dict(rule.title), "outcome": "condition_not_met"})
            continue
        is_open = rule.hours is None or rule.outside_hours == "assign" or rule.hours.is_open(now)
        if not is_open:
            steps.append({"rule": rule.key, "title": dict(rule.title), "outcome": "outside_hours"})
            if rule.outside_hours == "skip":
                continue
            return Choice(rule.queue, None, rule.key, tuple(steps))
        chosen, seen = _choose(rule, queues, agents, last)
        outcome = "assigned" if chosen else "nobody_free"
        steps.append({
            "rule": rule.key, "title": dict(rule.title), "outcome": outcome, "strategy": rule.strategy, "owner_id": chosen,
            "queue": rule.queue, "candidates": seen,
        })  # fmt: skip
        if chosen or rule.queue:
            return Choice(rule.queue, chosen, rule.key, tuple(steps))
    steps.append({"rule": "fallback", "outcome": "queue", "queue": fallback})
    return Choice(fallback, None, "fallback", tuple(steps))


def _choose(
    rule: Rule,
    queues: Mapping[str, Queue],
    agents: Callable[[Iterable[str]], Mapping[str, Agent]],
    last: Callable[[str], str],
) -> tuple[str | None, list[dict[str, Any]]]:
    queue = queues.get(rule.queue or "")
    skills = dict(queue.members) if queue else {}
    skills |= {user: skills.get(user, frozenset()) for user in rule.users}
    wanted = rule.users or tuple(skills)
    known = agents(wanted)
    people = [replace(known[user], skills=skills[user]) for user in sorted(wanted) if user in known]
    refused = {agent.id: _why_not(rule, agent) for agent in people}
    seen = [{"id": each.id, "open_tickets": each.open_tickets, "why_not": refused[each.id] or None} for each in people]
    free = [agent for agent in people if not refused[agent.id]]
    if not free:
        return None, seen
    if rule.strategy == "least_open":
        return min(free, key=lambda agent: (agent.open_tickets, agent.id)).id, seen
    before = last(rule.key)
    return next((agent for agent in free if agent.id > before), free[0]).id, seen


def _why_not(rule: Rule, agent: Agent) -> str:
    if not agent.active:
        return "inactive"
    if agent.absent:
        return "absent"
    if not rule.skills <= agent.skills:
        return "skill"
    if rule.max_open is not None and agent.open_tickets >= rule.max_open:
        return "full"
    return ""
