"""Cards moved by mouse, touch and keys; a refused move goes back and says why."""

import re
from typing import Any

from playwright.sync_api import Page, expect

CARD = "#card-contact0"


def column_of(page: Page, card: str) -> str:
    return str(page.locator(card).evaluate("card => card.closest('[data-cards]').dataset.cards"))


def drag(page: Page, card: str, column: str) -> None:
    start = page.locator(card).bounding_box()
    end = page.locator(f"[data-cards={column}]").bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 20, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 50, steps=4)
    page.mouse.move(end["x"] + 90, end["y"] + 60, steps=12)
    page.mouse.up()


def test_a_card_is_dragged_to_another_column(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open("/sales/opportunities")
        with page.expect_response("**/move") as answer:
            drag(page, CARD, "need")
        assert answer.value.status == 200
        assert "to=need" in answer.value.request.post_data
        expect(page.locator(".toast-line")).to_contain_text("已移动")
        assert column_of(page, CARD) == "need"


def test_a_refused_move_goes_back_and_names_what_is_missing(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(409)
        page = opened.open("/sales/opportunities")
        page.locator(f"{CARD} select").select_option("contract")
        said = page.get_by_role("status").filter(has_text="不能进入")
        expect(said).to_contain_text("一份已接受的报价")
        expect(said).to_contain_text("卡片已放回原处")
        assert column_of(page, CARD) == "contact"
        opened.shot("board-refused")
        opened.check_accessible()


def test_a_card_is_moved_by_keys_alone(tab: Any) -> None:
    with tab("en", "phone") as opened:
        page = opened.open("/sales/opportunities")
        page.locator(f"{CARD} select").focus()
        page.keyboard.type("Prop")
        page.keyboard.press("Enter")
        expect(page.locator(".toast-line")).to_contain_text("Moved")
        assert column_of(page, CARD) == "proposal"


def test_more_cards_come_by_one_click(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open("/sales/opportunities")
        before = page.locator("[data-cards=contact] .board-card").count()
        page.locator("[data-cards=contact]").get_by_role("button", name="加载更多").click()
        expect(page.locator("[data-cards=contact] .board-card")).to_have_count(before + 5)


def test_a_card_is_dragged_by_touch_after_a_short_press(tab: Any) -> None:
    with tab("zh", "phone") as opened:
        page = opened.open("/sales/opportunities")
        finger = page.context.new_cdp_session(page)
        start = page.locator(CARD).bounding_box()
        end = page.locator("#card-contact2").bounding_box()
        assert start
        assert end

        def touch(kind: str, *points: tuple[float, float]) -> None:
            finger.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
            )

        x, y = start["x"] + 150, start["y"] + 36
        touch("touchStart", (x, y))
        expect(page.locator(CARD)).to_have_class(re.compile("sortable-chosen"))  # pressed long enough
        with page.expect_response("**/move") as answer:
            for step in range(1, 11):
                touch("touchMove", (x, y + (end["y"] + end["height"] - y) * step / 10))
            touch("touchEnd")
        assert "to=contact" in answer.value.request.post_data
        order = page.locator("[data-cards=contact] .board-card").evaluate_all("cards => cards.map(card => card.id)")
        assert order.index("card-contact0") > 0
