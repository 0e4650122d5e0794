"""The lead API: access, paging, masking, duplicates, bulk, definitions, public form."""

import json

import pytest

from leads import forms

BASE = "/leads/api/v1"
LEAD = {"name": "张晓明", "phones": ["138 1234 5678"], "address": "上海", "source": "api"}


@pytest.fixture
def as_chen(desk, client):
    return client.as_user("chen")


@pytest.fixture
def as_anna(desk, client):
    return client.as_user("anna")


def made(client, **given):
    answer = client.post(f"{BASE}/leads", json=LEAD | given)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_creating_answers_the_lead_with_its_explanations(as_chen):
    lead = made(as_chen, budget={"amount": "1234.50", "currency": "CNY"})
    assert (lead["outcome"], lead["status"], lead["owner_id"], lead["phones"]) == (
        "created", "assigned", "anna", ["+8613812345678"]
    )  # fmt: skip
    assert lead["budget"] == {"amount": "1234.50", "currency": "CNY"}
    assert lead["score_explanation"]["outcome"] == {"score": 30, "grade": "C"}
    assert lead["assignment_explanation"]["steps"][0]["text"] == "Rule “East” (Round robin) gives it to Anna"
    assert "convert" in lead["allowed"]
    read = as_chen.speaking("zh").get(f"{BASE}/leads/{lead['id']}")
    assert read.headers["ETag"] == f'"{lead["version"]}"'
    assert read.json["converted"] is None


def test_a_seller_sees_only_his_own_leads_and_the_pool(desk, client, as_chen, as_anna):
    hers = made(as_chen)["id"]
    other = made(as_chen, phones=["13900000001"], name="李雷")["id"]
    pooled = made(as_chen, phones=[], emails=["a@b.cn"], name="韩梅", address="")["id"]
    listed = {lead["id"] for lead in as_anna.get(f"{BASE}/leads").json["items"]}
    assert listed == {hers, pooled}
    assert as_anna.get(f"{BASE}/leads/{other}").status_code == 404
    assert as_anna.post(f"{BASE}/leads/{other}/qualify").status_code == 404
    assert as_anna.post(f"{BASE}/leads/{pooled}/qualify").status_code == 403
    assert as_anna.post(f"{BASE}/leads/{pooled}/claim").json["owner_id"] == "anna"
    assert as_anna.post(f"{BASE}/leads/{hers}/assign", json={"owner_id": "bo"}).status_code == 403
    assert client.get(f"{BASE}/leads").status_code == 401


def test_phones_are_masked_and_mails_hidden_by_field_rule(desk, client, as_chen):
    lead = made(as_chen, emails=["a@b.cn"])["id"]
    mia = client.as_user("mia")
    for shown in (mia.get(f"{BASE}/leads/{lead}").json, mia.get(f"{BASE}/leads").json["items"][0]):
        assert shown["phones"] == ["+86138****5678"] or "*" in shown["phones"][0]
        assert "emails" not in shown
    refused = mia.get(f"{BASE}/leads", query_string={"filter": json.dumps({"field": "phones", "op": "is_not_empty"})})
    assert refused.status_code == 422


def test_lists_filter_sort_page_search_and_count(as_chen):
    for n in range(5):
        made(as_chen, phones=[f"1380000000{n}"], name=f"客户{n}", company_size="1000+" if n % 2 else "1-19")
    seen, cursor = [], ""
    while True:
        page = as_chen.get(
            f"{BASE}/leads",
            query_string={"sort": "-score", "limit": 2, "cursor": cursor, "count": "true", "fields": "id,score"},
        ).json
        seen += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert page["count"] == 5
    assert [lead["score"] for lead in seen] == [70, 70, 30, 30, 30]
    assert len({lead["id"] for lead in seen}) == 5
    assert set(seen[0]) == {"id", "score"}
    big = as_chen.get(f"{BASE}/leads", query_string={"filter": json.dumps({"field": "score", "op": "ge", "value": 70})})
    assert len(big.json["items"]) == 2
    assert [lead["name"] for lead in as_chen.get(f"{BASE}/leads", query_string={"q": "客户3"}).json["items"]] == [
        "客户3"
    ]
    assert as_chen.get(f"{BASE}/leads", query_string={"filter": "{"}).status_code == 422


def test_a_duplicate_is_told_without_leaking_what_the_caller_may_not_see(as_chen, as_anna):
    lead = made(as_chen, phones=["13900000001"], address="", name="李雷")
    found = as_anna.post(f"{BASE}/duplicates/check", json={"phones": ["139-0000-0001"], "name": "LI LEI"}).json
    assert found["record"]["phones"] == ["+8613900000001"]
    (candidate,) = found["duplicates"]
    assert (candidate["lead_id"], candidate["score"]) == (lead["id"], 100)
    assert "name" not in candidate
    assert "13900000001" not in json.dumps(candidate)
    refused = as_anna.post(f"{BASE}/leads", json=LEAD | {"phones": ["13900000001"], "source": "manual"})
    assert (refused.status_code, refused.json["code"]) == (409, "duplicate_refused")


