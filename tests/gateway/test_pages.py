"""The pages people use: every one answers in both languages, and only to those who may see it."""

import pyotp
import pytest

from chassis import clock
from tests.gateway.browser import Browser

EVERYBODY = ["/gateway/work", "/gateway/work?show=done", "/gateway/notifications", "/gateway/profile",
             "/gateway/profile/edit", "/gateway/profile/password", "/gateway/fragments/bell",
             "/gateway/fragments/bell?part=count", "/gateway/fragments/work", "/gateway/lookup/people?q=张",
             "/gateway/fragments/search?q=zhang"]  # fmt: skip
ADMINISTRATORS = ["/gateway/administration", "/gateway/users", "/gateway/users/new", "/gateway/departments",
                  "/gateway/roles", "/gateway/roles/new", "/gateway/api-clients", "/gateway/api-clients/new",
                  "/gateway/hand-overs", "/gateway/hand-overs/new"]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_answers(app, company, language):
    browser = Browser(app)
    browser.log_in(company["lin.jing"]["email"])
    browser.client.set_cookie("crm_locale", language)
    for path in [*EVERYBODY, *ADMINISTRATORS, f"/gateway/users/{company['zhang.wei']['id']}"]:
        page = browser.get(path)
        assert page.status_code == 200, (path, page.text[-2000:])
    assert browser.get("/gateway/fragments/search?q=nobody+at+all").status_code == 204


def test_nobody_in_particular_is_sent_to_the_log_in(app, company):
    browser = Browser(app)
    for path in [*EVERYBODY, *ADMINISTRATORS]:
        answer = browser.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/gateway/login?next="), path


def test_a_seller_sees_no_roles_and_no_clients(app, company):
    browser = Browser(app)
    browser.log_in(company["zhang.wei"]["email"])
    for path in ("/gateway/roles", "/gateway/api-clients", "/gateway/users/new"):
        assert browser.get(path).status_code == 403, path
    assert browser.get(f"/gateway/users/{company['wu.xiaotong']['id']}").status_code == 200


def test_an_administrator_adds_a_person_who_chooses_a_password_and_logs_in(app, company, settings):
    admin = Browser(app)
    admin.log_in(company["lin.jing"]["email"])
    form = {"name": "马超", "email": "ma.chao@qiming.example", "roles": ["seller"], "locale": "zh", "department_id": ""}
    refused = admin.send("/gateway/users/new", form | {"email": "no address"})
    assert refused.status_code == 422
    assert "马超" in refused.text
    made = admin.send("/gateway/users/new", form)
    assert made.status_code == 303, made.text
    link = admin.send(made.headers["Location"] + "/password-link", {})
    url = link.text.partition("<code")[2].partition(">")[2].partition("<")[0]
    newcomer = Browser(app)
    path = url.removeprefix(settings.public_url)
    page = newcomer.get(path)
    assert page.status_code == 200
    chosen = {"password": "seven grey horses sleeping"}
    assert newcomer.post(path, newcomer.hidden(page) | chosen).status_code == 303
    assert newcomer.log_in("ma.chao@qiming.example", chosen["password"]).status_code == 303
    assert newcomer.get("/gateway/work").status_code == 200
    assert newcomer.get(path).status_code == 422


def test_a_client_is_made_and_its_secret_shown_once(app, company):
    admin = Browser(app)
    admin.log_in(company["lin.jing"]["email"])
    form = {"name": "BI", "scopes": "leads:read, events:read", "roles": ["integration"], "allowed_networks": ""}
    made = admin.send("/gateway/api-clients/new", form)
    assert made.status_code == 200, made.text
    assert "crm_secret_" in made.text
    assert "crm_secret_" not in admin.get("/gateway/api-clients").text


def test_a_post_without_the_sessions_token_is_refused(app, company):
    admin = Browser(app)
    admin.log_in(company["lin.jing"]["email"])
    for path in ("/gateway/users/new", "/gateway/profile/log-out-everywhere", "/gateway/profile/second-factor"):
        assert admin.post(path, {"name": "x"}).status_code == 403, path
        assert admin.post(path, {"csrf_token": "guess"}).status_code == 403, path


def test_the_second_factor_is_set_up_on_the_profile_page(app, company, time, database):
    browser = Browser(app)
    browser.log_in(company["zhang.wei"]["email"])
    page = browser.send("/gateway/profile/second-factor", {})
    assert "<svg" in page.text
    assert "style=" not in page.text
    secret = page.text.partition("Type this key:")[2] or page.text.partition("手动输入")[2]
    secret = secret.partition("<code>")[2].partition("</code>")[0]
    code = pyotp.TOTP(secret).at(int(clock.timestamp()))
    codes = browser.send("/gateway/profile/second-factor/confirm", {"code": code})
    assert codes.text.count("<li><code>") == 10
    assert Browser(app).log_in(company["zhang.wei"]["email"]).status_code == 200  # asks for the code


def test_sessions_are_listed_and_ended(app, company):
    here, there = Browser(app), Browser(app)
    here.log_in(company["zhang.wei"]["email"])
    there.log_in(company["zhang.wei"]["email"])
    page = here.get("/gateway/profile")
    rows = [part.partition("/end")[0] for part in page.text.split("/gateway/profile/sessions/")[1:]]
    assert len(rows) == 2
    mine = here.claims()["sid"]
    other = next(row for row in rows if row != mine)
    assert here.send(f"/gateway/profile/sessions/{other}/end", {}).status_code == 303
    here.look_again()
    assert there.get("/gateway/work").status_code == 303
    assert here.get("/gateway/work").status_code == 200
