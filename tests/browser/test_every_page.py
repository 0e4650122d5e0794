"""Every page of every service, walked from its routes and links on the running demo suite: accessible, quiet, no wider
than the window. Each page is seen in one language, at one size and by day or night, in turn; the pages people live in are seen in
both languages at both sizes by day and night. CRM_TEST_SHOTS=1 keeps a picture of each.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import product
from typing import Any

import pytest
from flask import Blueprint, Flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from chassis import i18n, places
from console import audit_pages, record_kit_pages
from tests.browser.conftest import SIZES, Tab
from tests.browser.people_at_work import RESTED, Office

pytestmark = [pytest.mark.suite, pytest.mark.xdist_group("suite")]
ADMINISTRATOR = "lin.jing"
NO_PAGES = re.compile(  # answers for machines, parts of pages, files, and what would end the walk
    r"/api/|/fragments/|/lookup/|/feed|\.(json|xlsx|csv|js|css|svg|html|txt|png|pdf|vcf|ics)|/export|/download|/assets/|/docs$"
    r"|healthz|readyz|livez|\.well-known|logout|/oauth|/callback|/saml|/oidc|/cells/|/records/(activities|tasks)/"
)
EVERYDAY = {
    "/leads/leads", "/leads/leads/<id>", "/leads/leads/new", "/sales/opportunities", "/sales/opportunities/<id>",
    "/sales/accounts", "/sales/accounts/<id>", "/sales/quotes/<id>", "/sales/contracts/<id>", "/service-desk/tickets",
    "/service-desk/tickets/<id>", "/approvals/tasks", "/approvals/instances/<id>", "/reporting/dashboards", "/gateway/work",
}  # fmt: skip
WAYS = [("zh", "desktop"), ("en", "phone"), ("zh", "phone"), ("en", "desktop")]
# once the parts that come with the page are there; what draws or scrolls is among the everyday pages, which rest longer
SETTLED = "() => !document.querySelector('.htmx-request, .htmx-settling')"
SHOTS = os.environ.get("CRM_TEST_SHOTS") == "1"


class Walk:
    """The pages of one service that can be reached, one of each rule."""

    def __init__(self, name: str):
        self.name = name
        app = Flask("rules")
        service = next(place for place in places.places() if place.name == name).service()
        shared = [
            audit_pages.pages(name).blueprint,
            *([record_kit_pages.pages(name).blueprint] if service.kept else []),
        ]
        for blueprint in [*service.blueprints(), *shared]:
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
        self.refused: set[str] = set()

    def following(self) -> tuple[str, str] | None:
        """The next address of a rule that was not looked at, and the rule."""
        while self.waiting:
            address = self.waiting.pop(0).partition("#")[0]
            rule = self.rule_of(address)
            if rule and rule in self.every and rule not in self.seen and address not in self.refused:
                self.seen.add(rule)
                return address, rule
        return None

    def refuse(self, address: str, rule: str) -> None:
        """This address leads nowhere without what a link to the page would say; another one is waited for."""
        self.refused.add(address)
        self.seen.discard(rule)

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


@pytest.fixture(scope="module")
def desks(running: Office) -> Iterator[dict[str, Tab]]:
    """The administrator, logged in at a desk and on a phone."""
    with ExitStack() as stack:
        opened = {}
        for running.size in SIZES:
            running.language, running.looked = "zh", {"log-in"}
            opened[running.size] = stack.enter_context(running.at_work(ADMINISTRATOR))
            opened[running.size].expected |= {404, 422}  # a part of a record that this person or this record has not
        yield opened


@pytest.mark.parametrize("service", [place.name for place in places.places()])
def test_every_page_of_a_service_is_accessible_quiet_and_fits(desks: dict[str, Tab], service: str) -> None:
    walk, wrong = Walk(service), []
    while found := walk.following():
        address, rule = found
        ways = WAYS if rule in EVERYDAY else [WAYS[len(walk.seen) % len(WAYS)]]
        for turn, (language, size) in enumerate(ways):
            tab = desks[size]
            _speak(tab, language)
            looks: tuple[str, ...] = (
                ("light", "dark") if (len(walk.seen) // len(WAYS) + turn) % 2 else ("dark", "light")
            )
            looks = looks if rule in EVERYDAY else looks[:1]
            if (status := _open(tab, address, looks[0], rests=rule in EVERYDAY)) in (404, 422) and address == rule:
                walk.refuse(address, rule)
                break
            told = [*(_looked_at(tab, address, looks) if status < 400 else [f"answers {status}"]), *tab.wrong]
            tab.wrong.clear()
            wrong += [f"{address} ({language}, {size}): {text}" for text in told]
        walk.add_links(tab.page)
    assert not wrong, "\n".join(wrong)
    unseen = walk.every - walk.seen - walk.refused
    assert not {rule for rule in unseen if "<" not in rule}


def test_every_everyday_page_is_a_page_of_a_service() -> None:
    every = {rule for place in places.places() for rule in Walk(place.name).every}
    assert every >= EVERYDAY
    assert set(WAYS) == set(product(("zh", "en"), SIZES))


def _speak(tab: Tab, language: str) -> None:
    """From the next page on."""
    tab.language = language
    tab.page.context.add_cookies([{"name": i18n.COOKIE, "value": language, "url": tab.origin}])


def _open(tab: Tab, address: str, look: str, *, rests: bool) -> int:
    """The status of a page, once it has settled."""
    tab.page.emulate_media(color_scheme=look)  # type: ignore[arg-type]
    answer: Any = tab.page.goto(tab.origin + address, wait_until="networkidle" if rests else "load")
    tab.page.wait_for_function(SETTLED)
    return int(answer.status)


def _looked_at(tab: Tab, address: str, looks: Sequence[str]) -> list[str]:
    """What is wrong with the page that is open: all rules in the first look, contrast in a second."""
    page, told = tab.page, []
    if page.evaluate("document.contentType") != "text/html":
        return []
    # against the device: a phone's window grows with what is too wide for it
    too_wide = page.evaluate("document.documentElement.scrollWidth") - SIZES[tab.size]["width"]
    if too_wide > 0:
        told.append(f"is {too_wide} pixels wider than the window")
    tab.look = looks[0]
    if SHOTS:
        name = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", address.partition("?")[0]).strip("/").replace("/", "-")
        tab.shot(f"page-{name}", whole=True)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size(SIZES[tab.size] | {"height": min(height, 8000)})  # so that what sticks covers nothing
    page.evaluate(RESTED)
    told += [f"{looks[0]}: {text}" for text in tab.violations()]
    for second in looks[1:]:
        page.emulate_media(color_scheme=second)  # type: ignore[arg-type]
        page.wait_for_function("look => document.documentElement.dataset.bsTheme === look", arg=second)
        page.evaluate(RESTED)
        told += [f"{second}: {text}" for text in tab.violations("color-contrast", "link-in-text-block")]
    page.set_viewport_size(SIZES[tab.size])
    return told
