"""Decisions of this service in words, in both languages, and as data: score, assignment, duplicate match."""

from collections.abc import Iterable, Mapping
from typing import Any

from engines.explain import Decision, Step
from leads.assignment import Choice, RuleSet
from leads.lookup import Candidate
from leads.objects import BEHAVIOURS, STRATEGIES
from leads.scoring import Model, Score

_MET = {"zh": "{title}：{points} 分", "en": "{title}: {points} points"}
_REPEATED = {"zh": "{title} × {count}：{points} 分", "en": "{title} × {count}: {points} points"}
_NOT_MET = {"zh": "{title}：不满足，0 分", "en": "{title}: not met, 0 points"}
_BASE = {"zh": "基础分", "en": "Base"}
_OUTCOMES = {
    "condition_not_met": {"zh": "规则“{title}”：条件不满足", "en": "Rule “{title}”: its condition is not met"},
    "outside_hours": {"zh": "规则“{title}”：不在工作时间", "en": "Rule “{title}”: outside its working hours"},
    "nobody_free": {"zh": "规则“{title}”：没有可分配的人", "en": "Rule “{title}”: nobody is free to take it"},
    "assigned": {
        "zh": "规则“{title}”（{strategy}）分配给 {owner}",
        "en": "Rule “{title}” ({strategy}) gives it to {owner}",
    },
    "pool": {"zh": "放入公海 {pool}", "en": "It goes to the pool {pool}"},
    "by_hand": {"zh": "手工指定给 {owner}", "en": "Given to {owner} by hand"},
    "same_owner": {
        "zh": "与线索 {number} 疑似重复，分给同一负责人 {owner}",
        "en": "It looks like lead {number}: goes to the same owner, {owner}",
    },
}
_REFUSED = {
    "inactive": "停用",
    "absent": "请假",
    "daily_cap": "已达每日上限",
    "full": "持有数已满",
    "weight_zero": "权重为零",
}
_ALIKE = {"zh": "与 {number} 相似度 {score}：{fields}", "en": "{score} % like {number}: {fields}"}
_FIELDS = {
    "phone": {"zh": "电话", "en": "phone"},
    "email": {"zh": "邮箱", "en": "e-mail"},
    "credit_code": {"zh": "信用代码", "en": "credit code"},
    "wechat": {"zh": "微信", "en": "WeChat"},
    "name": {"zh": "姓名", "en": "name"},
    "company": {"zh": "公司", "en": "company"},
    "email_domain": {"zh": "邮箱域名", "en": "e-mail domain"},
}
_ACTIONS = {
    "created": {"zh": "相似度不足，按新线索处理", "en": "Not alike enough: treated as a new lead"},
    "linked": {"zh": "疑似重复：新建并关联", "en": "Looks like a duplicate: made and linked"},
    "merged": {"zh": "重复：并入原线索", "en": "A duplicate: merged into the lead that exists"},
    "allowed": {"zh": "策略允许重复", "en": "Duplicates are allowed by policy"},
}


def score(lead_id: str, model: Model, result: Score, inputs: Mapping[str, Any]) -> Decision:
    """Why the lead has this score."""
    return Decision(
        kind="score",
        subject=f"lead/{lead_id}",
        rule=model.key or "none",
        version=model.version,
        inputs=inputs,
        steps=[score_step(step) for step in result.steps],
        outcome={"score": result.score, "grade": result.grade},
    )


def assignment(
    lead_id: str, rules: RuleSet, choice: Choice, inputs: Mapping[str, Any], names: Mapping[str, str]
) -> Decision:
    """Why the lead has this owner, or why it is in a pool."""
    return Decision(
        kind="assignment",
        subject=f"lead/{lead_id}",
        rule=choice.rule,
        version=rules.version,
        inputs=inputs,
        steps=[assignment_step(step, names) for step in choice.steps],
        outcome={"owner_id": choice.owner_id, "pool": choice.pool or None},
    )


def match(
    lead_id: str,
    found: Iterable[Candidate],
    *,
    policy: str,
    version: int,
    threshold: int,
    action: str,
) -> Decision:
    """Which leads were found alike, why, and what the policy made of it."""
    return Decision(
        kind="match",
        subject=f"lead/{lead_id}",
        rule=policy,
        version=version,
        inputs={"threshold": threshold},
        steps=[*(match_step(each) for each in found), Step(text=_ACTIONS[action], data={"action": action})],
        outcome={"action": action},
    )


def score_step(step: Mapping[str, Any]) -> Step:
    """One rule's points."""
    key = step["rule"]
    title = BEHAVIOURS.get(key.partition(":")[2]) or (_BASE if key == "base" else step.get("title")) or key
    text = _NOT_MET if not step["met"] else _REPEATED if "count" in step else _MET
    points = f"{step['points']:+g}" if step["met"] else "0"
    return Step(text=text, data={**step, "title": title, "points": points, "matched": bool(step["met"])})


def assignment_step(step: Mapping[str, Any], names: Mapping[str, str]) -> Step:
    """One rule's part in an assignment, with everybody it passed over and why."""
    taken = step["outcome"] in ("assigned", "pool", "by_hand", "same_owner")
    data = {**step, "title": step.get("title") or step["rule"], "matched": taken}
    if "owner_id" in step:
        data["owner"] = names.get(step["owner_id"], step["owner_id"])
    if step.get("strategy"):
        data["strategy"] = STRATEGIES[step["strategy"]]
    return Step(text=_OUTCOMES[step["outcome"]], data=data)


def refusal(code: str) -> dict[str, str]:
    """Why somebody was passed over, in words."""
    return {"zh": _REFUSED.get(code, code), "en": code.replace("_", " ")}


def match_step(found: Candidate) -> Step:
    """One lead that was found alike. Reasons without the values themselves, which may be erased one day."""
    alike = [_FIELDS[reason.field] for reason in found.match.reasons if reason.kind != "differs"]
    reasons = [{"field": each.field, "kind": each.kind, "score": each.score} for each in found.match.reasons]
    data = {"lead_id": found.lead_id, "number": found.number, "score": found.match.score, "reasons": reasons}
    return Step(text=_ALIKE, data={**data, "fields": alike})
