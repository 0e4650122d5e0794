"""What a role asks of its holders: a second factor, a network; and the pages on which roles are changed."""

import pyotp
import pytest

from chassis import clock, directory
from chassis.testing import Client
from integration_gateway import logging_in, one_time_codes, second_factor
from integration_gateway.directory import roles, users
from integration_gateway.errors import EnrolmentRequired, WrongCredentials
from integration_gateway.models import Credential, Role, User
from tests.gateway.browser import Browser
from tests.gateway.conftest import PASSWORD, PLACE


def role_of(session, key: str) -> Role:
    return session.query(Role).where(Role.key == key).one()


def code_for(secret: str) -> str:
    return pyotp.TOTP(secret).generate_otp(int(clock.timestamp()) // one_time_codes.STEP)


@pytest.fixture
def strict(database, company):
    """Sellers must use a second factor."""
    with database.transaction() as session:
        roles.change(session, role_of(session, "seller"), second_factor=True)
    directory.of(database).forget()
    return company


def test_who_must_have_a_second_factor_gets_no_token_before_it_is_set_up(app, client, strict):
    mail = {"email": strict["zhang.wei"]["email"], "password": PASSWORD}
    asked = client.post("/gateway/api/v1/sessions", json=mail)
    assert (asked.status_code, asked.json["code"]) == (401, "second_factor_enrolment_required")
    challenge = asked.json["challenge"]
    wrong = client.post("/gateway/api/v1/sessions", json=mail | {"code": "123456"})
    assert wrong.json["code"] == "second_factor_enrolment_required"
    begun = client.post("/gateway/api/v1/sessions/enrolment", json={"challenge": challenge})
    assert begun.status_code == 200, begun.text
    again = client.post("/gateway/api/v1/sessions/enrolment", json={"challenge": challenge})
    assert again.json["secret"] == begun.json["secret"]
    body = {"challenge": challenge, "code": "000000"}
    assert client.post("/gateway/api/v1/sessions/enrolment/confirm", json=body).status_code == 422
    body["code"] = code_for(begun.json["secret"])
    entered = client.post("/gateway/api/v1/sessions/enrolment/confirm", json=body)
    assert entered.status_code == 201, entered.text
    assert entered.json["recovery_codes"]
    assert client.post("/gateway/api/v1/sessions/enrolment", json={"challenge": challenge}).status_code == 401
    assert client.post("/gateway/api/v1/sessions", json=mail).json["code"] == "second_factor_required"
    mine = Client(app, client.settings, entered.json["access_token"])
    kept = mine.post("/gateway/api/v1/me/second-factor/remove", json={"code": entered.json["recovery_codes"][0]})
    assert kept.json["code"] == "second_factor_needed"


def test_a_challenge_serves_nobody_who_has_a_second_factor(database, strict):
    with database.transaction() as session:
        user = session.get(User, strict["zhang.wei"]["id"])
        begun = second_factor.begin(session, user)
        second_factor.confirm(session, user, code=code_for(begun.secret))
    with pytest.raises(Exception) as asked:
        logging_in.log_in(database, email=strict["zhang.wei"]["email"], password=PASSWORD, place=PLACE)
    challenge = asked.value.facts["challenge"]
    with pytest.raises(WrongCredentials):
        logging_in.begin_enrolment(database, challenge=challenge, address="10.0.0.1")
    with pytest.raises(WrongCredentials):
        logging_in.finish_enrolment(database, challenge=challenge, code="123456", place=PLACE)


def test_sessions_without_a_code_end_when_a_role_begins_to_ask_for_one(database, company, as_):
    before = as_("zhang.wei")
    assert before.get("/gateway/api/v1/me").status_code == 200
    with database.transaction() as session:
        roles.change(session, role_of(session, "seller"), second_factor=True)
    directory.of(database).forget()
    assert before.get("/gateway/api/v1/me").status_code == 401


def test_the_company_may_ask_it_of_everyone(database, company, log_in):
    with database.transaction() as session:
        roles.change(session, role_of(session, "everyone"), second_factor=True)
    with pytest.raises(EnrolmentRequired):
        log_in("lin.jing")


def test_the_log_in_page_leads_through_the_enrolment(app, database, strict):
    browser = Browser(app)
    page = browser.log_in(strict["zhang.wei"]["email"], next="/leads/leads")
    assert page.status_code == 200
    assert "<svg" in page.text
    assert browser.client.get_cookie("crm_session") is None
    with database.reading() as session:
        secret = session.get(Credential, strict["zhang.wei"]["id"]).otp_secret
    wrong = browser.post("/gateway/login/enrol", browser.hidden(page) | {"code": "000000"})
    assert wrong.status_code == 422
    done = browser.post("/gateway/login/enrol", browser.hidden(wrong) | {"code": code_for(secret)})
    assert done.status_code == 200, done.text
    assert "/leads/leads" in done.text
    assert browser.get("/gateway/profile").status_code == 200


def test_networks_of_company_role_and_person_bind_every_request(app, database, company, as_):
    seller = as_("zhang.wei")
    assert seller.get("/gateway/api/v1/me").status_code == 200
    for key, change in (("seller", {"allowed_networks": ["198.51.100.0/24"]}), ("seller", {"allowed_networks": []})):
        with database.transaction() as session:
            roles.change(session, role_of(session, key), **change)
        directory.of(database).forget()
        expected = 403 if change["allowed_networks"] else 200
        answer = seller.get("/gateway/api/v1/me")
        assert answer.status_code == expected, answer.text
    with database.transaction() as session:
        roles.change(session, role_of(session, "everyone"), allowed_networks=["198.51.100.0/24"])
    directory.of(database).forget()
    assert seller.get("/gateway/api/v1/me").json["code"] == "network_refused"
    with database.transaction() as session:
        roles.change(session, role_of(session, "everyone"), allowed_networks=["127.0.0.0/8"])
        users.change(session, session.get(User, company["zhang.wei"]["id"]), allowed_networks=["203.0.113.9"])
    directory.of(database).forget()
    assert seller.get("/gateway/api/v1/me").status_code == 403


def test_who_sets_a_list_is_not_the_first_it_shuts_out(database, company, as_):
    admin = as_("lin.jing")
    with database.reading() as session:
        everyone = role_of(session, "everyone").id
    refused = admin.patch(f"/gateway/api/v1/roles/{everyone}", json={"allowed_networks": ["198.51.100.0/24"]})
    assert (refused.status_code, refused.json["code"]) == (409, "address_excluded")
    kept = admin.patch(f"/gateway/api/v1/roles/{everyone}", json={"allowed_networks": ["127.0.0.0/8", "10.0.0.0/8"]})
    assert kept.status_code == 200, kept.text


def test_a_role_is_made_changed_and_removed_on_its_pages_and_its_versions_tell(app, database, company):
    browser = Browser(app)
    browser.log_in(company["lin.jing"]["email"])
    new = {"key": "auditor", "zh": "审计", "en": "Auditor", "pattern": "seller"}
    made = browser.send("/gateway/roles/new", new)
    assert made.status_code == 303, made.text
    page = made.headers["Location"]
    saved = browser.send(f"{page}/grants", {"kind": "lead", "lead.read": "all", "lead.edit": "none"})
    assert saved.status_code == 303, saved.text
    only = '{"field": "company", "op": "eq", "value": "east"}'
    form = {
        "read": "team",
        "edit": "none",
        "delete": "none",
        "rights": "export",
        "condition": only,
        "rule:phones": "mask",
    }
    assert browser.send(f"{page}/kinds/lead", form).status_code == 303
    unfit = form | {"condition": '{"field": "nonsense", "op": "eq", "value": 1}'}
    assert browser.send(f"{page}/kinds/lead", unfit).status_code == 422
    assert browser.send(f"{page}/kinds/lead", form | {"condition": "{"}).status_code == 422
    rules = {"zh": "审计员", "en": "Auditor", "allowed_networks": "10.0.0.0/8, 127.0.0.1", "second_factor": "on"}
    assert browser.send(f"{page}/edit", rules).status_code == 303
    with database.reading() as session:
        role = role_of(session, "auditor")
        lead = role.grants["lead"]
        assert (lead["read"], lead["rights"], lead["fields"]) == ("team", ["export"], {"phones": "mask"})
        assert lead["condition"]["value"] == "east"
        assert role.second_factor
        assert role.allowed_networks == ["10.0.0.0/8", "127.0.0.1/32"]
    told = browser.get(page).text
    assert "lead.condition" in told
    assert company["lin.jing"]["name"]["zh"] in told
    assert browser.send(f"{page}/remove", {}).status_code == 303
    assert browser.get(page).status_code == 404
