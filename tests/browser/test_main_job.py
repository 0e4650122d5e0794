"""The main job played in a browser on the running services: in Chinese on a desktop, in English on a phone."""

import re
import secrets
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Tab
from tests.browser.people_at_work import PATIENCE, Office, until

pytestmark = [pytest.mark.suite, pytest.mark.xdist_group("suite")]
SELLER, MANAGER, AGENT, DIRECTOR = "zhang.wei", "wang.lina", "liu.yang", "chen.jianguo"


@pytest.fixture(params=[("zh", "desktop"), ("en", "phone")], ids="-".join)
def place(request: pytest.FixtureRequest, running: Office) -> Office:
    """The same suite, looked at by somebody else."""
    running.language, running.size = request.param
    running.looked = set()
    return running


def test_a_seller_makes_an_approved_contract_of_a_lead(place: Office) -> None:
    with place.at_work(SELLER) as tab:
        deal = convert(place, tab, open_ripe_lead(place, tab))
        move_through_the_gate(place, tab, deal)
        contract = draft_contract(place, tab)
        tab.page.get_by_role("button", name=place.say("提交审批", "Ask for approval")).click()
        expect(tab.page.locator(".path-now")).to_have_text(place.say("审批中", "In approval"))
        place.look(tab, "contract")
    with place.at_work(MANAGER) as tab:
        approve(place, tab, deal)
    with place.at_work(SELLER) as tab:
        page = tab.open(contract)
        reached = page.locator(".path-now, .path-done")  # the ERP's order may have made it active meanwhile
        until(page, lambda: place.say("已批准", "Approved") in " ".join(reached.all_inner_texts()))
        place.look(tab, "contract-approved")


def test_an_agent_answers_and_solves_a_ticket(place: Office) -> None:
    with place.at_work(AGENT) as tab:
        page = tab.open("/service-desk/tickets?sort=-created_at")
        place.look(tab, "tickets")
        page.locator("tbody a.cell-link", has_text=place.say("报表权限", "退货入库")).first.click()
        page.get_by_text(place.say("为什么是这个时间？", "Why then?")).first.click()
        expect(page.locator(".clock details[open]")).to_contain_text("Asia/Shanghai")
        expect(page.locator(".clock details[open] li").first).to_contain_text(place.say("工作分钟", "open minutes"))
        place.look(tab, "ticket")
        page.locator("form[action$='/reply'] textarea").fill(place.say("已为您开通权限。", "It is done."))
        page.get_by_role("button", name=place.say("发送", "Send")).click()
        expect(page.locator(".timeline").first).to_contain_text(place.say("已为您开通权限。", "It is done."))
        page.get_by_role("button", name=place.say("解决", "Solve")).click()
        expect(page.locator(".path-now")).to_have_text(place.say("已解决", "Solved"))


