"""Routes, people and branches in words, in both languages: why this person, why this branch."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.orm import Session

from approvals.blocks import Shape, branch
from approvals.subjects import SubjectKind
from chassis import directory
from engines.explain import Step
from engines.objects import NUMBERS

_RULES = {
    "users": {"zh": "流程指定", "en": "named by the flow"},
    "role": {"zh": "角色：{role}", "en": "role: {role}"},
    "manager": {"zh": "发起人的第 {level} 级上级", "en": "manager of who asks, level {level}"},
    "owner_manager": {"zh": "负责人的第 {level} 级上级", "en": "manager of the owner, level {level}"},
    "department_head": {"zh": "部门负责人", "en": "head of the department"},
    "initiator_choice": {"zh": "发起人选择", "en": "chosen by who asks"},
    "field": {"zh": "单据字段：{field}", "en": "field of the subject: {field}"},
}
_STAND_IN = {"zh": "（替 {person} 处理）", "en": " (stands in for {person})"}
_OWN = {"zh": "（发起人本人，改由上级审批）", "en": " (who asks himself; his manager instead)"}
_ADMIN = {"zh": "（无人符合，转管理员）", "en": " (nobody found; to an administrator)"}
_HANDED = {
    "transfer": {"zh": "由 {person} 转交", "en": "handed on by {person}"},
    "escalated": {"zh": "{person} 超时未处理，升级", "en": "escalated: overdue with {person}"},
}
_OPS = {
    "eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥",
    "in": {"zh": "属于", "en": "is one of"}, "not_in": {"zh": "不属于", "en": "is none of"},
    "contains": {"zh": "包含", "en": "contains"}, "not_contains": {"zh": "不包含", "en": "does not contain"},
    "starts_with": {"zh": "开头为", "en": "begins with"}, "ends_with": {"zh": "结尾为", "en": "ends with"},
    "is_empty": {"zh": "为空", "en": "is empty"}, "is_not_empty": {"zh": "不为空", "en": "is not empty"},
    "between": {"zh": "介于", "en": "is between"},
}  # fmt: skip
_JOIN = {"all": {"zh": " 且 ", "en": " and "}, "any": {"zh": " 或 ", "en": " or "}}
_TAKEN = {"zh": "{node}：{branch}（{why}）", "en": "{node}: {branch} ({why})"}
_REFUSED = {"zh": "{node}：不走“{branch}”（{why}）", "en": "{node}: not “{branch}” ({why})"}
_ASKED = {"zh": "{node}：{people}（{why}）", "en": "{node}: {people} ({why})"}
_EMPTY = {"zh": "{node}：找不到人，{then}（{why}）", "en": "{node}: nobody found, {then} ({why})"}
_THEN = {
    "skipped": {"zh": "跳过", "en": "skipped"},
    "rejected": {"zh": "驳回", "en": "rejected"},
}
_OTHERWISE = {"zh": "其他情况", "en": "otherwise"}
_NONE = {"zh": "都不满足", "en": "none of them holds"}
LANGUAGES = ("zh", "en")


def person_why(session: Session, why: Mapping[str, Any], user_id: str) -> dict[str, str]:
    """Why this person is asked: {"zh", "en"}."""
    people = directory.snapshot(session)
    if "handed" in why:
        name = _name(people, why["from"])
        return {language: _HANDED[why["handed"]][language].format(person=name) for language in LANGUAGES}
    rule = why.get("rule") or {}
    texts = {}
    for language in LANGUAGES:
        role = people.role_names.get(rule.get("role", ""), {}).get(language) or rule.get("role", "")
        text = _RULES.get(rule.get("kind", ""), {"zh": "", "en": ""})[language].format(
            role=role, level=rule.get("level", 1), field=rule.get("field", "")
        )
        stands_for = (why.get("for") or {}).get(user_id)
        text += _STAND_IN[language].format(person=_name(people, stands_for)) if stands_for else ""
        text += _OWN[language] if why.get("own") == "manager" else ""
        texts[language] = text + (_ADMIN[language] if why.get("nobody") == "to_admin" else "")
    return texts


def condition(
    explained: Mapping[str, Any] | None, kind: SubjectKind, hidden: frozenset[str] = frozenset()
) -> dict[str, str]:
    """An explained condition with the values it met: "Base amount 600000.00 ≥ 500000"; those of `hidden` fields left out."""
    return {language: _condition(explained, kind, language, hidden) for language in LANGUAGES}


def branch_steps(
    node: Mapping[str, Any],
    taken: str | None,
    looked_at: list[Any],
    kind: SubjectKind,
    hidden: frozenset[str] = frozenset(),
) -> list[Step]:
    """A step per branch that was looked at: whether it held, and on which values."""
    steps = []
    for look in looked_at:
        why = condition(look["why"], kind, hidden) if look["why"] is not None else _OTHERWISE
        data = {"node": dict(node["name"]), "branch": dict(branch(node, look["branch"])["name"]), "why": why}
        steps.append(Step(text=_TAKEN if look["held"] else _REFUSED, data=data | {"matched": look["held"]}))
    if taken is None:
        steps.append(
            Step(
                text=_TAKEN,
                data={"node": dict(node["name"]), "branch": {"zh": "–", "en": "–"}, "why": _NONE, "matched": False},
            )
        )
    return steps


def route_steps(session: Session, route: Any, shape: Shape, kind: SubjectKind) -> list[Step]:
    """A whole route in the order it is taken: branches with their values, people with why they are asked."""
    people = directory.snapshot(session)
    steps: list[Step] = []
    told = set()
    stops = {stop["node"]: stop for stop in route.stops}
    for event in route.events:
        node_id = event.get("node", "")
        if event["kind"] == "branch_taken":
            steps += branch_steps(shape.node(node_id), event["branch"], event["looked_at"], kind)
        elif event["kind"] in ("task_created", "cc_sent", "node_empty") and node_id not in told:
            told.add(node_id)
            stop = stops[node_id]
            names = [_name(people, person) for person in stop["people"]]
            first = stop["people"][0] if stop["people"] else ""
            data: dict[str, Any] = {"node": stop["name"], "why": person_why(session, stop["why"], first)}
            if event["kind"] == "node_empty":
                steps.append(Step(text=_EMPTY, data=data | {"then": _THEN[event["then"]], "matched": False}))
            else:
                steps.append(Step(text=_ASKED, data=data | {"people": names}))
    return steps


def _condition(part: Any, kind: SubjectKind, language: str, hidden: frozenset[str]) -> str:
    if not part:
        return ""
    if "field" in part:
        return _leaf(part, kind, language, hidden)
    if "not" in part:
        inner = _condition(part["not"], kind, language, hidden)
        return f"不满足（{inner}）" if language == "zh" else f"not ({inner})"
    word = "all" if "all" in part else "any"
    return _JOIN[word][language].join(_condition(item, kind, language, hidden) for item in part[word])


def _leaf(leaf: Mapping[str, Any], kind: SubjectKind, language: str, hidden: frozenset[str]) -> str:
    field = kind.type.by_name.get(leaf["field"])
    label = field.title(language) if field else leaf["field"]
    if leaf["field"] in hidden:
        return f"{label} ***"
    op = _OPS.get(leaf["op"], leaf["op"])
    actual = leaf.get("actual")
    wanted = leaf.get("value")
    several = wanted if isinstance(wanted, list) else [] if wanted is None else [wanted]
    values = "、".join(_value(field, each) for each in several)
    sign = op if isinstance(op, str) else op[language]
    return " ".join(part for part in (label, "–" if actual is None else _value(field, actual), sign, values) if part)


def _value(field: Any, value: Any) -> str:
    """A value as people write it: amounts and numbers with separators, at most two decimals of an amount."""
    if field is None or field.kind not in NUMBERS or isinstance(value, bool):
        return str(value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    whole = number == number.to_integral_value()
    return f"{number:,.0f}" if whole else f"{number:,.2f}" if field.kind == "money" else f"{number.normalize():,f}"


def _name(people: directory.Snapshot, user_id: str | None) -> str:
    person = people.users.get(user_id or "")
    return person.name if person else (user_id or "")
