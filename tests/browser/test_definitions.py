"""The definition editor: nothing typed lost, problems at their place, tried, published, compared, brought back."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from engines import drafts
from tests.browser import gallery_definitions as policies

URL = policies.URL + "/hot"


@pytest.fixture(autouse=True)
def fresh(site_app: Any) -> None:
    """One definition with two versions and no draft."""
    policies.reset()
    with site_app.extensions["crm"].database.transaction() as session:
        session.query(drafts.Draft).delete()


def saved(page: Any) -> None:
    expect(page.locator("[data-save-state]")).to_contain_text("草稿已保存")


def test_a_draft_is_saved_checked_tried_and_published(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open(URL)
        opened.shot("definition")
        opened.check_accessible()
        expect(page.get_by_role("button", name="发布…")).to_be_disabled()
        page.locator(".row-toggle", has_text="规模 500 人以上").click()
        points = page.locator('[data-at="rules.0.points"] input')
        points.fill("")
        saved(page)
        expect(page.locator("[data-problems]")).to_contain_text("1 处需要修改")
        page.locator(".row-toggle").first.click()
        page.locator(".problem-go").click()
        expect(points).to_be_focused()
        opened.shot("definition-problem")
        opened.check_accessible()
        points.fill("25")
        expect(page.locator(".all-well")).to_be_visible()
        page.get_by_role("tab", name="改动").click()
        expect(page.locator("[data-changes]")).to_contain_text("规则 › 规模 500 人以上 › 加分")
        opened.shot("definition-changes")
        opened.check_accessible()
        page.get_by_role("button", name="试算", exact=True).click()
        expect(page.get_by_role("dialog").get_by_text("结果不同")).to_be_visible()
        opened.shot("definition-tried")
        opened.check_accessible()
        page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
        page.get_by_role("button", name="发布…").click()
        expect(page.get_by_role("dialog")).to_contain_text("20 分")
        opened.shot("definition-publish")
        opened.check_accessible()
        page.get_by_role("button", name="使版本 3 生效").click()
        expect(page.locator(".toast-line")).to_contain_text("版本 3 已生效")
        assert policies.STORE["hot"][0].body["rules"][0]["points"] == 25
        opened.open(URL + "/versions?from=1&to=3")
        expect(page.locator(".change-lines li")).to_have_count(2)
        opened.shot("definition-versions")
        opened.check_accessible()
        page.locator("li", has_text="版本 1").get_by_role("button", name="设为草稿").click()
        page.wait_for_url("**/hot")
        expect(page.locator('[data-at="base"] input')).to_have_value("10")


def test_rows_conditions_and_keyed_values_are_edited_without_json(tab: Any) -> None:
    with tab("en", "phone") as opened:
        page = opened.open(URL)
        page.get_by_role("button", name="Add a rule").click()
        page.get_by_label("English").last.fill("Near Shanghai")
        row = page.locator(".row-card").nth(3)
        row.get_by_role("button", name="Add condition").click()
        row.get_by_label("Field").first.select_option("last_activity_at")
        row.get_by_label("Operator").first.select_option("lt")
        row.get_by_label("Kind of value").select_option("relative")
        row.locator(".row-toggle").evaluate("row => row.scrollIntoView()")
        opened.shot("definition-row")
        opened.check_accessible()
        page.get_by_role("button", name="Move up: Near Shanghai").click()
        page.get_by_label("How").select_option("weighted")
        page.locator('[data-at="weights"]').get_by_role("combobox").fill("赵")
        page.get_by_role("option", name="赵敏").click()
        page.locator('[data-at="weights.u2"] input').fill("2")
        page.locator('[data-at="targets"]').get_by_label("Add").select_option("low")
        page.locator('[data-at="targets.low.first"] input').fill("480")
        page.locator('[data-at="steps"]').get_by_label("Add a step").select_option("wait")
        page.get_by_label("Days").fill("2")
        expect(page.locator("[data-save-state]")).to_contain_text("Draft saved")
        body = json.loads(page.locator("[data-json]").input_value())
        assert body["rules"][2]["title"] == {"en": "Near Shanghai"}
        assert body["rules"][2]["when"] == {"all": [{"field": "last_activity_at", "op": "lt", "value": {"now": "-7d"}}]}
        assert body["weights"] == {"u0": 3, "u1": 1, "u2": 2}
        assert body["targets"]["low"] == {"first": 480}
        assert body["steps"][1] == {"kind": "wait", "days": 2}
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_label("Days")).to_have_count(0)
        page.evaluate("scrollTo(0, 0)")
        opened.shot("definition")
        opened.check_accessible()


def test_two_people_on_one_draft_choose_per_part_which_stays(tab: Any, site_app: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(409)
        page = opened.open(URL)
        page.locator('[data-at="base"] input').fill("15")
        saved(page)
        database = site_app.extensions["crm"].database
        with database.transaction() as session:
            draft = session.get(drafts.Draft, (policies.KIND.key, "hot"))
            draft.body = {**draft.body, "warn": [60, 90], "base": 40}
            draft.version += 1
            draft.saved_by = "李娜"
        page.locator('[data-at="base"] input').fill("16")
        dialog = page.get_by_role("dialog", name="记录已被他人修改")
        expect(dialog).to_contain_text("李娜")
        opened.shot("definition-conflict")
        opened.check_accessible()
        dialog.get_by_role("group", name="提醒点").get_by_role("radio").nth(1).check()
        dialog.get_by_role("button", name="按此选择保存").click()
        saved(page)
        expect(page.locator('[data-at="base"] input')).to_have_value("16")
        expect(page.locator('[data-at="warn"] input')).to_have_value("60, 90")


def test_what_is_typed_offline_is_there_after_leaving_and_is_saved_when_back(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(0)
        page = opened.open(URL)
        page.route("**/hot/draft", lambda route: route.abort())
        opened.wrong.clear()
        page.locator('[data-at="base"] input').fill("33")
        expect(page.locator("[data-save-state]")).to_contain_text("离线")
        page.unroute("**/hot/draft")
        opened.wrong.clear()  # the refused request, which the browser reports by itself
        opened.open(URL)
        expect(page.locator('[data-at="base"] input')).to_have_value("33")
        saved(page)


def test_the_json_view_takes_a_whole_definition_over_and_says_what_is_wrong_with_it(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open(URL)
        page.get_by_role("tab", name="JSON").click()
        opened.shot("definition-json")
        opened.check_accessible()
        box = page.locator("[data-json]")
        box.fill("{")
        expect(page.locator("[data-json-error]")).to_contain_text("JSON")
        box.fill(json.dumps(policies.FIRST | {"base": 77}, ensure_ascii=False))
        saved(page)
        page.get_by_role("tab", name="字段").click()
        expect(page.locator('[data-at="base"] input')).to_have_value("77")


def test_a_new_one_begins_as_a_draft_from_another(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(422)
        page = opened.open(policies.URL)
        opened.shot("definitions")
        opened.check_accessible()
        page.get_by_role("link", name="新建").click()
        page.get_by_label("标题（中文）").fill("活动线索")
        page.get_by_label("代号").fill("hot")
        page.get_by_role("button", name="开始起草").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("代号").fill("events")
        page.get_by_label("以此为基础").select_option("like:hot")
        page.get_by_role("button", name="开始起草").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("活动线索")
        expect(page.locator(".row-card")).to_have_count(4)


def test_rows_are_carried_by_mouse_by_finger_and_by_keys(tab: Any) -> None:
    for size in ("desktop", "phone"):
        with tab("en", size) as opened:
            page = opened.open(URL)
            titles = page.locator("[data-at^='rules.'] > .row-head .row-title")
            first, second, third = titles.all_inner_texts()[:3]
            page.locator(".row-grip").first.evaluate("grip => grip.scrollIntoView({block: 'center'})")
            held = page.locator(".row-grip").first.bounding_box()
            below = page.locator("[data-at='rules.1']").bounding_box()
            assert held
            assert below
            x, y = held["x"] + held["width"] / 2, held["y"] + held["height"] / 2
            steps = [y + (below["y"] + below["height"] - 2 - y) * step / 8 for step in range(1, 9)]
            if size == "desktop":
                page.mouse.move(x, y)
                page.mouse.down()
                for step in steps:
                    page.mouse.move(x, step)
                opened.shot("definition-carried")
                page.mouse.up()
            else:
                finger = page.context.new_cdp_session(page)
                finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
                for step in steps:
                    finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": step}]})
                finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            expect(titles.nth(0)).to_have_text(second)
            expect(titles.nth(1)).to_have_text(first)
            page.locator(".row-grip").nth(1).press("ArrowDown")
            expect(titles.nth(2)).to_have_text(first)
            expect(page.locator(".row-grip").nth(2)).to_be_focused()
            page.keyboard.press("ArrowUp")
            page.keyboard.press("ArrowUp")
            expect(titles.nth(0)).to_have_text(first)
            expect(titles.nth(2)).to_have_text(third)
            page.keyboard.press("ArrowDown")
            expect(titles.nth(1)).to_have_text(first)
            expect(page.locator("[data-save-state]")).to_contain_text("Draft saved")
