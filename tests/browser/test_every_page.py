"""Every page of every service, walked from its routes and links on the running demo suite: accessible, quiet, no wider
than the window; in Chinese on a desktop by day and night, in English on a phone.
"""

import re
from typing import Any

import pytest
from flask import Blueprint, Flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from chassis import places
from tests.browser.conftest import SIZES, Tab
from tests.browser.people_at_work import RESTED, Office

pytestmark = [pytest.mark.suite, pytest.mark.xdist_group("suite")]
ADMINISTRATOR = "lin.jing"
NO_PAGES = re.compile(  # answers for machines, parts of pages, files, and what would end the walk
    r"/api/|/fragments/|/lookup/|/feed|\.(json|xlsx|csv|js|css|svg|html|txt|png|pdf|vcf)|/export|/download|/assets/|/docs$"
    r"|healthz|readyz|livez|\.well-known|logout|/oauth|/callback|/saml|/oidc"
)
ASIDE = re.compile(r"/(portal|f|c|surveys?|forms?|capture)/")  # pages of people outside have no shell
LANGUAGES = [("zh", "desktop"), ("en", "phone")]


class Walk:
    """The pages of one service that can be reached, one of each rule."""

    def __init__(self, name: str):
        self.name = name
        app = Flask("rules")
        for blueprint in next(place for place in places.places() if place.name == name).service().blueprints():
            if isinstance(blueprint, Blueprint):  # the rest are APIs
                app.register_blueprint(blueprint)
        self.rules = app.url_map.bind("localhost")
        self.every = {
            rule.rule
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and not NO_PAGES.search(rule.rule)
        }
        self.waiting = sorted(rule for rule in self.every if "<" not in rule)
        self.seen: set[str] = set()

    def following(self) -> str | None:
        """The next address of a rule that was not looked at."""
        while self.waiting:
            address = self.waiting.pop(0).partition("#")[0]
            rule = self.rule_of(address)
            if rule and rule in self.every and rule not in self.seen:
                self.seen.add(rule)
                return address
        return None

    def rule_of(self, address: str) -> str | None:
        try:
            return self.rules.match(address.partition("?")[0], method="GET", return_rule=True)[0].rule
        except HTTPException:
            return None

    def add_links(self, page: Page) -> None:
        """What the page links to, and what it shows in dialogs and parts."""
        self.waiting += page.evaluate(
            "() => [...document.querySelectorAll('a[href], [hx-get]')]"
            ".map((one) => one.getAttribute('href') || one.getAttribute('hx-get')).filter((one) => one.startsWith('/'))"
        )


@pytest.mark.parametrize(("language", "size"), LANGUAGES, ids=["-".join(one) for one in LANGUAGES])
@pytest.mark.parametrize("service", [place.name for place in places.places()])
def test_every_page_of_a_service_is_accessible_quiet_and_fits(
    running: Office, service: str, language: str, size: str
) -> None:
    running.language, running.size, running.looked = language, size, {"log-in"}
    walk, wrong = Walk(service), []
    with running.at_work(ADMINISTRATOR) as tab:
        tab.expected |= {404}  # a part of a record that this person or this record has not
        while address := walk.following():
            wrong += [f"{address}: {text}" for text in _looked_at(tab, address)]
            walk.add_links(tab.page)
    assert not wrong, "\n".join(wrong)
    assert len(walk.seen) >= len([rule for rule in walk.every if "<" not in rule])


def _looked_at(tab: Tab, address: str) -> list[str]:
    """What is wrong with one page."""
    answer: Any = tab.page.goto(tab.origin + address, wait_until="networkidle")
    if answer is None or "text/html" not in answer.headers.get("content-type", ""):
        return []
    if answer.status >= 400:
        return [f"answers {answer.status}"]
    page, told = tab.page, []
    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if too_wide > 0:
        told.append(f"is {too_wide} pixels wider than the window")
    name = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", address.partition("?")[0]).strip("/").replace("/", "-")
    tab.shot(f"page-{name}", whole=True)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size(SIZES[tab.size] | {"height": min(height, 8000)})  # so that what sticks covers nothing
    page.evaluate(RESTED)
    told += tab.violations()
    if tab.size == "desktop":
        page.emulate_media(color_scheme="dark")
        page.evaluate(RESTED)
        told += [f"dark: {text}" for text in tab.violations("color-contrast", "link-in-text-block")]
        page.emulate_media(color_scheme="light")
    page.set_viewport_size(SIZES[tab.size])
    return told
