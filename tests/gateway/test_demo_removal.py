"""Removing the demo data: every service removes its own, projections follow, and what a company entered itself stays."""

import pytest
from sqlalchemy import func, select

from chassis import places, seeding
from chassis.records import Record
from chassis.unseeding import _kinds
from integration_gateway import demo_people
from tests import together

KEPT = {"role", "approval_definition", "pipeline", "definition", "metric", "dashboard"}
ADMINISTRATOR = {"name": "王老板", "email": "boss@own.example", "roles": ["admin"]}


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    with together.running(tmp_path_factory.mktemp("removal")) as made:
        yield made


def counted(suite, name):
    """How many records of each kind a service holds."""
    with suite.databases[name].reading() as session:
        kinds = _kinds(suite.services[name])
        found = {kind: session.scalar(select(func.count()).select_from(table)) for kind, table in kinds.items()}
    return {kind: count for kind, count in found.items() if count}


def test_the_demo_goes_from_every_service_and_own_records_stay(suite):
    gateway = suite.browser("en")["gateway"]
    page = gateway.get("/gateway/demo-data")
    assert "disabled" in page.text
    assert gateway.send("/gateway/demo-data", {"confirmation": "remove the demo data"}).status_code == 409
    client = suite.client("gateway")
    made = client.post("/gateway/api/v1/users", json=ADMINISTRATOR)
    _choose_password(suite, made.json["id"])
    suite.settle()
    own = suite.client("leads").post("/leads/api/v1/leads", json={"name": "自己的线索", "phones": ["13912345678"]})
    suite.settle()
    assert gateway.send("/gateway/demo-data", {"confirmation": "yes"}).status_code == 422
    done = gateway.send("/gateway/demo-data", {"confirmation": "remove the demo data"})
    assert done.status_code == 303, done.text
    suite.settle()
    left = {name: {kind: n for kind, n in counted(suite, name).items() if kind not in KEPT} for name in suite.services}
    assert left == {
        "leads": {"lead": 1}, "sales": {}, "service-desk": {}, "approvals": {}, "reporting": {}, "gateway": {"user": 1},
    }  # fmt: skip
    for name in suite.services:
        with suite.databases[name].reading() as session:
            assert session.scalar(select(func.count()).select_from(seeding.DemoRecord)) == 0
            for group in suite.services[name].subscriptions.groups.values():
                for table in group.tables:
                    columns = [column for column in table.c if column.name in ("id", "owner_id", "assignee_id")]
                    for column in columns:
                        held = session.scalars(select(column).where(column.is_not(None))).all()
                        assert not [one for one in held if seeding.is_demo_person(one)], (name, table.name)
    _sees_it_done(suite, own.json["id"])


def _choose_password(suite, user_id):
    from integration_gateway import accounts, passwords
    from integration_gateway.models import User

    with suite.databases["gateway"].transaction() as session:
        accounts.set_password(session, session.get_one(User, user_id), passwords.hashed("four unusual words here"))


def _sees_it_done(suite, lead_id):
    from tests.gateway.browser import Browser

    suite.apps["gateway"].extensions["crm"].authenticator.directory.forget()
    browser = Browser(suite.apps["gateway"])
    browser.client.set_cookie("crm_locale", "en")
    assert browser.log_in(ADMINISTRATOR["email"], "four unusual words here").status_code == 303
    page = browser.get("/gateway/demo-data")
    assert "All demo data has been removed" in page.text
    demo = demo_people.load()["people"][0]["email"]
    assert Browser(suite.apps["gateway"]).log_in(demo).status_code == 401
    assert browser.get("/gateway/start").headers["Location"].startswith("/gateway/start/")


def test_every_kind_of_record_is_known_to_the_removal():
    for place in places.places():
        service = place.service()
        kinds = {model.__kind__ for model in Record.__subclasses__() if model.metadata is service.metadata}
        assert kinds <= set(_kinds(service))  # and those a company made itself
