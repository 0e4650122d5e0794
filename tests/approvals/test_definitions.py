"""Flows as data: drafted, checked with a case that shows each mistake, tried on past requests, published."""

import pytest

from approvals import checking, subjects
from approvals.shipped import SHIPPED
from tests.approvals.flows import Crew

BASE = "/approvals/api/v1"
NAME = {"zh": "名", "en": "name"}
CONTRACT = subjects.kind_of("contract")


class Staff(Crew):
    def everybody(self):
        return ["ann", "bob"]


STAFF = Staff(managers={"ann": "bob"}, roles={"boss": ["bob"]})
ANN = {"id": "ann", "type": "approve", "name": NAME, "who": {"kind": "users", "users": ["ann"]}}


def branch(id_, when, *nodes):
    return {"id": id_, "name": {"zh": id_, "en": id_}, "when": when, "nodes": list(nodes)}


def flow(*branches):
    return {"nodes": [ANN, {"id": "w", "type": "condition", "name": NAME, "branches": list(branches)}]}


def amount(op, value):
    return {"field": "base_amount", "op": op, "value": value}


def findings(body):
    return {finding.code: finding for finding in checking.check(body, CONTRACT, STAFF)}


def test_every_shipped_flow_can_be_published(company, client):
    for key in SHIPPED:
        company_ask = {"definition": SHIPPED[key][2], "subject_kind": SHIPPED[key][0], "title": SHIPPED[key][1]}
        answer = client.as_user("root").put(f"{BASE}/definitions/{key}-copy", json=company_ask)
        assert answer.status_code == 200, answer.json
        checked = client.as_user("root").post(f"{BASE}/definitions/{key}-copy/check", json={}).json
        assert checked["publishable"], checked


def test_a_case_left_open_is_shown_to_the_last_cent():
    found = findings(
        flow(
            branch("a", amount("lt", 500000)), branch("b", amount("gt", 500000)), branch("c", amount("is_empty", None))
        )
    )
    assert found["gap"].example["case"][0]["value"] == "500000.00"
    assert found["gap"].level == "error"


def test_a_missing_value_is_a_case_too():
    found = findings(flow(branch("a", amount("lt", 500000)), branch("b", amount("ge", 500000))))
    assert found["gap"].example["case"][0]["value"] is None


def test_branches_that_overlap_are_shown_with_a_case():
    found = findings(flow(branch("a", amount("ge", 100)), branch("b", amount("ge", 50)), branch("c", None)))
    assert found["overlap"].level == "warning"
    assert float(found["overlap"].example["case"][0]["value"]) >= 100


def test_a_shadowed_and_an_impossible_branch_are_errors():
    shadowed = findings(flow(branch("a", amount("ge", 50)), branch("b", amount("ge", 100)), branch("c", None)))
    assert (shadowed["shadowed"].level, shadowed["shadowed"].at) == ("error", "nodes[1].branches[1]")
    never = findings(flow(branch("a", {"all": [amount("gt", 5), amount("lt", 5)]}), branch("c", None)))
    assert never["never"].level == "error"


def test_a_block_nobody_reaches_is_an_error():
    inner = {
        "id": "x",
        "type": "condition",
        "name": NAME,
        "branches": [branch("d", amount("lt", 10)), branch("e", None)],
    }
    outer = flow(branch("a", {"all": [amount("gt", 5), amount("lt", 5)]}, inner), branch("c", None))
    assert findings(outer)["unreachable"].at == "nodes[1].branches[0].nodes[0]"


def test_what_cannot_be_decided_exactly_says_so():
    text = {"field": "account_name", "op": "contains", "value": "科技"}
    assert findings(flow(branch("a", text), branch("c", None)))["not_verifiable"].level == "warning"
    assert findings(flow(branch("a", text)))["may_be_open"].level == "error"


