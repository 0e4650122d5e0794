"""The API: who sees and does what, requests by hand, the trace, delegations, demo data."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from approvals.app import SERVICE
from approvals.models import Instance
from chassis import clock, seeding

BASE = "/approvals/api/v1"
REFUND = {"definition": "refund", "subject_kind": "refund", "subject_id": "f1", "title": "退款 F-1",
          "snapshot": {"amount_minor": 15000000, "base_minor": 15000000, "currency": "CNY", "reason": "重复付款"}}  # fmt: skip


def test_a_refund_asked_by_hand_goes_manager_finance_chief(company, client):
    made = client.as_user("zhang").post(f"{BASE}/instances", json=REFUND)
    assert made.status_code == 201, made.json
    for who in ("wang", "zheng", "zhou"):
        (item,) = client.as_user(who).get(f"{BASE}/tasks").json["items"]
        assert item["instance"]["id"] == made.json["id"]
        done = client.as_user(who).post(f"{BASE}/tasks/{item['id']}/approve", json={"comment": "同意"})
        assert (done.status_code, done.json["status"]) == (200, "approved")
    read = client.as_user("zhang").get(f"{BASE}/instances/{made.json['id']}").json
    assert read["status"] == "approved"
    assert [step["state"] for step in read["steps"]] == ["done"] * 3
    assert len(read["time_per_node"]) == 3
    assert client.as_user("zhang").get(f"{BASE}/instances/started").json["items"][0]["id"] == made.json["id"]
    assert ("approval_answered", ("zhang",)) in company.notices()


def test_nobody_asks_by_hand_about_records_of_other_services(company, client):
    forged = client.as_user("zhang").post(f"{BASE}/instances", json=REFUND | {"subject_kind": "contract"})
    assert forged.status_code == 422


def test_an_approval_exists_only_for_those_it_concerns(company, client):
    company.ask()
    instance, task = company.instance().id, company.tasks()["wang"].id
    for path in (f"instances/{instance}", f"instances/{instance}/trace", f"tasks/{task}"):
        assert client.as_user("lin").get(f"{BASE}/{path}").status_code == 404
        assert client.as_user("wang").get(f"{BASE}/{path}").status_code == 200
        assert client.as_user("zhang").get(f"{BASE}/{path}").status_code == 200
    assert client.as_user("lin").get(f"{BASE}/instances").json["items"] == []
    assert client.as_user("lin").post(f"{BASE}/tasks/{task}/approve", json={}).status_code == 404
    assert client.as_user("zhang").post(f"{BASE}/tasks/{task}/approve", json={}).json["code"] == "not_your_task"


def test_somebody_without_any_role_sees_and_decides_what_he_is_asked(company, client):
    company.people.add("guest", department="east", name="客人")
    company.ask()
    company.act("wang", "transfer", to="guest")
    task = company.tasks()["guest"]
    guest = client.as_user("guest")
    assert guest.get(f"{BASE}/instances/{task.instance_id}").status_code == 200
    assert guest.post(f"{BASE}/tasks/{task.id}/approve", json={}).status_code == 200
    assert company.instance().status == "approved"


def test_the_snapshot_leaves_out_what_a_role_hides(company, client):
    company.ask()
    path = f"{BASE}/instances/{company.instance().id}"
    assert "margin_minor" not in client.as_user("wang").get(path).json["snapshot"]
    assert "cost_minor" not in client.as_user("wang").get(path).json["snapshot"]["lines"][0]
    assert client.as_user("chen").get(path).json["snapshot"]["margin_minor"] == 12_300


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "//evil.example", "https://evil.example", "/\\evil.example", "/a b"]
)
def test_a_request_may_only_link_to_a_page_of_the_suite(company, client, link):
    refused = client.as_user("zhang").post(f"{BASE}/instances", json=REFUND | {"link": link})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["link"])


def test_urging_tells_who_is_asked_and_not_twice_in_an_hour(company, client):
    company.ask()
    path = f"{BASE}/instances/{company.instance().id}"
    assert client.as_user("wang").post(f"{path}/urge", json={}).status_code == 403
    assert client.as_user("zhang").post(f"{path}/urge", json={"comment": "客户在等"}).status_code == 200
    assert client.as_user("zhang").post(f"{path}/urge", json={}).json["code"] == "urged_recently"
    assert ("approval_urged", ("wang",)) in company.notices()
    assert client.as_user("zhang").post(f"{path}/withdraw", json={}).json["status"] == "withdrawn"


def test_a_substitute_is_asked_only_within_the_period(company, client, time):
    now = clock.now()
    body = {"substitute_id": "lin", "begins_at": clock.iso(now), "ends_at": clock.iso(now + timedelta(days=3))}
    made = client.as_user("wang").post(f"{BASE}/delegations", json=body)
    assert made.status_code == 201, made.json
    company.ask(request_id="r1", subject_id="c1")
    assert set(company.tasks()) == {"lin"}
    time.pass_(days=4)
    company.ask(request_id="r2", subject_id="c2")
    assert set(company.tasks()) == {"lin", "wang"}
    refused = client.as_user("lin").post(
        f"{BASE}/delegations", json=body | {"user_id": "wang", "substitute_id": "zhang"}
    )
    assert refused.status_code == 403
    assert client.as_user("lin").delete(f"{BASE}/delegations/{made.json['id']}").status_code == 404
    assert client.as_user("wang").delete(f"{BASE}/delegations/{made.json['id']}").status_code == 204


def test_an_administrator_hands_on_the_task_of_somebody_who_left(company, client):
    company.ask()
    task = company.tasks()["wang"]
    assert client.as_user("chen").post(f"{BASE}/tasks/{task.id}/transfer", json={"to": "chen"}).status_code == 403
    assert client.as_user("root").post(f"{BASE}/tasks/{task.id}/transfer", json={"to": "chen"}).status_code == 200
    assert set(company.tasks()) == {"chen"}


def test_bulk_approval_answers_each_task_by_itself(company, client):
    company.ask(subject_id="c1")
    company.ask(subject_id="c2")
    ids = [row["id"] for row in company.open_tasks("wang")]
    answer = client.as_user("wang").post(f"{BASE}/tasks/bulk/approve", json={"ids": [*ids, "nonsense"]})
    assert (answer.status_code, answer.json["done"]) == (200, 2)
    assert [row["ok"] for row in answer.json["items"]] == [True, True, False]


def test_the_demo_fills_an_empty_database_once(database):
    assert seeding.decide(SERVICE, database, demo=True) == "seeded"
    assert seeding.decide(SERVICE, database, demo=True) == "done before"
    with database.reading() as session:
        statuses = sorted(session.scalars(select(Instance.status)))
    assert statuses == ["approved"] * 8 + ["rejected"] * 2 + ["running"]
