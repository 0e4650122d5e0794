"""The API as other programs see it: all reference cases through the endpoints, access, steps, definitions, simulation."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

BASE = "/service-desk/api/v1"
HERE = Path(__file__).parent
TIME_CASES = json.loads((HERE / "business_time_cases.json").read_text())
SLA_CASES = json.loads((HERE / "sla_cases.json").read_text())
ANSWERS = {"between": "seconds", "is_open": "open", "periods": "segments"}


@pytest.fixture
def as_liu(desk, client):
    return client.as_user("liu")


@pytest.fixture
def as_anna(desk, client):
    return client.as_user("anna")


def made(client, **given: Any) -> dict[str, Any]:
    body = {
        "subject": "无法登录",
        "text": "报错",
        "requester_email": "kunde@b.example",
        "requester_name": "李雷",
    } | given
    answer = client.post(f"{BASE}/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json


def moments(value: Any) -> Any:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return [moments(each) for each in value] if isinstance(value, list) else value


def test_every_calendar_case_holds_through_the_endpoint(as_liu):
    for case in TIME_CASES["cases"]:
        if case.get("implementation_defined"):
            continue
        asked = {name: case[name] for name in ("op", "start", "at", "days", "direction", "count") if name in case}
        asked |= {"end": case["end"]} if case["op"] == "between" else {}
        asked |= {"seconds": case["seconds"]} if case["op"] in ("add", "subtract") else {}
        answer = as_liu.post(
            f"{BASE}/calendars/evaluate", json={"calendar": TIME_CASES["calendars"][case["calendar"]], **asked}
        )
        assert answer.status_code == 200, (case["id"], answer.text)
        name = ANSWERS.get(case["op"], "end")
        if case.get("boundary") in ("any", "next_open") and moments(answer.json[name]) != moments(case[name]):
            continue  # where on a closed stretch a deadline lands is compared in test_business_time
        assert moments(answer.json[name]) == moments(case[name]), case["id"]


def check(client: Any, case: dict[str, Any], events: list[Any], at: str | None, expect: dict[str, Any]) -> None:
    body = {"calendar": case["calendar"], "targets": case["sla"], "events": events} | ({"at": at} if at else {})
    answer = client.post(f"{BASE}/sla-policies/simulate", json=body)
    assert answer.status_code == 200, (case["id"], answer.text)
    assert {name: answer.json[name] for name in expect} == expect, case["id"]
    for clock in answer.json["clocks"]:
        assert {"metric", "due_at", "used_minutes", "paused_minutes", "why", "state"} <= clock.keys()


def test_every_sla_case_holds_through_the_endpoint(as_liu):
    for case in SLA_CASES:
        for item in case["checks"]:
            check(as_liu, case, case["events"][: item["after_event"] + 1], item.get("at"), item["expect"])
        check(as_liu, case, case["events"], None, case["expect"])


def test_a_stored_calendar_can_be_asked_by_its_key(as_anna):
    asked = {"calendar": "china", "op": "is_open", "at": "2026-10-10T10:00:00+08:00"}
    assert as_anna.post(f"{BASE}/calendars/evaluate", json=asked).json == {"open": True}
    assert as_anna.post(f"{BASE}/calendars/evaluate", json=asked | {"calendar": "moon"}).status_code == 422


@pytest.mark.parametrize(
    "asked",
    [
        {"op": "add", "start": "2026-01-01T00:00:00Z"}, {"op": "add", "start": "9999-12-31T00:00:00Z", "seconds": 1},
        {"op": "between", "start": "1990-01-01T00:00:00Z", "end": "2090-01-01T00:00:00Z"}, {"op": "periods", "start": "x"},
        {"op": "add", "start": "2026-01-01T00:00:00Z", "seconds": -1},
        {"op": "add", "start": "2026-01-01T00:00:00Z", "seconds": 60, "calendar": {"timezone": "Asia/Shanghai"}},
        {"op": "add", "start": "2026-01-01T00:00:00Z", "seconds": 60, "calendar": {"timezone": "Mars/Base"}},
        {"op": "is_open", "at": "2026-01-01T00:00:00Z",
         "calendar": {"timezone": "Etc/UTC", "business_hours": {"mon": [["18:00", "09:00"]]}}},
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_answer_says_why(as_liu, asked):
    answer = as_liu.post(f"{BASE}/calendars/evaluate", json={"calendar": "china"} | asked)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_a_ticket_goes_its_whole_way(desk, as_anna, as_liu):
    ticket = made(as_anna, account_id="acc-vip", priority="high")
    assert (ticket["status"], ticket["assignee_id"], ticket["sla_policy"], ticket["account_name"]) == (
        "new",
        "bo",
        "vip",
        "客户 acc-vip",
    )
    assert [clock["metric"] for clock in ticket["sla"]] == ["first_response", "solution"]
    assert ticket["assignment_explanation"]["outcome"] == {"queue": "key", "assignee_id": "bo"}
    path = f"{BASE}/tickets/{ticket['id']}"
    desk.time.pass_(minutes=5)
    assert as_anna.post(f"{path}/note", json={"text": "已联系研发"}).status_code == 200
    replied = as_anna.post(f"{path}/reply", json={"text": "请补充截图", "status": "pending"}).json
    assert replied["status"] == "pending"
    assert replied["sla"][0]["state"] == "met"
    heard = as_anna.post(f"{path}/customer-messages", json={"text": "见附件", "channel": "phone"}).json
    assert heard["status"] == "open"
    solved = as_anna.post(f"{path}/status", json={"status": "solved"}).json
    assert solved["allowed"] == ["open", "closed"]
    refused = as_anna.post(f"{path}/status", json={"status": "pending"})
    assert (refused.status_code, refused.json["code"]) == (409, "wrong_status")
    assert [each["kind"] for each in as_anna.get(f"{path}/messages").json["items"]] == [
        "public",
        "note",
        "public",
        "public",
    ]
    assert as_anna.get(f"{path}/surveys").json["items"][0]["score"] is None
    sla = as_anna.get(f"{path}/sla").json["items"]
    assert sla[0]["why"]["timezone"] == "Asia/Shanghai"
    assert sla[0]["why"]["counted"]
    assert as_anna.get(f"{path}/history").json["items"][0]["kind"] == "closed"
    follow = as_anna.post(f"{path}/follow-up", json={"text": "又来了"})
    assert follow.status_code == 201
    assert follow.json["follows_id"] == ticket["id"]


def test_access_follows_the_assignee_and_the_pool(desk, client, as_anna, as_liu):
    people = desk.people
    people.department("other")
    people.add("olga", roles=("agent",), department="other")
    ticket, pooled = made(as_liu), made(as_liu, type="billing")
    olga, sam = client.as_user("olga"), client.as_user("sam")
    assert {each["id"] for each in olga.get(f"{BASE}/tickets").json["items"]} == {pooled["id"]}
    assert olga.get(f"{BASE}/tickets/{ticket['id']}").status_code == 404
    assert olga.post(f"{BASE}/tickets/{pooled['id']}/reply", json={"text": "x"}).status_code == 403
    assert olga.post(f"{BASE}/tickets/{pooled['id']}/claim").json["assignee_id"] == "olga"
    assert sam.get(f"{BASE}/tickets").json["items"] == []
    hers = made(as_liu, account_id="acc-b")["id"]
    assert [each["id"] for each in sam.get(f"{BASE}/tickets").json["items"]] == [hers]  # the customer's seller
    assert sam.post(f"{BASE}/tickets/{hers}/note", json={"text": "x"}).status_code == 403
    assert as_anna.post(f"{BASE}/tickets/{hers}/assign", json={"assignee_id": "bo"}).status_code == 403
    assert as_liu.post(f"{BASE}/tickets/{hers}/assign", json={"assignee_id": "bo"}).json["assignee_id"] == "bo"
    assert as_liu.post(f"{BASE}/tickets/{hers}/assign", json={"queue": "key"}).json["assignee_id"] is None
    assert as_liu.post(f"{BASE}/tickets/{hers}/assign", json={"queue": "moon"}).status_code == 422
    assert client.get(f"{BASE}/tickets").status_code == 401


def test_lists_filter_by_assignee_and_search(as_anna):
    for n in range(3):
        made(as_anna, subject=f"问题{n}")
    mine = {"field": "assignee_id", "op": "eq", "value": {"me": True}}
    found = as_anna.get(
        f"{BASE}/tickets", query_string={"filter": json.dumps(mine), "sort": "next_due_at", "fields": "id,assignee_id"}
    )
    assert {each["assignee_id"] for each in found.json["items"]} == {"anna"}
    assert [each["subject"] for each in as_anna.get(f"{BASE}/tickets", query_string={"q": "问题1"}).json["items"]] == [
        "问题1"
    ]


def test_a_stale_edit_is_refused_and_an_idempotency_key_makes_one_ticket(as_anna):
    body = {"subject": "一次"}
    first, second = (
        as_anna.post(f"{BASE}/tickets", json=body, headers={"Idempotency-Key": "k"}).json for _ in range(2)
    )
    assert first["id"] == second["id"]
    tag, path = {"If-Match": f'"{first["version"]}"'}, f"{BASE}/tickets/{first['id']}"
    assert as_anna.patch(path, json={"priority": "urgent"}, headers=tag).status_code == 200
    assert as_anna.patch(path, json={"priority": "low"}, headers=tag).status_code == 412


@pytest.mark.parametrize(
    "body",
    [{}, {"subject": ""}, {"subject": "x" * 201}, {"subject": "x", "priority": "now"}, {"subject": "x", "status": "solved"},
     {"subject": "x", "requester_email": "no address"}, {"subject": "x", "account_id": "nobody"},
     {"subject": "x", "queue": "moon"}],
)  # fmt: skip
def test_bad_input_is_a_problem_document(as_anna, body):
    answer = as_anna.post(f"{BASE}/tickets", json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_definitions_are_versioned_and_checked(as_liu, as_anna):
    policy = as_liu.get(f"{BASE}/sla-policies/standard").json
    body = policy["definition"] | {"targets": {"normal": {"first_response_min": 5}}}
    put = as_liu.put(f"{BASE}/sla-policies/standard", json={"definition": body})
    assert (put.status_code, put.json["revision"]) == (200, 2)
    versions = as_liu.get(f"{BASE}/sla-policies/standard/versions").json["items"]
    assert [each["revision"] for each in versions] == [2, 1]
    assert as_anna.put(f"{BASE}/sla-policies/standard", json={"definition": body}).status_code == 403
    for wrong, place in (
        (body | {"calendar": "moon"}, "calendar"),
        (body | {"when": {"field": "nothing", "op": "eq", "value": 1}}, "when.field"),
        (body | {"targets": {"now": {}}}, "targets.now.key"),
        (body | {"escalations": [{"after_min": 9, "level": 1}, {"after_min": 9, "level": 2}]}, "escalations"),
    ):
        refused = as_liu.put(f"{BASE}/sla-policies/standard", json={"definition": wrong})
        assert refused.status_code == 422, refused.text
        assert place in refused.json["errors"], refused.text
    rules = {"rules": [{"key": "a", "queue": "moon"}]}
    assert as_liu.put(f"{BASE}/dispatch-rules/standard", json={"definition": rules}).status_code == 422
    assert {each["key"] for each in as_anna.get(f"{BASE}/queues").json["items"]} == {"first", "key"}


def test_a_draft_policy_is_tried_on_past_tickets_and_nothing_changes(desk, as_liu, as_anna):
    ticket = made(as_anna)
    desk.time.pass_(minutes=20)
    as_anna.post(f"{BASE}/tickets/{ticket['id']}/reply", json={"text": "您好"})
    desk.time.pass_(minutes=20)
    before = len(desk.events())
    asked = {
        "definition": {"calendar": "china", "targets": {"normal": {"first_response_min": 10, "solution_min": 600}}},
        "history": {"from": "2026-03-01T00:00:00Z"},
    }
    found = as_liu.post(f"{BASE}/sla-policies/simulate", json=asked).json
    assert (found["tried"], found["matched"]) == (1, 1)
    assert found["metrics"][0] == {
        "metric": "first_response",
        "tickets": 1,
        "breached_now": 0,
        "breached_with_draft": 1,
    }
    assert found["results"][0]["was"]["first_response"] == "met"
    assert found["results"][0]["would_be"]["first_response"] == "breached"
    assert len(desk.events()) == before
    assert as_liu.get(f"{BASE}/tickets/{ticket['id']}").json["sla_policy"] == "standard"
    assert as_anna.post(f"{BASE}/sla-policies/simulate", json=asked).status_code == 403


@pytest.mark.parametrize(
    "asked",
    [{}, {"calendar": "china", "events": []}, {"events": [{"at": "2026-01-01T00:00:00Z", "kind": "created"}]},
     {"calendar": "china", "events": [{"at": "2026-01-01T00:00:00Z", "kind": "vanished"}]},
     {"calendar": "china", "events": [{"at": "2026-01-02T00:00:00Z", "kind": "created"},
                                      {"at": "2026-01-01T00:00:00Z", "kind": "tick"}]},
     {"definition": {"calendar": "china", "targets": {}}, "history": {"from": "2026-01-01T00:00:00Z"}}],
)  # fmt: skip
def test_a_simulation_that_cannot_run_says_why(as_liu, asked):
    answer = as_liu.post(f"{BASE}/sla-policies/simulate", json=asked)
    assert answer.status_code == 422, answer.text
