"""Working through a list: filter by clicks and by conditions, choose, edit in place, load more, keys."""

from typing import Any

from playwright.sync_api import expect


def test_quick_filter_search_and_chips_change_table_and_address(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open("/leads/leads")
        page.get_by_text("状态", exact=True).first.click()
        page.locator("[data-quick=status]").get_by_label("跟进中").check()
        expect(page.locator(".chip")).to_have_count(1)
        assert "filter=" in page.url
        expect(page.locator("tbody .kind-choice .badge").first).to_have_text("跟进中")
        page.locator("#list-q").fill("张")
        expect(page.locator("tbody .cell-head").first).to_contain_text("张伟")
        expect(page.locator("tbody .kind-choice .badge").first).to_have_text("跟进中")
        assert "q=" in page.url
        page.get_by_label("移除筛选").click()
        expect(page.locator(".chip")).to_have_count(0)
        expect(page.locator("tbody .cell-head").first).to_contain_text("张伟")
        expect(page.locator("[data-quick=status] input:checked")).to_have_count(0)
        page.reload()
        expect(page.locator("#list-q")).to_have_value("张")


def test_condition_builder_makes_nested_conditions(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open("/leads/leads")
        page.keyboard.press("f")
        builder = page.locator("#filter-dialog")
        builder.get_by_label("字段").select_option("score")
        builder.get_by_label("运算符").select_option("ge")
        builder.get_by_label("值", exact=True).fill("60")
        builder.get_by_role("button", name="添加条件组").click()
        builder.locator(".builder-group .builder-group").get_by_label("字段").select_option("status")
        builder.locator(".builder-group .builder-group").get_by_label("新建").check()
        opened.shot("builder")
        opened.check_accessible()
        builder.get_by_role("button", name="应用筛选").click()
        expect(page.locator(".chip")).to_have_count(2)
        expect(page.locator(".chip").first).to_contain_text("评分 不小于 60")
        page.locator(".chip button").first.click()  # the same condition opens again
        expect(builder.locator(".builder-group .builder-group").get_by_label("新建")).to_be_checked()


def test_rows_are_chosen_and_acted_upon(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open("/leads/leads")
        page.get_by_label("选择全部已显示的记录").check()
        expect(page.locator("[data-count]")).to_have_text("已选 20 条")
        page.get_by_role("button", name="分配").click()
        dialog = page.locator("#bulk-assign")
        dialog.get_by_role("combobox").fill("王")
        dialog.get_by_role("option", name="王磊").click()
        opened.shot("bulk")
        with page.expect_request("**/bulk/assign") as sent:
            dialog.get_by_role("button", name="分配", exact=True).click()
        assert sent.value.post_data.count("ids=") == 20
        assert "owner=u0" in sent.value.post_data
        expect(page.locator(".toast-line")).to_contain_text("20 ✓")
        expect(dialog).to_be_hidden()


def test_a_cell_is_edited_in_place_and_a_refused_value_keeps_what_was_typed(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(422)
        page = opened.open("/leads/leads")
        cell = page.locator("tbody tr").first.locator("[data-label=公司]")
        cell.dblclick()
        cell.get_by_role("textbox").fill("")
        cell.get_by_role("button", name="保存").click()
        expect(cell.get_by_role("alert")).to_be_visible()
        opened.shot("inline-edit")
        cell.get_by_role("textbox").fill("新公司")
        page.keyboard.press("Enter")
        expect(cell).to_contain_text("新公司")
        cell.dblclick()
        expect(cell.get_by_role("textbox")).to_be_focused()
        page.keyboard.press("Escape")
        expect(cell.locator("form")).to_have_count(0)


def test_more_rows_come_by_one_click_and_columns_can_be_chosen(tab: Any) -> None:
    with tab("en") as opened:
        page = opened.open("/leads/leads")
        page.get_by_role("button", name="Load more").click()
        expect(page.locator("tbody tr[data-id]")).to_have_count(40)
        page.get_by_role("button", name="Columns").click()
        page.locator("#columns-dialog").get_by_text("Region").click()
        opened.shot("columns")
        page.get_by_role("button", name="Apply columns").click()
        expect(page.locator("thead")).to_contain_text("Region")


def test_keys_reach_search_help_and_rows(tab: Any) -> None:
    with tab("zh") as opened:
        opened.expected.add(503)
        page = opened.open("/leads/leads")
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()
        opened.shot("shortcuts")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(page.locator("[data-bulk-bar]")).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("张伟")
        expect(page.locator("a.hit").first).to_be_visible()
        opened.shot("search")
        opened.check_accessible()
        page.keyboard.press("Enter")
        page.wait_for_url("**/leads/leads/l*")
        page.keyboard.press("g")
        page.keyboard.press("o")
        page.wait_for_url("**/sales/opportunities")


def test_an_inline_edit_over_somebody_elses_shows_both_values(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open("/leads/leads")
        cell = page.locator("tbody tr").nth(4).locator("td[data-label=公司]")
        opened.expected.add(409)
        cell.dblclick()
        cell.get_by_role("textbox").fill("我改的")
        cell.locator("[name=version]").evaluate("input => { input.value = '0'; }")  # as if it had been read before
        page.keyboard.press("Enter")
        expect(cell.get_by_role("alert")).to_contain_text("王磊 已将其改为")
        opened.shot("inline-conflict")
        opened.check_accessible()
        cell.get_by_role("button", name="保存").click()
        expect(cell).to_contain_text("我改的")


def test_a_view_is_saved_shared_and_made_the_one_the_list_opens_with(tab: Any) -> None:
    with tab("zh") as opened:
        page = opened.open('/leads/leads?filter={"field":"score","op":"ge","value":60}&columns=score,name')
        page.locator(".views-menu summary").click()
        page.get_by_role("button", name="保存为视图").click()
        page.get_by_label("名称").fill("六十分以上")
        page.get_by_label("与本部门共享").check()
        opened.shot("view-save")
        opened.check_accessible()
        page.get_by_role("dialog").get_by_role("button", name="保存").click()
        page.wait_for_url("**view=*")
        page.locator(".views-menu summary").click()
        page.get_by_role("button", name="打开列表时默认使用“六十分以上”").click()
        expect(page.locator(".toast-line")).to_contain_text("默认使用该视图")
        opened.open("/leads/leads")
        expect(page.locator(".chip")).to_have_count(1)
        expect(page.locator("thead th").nth(1)).to_contain_text("评分")
        page.locator(".views-menu summary").click()
        opened.shot("views")
        assert not opened.violations("color-contrast", "button-name", "nested-interactive", "aria-allowed-attr")
        page.get_by_role("button", name="删除视图“六十分以上”").click()
        page.get_by_role("button", name="继续").click()
        expect(page.locator(".toast-line")).to_contain_text("视图已删除")
        expect(page.locator(".chip")).to_have_count(0)
