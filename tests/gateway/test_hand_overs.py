"""Handing a leaver's records over: every service counts, somebody chooses, every service moves and reports."""

from typing import Any

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.event_log import LOG
from chassis.subscriptions import Received
from integration_gateway import hand_overs
from integration_gateway.models import HandOver, User
from integration_gateway.subscriptions import on
from tests.gateway.browser import Browser

BASE = "/gateway/api/v1/hand-overs"
COUNTS = {"leads": {"lead": 3, "task": 1}, "sales": {"account": 2}, "service-desk": {"ticket": 0}, "approvals": {}}


@pytest.fixture
def hear(database):
    """Let the gateway take in what a service says."""

    def take_in(service: str, fact: str, **data: Any) -> None:
        type_ = f"{service}.hand_over.{fact}.v1"
        (found,) = [found for group in on.groups.values() if (found := group.match(type_))]
        event = Received("e1", service, type_, "hand_over/x", clock.now(), 1, "e", 0, data)
        with database.transaction() as session:
            found.handle(session, found.load(event))

    return take_in


def test_a_leaver_is_counted_handed_over_and_reported_by_every_service(database, company, as_, hear):
    lin, leaver, to = as_("lin.jing"), company["zhang.wei"]["id"], company["wu.xiaotong"]["id"]
    made = lin.post(BASE, json={"leaver_id": leaver})
    assert made.status_code == 201
    id_ = made.json["id"]
    assert made.json["waiting_for"] == list(hand_overs.SERVICES)
    assert lin.post(BASE, json={"leaver_id": leaver}).json["code"] == "hand_over_runs"
    start = {"successors": {"lead": to, "*": to}, "switch_off": True}
    assert lin.post(f"{BASE}/{id_}/start", json=start).json["code"] == "not_counted"
    for service, counts in COUNTS.items():
        hear(service, "counted", hand_over_id=id_, counts=counts)
    shown = lin.get(f"{BASE}/{id_}").json
    assert shown["counts"] == {"lead": 3, "task": 1, "account": 2, "ticket": 0}
    refused = lin.post(f"{BASE}/{id_}/start", json={"successors": {"lead": leaver}})
    assert refused.status_code == 422
    assert set(refused.json["errors"]) == {f"successors.{kind}" for kind in ("lead", "account", "task")}
    assert lin.post(f"{BASE}/{id_}/start", json=start).json["status"] == "running"
    with database.reading() as session:
        assert session.get_one(User, leaver).active is False
        told = session.scalars(select(LOG.c.type).where(LOG.c.subject == f"hand_over/{id_}")).all()
    assert told == ["gateway.hand_over.preview_requested.v1", "gateway.hand_over.started.v1"]
    hear("leads", "progressed", hand_over_id=id_, moved={"lead": 1})
    assert lin.get(f"{BASE}/{id_}").json["moved"] == {"lead": 1}
    for service, counts in COUNTS.items():
        hear(service, "completed", hand_over_id=id_, moved=counts, refused=[])
        hear(service, "completed", hand_over_id=id_, moved={}, refused=[])  # once is enough
    done = lin.get(f"{BASE}/{id_}").json
    assert (done["status"], done["waiting_for"], done["moved"]["account"]) == ("done", [], 2)
    assert lin.post(f"{BASE}/{id_}/cancel").json["code"] == "hand_over_runs"


def test_only_administrators_hand_over(company, as_):
    seller = as_("zhang.wei")
    assert seller.post(BASE, json={"leaver_id": company["wu.xiaotong"]["id"]}).status_code == 403
    assert seller.get(BASE).status_code == 403
    assert as_("lin.jing").post(BASE, json={"leaver_id": "nobody"}).status_code == 422


def test_a_service_that_was_down_is_waited_for_and_may_be_asked_again(database, company, as_, hear):
    lin = as_("lin.jing")
    id_ = lin.post(BASE, json={"leaver_id": company["zhang.wei"]["id"]}).json["id"]
    hear("leads", "counted", hand_over_id=id_, counts={"lead": 1})
    assert lin.get(f"{BASE}/{id_}").json["waiting_for"] == ["sales", "service-desk", "approvals"]
    assert lin.post(f"{BASE}/{id_}/count").status_code == 200
    assert lin.post(f"{BASE}/{id_}/cancel").json["status"] == "cancelled"
    hear("sales", "counted", hand_over_id="unknown", counts={})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_lead_from_the_leaver_to_the_report(app, database, company, hear, language):
    browser = Browser(app)
    browser.log_in(company["lin.jing"]["email"])
    browser.client.set_cookie("crm_locale", language)
    leaver, to = company["zhang.wei"]["id"], company["wu.xiaotong"]["id"]
    answer = browser.send("/gateway/hand-overs/new", {"leaver_id": leaver})
    address = answer.headers["Location"]
    assert browser.get(address).status_code == 200
    with database.reading() as session:
        id_ = session.scalars(select(HandOver.id)).one()
    for service, counts in COUNTS.items():
        hear(service, "counted", hand_over_id=id_, counts=counts)
    refused = browser.send(f"{address}/start", {"to_lead": to})
    assert refused.status_code == 422
    assert browser.send(f"{address}/start", {"to_*": to}).status_code == 303
    hear("sales", "completed", hand_over_id=id_, moved={"account": 1},
         refused=[{"kind": "account", "id": "a1", "code": "x", "detail": "stays here"}])  # fmt: skip
    page = browser.get(address)
    assert "stays here" in page.text
    assert browser.get("/gateway/hand-overs").status_code == 200
