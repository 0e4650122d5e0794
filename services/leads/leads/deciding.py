"""Scoring and assigning one lead with the definitions in force: brings the facts to the pure rules."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from chassis import clock, inserting
from engines.conditions import Context, snapshot
from leads import assignment, scoring, sellers
from leads.assignment import Choice, Rule, RuleSet, Seller, Turn
from leads.models import Behaviour, RuleTurn
from leads.objects import LEAD

BEHAVIOURS_AT_MOST = 500  # the newest; older ones have decayed to nothing
NOT_KEPT = frozenset(
    ("name", "company", "phones", "emails", "wechat", "address", "message", "credit_code", "custom", "referrer_url")
)
_INPUTS = {each.name for each in LEAD.fields if each.column not in NOT_KEPT and not each.json_key}


def inputs(record: Any) -> dict[str, Any]:
    """What a decision remembers of a lead: no personal data, but whether there was any."""
    has = {f"has_{name}": bool(_value(record, name)) for name in ("name", "company", "phones", "emails", "wechat")}
    return {key: value for key, value in snapshot(LEAD, record, _INPUTS).items() if value not in (None, [], "")} | has


def _value(record: Any, name: str) -> Any:
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name)


def score(
    model: scoring.Model, record: Any, behaviours: Iterable[tuple[str, datetime]], *, now: datetime | None = None
) -> scoring.Score:
    """The score of a lead by `model` as of `now`."""
    context = Context(now=now)
    return scoring.evaluate(model, record, behaviours, now=context.now, context=context)


def behaviours_of(session: Session, lead_id: str) -> list[tuple[str, datetime]]:
    """(kind, time) of what the lead did, newest first."""
    rows = session.execute(
        select(Behaviour.kind, Behaviour.at)
        .where(Behaviour.lead_id == lead_id)
        .order_by(Behaviour.at.desc())
        .limit(BEHAVIOURS_AT_MOST)
    )
    return [(row.kind, row.at) for row in rows]


def assign(session: Session, rules: RuleSet, record: Any) -> Choice:
    """Choose by rule and move the rule's turn on, under its row lock; call it after every other read."""
    choice = chosen(session, rules, record)
    if choice.turn:
        inserting.insert_all(session.connection(), {TURN: [turn_row(choice)]}, replacing=(TURN,))
    return choice


def chosen(session: Session, rules: RuleSet, record: Any) -> Choice:
    """The choice by rule, its turn locked but not moved on: the caller stores `turn_row` with what it writes, and soon."""
    return choose(
        rules,
        record,
        sellers_for=lambda wanted: sellers.for_rules(session, wanted, record),
        turn_of=lambda rule: _locked_turn(session, rule.key),
    )


def turn_row(choice: Choice) -> dict[str, Any]:
    """What the rule of a choice remembers, as its row in TURN."""
    turn = choice.turn or Turn()
    state = {"last": turn.last, "day": turn.day, "today": dict(turn.today), "balance": dict(turn.balance)}
    return {"rule": choice.rule, "state": state}


def choose(
    rules: RuleSet,
    record: Any,
    *,
    sellers_for: Callable[[list[Rule]], list[Seller]],
    turn_of: Callable[[Rule], Turn],
    now: datetime | None = None,
) -> Choice:
    """The first matching rule that has somebody free, else its or the fallback pool; all steps are kept."""
    context = Context(now=now)
    taken, steps = assignment.matching(rules, record, now=context.now, context=context)
    known = sellers_for(taken) if taken else []
    for rule in taken:
        choice, step = assignment.choose(rule, known, turn_of(rule), day=context.today.isoformat())
        steps.append(step)
        if choice:
            return replace(choice, steps=tuple(steps))
    last = assignment.fallback(rules)
    return replace(last, steps=(*steps, *last.steps))


TURN: Any = RuleTurn.__table__
_LOCK = select(TURN.c.state).where(TURN.c.rule == bindparam("rule_key")).with_for_update()


def _locked_turn(session: Session, rule: str) -> Turn:
    state = session.connection().execute(_LOCK, {"rule_key": rule}).scalar() or {}
    return Turn(**state)


def due(choice: Choice) -> datetime:
    """When the first response is due by the rule that decided."""
    return assignment.due_at(clock.now(), choice.response_minutes, choice.hours)
