"""Log-in by browser: the cookie, where it leads, who may post the form, and how it ends."""

import re
from typing import Any

import pyotp
import pytest

from chassis import auth, clock, keys
from integration_gateway import links, second_factor, upkeep
from integration_gateway.models import User
from tests.gateway.browser import Browser
from tests.gateway.conftest import PASSWORD, cookie_of


@pytest.fixture
def browser(app: Any, company: dict[str, Any]) -> Browser:
    return Browser(app)


def test_a_person_logs_in_and_out(browser, company, app):
    answer = browser.log_in(company["zhang.wei"]["email"], next="/leads/leads")
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/leads/leads"
    line = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(auth.COOKIE + "="))
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Path=/" in line
    assert browser.get("/gateway/login").status_code == 303
    claims = app.extensions["crm"].authenticator._claims(cookie_of(answer), keys.SESSION)
    refused = browser.post("/gateway/logout", {})
    assert refused.status_code == 403
    out = browser.post("/gateway/logout", {"csrf_token": auth.csrf_token(claims)})
    assert out.status_code == 303
    assert browser.get("/gateway/login").status_code == 200


def test_a_revoked_cookie_is_refused_at_once(browser, company, app):
    cookie = cookie_of(browser.log_in(company["zhang.wei"]["email"]))
    claims = app.extensions["crm"].authenticator._claims(cookie, keys.SESSION)
    browser.post("/gateway/logout", {"csrf_token": auth.csrf_token(claims)})
    browser.client.set_cookie(auth.COOKIE, cookie)
    app.extensions["crm"].authenticator.directory.forget()
    assert browser.get("/gateway/login").status_code == 200  # not "logged in already"


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "登录"), ("en", "Sign in")])
def test_the_form_speaks_the_readers_language(browser, language, words):
    page = browser.get("/gateway/login", **{"Accept-Language": language})
    assert words in page.text


def test_a_wrong_password_says_nothing_of_what_was_wrong(browser, company):
    known = browser.log_in(company["zhang.wei"]["email"], "wrong")
    unknown = browser.log_in("nobody@qiming.example", "wrong")
    assert known.status_code == unknown.status_code == 401
    clean = [re.sub(r'value="[^"]*"', "", page.text) for page in (known, unknown)]
    clean = [re.sub(r"[\w.]+@qiming.example", "", text) for text in clean]
    assert clean[0] == clean[1]
    assert auth.COOKIE not in "".join(known.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
def test_next_never_leads_off_the_suite(target):
    assert links.local(target, "/gateway/work") == "/gateway/work"


def test_next_is_followed_within_the_suite():
    assert links.local("/leads/leads?filter=%7B%7D&q=a", "/") == "/leads/leads?filter=%7B%7D&q=a"


def test_another_sites_form_cannot_log_a_reader_in(browser, company):
    answer = browser.log_in(company["zhang.wei"]["email"], Origin="https://evil.example")
    assert answer.status_code == 403
    assert cookie_of(answer) is None
    crossing = browser.log_in(company["zhang.wei"]["email"], **{"Sec-Fetch-Site": "cross-site"})
    assert crossing.status_code == 403
    blind = browser.post("/gateway/login", {"email": company["zhang.wei"]["email"], "password": PASSWORD})
    assert blind.status_code == 403


def test_a_session_planted_before_the_log_in_is_not_kept(browser, company):
    first = cookie_of(browser.log_in(company["zhang.wei"]["email"]))
    browser.client.delete_cookie(auth.COOKIE)
    second = cookie_of(browser.log_in(company["liu.yang"]["email"]))
    assert first != second
    body = [keys.header(token) for token in (first, second)]
    assert body[0]["typ"] == keys.SESSION


def test_an_authenticator_asks_for_a_code_in_a_second_step(browser, company, database, time):
    with database.transaction() as session:
        user = session.get(User, company["zhang.wei"]["id"])
        secret = second_factor.begin(session, user).secret
        codes = second_factor.confirm(session, user, code=pyotp.TOTP(secret).at(int(clock.timestamp())))
    asked = browser.log_in(company["zhang.wei"]["email"], next="/leads/leads")
    assert asked.status_code == 200
    assert cookie_of(asked) is None
    hidden = browser.hidden(asked)
    replayed = browser.post("/gateway/login/code", hidden | {"code": pyotp.TOTP(secret).at(int(clock.timestamp()))})
    assert replayed.status_code == 401, "the code that enrolled must not log in"
    time.pass_(seconds=31)
    code = pyotp.TOTP(secret).at(int(clock.timestamp()))
    done = browser.post("/gateway/login/code", hidden | {"code": code})
    assert done.status_code == 303
    assert done.headers["Location"] == "/leads/leads"
    browser.client.delete_cookie(auth.COOKIE)
    fresh = browser.hidden(browser.get("/gateway/login"))
    again = browser.post("/gateway/login/code", hidden | {"guard": fresh["guard"], "code": codes[0]})
    assert again.status_code == 401, "a challenge is answered once"


def test_the_first_administrator_is_made_by_a_link_that_works_once(app, database, settings):
    upkeep.look(database, settings, is_first=True)
    url = (settings.data_path / upkeep.LINK_FILE).read_text().strip()
    path = url.removeprefix(settings.public_url)
    browser = Browser(app)
    page = browser.get(path)
    assert page.status_code == 200
    weak = browser.post(
        path, browser.hidden(page) | {"name": "Ann", "email": "ann@new.example", "password": "12345678"}
    )
    assert weak.status_code == 422
    form = browser.hidden(page) | {"name": "Ann", "email": "ann@new.example", "password": "four unusual words here"}
    begun = browser.post(path, form)
    assert begun.status_code == 303
    assert begun.headers["Location"] == "/gateway/start"
    assert cookie_of(begun), "whoever made the account goes on with the set-up at once"
    second = Browser(app)
    assert second.get(path).status_code == 422
    guarded = second.hidden(second.get("/gateway/login"))
    assert second.post(path, form | {"guard": guarded["guard"]}).status_code == 422
    assert second.log_in("ann@new.example", "four unusual words here").status_code == 303


def test_a_session_in_use_is_renewed_and_an_idle_one_ends(browser, company, time):
    first = cookie_of(browser.log_in(company["zhang.wei"]["email"]))
    assert cookie_of(browser.get("/gateway/fragments/bell")) is None
    for _ in range(7):
        time.pass_(minutes=70)
        renewed = cookie_of(browser.get("/gateway/fragments/bell"))
        assert renewed is not None
        assert renewed != first
    assert browser.get("/gateway/work").status_code == 200
    time.pass_(minutes=121)
    assert browser.get("/gateway/work").status_code == 303


def test_no_session_outlives_its_day(browser, company, time):
    browser.log_in(company["zhang.wei"]["email"])
    for _ in range(11):
        time.pass_(minutes=62)
        browser.get("/gateway/fragments/bell")
    time.pass_(minutes=39)
    assert browser.get("/gateway/work").status_code == 303
