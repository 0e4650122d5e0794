"""One rule on one record: does it hold, may it act, what did it do; kept as a decision, so that it explains itself."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import changes, clock
from chassis.causation import Cause, because, current
from chassis.db import is_transient
from chassis.errors import Problem
from chassis.events import LoopDetected
from chassis.i18n import speaking
from engines import explain
from engines.conditions import Context, snapshot
from engines.conditions import explain as reasons
from engines.notifications import notify
from engines.rules import metrics
from engines.rules.actions import Acting, act
from engines.rules.automated import Automated
from engines.rules.definitions import Rule, used
from engines.rules.models import AutomationRule, AutomationUse

log = logging.getLogger(__name__)
RAN, NOT_MET = "rule", "rule_not_met"  # kinds of decisions; the second are kept for some days only
CHAIN = 5  # rules set off by rules set off by rules …: beyond this they are a loop
DEPTH = 20  # events that caused each other over several services: likewise
DONE, SKIPPED, FAILED, LOOP, BOUND = "done", "not_met", "failed", "loop", "bound"


@dataclass(frozen=True)
class Occasion:
    """What set a rule off; `changed` is the change set {column: [before, after]}. `depth` counts the events it goes back to,
    `chain` the rules among their causes."""

    what: str
    at: datetime
    event_id: str | None = None
    correlation_id: str | None = None
    traceparent: str | None = None
    depth: int = 0
    chain: int = 0
    changed: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @property
    def is_loop(self) -> bool:
        return self.chain >= CHAIN or self.depth >= DEPTH

    def cause(self, rule: Rule) -> Cause:
        """What the rule's own effects are attributed to."""
        return Cause(
            origin=f"rule {rule.key} {self.chain + 1}", correlation_id=self.correlation_id, causation_id=self.event_id,
            depth=self.depth + 1, traceparent=self.traceparent,
        )  # fmt: skip


def run(session: Session, automated: Automated, rule: Rule, record: Any, occasion: Occasion) -> str:
    """Try the condition, act, and keep what came of it; returns the result. All actions take effect, or none."""
    context = Context(changes=occasion.changed)
    names = used(rule)
    columns = {automated.kind.by_name[name].column for name in names if name in automated.kind.by_name}
    changed = {column: list(pair) for column, pair in occasion.changed.items() if column in columns}
    inputs = snapshot(automated.kind, record, names) | {"changes": changed}
    tree = reasons(rule.condition, record, context, automated.kind, rule.on_event)
    if not rule.when(record, context):
        _keep(session, NOT_MET, rule, record, occasion, inputs, SKIPPED, (), [_why(tree)])
        return SKIPPED
    if occasion.is_loop:
        _stopped(session, automated, rule, record, occasion, inputs, LOOP)
        return LOOP
    if not _within_bound(session, rule):
        _stopped(session, automated, rule, record, occasion, inputs, BOUND)
        return BOUND
    done: list[dict[str, Any]] = []
    place = 0
    try:
        with session.begin_nested(), because(occasion.cause(rule)), speaking("zh"):
            for place, spec in enumerate(rule.actions):
                done.append(act(Acting(session, automated, rule, record, place), spec))
            session.flush()
            changes.refuse_unpublished(session)
    except Exception as error:
        changes.forget(session)
        if is_transient(error):
            raise
        return _failed(session, automated, rule, record, occasion, inputs, tree, place, error)
    _keep(session, RAN, rule, record, occasion, inputs, DONE, done, [_why(tree), *map(_did, done)])
    metrics.RUNS.labels(automated.name, DONE).inc()
    return DONE


def _failed(
    session: Session, automated: Automated, rule: Rule, record: Any, occasion: Occasion, inputs: Mapping[str, Any],
    tree: Mapping[str, Any], place: int, error: Exception,
) -> str:  # fmt: skip
    """Nothing of it took effect: say which action refused and why."""
    if isinstance(error, LoopDetected):
        _stopped(session, automated, rule, record, occasion, inputs, LOOP)
        return LOOP
    known = isinstance(error, Problem)
    if not known:
        log.exception("a rule's action broke", extra={"rule": rule.key, "action": place})
    texts = _both(error) if known else {"zh": type(error).__name__, "en": type(error).__name__}
    step = {
        "text": {"zh": "第 {n} 个动作（{do}）未能执行：{why}；本次未做任何更改",
                 "en": "Action {n} ({do}) could not be carried out: {why}; nothing was changed"},
        "data": {"n": place + 1, "do": rule.actions[place]["do"], "why": texts, "matched": False},
    }  # fmt: skip
    outcome = {"at": place, "error": getattr(error, "code", type(error).__name__)}
    _keep(session, RAN, rule, record, occasion, inputs, FAILED, (outcome,), [_why(tree), step])
    metrics.RUNS.labels(automated.name, FAILED).inc()
    return FAILED


