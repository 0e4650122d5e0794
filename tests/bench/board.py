"""A full board (500 cards) under a dragging mouse in headless Chromium: how long the page keeps a frame waiting."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from chassis import auth
from tests.bench.options import Options
from tests.bench.rows import Row, at_most, row
from tests.browser import gallery
from tests.browser.conftest import CHROMIUM, FLAGS

LONGEST, FRAME = 200.0, 50.0  # milliseconds: a task that is felt as a jerk; 20 frames a second
WATCH = """() => {
    const seen = window.crmSeen = {tasks: [], frames: [], last: performance.now()};
    new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map((task) => task.duration)))
        .observe({type: 'longtask'});
    const frame = (now) => { seen.frames.push(now - seen.last); seen.last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
}"""


def board_drag(options: Options) -> list[Row]:
    """Pick a card up, carry it over three columns, drop it: the longest task, and the frame at the 95th percentile."""
    tasks, frames = [], []
    with _page(options.folder) as page:
        for _ in range(options.runs):
            seen = _dragged(page)
            tasks.append(max(seen["tasks"], default=0.0))
            frames.append(sorted(seen["frames"])[round(len(seen["frames"]) * 0.95) - 1])
    return [
        row("board_drag_longest_task", "ms", f"≤ {LONGEST:g}", tasks, reached=at_most(LONGEST)),
        row("board_drag_frame_p95", "ms", f"≤ {FRAME:g}", frames, reached=at_most(FRAME)),
    ]


def _dragged(page: Page) -> dict[str, list[float]]:
    page.goto(page.url, wait_until="networkidle")
    assert page.locator(".board-card").count() == 500
    card = page.locator(".board-card").nth(2)
    start = card.bounding_box()
    assert start
    x, y = start["x"] + 20, start["y"] + 40
    page.evaluate(WATCH)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + 14 * step, y + 3 * step)
    with page.expect_response("**/move"):
        page.mouse.up()
    page.evaluate("() => new Promise((rest) => requestAnimationFrame(() => requestAnimationFrame(rest)))")
    return dict(page.evaluate("window.crmSeen"))


@contextmanager
def _page(folder: Path) -> Iterator[Page]:
    (folder / "gallery").mkdir(exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app = gallery.create(folder / "gallery")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, name="gallery", daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": auth.COOKIE, "value": gallery.session_cookie(app), "url": origin}])
            page = context.new_page()
            page.goto(f"{origin}/sales/opportunities?full=1")
            yield page
            browser.close()
    finally:
        server.shutdown()


BENCHES = (board_drag,)