def test_a_director_goes_from_a_step_of_the_funnel_to_its_records(place: Office) -> None:
    with place.at_work(DIRECTOR) as tab:
        page = tab.open("/reporting/dashboards")
        place.look(tab, "dashboard")
        canvas = page.locator("[data-chart] canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box
        with page.expect_navigation(url="**/reporting/records?**"):
            canvas.click(position={"x": box["width"] * 0.32, "y": 40})  # the first step
        expect(page.locator("tbody tr").first).to_be_visible()
        place.look(tab, "records")


def test_language_and_look_are_switched_in_the_shell(place: Office) -> None:
    with place.at_work(DIRECTOR) as tab:
        page, other = tab.page, place.say("English", "中文")
        place.look(tab, "my-work")
        _preferences(place, page).get_by_role("button", name=other).click()
        expect(page.locator("html")).to_have_attribute("lang", place.say("en", "zh-CN"))
        expect(page.locator("h1")).to_have_text(place.say("My work", "我的工作"))
        page.locator("summary:has(.avatar)").click()
        page.get_by_role("button", name=place.say("Dark", "深色")).click()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def open_ripe_lead(place: Office, tab: Tab) -> Page:
    """Filter by a chip and a condition, open the best that is left, see why it has its score and its owner."""
    page = tab.open("/leads/leads?sort=-score")
    place.look(tab, "leads")
    quick = page.locator("[data-quick=status]")
    quick.locator("summary").click()
    quick.get_by_label(place.say("跟进中", "Working"), exact=True).check()
    expect(page.locator(".chip")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=place.say("筛选", "Filter"), exact=True).click()
    dialog = page.locator("#filter-dialog")
    dialog.get_by_role("button", name=place.say("添加条件", "Add condition"), exact=True).click()
    dialog.get_by_label(place.say("字段", "Field")).last.select_option("score")
    dialog.get_by_label(place.say("运算符", "Operator")).last.select_option("ge")
    dialog.get_by_label(place.say("值", "Value"), exact=True).last.fill("45")
    dialog.get_by_role("button", name=place.say("应用筛选", "Apply filter")).click()
    expect(page.locator(".chip")).to_have_count(2)
    tab.settle()
    page.locator("tbody a.cell-link").first.click()
    for at in (0, 1):  # score, owner
        why = page.locator(".fact .why").nth(at)
        why.locator("summary").click()
        expect(why.locator(".menu-panel li").first).to_be_visible()
        if at == 0:
            place.look(tab, "lead")
        page.keyboard.press("Escape")
    return page


def convert(place: Office, tab: Tab, page: Page) -> str:
    """A call, the verdict, the conversion; the name of the deal that sales made of it."""
    lead = page.url
    heard = place.say("预算已批。", "The budget is there.")
    page.locator(".kit-composer summary", has_text=place.say("记录跟进", "Log an activity")).click()
    page.get_by_label(place.say("跟进内容", "What happened")).fill(heard)
    page.get_by_role("button", name=place.say("记录", "Log"), exact=True).click()
    expect(page.locator(".entry-text").first).to_have_text(heard)
    page.get_by_role("button", name=place.say("确认", "Qualify"), exact=True).click()
    expect(page.locator(".path-now")).to_have_text(place.say("已确认", "Qualified"))
    page.get_by_role("button", name=place.say("转化", "Convert")).first.click()
    dialog = page.locator("dialog[open]")
    name = f"{place.say('车间数字化', 'Plant')} {secrets.token_hex(2)}"
    dialog.get_by_label(place.say("商机", "Opportunity")).fill(name)
    dialog.get_by_label(place.say("金额", "Amount")).fill("42000")
    place.look(tab, "convert")
    dialog.get_by_role("button", name=place.say("转化", "Convert")).click()
    expect(dialog).to_be_hidden()
    page.goto(lead)
    until(page, lambda: place.say("已转化", "Converted") in page.locator(".path-now").inner_text())
    return name


def move_through_the_gate(place: Office, tab: Tab, deal: str) -> None:
    """Dragged on, the card comes back with the reason; the check is ticked, then it stays."""
    tab.expected.add(409)
    page = tab.open("/sales/opportunities")
    card = page.locator(".board-card", has_text=deal)
    expect(card).to_be_visible()
    place.look(tab, "board")
    _move(place, page, card, "qualified")
    said = page.get_by_role("status").filter(has_text=place.say("需求已书面确认", "Need confirmed in writing"))
    expect(said).to_be_visible()
    expect(page.locator("[data-cards=discovery]")).to_contain_text(deal)
    tab.shot("main-refused")
    said.get_by_role("link").click()
    expect(page.locator(".field-group").last).to_contain_text(place.say("需求已书面确认", "Need confirmed in writing"))
    place.look(tab, "deal-form")
    page.get_by_label(place.say("需求已书面确认", "Need confirmed in writing")).check()
    page.get_by_label(place.say("预计成交日", "Close date")).fill((date.today() + timedelta(days=30)).isoformat())
    page.get_by_role("button", name=place.say("保存", "Save")).click()
    expect(page.locator(".path-now")).to_be_visible()
    place.look(tab, "deal")
    tab.open("/sales/opportunities")
    _move(place, page, page.locator(".board-card", has_text=deal), "qualified")
    expect(page.locator(".toast-line")).to_contain_text(place.say("需求确认", "Qualified"))
    expect(page.locator("[data-cards=qualified]")).to_contain_text(deal)
    page.get_by_role("link", name=deal).click()


def draft_contract(place: Office, tab: Tab) -> str:
    """A quote with two lines, sent and accepted; the address of the contract it became."""
    page = tab.page
    page.get_by_role("link", name=place.say("新建报价", "New quote")).click()
    line = page.locator("#lines tr").first
    line.get_by_label(place.say("产品", "Product")).select_option(label="ERP-STD · 启明云 ERP 标准版（年）")
    line.get_by_label(place.say("数量", "Quantity")).fill("1")
    page.get_by_role("button", name=place.say("添加一行", "Add a line")).click()
    line = page.locator("#lines tr").nth(1)
    line.get_by_label(place.say("产品", "Product")).select_option(label="SRV-IMPL · 实施服务")
    line.get_by_label(place.say("数量", "Quantity")).fill("4")
    line.get_by_label(place.say("折扣", "Discount")).fill("10")
    page.keyboard.press("Tab")
    expect(page.locator("#totals strong")).to_have_text(re.compile(r"37,000"))
    place.look(tab, "quote-editor")
    page.get_by_role("button", name=place.say("保存", "Save")).click()
    page.wait_for_url(re.compile(r"/quotes/(?!new)"))
    place.look(tab, "quote")
    page.get_by_role("button", name=place.say("发送", "Send")).click()
    page.get_by_role("button", name=place.say("客户接受", "Accepted")).click()
    page.wait_for_url("**/sales/contracts/**")
    return page.url.removeprefix(place.url)


def approve(place: Office, tab: Tab, deal: str) -> None:
    """From the inbox to the request, its way and why; a comment and yes."""
    page = tab.open("/approvals/tasks")
    asked = page.locator("tbody a.cell-link", has_text=deal)
    until(page, asked.count)
    place.look(tab, "inbox")
    asked.click()
    expect(page.locator("[aria-labelledby=timeline-title] .timeline")).to_contain_text(place.say("原因", "Why"))
    place.look(tab, "approval")
    page.get_by_role("button", name=place.say("同意", "Approve"), exact=True).click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label(place.say("意见", "Comment")).fill(place.say("同意", "Fine"))
    dialog.get_by_role("button", name=place.say("同意", "Approve"), exact=True).click()
    expect(page.locator("h1 + .badge, .head-title .badge").first).to_have_text(
        place.say("已通过", "Approved"), timeout=PATIENCE
    )


def _move(place: Office, page: Page, card: Locator, to: str) -> None:
    """By mouse on the desktop, by the card's own list on the phone."""
    if place.size == "phone":
        with page.expect_response("**/move"):
            card.locator("select").select_option(to)
        return
    start, end = card.bounding_box(), page.locator(f"[data-cards={to}]").bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 20, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 50, steps=4)
    page.mouse.move(end["x"] + 90, end["y"] + 60, steps=12)
    with page.expect_response("**/move"):
        page.mouse.up()


def _preferences(place: Office, page: Page) -> Locator:
    page.locator("summary:has(.avatar)").click()
    return page.locator("[data-preferences]")