def _stopped(
    session: Session, automated: Automated, rule: Rule, record: Any, occasion: Occasion, inputs: Mapping[str, Any],
    result: str,
) -> None:  # fmt: skip
    """A loop or a bound keeps the rule from acting; whoever published it and the administrators are told once an hour."""
    text = _STOPPED[result]
    data = {"chain": max(occasion.chain, occasion.depth), "hourly": rule.hourly}
    _keep(session, RAN, rule, record, occasion, inputs, result, (), [{"text": text, "data": data}])
    metrics.RUNS.labels(automated.name, result).inc()
    if not _first_of_hour(session, rule, result):
        return
    stored = session.get(AutomationRule, rule.id)
    title = {language: explain.fill(text, data, language) for language in ("zh", "en")}
    name = rule.title.get("zh") or rule.key
    with because(Cause(origin=current().origin)):
        notify(
            session, to=[stored.created_by if stored else None], key="automation_stopped", title=title,
            text={"zh": f"规则：{name}", "en": f"Rule: {rule.title.get('en') or name}"},
            link="", subject=f"automation_rule/{rule.id}",
        )  # fmt: skip


_STOPPED = {
    LOOP: {"zh": "规则互相触发已达 {chain} 层，判定为循环，已停止", "en": "Rules set each other off {chain} times: a loop"},
    BOUND: {"zh": "本小时已执行 {hourly} 次，达到上限", "en": "It acted {hourly} times this hour, its bound"},
}  # fmt: skip


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _within_bound(session: Session, rule: Rule) -> bool:
    """Count one more run of this hour, unless the rule has had them all."""
    hour = _hour(clock.now())
    row = session.get(AutomationUse, (rule.id, hour), with_for_update=True)
    if row is None:
        row = AutomationUse(rule_id=rule.id, hour=hour, acted=0)
        session.add(row)
    row.acted += 1
    session.flush()
    return row.acted <= rule.hourly


def _first_of_hour(session: Session, rule: Rule, result: str) -> bool:
    """Whether this is the first time this hour that it was stopped this way; the decision at hand is one already."""
    since = _hour(clock.now())
    row = explain.DecisionRow
    wanted = select(row.outcome).where(row.rule == rule.key, row.kind == RAN, row.at >= since).limit(rule.hourly + 2)
    return sum(1 for outcome in session.scalars(wanted) if outcome.get("result") == result) <= 1


def _keep(
    session: Session, kind: str, rule: Rule, record: Any, occasion: Occasion, inputs: Mapping[str, Any], result: str,
    done: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]],
) -> None:  # fmt: skip
    explain.decide(
        session, kind=kind, subject=f"{record.__kind__}/{record.id}", rule=rule.key, version=rule.revision,
        inputs={**inputs, "occasion": occasion.what, "depth": occasion.depth},
        outcome={"result": result, "actions": [_without_values(each) for each in done]}, steps=steps,
    )  # fmt: skip
    session.flush()


def _without_values(done: Mapping[str, Any]) -> dict[str, Any]:
    """What was done without what was written: that may name people, and stands in the steps."""
    return {name: value for name, value in done.items() if name not in ("values", "tags")}


def _why(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The condition in one step; its tree is in the data."""
    met = bool(tree["result"])
    text = (
        {"zh": "条件成立", "en": "The condition holds"}
        if met
        else {"zh": "条件不成立", "en": "The condition does not hold"}
    )
    return {"text": text, "data": {"matched": met, "condition": tree}}


def _did(done: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": _DID[done["do"].partition(":")[0]],
        "data": {name: value for name, value in done.items() if name != "do"},
    }


_DID = {
    "update": {"zh": "修改了字段", "en": "Changed fields"},
    "task": {"zh": "新建了任务", "en": "Made a task"},
    "notify": {"zh": "发出了提醒", "en": "Notified"},
    "assign": {"zh": "分配了负责人", "en": "Gave it to a person"},
    "tag": {"zh": "更新了标签", "en": "Set tags"},
    "mail": {"zh": "发送了 {mails} 封邮件", "en": "Sent {mails} mails"},
    "webhook": {"zh": "调用了 {webhook}", "en": "Called {webhook}"},
    "step": {"zh": "已执行：{label}", "en": "Carried out: {label}"},
}


def _both(error: Exception) -> dict[str, str]:
    found = {}
    for language in ("zh", "en"):
        with speaking(language):
            errors = getattr(error, "errors", None)
            said = str(getattr(error, "detail", None) or getattr(error, "title", error))
            places = "; ".join(f"{at}: {_first(text)}" for at, text in (errors or {}).items())
            found[language] = f"{said} ({places})" if places else said
    return found


def _first(said: Any) -> str:
    return str(said[0]) if isinstance(said, list) and said else str(said)
