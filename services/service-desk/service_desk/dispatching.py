"""Dispatching one ticket with the rules in force: brings people and turns to the pure rules, keeps the explanation."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chassis import clock, directory
from engines import explain
from engines.conditions import Context
from service_desk import definitions, dispatch, metrics
from service_desk.dispatch import Agent, Choice
from service_desk.lifecycle import ACTIVE
from service_desk.models import Ticket, Turn
from service_desk.objects import STRATEGIES

_INPUTS = ("priority", "type", "channel", "account_tier", "language", "tags")
_TEXTS = {
    "condition_not_met": {"zh": "规则“{title}”：条件不满足", "en": "Rule “{title}”: its condition is not met"},
    "outside_hours": {"zh": "规则“{title}”：不在工作时间", "en": "Rule “{title}”: outside its working hours"},
    "nobody_free": {"zh": "规则“{title}”：没有可分配的人（{refused}）", "en": "Rule “{title}”: nobody is free ({refused})"},
    "assigned": {
        "zh": "规则“{title}”（{strategy}）分给 {owner}；未选：{refused}",
        "en": "Rule “{title}” ({strategy}) gives it to {owner}; passed over: {refused}",
    },
    "queue": {"zh": "没有规则适用：留在队列 {queue}", "en": "No rule applies: it stays in the queue {queue}"},
}  # fmt: skip
_WHY_NOT = {
    "inactive": {"zh": "停用", "en": "inactive"},
    "absent": {"zh": "请假", "en": "absent"},
    "skill": {"zh": "缺少技能", "en": "lacks the skill"},
    "full": {"zh": "在办已满", "en": "has too many"},
}


def dispatch_ticket(session: Session, ticket: Ticket) -> Choice:
    """Choose queue and assignee by rule, move the rule's turn on, keep why. Call it after every other read."""
    known = definitions.in_force(session)
    context = Context()
    choice = dispatch.decide(
        known.rules,
        known.queues,
        ticket,
        now=context.now,
        context=context,
        agents=lambda ids: _agents(session, ids),
        last=lambda rule: _locked_turn(session, rule),
        fallback=known.fallback,
    )
    if choice.assignee_id is not None:
        session.connection().execute(update(Turn).where(Turn.rule == choice.rule).values(last=choice.assignee_id))
    metrics.DISPATCHED.labels("assigned" if choice.assignee_id else "queued").inc()
    _record(session, ticket, choice, known.rules_version)
    return choice


def _agents(session: Session, ids: Iterable[str]) -> Mapping[str, Agent]:
    users = directory.snapshot(session).users
    wanted = [users[each] for each in ids if each in users]
    held = open_tickets(session, [person.id for person in wanted])
    return {
        person.id: Agent(person.id, active=person.active, absent=person.absent, open_tickets=held.get(person.id, 0))
        for person in wanted
    }


def open_tickets(session: Session, ids: Iterable[str]) -> dict[str, int]:
    """How many open tickets each person has."""
    rows = session.execute(
        select(Ticket.owner_id, func.count())
        .where(Ticket.owner_id.in_(list(ids)), Ticket.status.in_(ACTIVE))
        .group_by(Ticket.owner_id)
    )
    return {owner: count for owner, count in rows if owner}


def _locked_turn(session: Session, rule: str) -> str:
    return session.execute(select(Turn.last).where(Turn.rule == rule).with_for_update()).scalar() or ""


def _record(session: Session, ticket: Ticket, choice: Choice, version: int) -> None:
    names = directory.names(session, [each["id"] for step in choice.steps for each in step.get("candidates", ())])
    explain.decide(
        session,
        kind="assignment",
        subject=f"ticket/{ticket.id}",
        rule=choice.rule,
        version=version,
        inputs={name: getattr(ticket, name) for name in _INPUTS} | {"at": clock.iso(clock.now())},
        outcome={"queue": choice.queue, "assignee_id": choice.assignee_id},
        steps=[_step(step, names) for step in choice.steps],
    )


def _step(step: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    refused = [each for each in step.get("candidates", ()) if each["why_not"]]
    shown = {
        locale: "、".join(
            f"{names.get(each['id'], each['id'])}: {_WHY_NOT[each['why_not']][locale]}" for each in refused
        )
        or "–"
        for locale in ("zh", "en")
    }
    data = {
        **step,
        "title": step.get("title") or step["rule"],
        "owner": names.get(step.get("owner_id") or "", step.get("owner_id")),
        "strategy": STRATEGIES.get(step.get("strategy", ""), ""),
        "refused": shown,
        "matched": step["outcome"] in ("assigned", "nobody_free"),
    }
    return {"text": _TEXTS[step["outcome"]], "data": data}
