"""The audit trail on its page: searched, linked, exported, and only for those with the right to it."""

from io import BytesIO
from typing import Any

import openpyxl
import pytest

from chassis import event_log
from chassis.db import Database
from tests.gateway.browser import Browser


def admin_of(app: Any, company: dict[str, Any], database: Database) -> Browser:
    """Somebody who has changed a person's name to a formula."""
    browser = Browser(app)
    browser.log_in(company["lin.jing"]["email"])
    person = company["wu.xiaotong"]
    form = {"name": '=HYPERLINK("x")', "email": person["email"], "title": "助理", "roles": ["seller"], "locale": "zh"}
    page = browser.send(f"/gateway/users/{person['id']}/edit", form)
    assert page.status_code == 303, page.text
    event_log.ensure_state(database)
    with database.connection(write=True) as connection:
        event_log.number(connection)
    browser.client.set_cookie("crm_locale", "en")
    return browser


def test_a_change_is_found_by_record_person_kind_and_time_and_exported_without_formulas(
    app: Any, company: dict[str, Any], database: Database
) -> None:
    browser, person = admin_of(app, company, database), company["wu.xiaotong"]
    page = browser.get(f"/gateway/audit?record=/gateway/users/{person['id']}&actor={company['lin.jing']['id']}")
    assert page.status_code == 200, page.text
    assert "<span>Position</span>" in page.text, "by the field's label"
    assert "助理" in page.text
    assert f'href="/gateway/users/{person["id"]}"' in page.text
    assert "助理" in browser.get(f"/gateway/audit?record=user/{person['id']}&type=gateway.user.").text
    assert "助理" not in browser.get("/gateway/audit?until=2001-01-01T00:00").text
    assert "助理" not in browser.get("/gateway/audit?kind=role").text
    asked = f"record=user/{person['id']}"
    table = browser.get(f"/gateway/audit/export.csv?{asked}")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = table.data.decode()
    assert text.startswith("\ufeff")
    assert "'=HYPERLINK" in text
    assert ',"=HYPERLINK' not in text
    book = openpyxl.load_workbook(BytesIO(browser.get(f"/gateway/audit/export.xlsx?{asked}").data))
    cells = [cell for row in book.active.iter_rows() for cell in row if "HYPERLINK" in str(cell.value)]
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize(
    "rubbish", ["since=yesterday", "record=nobody", "record=a/b/c", "before=x", "kind=%00", "since=0001-01-01T00:00"]
)
def test_rubbish_in_the_address_is_answered_in_words(app: Any, company: dict[str, Any], rubbish: str) -> None:
    browser = Browser(app)
    browser.log_in(company["lin.jing"]["email"])
    assert browser.get(f"/gateway/audit?{rubbish}").status_code == 200
    assert browser.get("/gateway/audit/export.pdf").status_code == 404


def test_the_page_and_its_export_are_for_those_with_the_right(app: Any, company: dict[str, Any]) -> None:
    browser = Browser(app)
    browser.log_in(company["zhang.wei"]["email"])
    for path in ("/gateway/audit", "/gateway/audit/export.csv"):
        assert browser.get(path).status_code == 403, path
    assert "/gateway/audit" not in browser.get(f"/gateway/users/{company['zhang.wei']['id']}").text
