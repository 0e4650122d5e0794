"""Kinds of records of the company's own: as first-class as built-in ones, from a form alone."""

import json

import pytest
from sqlalchemy import func, select

from chassis import event_log
from engines.forms import indexing
from sales.models import CustomRecord

BASE = "/sales/api/v1"
EQUIPMENT = {
    "object": {"label": {"zh": "设备", "en": "Equipment"}, "prefix": "SB", "board_by": "state"},
    "sections": [{"key": "main", "title": {"en": "Main"}, "fields": [
        {"key": "state", "kind": "choice", "label": {"en": "State"},
         "options": {"choices": [{"value": "idle"}, {"value": "running"}]}},
        {"key": "account", "kind": "lookup", "label": {"en": "Customer"}, "options": {"object": "account"}},
        {"key": "price", "kind": "money", "label": {"en": "Price"}},
        {"key": "visits", "kind": "roll_up", "label": {"en": "Visits"},
         "options": {"object": "visit", "through": "custom.machine", "function": "count"}},
        {"key": "hours", "kind": "roll_up", "label": {"en": "Hours"},
         "options": {"object": "visit", "through": "custom.machine", "function": "sum", "field": "custom.hours"}},
    ]}],
}  # fmt: skip
VISIT = {
    "object": {"label": {"zh": "巡检", "en": "Visit"}, "prefix": "XJ"},
    "sections": [{"key": "main", "title": {"en": "Main"}, "fields": [
        {"key": "machine", "kind": "lookup", "label": {"en": "Machine"}, "options": {"object": "equipment"}},
        {"key": "others", "kind": "lookups", "label": {"en": "Others"}, "options": {"object": "equipment"}},
        {"key": "hours", "kind": "number", "label": {"en": "Hours"}},
    ]}],
}  # fmt: skip
ROLE = {"create": True, "read": "own", "edit": "own", "delete": "own"}


@pytest.fixture
def admin(office, client):
    office.people.add("root", roles=("admin",))
    root = client.as_user("root")
    plain = json.loads(json.dumps(EQUIPMENT))
    plain["sections"][0]["fields"] = plain["sections"][0]["fields"][:3]
    for key, definition in (("equipment", plain), ("visit", VISIT), ("equipment", EQUIPMENT)):
        answer = root.put(f"{BASE}/forms/{key}", json={"definition": definition})
        assert answer.status_code == 200, answer.text
    return root


def made(client, kind="equipment", status=201, **body):
    answer = client.post(f"{BASE}/objects/{kind}", json={"name": "Press 1"} | body)
    assert answer.status_code == status, answer.text
    return answer.json


