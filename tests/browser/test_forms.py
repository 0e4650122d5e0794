"""Nothing typed is lost: errors in place, drafts over reload and log-out, conflicts side by side; actions on a record."""

from typing import Any

from playwright.sync_api import expect

from chassis import auth


def test_a_draft_survives_leaving_the_page_until_the_server_takes_it(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected |= {422, 404}
        page = opened.open("/leads/leads/new")
        page.get_by_label("公司").fill("上海测试公司")
        page.get_by_role("combobox", name="负责人").fill("王")
        page.get_by_role("option", name="王磊").click()
        opened.open("/leads/leads")
        opened.open("/leads/leads/new")
        expect(page.get_by_label("公司")).to_have_value("上海测试公司")
        expect(page.get_by_text("已恢复您之前输入的内容")).to_be_visible()
        page.get_by_role("button", name="保存线索").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("公司")).to_have_value("上海测试公司")
        opened.shot("form-errors")
        opened.check_accessible()
        page.get_by_label("姓名").fill("测试")
        page.get_by_role("button", name="保存线索").click()
        page.wait_for_url("**/leads/leads")
        expect(page.locator(".toast-line")).to_contain_text("测试")
        opened.open("/leads/leads/new")
        expect(page.get_by_label("公司")).to_have_value("")


def test_a_conflict_shows_both_versions_and_sends_the_choice(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(409)
        page = opened.open("/leads/leads/l5/edit")
        saved = page.get_by_label("公司").input_value()
        page.get_by_label("公司").fill("我改的公司")
        page.get_by_label("姓名").fill("我改的姓名")
        page.get_by_role("button", name="保存线索").click()
        expect(page.get_by_role("heading", name="记录已被他人修改")).to_be_visible()
        opened.shot("conflict")
        opened.check_accessible()
        page.get_by_role("group", name="公司").get_by_role("radio").nth(1).check()
        with page.expect_request(lambda request: request.method == "POST") as sent:
            page.get_by_role("button", name="按此选择保存").click()
        posted = sent.value.post_data_json
        assert posted["company"] == saved
        assert posted["name"] == "我改的姓名"
        assert posted["version"] == "4"


def test_actions_ask_explain_and_report(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected |= {422, 503}
        page = opened.open("/leads/leads/l2")
        page.locator(".fact .why summary").click()
        expect(page.locator(".fact .explain")).to_contain_text("预算超过 10 万")
        opened.shot("explanation")
        opened.check_accessible()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="分配").click()
        dialog = page.get_by_role("dialog", name="分配")
        dialog.get_by_role("button", name="分配").click()
        expect(dialog.get_by_role("alert")).to_contain_text("请选择负责人")
        dialog.get_by_role("button", name="取消").click()
        page.get_by_role("tab", name="报价").click()
        expect(page.get_by_role("cell", name="Q-2026-0012")).to_be_visible()
        page.get_by_role("button", name="转为商机").click()
        opened.shot("confirm")
        page.get_by_role("button", name="继续").click()
        page.wait_for_url("**/leads/leads/l2")
        expect(page.locator(".toast-line")).to_be_visible()


def test_language_and_look_are_switched_and_kept(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open("/leads/leads")
        page.locator(".tool").last.click()
        opened.shot("profile")
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Leads")
        page.locator(".tool").last.click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.locator(".tool").first.click()
        expect(page.locator(".notices")).to_be_visible()
        opened.shot("bell")


def test_without_a_session_one_is_sent_to_log_in_and_refusals_have_pages(tab: Any) -> None:
    with tab("zh", logged_in=False) as opened:
        page = opened.open("/leads/leads?q=x")
        assert "/gateway/login?next=/leads/leads%3Fq%3Dx" in page.url
    with tab("en") as opened:
        opened.expected |= {403, 404, 500}
        for path, heading in (("/leads/forbidden", "403"), ("/leads/nowhere", "404"), ("/leads/broken", "500")):
            page = opened.open(path)
            expect(page.locator(".error-code")).to_have_text(heading)
            opened.shot(f"error-{heading}")
            opened.check_accessible()


def test_what_was_typed_outlives_the_back_button_and_a_log_out(tab: Any) -> None:
    with tab("zh", "phone") as opened:
        opened.expected |= {401, 403, 404}
        page = opened.open("/leads/leads/new")
        page.get_by_label("公司").fill("退出前输入的公司")
        opened.open("/leads/leads")
        page.go_back(wait_until="networkidle")
        expect(page.get_by_label("公司")).to_have_value("退出前输入的公司")
        session = [one for one in page.context.cookies() if one["name"] == auth.COOKIE]
        page.context.clear_cookies(name=auth.COOKIE)  # logged out elsewhere, while this was typed
        page.get_by_label("姓名").fill("李雷")
        with page.expect_navigation():
            page.get_by_role("button", name="保存线索").click()
        expect(page.get_by_label("公司")).to_have_count(0)  # refused: nobody is logged in
        page.context.add_cookies(session)  # type: ignore[arg-type]
        opened.open("/leads/leads/new")
        expect(page.get_by_label("公司")).to_have_value("退出前输入的公司")
        expect(page.get_by_label("姓名")).to_have_value("李雷")


def test_a_draft_over_what_somebody_changed_meanwhile_shows_both(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(409)
        page = opened.open("/leads/leads/l5/edit")
        page.get_by_label("公司").fill("草稿里的公司")
        # the record had an earlier version then
        page.evaluate("""() => {
            const key = Object.keys(localStorage).find((name) => name.startsWith('crm-draft:'));
            const draft = JSON.parse(localStorage.getItem(key));
            localStorage.setItem(key, JSON.stringify({...draft, version: '1'}));
        }""")
        opened.open("/leads/leads/l5/edit")
        expect(page.get_by_label("公司")).to_have_value("草稿里的公司")
        expect(page.locator("form[data-draft] [name=version]")).to_have_value("1")
        page.get_by_role("button", name="放弃").click()
        assert page.locator("form[data-draft] [name=version]").input_value() != "1"