def test_wrong_fields_unknown_types_and_rules_that_find_nobody_are_named_by_place():
    wrong = checking.check(flow(branch("a", {"field": "colour", "op": "eq", "value": "red"})), CONTRACT, STAFF)
    assert [finding.at for finding in wrong] == ["nodes[1].branches[0].when.field"]
    unknown = checking.check({"nodes": [ANN, {"id": "b", "type": "magic", "name": NAME}]}, CONTRACT, STAFF)
    assert [finding.at for finding in unknown] == ["nodes[1].type"]
    nobody = {"nodes": [ANN | {"who": {"kind": "role", "role": "nobody"}}]}
    assert findings(nobody)["finds_nobody"].level == "error"
    manager = {"nodes": [ANN | {"who": {"kind": "manager", "level": 1}}]}
    assert findings(manager)["finds_nobody_for"].example == {"initiator": "bob"}


@pytest.mark.parametrize(
    "body", [None, [], {}, {"nodes": []}, {"nodes": [None]}, {"nodes": [{"type": ["x"]}]}, {"nodes": 5, "x": 1}]
)
def test_nonsense_is_refused_politely(body):
    assert all(finding.level == "error" for finding in checking.check(body, CONTRACT, STAFF))
    assert checking.check(body, CONTRACT, STAFF)


def test_publishing_a_flow_with_a_gap_is_refused_with_the_case(company, client):
    admin = client.as_user("root")
    body = {"nodes": [ANN | {"who": {"kind": "role", "role": "ceo"}}, flow(branch("a", amount("lt", 5)))["nodes"][1]]}
    assert (
        admin.put(f"{BASE}/definitions/mine", json={"definition": body, "subject_kind": "contract"}).status_code == 200
    )
    refused = admin.speaking("zh-CN").post(f"{BASE}/definitions/mine/publish", json={})
    assert (refused.status_code, refused.json["code"]) == (422, "definition_wrong")
    assert any("例如" in text for texts in refused.json["errors"].values() for text in texts)
    assert client.as_user("wang").put(f"{BASE}/definitions/mine", json={"definition": body}).status_code == 403


def test_the_preview_names_route_people_and_reasons(company, client):
    company.ask()
    answer = (
        client.as_user("zhang")
        .speaking("zh-CN")
        .post(
            f"{BASE}/definitions/contract/preview",
            json={"snapshot": {"base_minor": 60000000, "max_discount_percent": 25}},
        )
    )
    assert answer.status_code == 200, answer.json
    route = [(stop["node"], [person["name"] for person in stop["people"]]) for stop in answer.json["route"]]
    assert route == [("manager", ["王丽娜"]), ("risk_control", ["何立"]), ("director", ["陈建国"])]
    assert "本币金额 600,000 ≥ 500,000" in " ".join(step["text"] for step in answer.json["steps"])


def test_simulation_over_past_requests_counts_routes_load_and_changes(company, client):
    for n, base in enumerate((100_00, 400_000_00, 600_000_00)):
        company.ask(base=base, subject_id=f"c{n}", request_id=f"r{n}")
    body = SHIPPED["contract"][2]
    lower = orjson_copy(body)
    lower["nodes"][1]["branches"][0]["nodes"][0]["branches"][0]["when"]["value"] = 300000
    asked = {"definition": lower, "history": {"from": "2020-01-01T00:00:00Z"}}
    answer = client.as_user("zhou").post(f"{BASE}/definitions/contract/simulate", json=asked)
    assert answer.status_code == 200, answer.json
    assert {tuple(row["nodes"]): row["count"] for row in answer.json["routes"]} == {
        ("manager", "risk_control"): 2,
        ("manager",): 1,
    }
    assert {row["user_id"]: row["tasks"] for row in answer.json["load"]} == {"wang": 3, "he": 2}
    assert answer.json["would_change"] == 1
    assert len(company.events("task.created")) == 3, "trying asks nobody"
    assert client.as_user("zhang").post(f"{BASE}/definitions/contract/simulate", json=asked).status_code == 403


def orjson_copy(body):
    import orjson

    return orjson.loads(orjson.dumps(body))