def test_a_record_is_made_listed_found_changed_and_deleted(admin):
    assert [each["object"] for each in admin.get(f"{BASE}/objects").json["items"]] == ["equipment", "visit"]
    one = made(admin, custom={"state": "idle", "price": {"amount": "10.00", "currency": "CNY"}}, tags=["old"])
    two = made(admin, name="Press 2", custom={"state": "running"})
    made(admin, "visit", name="Press 9")
    assert (one["number"][:3], one["owner_id"], one["tags"], one["object"]) == ("SB-", "root", ["old"], "equipment")
    assert one["custom"]["price"] == {"amount": "10.00", "currency": "CNY"}
    names = [each["name"] for each in admin.get(f"{BASE}/objects/equipment?sort=name").json["items"]]
    assert names == ["Press 1", "Press 2"]
    query = {"filter": json.dumps({"field": "custom.state", "op": "eq", "value": "running"}), "q": "press"}
    assert [each["id"] for each in admin.get(f"{BASE}/objects/equipment", query_string=query).json["items"]] == [
        two["id"]
    ]
    by_price = admin.get(f"{BASE}/objects/equipment?sort=-custom.price").json["items"]
    assert [each["id"] for each in by_price] == [one["id"], two["id"]]
    changed = admin.patch(f"{BASE}/objects/equipment/{one['id']}", json={"name": "Press 1b"})
    assert (changed.json["name"], changed.json["custom"]["state"], changed.headers["ETag"]) == (
        "Press 1b",
        "idle",
        '"2"',
    )
    stale = admin.patch(f"{BASE}/objects/equipment/{one['id']}", json={"name": "x"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert admin.delete(f"{BASE}/objects/equipment/{one['id']}").status_code == 204
    assert admin.get(f"{BASE}/objects/equipment/{one['id']}").status_code == 404
    assert admin.get(f"{BASE}/objects/visit/{two['id']}").status_code == 404
    assert admin.get(f"{BASE}/objects/spaceship").status_code == 404


def test_every_change_is_told_and_kept_in_the_log(admin, database):
    one = made(admin, custom={"state": "idle"})
    admin.patch(f"{BASE}/objects/equipment/{one['id']}", json={"custom": {"state": "running"}})
    admin.delete(f"{BASE}/objects/equipment/{one['id']}")
    with database.reading() as session:
        rows = session.execute(
            select(event_log.LOG.c.type)
            .where(event_log.LOG.c.subject == f"equipment/{one['id']}")
            .order_by(event_log.LOG.c.id)
        )
        assert list(rows.scalars()) == [f"sales.record.{verb}.v1" for verb in ("created", "changed", "deleted")]


def test_roles_reach_records_of_own_kinds_as_they_reach_any(admin, office):
    office.people.role("mechanic", {"equipment": ROLE | {"fields": {"custom.price": "none"}}})
    office.people.add("mo", roles=("mechanic",))
    mine = made(office_client(admin, "mo"))
    others = made(admin)
    mo = office_client(admin, "mo")
    assert [each["id"] for each in mo.get(f"{BASE}/objects/equipment").json["items"]] == [mine["id"]]
    assert mo.get(f"{BASE}/objects/equipment/{others['id']}").status_code == 404
    assert mo.get(f"{BASE}/objects/visit").status_code == 403
    refused = mo.post(f"{BASE}/objects/equipment", json={"name": "x", "custom": {"price": "1"}})
    assert refused.json["errors"] == {"custom.price": ["Unknown field."]}
    assert [each["object"] for each in mo.get(f"{BASE}/objects").json["items"]] == ["equipment"]


def office_client(client, user):
    return client.as_user(user)


def test_lookups_lead_to_readable_records_and_roll_ups_follow_them(admin, office):
    account = office.account()
    machine = made(admin, custom={"account": account.id if hasattr(account, "id") else account})
    assert machine["custom"]["visits"] == "0"
    visit = made(admin, "visit", custom={"machine": machine["id"], "hours": "1.50", "others": [machine["number"]]})
    made(admin, "visit", custom={"machine": "Press 1", "hours": "2"})
    assert visit["custom"]["others"] == [machine["id"]]
    now = admin.get(f"{BASE}/objects/equipment/{machine['id']}").json["custom"]
    assert (now["visits"], now["hours"]) == ("2", "3.50")
    admin.patch(f"{BASE}/objects/visit/{visit['id']}", json={"custom": {"hours": "0.50"}})
    assert admin.get(f"{BASE}/objects/equipment/{machine['id']}").json["custom"]["hours"] == "2.50"
    admin.delete(f"{BASE}/objects/visit/{visit['id']}")
    assert admin.get(f"{BASE}/objects/equipment/{machine['id']}").json["custom"]["visits"] == "1"
    refused = made(admin, "visit", status=422, custom={"machine": "nothing such"})
    assert refused["errors"] == {"custom.machine": ["There is no record nothing such."]}


def test_the_record_kit_serves_records_of_own_kinds(admin):
    one = made(admin)
    subject = {"subject_kind": "equipment", "subject_id": one["id"]}
    comment = admin.post(f"{BASE}/comments", json=subject | {"text": "Oil it"})
    assert comment.status_code == 201, comment.text
    task = admin.post(f"{BASE}/tasks", json=subject | {"title": "Oil", "assignee_id": "root"})
    assert task.status_code == 201, task.text
    tagged = admin.put(f"{BASE}/record-tags", json=subject | {"tags": ["heavy"]})
    assert tagged.status_code == 200, tagged.text


def test_files_of_a_record_can_stand_in_its_file_fields(admin):
    form = json.loads(json.dumps(VISIT))
    form["sections"][0]["fields"] += [
        {"key": "papers", "kind": "file", "label": {"en": "Papers"}},
        {"key": "picture", "kind": "image", "label": {"en": "Picture"}},
    ]
    assert admin.put(f"{BASE}/forms/visit", json={"definition": form}).status_code == 200
    one = made(admin, "visit")
    refused = admin.patch(f"{BASE}/objects/visit/{one['id']}", json={"custom": {"papers": ["0190-no-such"]}})
    assert refused.status_code == 422


def test_two_companies_in_one_process_keep_their_kinds_apart(admin, database):
    assert indexing.wanted(database) == {}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CustomRecord)) == 0


def test_the_schema_of_own_fields_is_json_schema(admin):
    schema = admin.get(f"{BASE}/records/equipment/fields").json["schema"]
    assert schema["properties"]["state"]["enum"] == ["idle", "running"]
    assert schema["properties"]["visits"]["readOnly"] is True
