"""Erasing a person from the administration's page: looked for, confirmed by typing, and only for administrators."""

from typing import Any

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.db import Database
from integration_gateway import erasures
from integration_gateway.models import Erasure
from tests.gateway.browser import Browser

EMAIL = "someone@elsewhere.example"


def finished(database: Database, *, todo: list[str]) -> None:
    """As the services' answers leave it."""
    with database.transaction() as session:
        for item in session.scalars(select(Erasure).where(Erasure.state == "running")):
            item.state, item.finished_at, item.waiting = "done", clock.now(), []
            item.phones = item.emails = None
            item.given, item.counts, item.todo = ["lead/0190"], {"leads": {"lead": 1, "event_log": 2}}, todo


@pytest.fixture
def admin(app: Any, company: dict[str, Any]) -> Browser:
    browser = Browser(app)
    browser.log_in(company["lin.jing"]["email"])
    browser.client.set_cookie("crm_locale", "en")
    return browser


def test_what_was_found_is_erased_when_the_same_is_typed_again(admin: Browser, database: Database) -> None:
    assert '/gateway/erasures"' in admin.get("/gateway/administration").text
    made = admin.send("/gateway/erasures", {"whom": f" {EMAIL} ", "reason": "DSR 7"})
    assert made.status_code == 303, made.text
    address = made.headers["Location"]
    running = admin.get(address).text
    assert "every 2s" in running, "it asks again while services owe an answer"
    assert "/confirm" not in running
    assert admin.send(f"{address}/confirm", {"whom": EMAIL}).status_code == 422, "not before everybody has answered"
    finished(database, todo=["erp.customer lead/0190"])
    found = admin.get(f"{address}?part=progress").text
    assert "every 2s" not in found
    assert "erp.customer lead/0190" in found
    for typed in ("", "yes", "other@elsewhere.example", "13900000000"):
        assert admin.send(f"{address}/confirm", {"whom": typed}).status_code == 422, typed
    confirmed = admin.send(f"{address}/confirm", {"whom": EMAIL.upper()})
    assert confirmed.status_code == 303, confirmed.text
    with database.reading() as session:
        real = session.scalars(select(Erasure).where(Erasure.dry_run.is_(False))).one()
        assert (real.given, real.emails, real.reason) == (["lead/0190"], [EMAIL], "DSR 7")
    assert admin.send(f"{address}/confirm", {"whom": EMAIL}).status_code == 422, "only once"
    listed = admin.get("/gateway/erasures").text
    assert listed.count("DSR 7") == 2
    assert EMAIL not in listed


@pytest.mark.parametrize("whom", ["", "nobody", "12", "a@b@c", "lead/", "x" * 300, "%", "１３"])
def test_nonsense_is_said_at_its_field(admin: Browser, database: Database, whom: str) -> None:
    page = admin.send("/gateway/erasures", {"whom": whom})
    assert page.status_code == 422
    assert "field-error" in page.text
    with database.reading() as session:
        assert session.scalars(select(Erasure)).all() == []


def test_only_administrators_look_and_erase(app: Any, company: dict[str, Any], database: Database) -> None:
    browser = Browser(app)
    browser.log_in(company["zhang.wei"]["email"])
    assert browser.get("/gateway/erasures").status_code == 403
    assert browser.send("/gateway/erasures", {"whom": EMAIL}).status_code == 403
    with database.transaction() as session:
        made = erasures.request(
            session, person=erasures.Person(emails={EMAIL}), services=["leads"], by="u", dry_run=True
        )
        made_id = made.id
    assert browser.get(f"/gateway/erasures/{made_id}").status_code == 403
    assert browser.send(f"/gateway/erasures/{made_id}/confirm", {"whom": EMAIL}).status_code == 403
