"""Pages of records of the company's own kinds: list, forms, one record with its kit, board; the shipped templates."""

import json

import pytest

from engines.forms.templates import SHIPPED
from tests.sales.test_own_objects import BASE, admin, made

__all__ = ["admin"]


@pytest.fixture
def page(admin):
    return admin


def test_a_record_is_made_changed_shown_and_deleted_on_pages(page):
    assert "Equipment" in page.get("/sales/objects").text
    assert page.get("/sales/objects/equipment/new").status_code == 200
    sent = {"name": "Press 7", "custom.state": "idle", "custom.price": "1234.50", "custom.account": ""}
    done = page.post("/sales/objects/equipment/new", data=sent)
    assert done.status_code == 303, done.text[-2000:]
    address = done.headers["Location"]
    shown = page.get(address).text
    assert "Press 7" in shown
    assert "1,234.50" in shown
    listed = page.get("/sales/objects/equipment").text
    assert "Press 7" in listed
    changed = page.post(f"{address}/edit", data=sent | {"name": "Press 8", "version": "1"})
    assert changed.status_code == 303, changed.text[-2000:]
    assert "Press 8" in page.get(address).text
    assert page.post(f"{address}/edit", data=sent | {"version": "1"}).status_code == 412
    assert page.post(f"{address}/delete", data={"version": "2"}).status_code == 303
    assert page.get(address).status_code == 404


def test_a_form_that_lacks_its_name_says_so_and_keeps_what_was_typed(page):
    answer = page.post("/sales/objects/equipment/new", data={"name": "", "custom.price": "77"})
    assert answer.status_code == 422
    assert "This field is required." in answer.text
    assert 'value="77"' in answer.text


def test_cards_move_between_the_columns_of_a_board(page):
    one = made(page, custom={"state": "idle"})
    board = page.get("/sales/objects/equipment/board")
    assert board.status_code == 200
    assert "Press 1" in board.text
    moved = page.post(f"/sales/objects/equipment/{one['id']}/move", data={"to": "running", "version": "1"})
    assert moved.status_code == 200, moved.text
    assert page.get(f"{BASE}/objects/equipment/{one['id']}").json["custom"]["state"] == "running"
    assert page.get("/sales/objects/visit/board").status_code == 404


@pytest.mark.parametrize("key", SHIPPED)
def test_a_shipped_template_can_be_published_and_filled_in_as_it_is(page, key):
    title, body = SHIPPED[key]
    published = page.put(
        f"{BASE}/forms/{key}_2", json={"definition": json.loads(json.dumps(body)), "title": dict(title)}
    )
    assert published.status_code == 200, published.text
    assert page.get(f"/sales/objects/{key}_2/new").status_code == 200
    needed = {
        "equipment": {"serial": "A-1", "bought_on": "2026-01-01", "warranty_months": 12},
        "student": {"phone": "13800138000"},
    }
    record = made(page, f"{key}_2", custom=needed[key])
    assert page.get(f"/sales/objects/{key}_2/{record['id']}").status_code == 200
    assert page.get(f"/sales/objects/{key}_2/board").status_code == 200


def test_a_new_kind_of_record_begins_from_a_template_in_the_designer(page):
    assert page.get("/sales/record-forms").status_code == 200
    new = page.post(
        "/sales/record-forms/new", data={"key": "machine", "zh": "机器", "en": "Machine", "like": "equipment"}
    )
    assert new.status_code == 303, new.text[-1500:]
    editor = page.get("/sales/record-forms/machine")
    assert editor.status_code == 200
    done = page.post("/sales/record-forms/machine/publish", data={"version": "1"})
    assert done.status_code == 303, done.text[-1500:]
    assert "machine" in [each["object"] for each in page.get(f"{BASE}/objects").json["items"]]


def test_look_ups_find_readable_records_by_name(page):
    made(page)
    found = page.get("/sales/records/lookup/records/equipment?q=press").json["items"]
    assert [each["label"] for each in found] == ["Press 1"]
    assert page.get("/sales/records/lookup/records/spaceship").status_code == 404