def test_merging_into_a_lead_of_somebody_else_answers_nothing_that_is_in_it(as_chen, as_anna):
    lead = made(as_chen, phones=["13900000002"], address="", name="李雷", message="秘密")
    again = {"phones": ["13900000002"], "name": "李雷", "source": "manual"}
    refused = as_anna.post(f"{BASE}/leads", json=again | {"duplicate_policy": "refuse"})
    assert (refused.status_code, [one["lead_id"] for one in refused.json["candidates"]]) == (409, [lead["id"]])
    assert "李雷" not in refused.text
    merged = as_anna.post(f"{BASE}/leads", json=again | {"duplicate_policy": "merge"})
    assert (merged.status_code, merged.json["id"], merged.json["outcome"]) == (201, lead["id"], "merged")
    assert "秘密" not in merged.text
    assert "phones" not in merged.json


def test_an_idempotency_key_makes_one_lead_of_two_posts(as_chen):
    first, second = (
        as_chen.post(f"{BASE}/leads", json=LEAD, headers={"Idempotency-Key": "k1"}).json["id"] for _ in range(2)
    )
    assert first == second


def test_a_stale_edit_is_refused(as_chen):
    lead = made(as_chen)
    tag = {"If-Match": f'"{lead["version"]}"'}
    assert as_chen.patch(f"{BASE}/leads/{lead['id']}", json={"company": "新公司"}, headers=tag).status_code == 200
    assert as_chen.patch(f"{BASE}/leads/{lead['id']}", json={"company": "旧公司"}, headers=tag).status_code == 412


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "x", "phones": "123"}, {"name": "x", "unknown": 1}, {"name": 1}, {"phones": ["1"] * 99},
     {"name": "x", "phones": ["13812345678"], "budget": {"amount": "1.234", "currency": "CNY"}},
     {"name": "x", "phones": ["13812345678"], "source": "nowhere"}, {"name": "\x00", "phones": ["13812345678"]}],
)  # fmt: skip
def test_bad_input_is_a_problem_document(as_chen, body):
    answer = as_chen.post(f"{BASE}/leads", json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_the_whole_way_to_conversion(desk, as_chen, as_anna):
    lead = made(as_chen)["id"]
    url = f"{BASE}/leads/{lead}"
    assert as_anna.post(f"{url}/activities", json={"kind": "call", "text": "已联系"}).status_code == 201
    assert as_anna.get(url).json["status"] == "working"
    assert as_anna.get(f"{url}/activities").json["items"][0]["text"] == "已联系"
    assert as_anna.post(f"{url}/qualify").json["status"] == "qualified"
    answer = as_anna.post(
        f"{url}/convert", json={"opportunity": {"name": "大单", "amount": {"amount": "88000.00", "currency": "CNY"}}}
    )
    assert (answer.status_code, answer.json["status"]) == (202, "converting")
    assert desk.events("conversion_requested")[0]["data"]["opportunity"]["amount"] == "88000.00"
    assert as_anna.post(f"{url}/convert", json={}).status_code == 409
    assert {each["kind"] for each in as_anna.get(f"{url}/decisions").json["items"]} == {"score", "assignment"}


def test_the_shared_timeline_routes_move_the_lead_too(as_chen, as_anna):
    lead = made(as_chen)["id"]
    body = {"subject_kind": "lead", "subject_id": lead, "kind": "note", "text": "x"}
    assert as_anna.post(f"{BASE}/activities", json=body).status_code == 201
    assert as_anna.get(f"{BASE}/leads/{lead}").json["status"] == "working"


def test_merging_and_undoing_by_api(as_chen):
    first, second = made(as_chen)["id"], made(as_chen, phones=["13900000002"], name="另一个")["id"]
    merge = as_chen.post(f"{BASE}/leads/{first}/merge", json={"lead_id": second}).json
    assert as_chen.post(f"{BASE}/leads/{second}/qualify").status_code == 410
    assert len(as_chen.get(f"{BASE}/leads").json["items"]) == 1
    assert as_chen.post(f"{BASE}/merges/{merge['id']}/undo").json["undone_at"]
    assert len(as_chen.get(f"{BASE}/leads").json["items"]) == 2


def test_bulk_says_for_each_row_how_it_went(as_chen):
    first = made(as_chen)["id"]
    answer = as_chen.post(
        f"{BASE}/leads/bulk", json={"action": "assign", "ids": [first, "no such"], "owner_id": "wu"}
    ).json
    assert (answer["done"], answer["failed"]) == (1, 1)
    assert [row["code"] for row in answer["results"]] == [None, "not_found"]
    assert as_chen.get(f"{BASE}/leads/{first}").json["owner_id"] == "wu"
    again = as_chen.post(f"{BASE}/leads/bulk", json={"action": "reopen", "ids": [first]}).json
    assert again["results"][0]["code"] == "wrong_status"


def test_a_definition_is_checked_tried_published_and_kept(as_chen, as_anna):
    draft = {"rules": [{"key": "all", "users": ["bo"], "when": {"field": "score", "op": "ge", "value": 0}}]}
    made(as_chen)
    wrong = {"rules": [{"key": "x", "users": ["bo"], "when": {"field": "no_such", "op": "eq", "value": 1}}]}
    refused = as_chen.put(f"{BASE}/assignment-rules/standard", json={"definition": wrong})
    assert refused.status_code == 422
    assert any(place.startswith("rules.0.when") for place in refused.json["errors"])
    tried = as_chen.post(
        f"{BASE}/assignment-rules/simulate", json={"definition": draft, "history": {"from": "2020-01-01T00:00:00Z"}}
    ).json
    assert (tried["tried"], tried["would_change"], tried["shares"]) == (1, 1, {"bo": 1})
    assert tried["results"][0]["before"]["owner_id"] == "anna"
    assert as_chen.put(f"{BASE}/assignment-rules/standard", json={"definition": draft}).json["revision"] == 2
    assert made(as_chen, phones=["13900000009"], name="新人")["owner_id"] == "bo"
    versions = as_chen.get(f"{BASE}/assignment-rules/standard/versions").json["items"]
    assert [each["revision"] for each in versions] == [2, 1]
    assert as_anna.put(f"{BASE}/assignment-rules/standard", json={"definition": draft}).status_code == 403


def test_a_scoring_model_is_tried_on_given_and_past_leads(as_chen):
    lead = made(as_chen)
    as_chen.post(f"{BASE}/leads/{lead['id']}/disqualify", json={"reason": "x"})
    draft = {
        "base": 50,
        "rules": [{"key": "r", "points": 20, "when": {"field": "region", "op": "eq", "value": "华东"}}],
    }
    url = f"{BASE}/scoring-models/simulate"
    given = as_chen.post(url, json={"definition": draft, "records": [{"address": "杭州"}, {"name": "x"}]}).json
    assert [each["score"] for each in given["results"]] == [70, 50]
    past = as_chen.post(url, json={"definition": draft, "history": {"from": "2020-01-01T00:00:00Z"}}).json
    assert past["results"][0]["before"]["score"] == 30
    assert past["thresholds"][7] == {"threshold": 70, "leads": 1, "precision": 0.0, "recall": None}
    personal = {"rules": [{"key": "r", "points": 20, "when": {"field": "phones", "op": "is_not_empty"}}]}
    assert (
        as_chen.post(url, json={"definition": personal, "history": {"from": "2020-01-01T00:00:00Z"}}).json["unusable"]
        == 1
    )


FILLED = {
    "name": "陈晨",
    "phone": "０１３８－１２３４－５６７８",
    "consent": True,
    "utm_source": "baidu",
    "message": "想了解价格",
}


def test_a_public_form_becomes_a_lead(desk, client):
    answer = client.post(f"{BASE}/capture/contact", json=FILLED, headers={"Accept-Language": "zh"})
    assert (answer.status_code, answer.json["message"]) == (201, "谢谢")
    (lead,) = desk.leads()
    assert (lead.phones, lead.source, lead.form_key) == (["+8613812345678"], "website", "contact")
    assert lead.utm == {"source": "baidu"}
    assert lead.consent["text"] == "我同意"
    assert lead.score == 35  # base, phone, and the form itself


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"consent": False}, 422),
        ({"name": ""}, 422),
        ({"phone": "abc"}, 422),
        ({"name": ["x"]}, 422),
        ({"name": "\x00"}, 422),
    ],
)
def test_a_form_without_consent_or_contact_is_refused(desk, client, change, status):
    assert client.post(f"{BASE}/capture/contact", json=FILLED | change).status_code == status
    assert desk.leads() == []


def test_a_robot_in_the_honeypot_believes_it_worked(desk, client):
    answer = client.post(f"{BASE}/capture/contact", json=FILLED | {forms.HONEYPOT: "http://spam"})
    assert answer.status_code == 201
    assert desk.leads() == []


def test_a_flood_from_one_address_is_stopped(desk, client, settings):
    statuses = [
        client.post(f"{BASE}/capture/contact", json=FILLED).status_code for _ in range(settings.capture_per_minute + 1)
    ]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {201}


def test_an_unknown_form_and_a_closed_one(desk, client, as_chen):
    assert client.post(f"{BASE}/capture/nothing", json=FILLED).status_code == 404
    form = as_chen.get(f"{BASE}/capture-forms/contact").json["definition"]
    as_chen.put(f"{BASE}/capture-forms/contact", json={"definition": form, "active": False})
    assert client.post(f"{BASE}/capture/contact", json=FILLED).status_code == 410
