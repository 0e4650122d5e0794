"""A real Chromium on the gallery: each page fails its test on a console error, a CSP violation or an off-origin request."""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from werkzeug.serving import make_server

from chassis import auth, i18n
from console import assets
from tests.browser import gallery

CHROMIUM = os.environ.get("CRM_TEST_CHROMIUM", "") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
SHOTS = Path(__file__).parent / "shots"
AXE = assets.HERE / "node_modules" / "axe-core" / "axe.min.js"
LAWS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]  # axe-core's tags
SIZES = {"desktop": {"width": 1280, "height": 820}, "phone": {"width": 390, "height": 844}}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}


def missing() -> str:
    """What the browser tests lack on this machine; empty when they can run."""
    if not Path(CHROMIUM).exists():
        return f"no Chromium at {CHROMIUM}: apt-get install chromium fonts-noto-cjk"
    if not assets.MANIFEST.exists():
        return "the console's assets are not installed: python -m console.assets install"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where there is no browser; fail where it is required."""
    optional = bool(missing()) and os.environ.get("CRM_TEST_REQUIRE_BACKENDS") != "1"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if optional:
                item.add_marker(pytest.mark.skip(reason=missing()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One loud line when the browser was left out."""
    if missing():
        terminalreporter.write_line(f"!!! The BROWSER was NOT TESTED: {missing()}", red=True, bold=True)


@dataclass(kw_only=True)
class Tab:
    """One open page and everything that went wrong in it."""

    page: Page
    origin: str
    language: str
    size: str
    look: str
    wrong: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)  # statuses this test provokes

    def open(self, path: str) -> Page:
        self.page.goto(self.origin + path, wait_until="networkidle")
        return self.page

    def settle(self) -> None:
        """Until every request of the page is answered."""
        self.page.wait_for_load_state("networkidle")

    def shot(self, name: str, *, whole: bool = False) -> None:
        """A picture into tests/browser/shots."""
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(
            path=SHOTS / f"{name}-{self.language}-{self.size}-{self.look}.png", full_page=whole, animations="disabled"
        )

    def check_accessible(self) -> None:
        """No violation of WCAG 2.2 AA that axe-core can find."""
        told = self.violations()
        assert not told, "\n".join(told)

    def violations(self, *rules: str) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA, or against these rules of it, in words."""
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(AXE.read_text("utf-8"))
        only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": LAWS}
        found = self.page.evaluate("only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
        return [
            f"{item['id']} ({item['impact']}): {item['help']}\n    "
            + "\n    ".join(node["html"][:160] + " — " + node["failureSummary"][:200] for node in item["nodes"][:4])
            for item in found["violations"]
        ]

    def finish(self) -> None:
        assert not self.wrong, "\n".join(self.wrong)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if any(
            f"{words} {status}" in message.text for status in self.expected for words in ("status of", "Error Code")
        ):
            return
        self.wrong.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(self.origin + "/"):
            self.wrong.append(f"off-origin request: {request.url}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def site_app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The gallery's app."""
    return gallery.create(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="session")
def site(site_app: Any) -> Iterator[tuple[str, str]]:
    """The gallery's address and a session cookie for it."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app = site_app
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="gallery", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", gallery.session_cookie(app)
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Any]:
    """The whole suite with its demo company: a people_at_work.Office."""
    from tests.browser.people_at_work import office  # which is built on this module

    with office(tmp_path_factory.mktemp("office"), browser) as opened:
        yield opened


@pytest.fixture
def tab(browser: Browser, site: tuple[str, str]) -> Iterator[Callable[..., Any]]:
    """`with tab(language="zh", size="phone", look="dark") as t:` opens a page of somebody who is logged in."""

    @contextmanager
    def opened(
        language: str = "zh", size: str = "desktop", look: str = "light", *, logged_in: bool = True
    ) -> Iterator[Tab]:
        origin, cookie = site
        context = browser.new_context(
            viewport=SIZES[size], locale=LOCALES[language], color_scheme=look, has_touch=size == "phone",
            is_mobile=size == "phone", timezone_id="Asia/Shanghai", reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": i18n.COOKIE, "value": language, "url": origin}])
        if logged_in:
            context.add_cookies([{"name": auth.COOKIE, "value": cookie, "url": origin}])
        made = Tab(page=context.new_page(), origin=origin, language=language, size=size, look=look)
        made.page.on("console", made._said)
        made.page.on("pageerror", lambda error: made.wrong.append(f"script error: {error}"))
        made.page.on("request", made._asked)
        try:
            yield made
            made.finish()
        finally:
            context.close()

    return opened
