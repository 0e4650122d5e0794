"""The form designer in a browser: fields dragged by mouse, by finger and by keys, kept as a draft, previewed."""

import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from chassis import auth, directory, i18n, keys
from chassis.caller import Caller
from chassis.db import Database
from chassis.testing import create_tables, tables_of
from chassis.web import build
from engines.forms import publishing
from engines.forms.templates import SHIPPED
from sales.app import SERVICE
from sales.settings import Settings
from tests.browser.conftest import AXE, LAWS, SIZES

READER = "0190a000-0000-7000-8000-000000000009"
FIRST = "page.body.sections[0].fields.map(field => field.key)"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a sales service with the shipped equipment, and the cookie of its administrator."""
    settings = Settings(service="sales", data=str(tmp_path), secret_key=secrets.token_urlsafe(32))
    database = Database(f"sqlite:///{tmp_path}/sales.db", service="sales")
    create_tables(database, tables_of(SERVICE))
    title, body = SHIPPED["equipment"]
    with database.transaction() as session:
        directory.store_user(session, version="1", user_id=READER, name="陈静", email="c@example.com", roles=["admin"])
        directory.heard(session)
        me = Caller(id=READER, kind="user", roles=("admin",))
        publishing.publish_form(session, "equipment", json.loads(json.dumps(body)), caller=me, title=dict(title))
    app = build(SERVICE, settings, database=database)
    key = keys.new_key("designer")
    app.extensions["crm"].authenticator.jwks.trust({"keys": [keys.public_jwk(key)]})
    cookie = auth.sign_session(key, user_id=READER, session_id="s", epoch=0, csrf="designer-secret", seconds=3600)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}", cookie
    server.shutdown()
    thread.join()
    database.close()


def opened(browser: Any, address: tuple[str, str], size: str) -> Page:
    url, cookie = address
    context = browser.new_context(viewport=SIZES[size], has_touch=size == "phone", locale="en-GB")
    context.add_cookies([
        {"name": auth.COOKIE, "value": cookie, "url": url}, {"name": i18n.COOKIE, "value": "en", "url": url},
    ])  # fmt: skip
    page: Page = context.new_page()
    page.goto(f"{url}/sales/record-forms/equipment", wait_until="networkidle")
    return page


def middle(page: Page, selector: str, place: int) -> tuple[float, float]:
    box = page.locator(selector).nth(place).bounding_box()
    assert box is not None
    return box["x"] + 12, box["y"] + box["height"] - 4


def test_fields_are_dragged_with_the_mouse_and_the_draft_is_kept(browser, address):
    page = opened(browser, address, "desktop")
    before = page.evaluate(FIRST)
    x, y = middle(page, ".palette-kind", 3)
    page.mouse.move(x, y - 8)
    page.mouse.down()
    to_x, to_y = middle(page, ".canvas-field", 0)
    page.mouse.move(to_x, to_y, steps=8)
    page.mouse.up()
    after = page.evaluate(FIRST)
    assert set(after) - set(before) == {"phone_1"}
    page.wait_for_selector("[data-draft-badge]:not([hidden])")
    page.reload(wait_until="networkidle")
    assert page.evaluate(FIRST) == after
    page.context.close()


def test_fields_are_moved_with_the_keyboard_and_what_happened_is_read_out(browser, address):
    page = opened(browser, address, "desktop")
    first, second, *_rest = page.evaluate(FIRST)
    page.locator(".canvas-open").nth(0).focus()
    page.keyboard.press("Alt+ArrowDown")
    assert page.evaluate(FIRST)[:2] == [second, first]
    assert page.evaluate("document.activeElement.dataset.place") == f"0.{first}"
    assert "is now 2 of" in page.locator("#panel-designer [aria-live]").inner_text()
    page.context.close()


def test_fields_are_dragged_with_a_finger(browser, address):
    page = opened(browser, address, "phone")
    page.locator(".canvas-open").nth(0).scroll_into_view_if_needed()
    first = page.evaluate(FIRST)[0]
    (x, y), (_to_x, to_y) = middle(page, ".canvas-open", 0), middle(page, ".canvas-field", 2)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y - 10}]})
    page.wait_for_selector(".drag-ghost")
    for step in range(1, 9):
        point = {"x": x, "y": y - 10 + (to_y - y + 10) * step / 8}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    page.wait_for_selector(".drop-mark", state="attached")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_selector(".drag-ghost", state="detached")
    assert page.evaluate(FIRST).index(first) > 0
    page.context.close()


@pytest.mark.parametrize("size", list(SIZES))
def test_designer_preview_and_form_meet_the_rules_of_accessibility(browser, address, size):
    page = opened(browser, address, size)
    for step in ("designer", "properties", "preview", "form"):
        if step == "properties":
            page.locator(".canvas-open").nth(2).click()
        elif step == "preview":
            page.locator(".designer-bar button").click()
        elif step == "form":
            page.goto(f"{address[0]}/sales/objects/equipment/new", wait_until="networkidle")
        page.evaluate("scrollTo(0, 0)")  # what lies under the bar at a phone's foot is reached by scrolling
        page.evaluate(AXE.read_text("utf-8"))
        only = {"type": "tag", "values": [law for law in LAWS if law.startswith("wcag")]}
        found = page.evaluate("only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
        assert [(each["id"], each["nodes"][0]["html"][:160]) for each in found["violations"]] == [], step
    page.context.close()
