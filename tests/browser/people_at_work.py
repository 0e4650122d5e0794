"""The whole suite with its demo company, and people of it who work in a browser."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from chassis import i18n
from demo.suite import BY_KEY, PEOPLE
from tests.browser.conftest import LOCALES, SIZES, Tab
from tests.e2e import running

# when colours have faded over
RESTED = """async () => {
    await new Promise((rest) => requestAnimationFrame(() => requestAnimationFrame(rest)));
    const fading = document.getAnimations().filter((one) => one instanceof CSSTransition);
    await Promise.allSettled(fading.map((one) => one.finished));
}"""
PATIENCE = 20_000  # milliseconds for what comes by event on a busy machine


@dataclass
class Office:
    """The running suite, the browser, and how people look at it."""

    url: str
    browser: Browser
    language: str = "zh"
    size: str = "desktop"
    looked: set[str] = field(default_factory=set)

    def say(self, zh: str, en: str) -> str:
        """The text as the reader sees it."""
        return zh if self.language == "zh" else en

    @contextmanager
    def at_work(self, key: str) -> Iterator[Tab]:
        """Somebody logs in by the form; whatever goes wrong in the tab fails at its end."""
        context = self.browser.new_context(
            viewport=SIZES[self.size], locale=LOCALES[self.language], has_touch=self.size == "phone",
            is_mobile=self.size == "phone", timezone_id="Asia/Shanghai", reduced_motion="reduce", color_scheme="light",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": i18n.COOKIE, "value": self.language, "url": self.url}])
        tab = Tab(page=context.new_page(), origin=self.url, language=self.language, size=self.size, look="light")
        tab.page.on("console", tab._said)
        tab.page.on("pageerror", lambda error: tab.wrong.append(f"script error: {error}"))
        tab.page.on("request", tab._asked)
        try:
            self._log_in(tab, key)
            yield tab
            tab.finish()
        finally:
            context.close()

    def _log_in(self, tab: Tab, key: str) -> None:
        page = tab.open("/gateway/login")
        self.look(tab, "log-in")
        page.get_by_label(self.say("邮箱", "E-mail")).fill(BY_KEY[key]["email"])
        page.locator("[name=password]").fill(PEOPLE["password"])
        page.keyboard.press("Enter")
        expect(page.locator("main#content h1")).to_be_visible(timeout=PATIENCE)

    def look(self, tab: Tab, kind: str) -> None:
        """The first time a kind of page is seen: accessible and no wider than the window, by day and by night."""
        if kind in self.looked:
            return
        self.looked.add(kind)
        tab.settle()
        too_wide = tab.page.evaluate("document.documentElement.scrollWidth") - SIZES[self.size]["width"]
        assert too_wide <= 0, f"{kind} is {too_wide} pixels wider than the window"
        tab.shot(f"main-{kind}")
        height = tab.page.evaluate("document.documentElement.scrollHeight")
        tab.page.set_viewport_size(SIZES[self.size] | {"height": height})  # so that what sticks covers nothing
        for tab.look in ("dark", "light"):
            tab.page.emulate_media(color_scheme=tab.look)  # type: ignore[arg-type]
            expect(tab.page.locator("html")).to_have_attribute("data-bs-theme", tab.look)
            tab.page.evaluate(RESTED)
            tab.check_accessible()
        tab.page.set_viewport_size(SIZES[self.size])
        tab.settle()


def until(page: Page, holds: Callable[[], Any]) -> None:
    """Reload until `holds`, for what comes from another service by event."""
    page.wait_for_timeout(0)
    for _round in range(30):
        if holds():
            return
        page.wait_for_load_state("networkidle")
        page.reload(wait_until="networkidle")
    raise AssertionError(f"it did not come: {page.url}")


@contextmanager
def office(folder: Path, browser: Browser) -> Iterator[Office]:
    """`./crm up` in a folder of its own, with demo data, for a module; or the one that runs at CRM_TEST_SUITE."""
    expect.set_options(timeout=PATIENCE)
    if url := os.environ.get("CRM_TEST_SUITE", ""):
        yield Office(url, browser)
        return
    with running.embedded(folder) as suite:
        yield Office(suite.url, browser)
