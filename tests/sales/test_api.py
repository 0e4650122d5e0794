"""The API as other programs see it: shapes, refusals, scope, preconditions, bulk."""

import pytest

BASE = "/sales/api/v1"


@pytest.fixture
def lin(client, office):
    return client.as_user("lin")


def create_deal(lin, account_id, **more):
    body = {"account_id": account_id, "name": "MES", "amount": {"amount": "380000.00", "currency": "CNY"}} | more
    answer = lin.post(f"{BASE}/opportunities", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_an_account_is_entered_found_and_changed_with_its_etag(lin):
    made = lin.post(f"{BASE}/accounts", json={"name": "宁波海川模具有限公司", "region": "华东", "tags": ["重点"]})
    assert made.status_code == 201, made.json
    account = made.json
    assert (account["tier"], account["owner_id"], account["number"][:2]) == ("C", "lin", "A-")
    assert account["totals"]["open"] == {"amount": "0.00", "currency": "CNY"}
    found = lin.get(f"{BASE}/accounts?q=海川&count=true").json
    assert (found["count"], found["items"][0]["id"]) == (1, account["id"])
    url = f"{BASE}/accounts/{account['id']}"
    assert lin.patch(url, json={"city": "宁波"}, headers={"If-Match": made.headers["ETag"]}).status_code == 200
    stale = lin.patch(url, json={"city": "绍兴"}, headers={"If-Match": made.headers["ETag"]})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")


def test_a_duplicate_account_is_refused_with_candidates_in_the_callers_language(lin, office):
    known = office.account("宁波海川模具有限公司")
    refused = lin.speaking("zh-CN").post(f"{BASE}/accounts", json={"name": "宁波海川模具 有限公司"})
    assert (refused.status_code, refused.json["code"]) == (409, "duplicate_account")
    assert refused.json["candidates"][0]["id"] == known
    forced = lin.post(f"{BASE}/accounts", json={"name": "宁波海川模具 有限公司", "allow_duplicate": True})
    assert forced.status_code == 201


def test_records_of_others_do_not_exist_for_a_seller(client, office):
    account = office.account(owner="wang")
    deal = office.opportunity(account, owner="wang")
    lin = client.as_user("lin")
    for path in (f"accounts/{account}", f"opportunities/{deal}", f"opportunities/{deal}/transitions"):
        assert lin.get(f"{BASE}/{path}").status_code == 404
    assert lin.post(f"{BASE}/opportunities/{deal}/move", json={"stage": "qualified"}).status_code == 404
    assert lin.post(f"{BASE}/opportunities", json={"account_id": account, "name": "x"}).status_code == 422
    assert lin.get(f"{BASE}/opportunities").json["items"] == []
    assert len(client.as_user("hua").get(f"{BASE}/opportunities").json["items"]) == 1


def test_a_refused_move_is_a_problem_that_names_what_is_missing(lin, office):
    deal = create_deal(lin, office.account())
    url = f"{BASE}/opportunities/{deal['id']}"
    refused = lin.post(f"{url}/move", json={"stage": "proposal"})
    assert refused.status_code == 409
    assert refused.content_type == "application/problem+json"
    assert refused.json["missing"] == {
        "fields": ["close_date"], "checklist": ["need_confirmed", "decision_maker"], "documents": [],
    }  # fmt: skip
    offered = {item["stage"]: item for item in lin.get(f"{url}/transitions").json["items"]}
    assert not offered["proposal"]["allowed"]
    assert offered["qualified"]["missing"]["checklist"] == ["need_confirmed"]
    done = {"done": ["need_confirmed", "decision_maker"], "close_date": "2030-06-30"}
    assert lin.patch(url, json=done).status_code == 200
    moved = lin.post(f"{url}/move", json={"stage": "proposal"})
    assert (moved.status_code, moved.json["stage"], moved.json["probability"]) == (200, "proposal", 50)
    assert [row["to_stage"] for row in lin.get(f"{url}/history").json["items"]] == ["discovery", "proposal"]
    assert lin.post(f"{url}/move", json={"stage": "nowhere"}).status_code == 422
    lost = lin.post(f"{url}/lose", json={"loss_reason": "price"})
    assert (lost.json["category"], lost.json["last_stage"]) == ("lost", "proposal")


def test_a_move_heeds_the_version_the_caller_has_seen(lin, office):
    deal = create_deal(lin, office.account())
    url = f"{BASE}/opportunities/{deal['id']}"
    seen = lin.get(url).headers["ETag"]
    assert lin.patch(url, json={"done": ["need_confirmed"]}).status_code == 200
    stale = lin.post(f"{url}/move", json={"stage": "qualified"}, headers={"If-Match": seen})
    assert stale.status_code == 412
    fresh = lin.get(url).headers["ETag"]
    moved = lin.post(f"{url}/move", json={"stage": "qualified"}, headers={"If-Match": fresh})
    assert (moved.status_code, moved.json["version"]) == (200, 3)


def test_an_edit_may_leave_out_fields_but_not_halves_of_them(lin, office):
    deal = create_deal(lin, office.account())
    half = lin.patch(f"{BASE}/opportunities/{deal['id']}", json={"amount": {"amount": "1"}})
    assert half.status_code == 422
    assert "amount.currency" in half.json["errors"]


def test_the_job_from_quote_to_contract_over_http(client, lin, office):
    deal = create_deal(lin, office.account())
    line = {"product_id": office.ids["product"], "quantity": "2", "discount_percent": "10"}
    quote = lin.post(f"{BASE}/quotes", json={"opportunity_id": deal["id"], "lines": [line]}).json
    assert quote["total"] == {"amount": "18000.00", "currency": "CNY"}
    assert quote["lines"][0]["unit_price"] == "10000"
    assert "cost" not in quote
    assert "margin" not in quote
    assert client.as_user("hua").get(f"{BASE}/quotes/{quote['id']}").json["cost"]["amount"] == "8000.00"
    early = lin.post(f"{BASE}/quotes/{quote['id']}/accept", json={})
    assert (early.status_code, early.json["state"]) == (409, "draft")
    assert lin.post(f"{BASE}/quotes/{quote['id']}/send", json={}).json["share_path"].startswith("/sales/offers/")
    terms = {"payment_terms": [{"percent": "50"}, {"percent": "50", "after_days": 90}]}
    contract = lin.post(f"{BASE}/quotes/{quote['id']}/accept", json=terms).json
    assert [term["amount_minor"] for term in contract["payment_plan"]] == [900000, 900000]
    submitted = lin.post(f"{BASE}/contracts/{contract['id']}/submit", json={}).json
    assert submitted["status"] == "in_approval"
    assert lin.patch(f"{BASE}/contracts/{contract['id']}", json={"title": "x"}).json["code"] == "wrong_state"
    listed = lin.get(f'{BASE}/contracts?filter={{"field":"status","op":"eq","value":"in_approval"}}').json["items"]
    assert [item["id"] for item in listed] == [contract["id"]]


def test_only_finance_books_payments_and_only_once(client, office):
    from tests.sales.test_contracts import approve

    contract = office.contract(price="1000")
    approve(office, contract)
    body = {"contract_id": contract, "amount": {"amount": "400", "currency": "CNY"}, "paid_at": "2026-02-01T00:00:00Z",
            "system": "bank", "external_id": "T-1"}  # fmt: skip
    assert client.as_user("lin").post(f"{BASE}/payments", json=body).status_code == 403
    cai = client.as_user("cai")
    assert cai.post(f"{BASE}/payments", json=body).status_code == 201
    again = cai.post(f"{BASE}/payments", json=body)
    assert (again.status_code, again.json["code"]) == (409, "already_booked")
    (owed,) = client.as_user("lin").get(f"{BASE}/receivables").json["items"]
    assert (owed["status"], owed["left"]["amount"]) == ("partly_paid", "600.00")
    assert cai.get(f"{BASE}/receivables/ageing").json["buckets"]["current"]["amount"] == "600.00"


def test_a_bulk_edit_reports_each_row_and_keeps_what_worked(client, office):
    mine, gone = office.account(), "no-such-id"
    answer = client.as_user("hua").post(f"{BASE}/accounts/bulk", json={"ids": [mine, gone], "edit": {"region": "华北"}})
    assert answer.status_code == 200, answer.json
    assert [(item["ok"], (item["problem"] or {}).get("status")) for item in answer.json["items"]] == [
        (True, None),
        (False, 404),
    ]
    assert client.as_user("lin").get(f"{BASE}/accounts/{mine}").json["region"] == "华北"
    assert client.as_user("lin").post(f"{BASE}/accounts/bulk", json={"ids": [mine], "edit": {}}).status_code == 403


def test_a_pipeline_must_make_sense_and_keep_the_stages_in_use(client, office):
    hua = client.as_user("hua")
    office.opportunity()
    pipelines = hua.get(f"{BASE}/pipelines").json["items"]
    standard = next(item for item in pipelines if item["key"] == "standard")
    short = hua.patch(f"{BASE}/pipelines/{standard['id']}", json={"stages": standard["stages"][1:]})
    assert short.status_code == 422
    assert "discovery" in str(short.json["errors"])
    endless = hua.patch(f"{BASE}/pipelines/{standard['id']}", json={"stages": standard["stages"][:4]})
    assert endless.status_code == 422
    assert client.as_user("lin").patch(f"{BASE}/pipelines/{standard['id']}", json={}).status_code == 403


def test_an_owner_is_assigned_by_those_who_may_and_told(client, office):
    deal = office.opportunity()
    assert (
        client.as_user("lin").post(f"{BASE}/opportunities/{deal}/assign", json={"owner_id": "wang"}).status_code == 403
    )
    hua = client.as_user("hua")
    assert hua.post(f"{BASE}/opportunities/{deal}/assign", json={"owner_id": "wang"}).json["owner_id"] == "wang"
    assert hua.post(f"{BASE}/opportunities/{deal}/assign", json={"owner_id": "nobody"}).status_code == 422
    assert office.events("notification.requested")[-1]["data"]["to"] == ["wang"]


@pytest.mark.parametrize(
    "body",
    [
        {"quantity": "1e-999999"}, {"quantity": "1e999999"}, {"quantity": "0"}, {"quantity": -1}, {"quantity": True},
        {"quantity": "1", "unit_price": "0.0000001"}, {"quantity": "1", "discount_percent": "101"}, {"quantity": "NaN"},
        {"quantity": "999999999", "unit_price": "999999999999"}, {"quantity": "1", "unit_price": "1", "surprise": 1},
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_priced_is_refused_politely(lin, office, body):
    deal = office.opportunity()
    answer = lin.post(f"{BASE}/quotes", json={"opportunity_id": deal, "lines": [{"name": "x", **body}]})
    assert answer.status_code == 422, answer.json
