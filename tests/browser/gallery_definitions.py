"""A definition with every kind of part, kept in memory: a scoring and assignment policy of the gallery's company."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis import clock
from console.definitions import Kind, Part, Problem, Stored, Tried, Version, problems_of
from console.fields import Choice, Field
from console.pages import signed_in
from tests.browser.gallery_data import two

URL = "/leads/policies"
PEOPLE = "/leads/people"
BEGUN = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
FIRST: dict[str, Any] = {
    "base": 10,
    "valid_from": "2026-03-01",
    "rules": [
        {"key": "large", "title": {"zh": "规模 500 人以上", "en": "500 people or more"}, "points": 20,
         "when": {"field": "size", "op": "in", "value": ["500-999", "1000+"]}},
        {"key": "fresh", "title": {"zh": "最近一周有联系", "en": "In touch this week"}, "points": 10,
         "when": {"all": [{"field": "last_activity_at", "op": "ge", "value": {"now": "-7d"}},
                          {"any": [{"field": "owner", "op": "eq", "value": {"my_team": True}},
                                   {"field": "city", "op": "contains", "value": "上海"}]}]}},
        {"key": "owned", "title": {"zh": "重点销售负责", "en": "Owned by a key seller"}, "points": 5,
         "when": {"field": "owner", "op": "in", "value": ["u4", "u1"]}},
    ],
    "targets": {"high": {"first": 30, "solved": 240}, "normal": {"first": 120}},
    "week": {"mon": [["09:00", "12:00"], ["13:30", "18:00"]]},
    "members": ["u0", "u1"],
    "weights": {"u0": 3, "u1": 1},
    "warn": [50, 80],
    "steps": [{"kind": "call", "title": {"zh": "先打电话", "en": "Call first"}, "minutes": 15}],
}  # fmt: skip
NAMES = {"u0": "王磊", "u4": "陈静", "u1": "李娜"}
LEVELS = (
    Choice(value="high", label=two("高", "High")),
    Choice(value="normal", label=two("普通", "Normal")),
    Choice(value="low", label=two("低", "Low")),
)
STORE: dict[str, list[Version]] = {}


def reset() -> None:
    """Back to one definition with two versions."""
    STORE.clear()
    second = FIRST | {"base": 12}
    STORE["hot"] = [
        Version(revision=2, body=second, at=BEGUN + timedelta(days=40), by="王磊"),
        Version(revision=1, body=FIRST, at=BEGUN, by="陈静"),
    ]


def _title(name: str) -> Part:
    return Part(name=name, label=two("名称", "Title"), kind="pair", required=True)


def parts(call: Any) -> list[Part]:
    rule = [
        _title("title"),
        Part(name="points", label=two("加分", "Points"), kind="number", required=True, unit=two("分", "points")),
        Part(name="when", label=two("条件", "When"), kind="condition", about="lead"),
        Part(name="key", label=two("代号", "Short name"), kind="key", required=True),
    ]
    minutes = [
        Part(name="first", label=two("首次响应", "First answer"), kind="integer", unit=two("分钟", "min")),
        Part(name="solved", label=two("解决", "Solved"), kind="integer", unit=two("分钟", "min")),
    ]
    days = [
        Choice(value=day, label=two(zh, en)) for day, zh, en in (("mon", "周一", "Monday"), ("tue", "周二", "Tuesday"))
    ]
    kinds = [Choice(value="call", label=two("电话", "Call")), Choice(value="wait", label=two("等待", "Wait"))]
    return [
        Part(name="base", label=two("起始分", "Start"), kind="number", required=True, minimum=0, maximum=100),
        Part(name="valid_from", label=two("生效日期", "Valid from"), kind="date"),
        Part(name="mode", label=two("分配方式", "How"), kind="choice", choices=[
            Choice(value="turn", label=two("轮流", "In turn")), Choice(value="weighted", label=two("按权重", "By weight"))]),
        Part(name="warn", label=two("提醒点", "Warnings"), kind="numbers", help=two("占期限的百分比", "Percent of the time")),
        Part(name="members", label=two("成员", "People"), kind="people", lookup=PEOPLE),
        Part(name="rules", label=two("规则", "Rules"), kind="rows", parts=rule, head="title", same="key",
             add=two("添加规则", "Add a rule"), blank={"points": 5, "when": {"all": []}}),
        Part(name="targets", label=two("时限", "Targets"), kind="map", choices=LEVELS,
             parts=[Part(name="", kind="group", parts=minutes)]),
        Part(name="week", label=two("工作时间", "Hours"), kind="map", choices=days,
             parts=[Part(name="", kind="spans", label=two("时段", "Span"))]),
        Part(name="weights", label=two("权重", "Weights"), kind="map", lookup=PEOPLE, add=two("添加人员", "Add a person"),
             parts=[Part(name="", kind="integer")], only_if=("mode", ["weighted"])),
        Part(name="steps", label=two("步骤", "Steps"), kind="rows", by="kind", choices=kinds, head="title",
             add=two("添加步骤", "Add a step"),
             parts=[_title("title")], variants={
                 "call": [Part(name="minutes", label=two("几分钟内", "Within"), kind="integer", unit=two("分钟", "min"))],
                 "wait": [Part(name="days", label=two("等几天", "Days"), kind="integer")]}),
    ]  # fmt: skip


def _fields(call: Any) -> dict[str, list[Field]]:
    sizes = [Choice(value=size, label=size) for size in ("1-99", "100-499", "500-999", "1000+")]
    return {
        "lead": [
            Field(name="city", label=two("城市", "City")),
            Field(name="size", label=two("规模", "Size"), kind="choice", choices=sizes),
            Field(name="score", label=two("评分", "Score"), kind="integer"),
            Field(name="budget", label=two("预算", "Budget"), kind="money"),
            Field(name="owner", label=two("负责人", "Owner"), kind="person", lookup=PEOPLE),
            Field(name="last_activity_at", label=two("最近联系", "Last contact"), kind="datetime"),
            Field(name="created_at", label=two("创建时间", "Created"), kind="datetime"),
        ]
    }


def problems(call: Any, key: str, body: Any) -> list[Problem]:
    found = []
    errors: dict[str, Any] = {}
    for place, rule in enumerate(body.get("rules") or []):
        if not isinstance(rule.get("points"), int | float):
            errors.setdefault("rules", {})[place] = {"points": [str(two("请填写加分。", "Say how many points.")["zh"])]}
    found += problems_of(errors)
    if len(body.get("rules") or []) > 3:
        found.append(
            Problem(at="rules", text=two("规则较多，请确认顺序。", "Many rules: check their order."), level="warning")
        )
    return found


def _publish(call: Any, key: str, body: Any, title: Any) -> int:
    versions = STORE.setdefault(key, [])
    versions.insert(0, Version(revision=len(versions) + 1, body=body, at=clock.now(), by=call.caller.id))
    return len(versions)


def _stored(key: str) -> Stored | None:
    versions = STORE.get(key)
    if not versions:
        return None
    return Stored(
        key=key, title=two("线索评分与分配", "Scoring and assignment"), body=versions[0].body,
        revision=versions[0].revision, changed_at=versions[0].at, note=two("用于全部线索", "Used for all leads"),
    )  # fmt: skip


def _tried(call: Any, key: str, body: Any, days: int) -> Tried:
    return Tried(
        figures=[
            (two("试算线索", "Leads tried"), 128),
            (two("结果不同", "Would differ"), 17),
            (two("无法试算", "Not usable"), 2),
        ],
        headings=[two("线索", "Lead"), two("现在", "Now"), two("试算", "Then")],
        rows=[("杭州云图科技", "62", "82"), ("苏州精工", "40", "35")],
        links=["/leads/leads/l1", "/leads/leads/l2"],
        note=two("2 条线索缺少当时的数据。", "2 leads lack the data of the time."),
    )


KIND = Kind(
    key="gallery.policy", title=two("评分与分配", "Scoring and assignment"), noun=two("评分策略", "policy"), url=URL,
    intro=two("决定线索先给谁跟进。", "Decides who follows up first."), read=signed_in, edit=signed_in, parts=parts,
    objects=_fields, listed=lambda call: [found for key in STORE if (found := _stored(key))],
    find=lambda call, key: _stored(key), versions=lambda call, key: STORE.get(key, []), problems=problems,
    publish=_publish, simulate=_tried, names=lambda call, ids: NAMES, blank={"base": 0, "rules": []},
)  # fmt: skip
reset()
