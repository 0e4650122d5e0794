"""The pages in both languages: what a seller sees, does, and is told when a rule forbids it."""

import re

import pytest
from sqlalchemy import select

from sales import contracts, quotes
from sales.models import Account, Contract, Opportunity, Quote

HTML = {"Accept": "text/html"}


@pytest.fixture
def lin(client, office):
    return client.as_user("lin")


def page(client, path, status=200, **request):
    answer = client.get(path, headers=HTML | request.pop("headers", {}), **request)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def post(client, path, data=None, **headers):
    return client.post(path, data=data or {}, headers=HTML | headers)


@pytest.fixture
def paper(office):
    """A deal with a quote and a contract in approval."""
    deal = office.opportunity()
    with office.database.transaction() as session:
        lines = [{"product_id": office.ids["product"], "quantity": "2"}]
        quote = quotes.create(session, caller=office.caller("lin"), opportunity_id=deal, lines=lines)
        terms = [{"percent": "30"}, {"percent": "70", "after_days": 30}]
        contract = contracts.create(
            session, caller=office.caller("lin"), opportunity_id=deal, lines=lines, payment_terms=terms
        )
    return {"deal": deal, "quote": quote.id, "contract": contract.id, "account": contract.account_id}


def test_every_page_opens_in_both_languages(lin, office, paper):
    from tests.sales.test_contracts import approve

    approve(office, paper["contract"])
    paths = [
        "opportunities", "opportunities?pipeline=consultative", "opportunities/list", "opportunities/new",
        "opportunities/{deal}", "opportunities/{deal}/edit", "opportunities/{deal}/edit?for=proposal",
        "opportunities/{deal}/lose", "opportunities/{deal}/fragments/papers", "accounts", "accounts/new",
        "accounts/{account}", "accounts/{account}/edit", "accounts/{account}/contacts/new", "quotes/{quote}",
        "quotes/{quote}/edit", "quotes/new?opportunity={deal}", "contracts", "contracts/{contract}",
        "fragments/account/{account}", "fragments/search?q=云帆", "fragments/line", "lookup/accounts?q=云帆",
    ]  # fmt: skip
    for path in paths:
        for language in ("zh-CN", "en"):
            page(lin, f"/sales/{path.format(**paper)}", headers={"Accept-Language": language})


def test_the_board_shows_cards_totals_and_the_next_cards(lin, office):
    account = office.account()
    for number in range(52):
        office.opportunity(account, name=f"单 {number:02d}", minor=100_00)
    text = page(lin, "/sales/opportunities")
    assert text.count('class="board-card"') == 50
    assert "单 51" in text
    assert "part=cards" in text
    with office.database.reading() as session:
        from sales import opportunities, queries

        pipeline = opportunities.pipeline_for(session, None)
        cursor = queries.board(session, caller=office.caller("lin"), pipeline=pipeline)[0].next_cursor
    more = lin.get(
        "/sales/opportunities", query_string={"part": "cards", "column": "discovery", "cursor": cursor}, headers=HTML
    )
    assert more.text.count('class="board-card"') == 2


def test_a_refused_drag_says_what_is_missing_in_the_readers_language(lin, office):
    deal = office.opportunity()
    refused = post(
        lin.speaking("zh-CN"), f"/sales/opportunities/{deal}/move", {"to": "qualified"}, Cookie="crm_locale=zh"
    )
    assert refused.status_code == 409
    assert refused.json["missing"] == ["检查项：需求已书面确认"]
    assert refused.json["fix"] == f"/sales/opportunities/{deal}/edit?for=qualified"
    edited = post(
        lin, f"/sales/opportunities/{deal}/edit", {"name": "ERP", "done": ["need_confirmed"], "amount": "5000"}
    )
    assert edited.status_code == 303, edited.text[:1000]
    moved = post(lin, f"/sales/opportunities/{deal}/move", {"to": "qualified"})
    assert moved.status_code == 200
    assert office.get(Opportunity, deal).stage == "qualified"


def test_an_account_is_entered_and_a_duplicate_is_shown_before_it_is_made(lin, office):
    made = post(lin, "/sales/accounts/new", {"name": "宁波海川模具有限公司"})
    assert made.status_code == 303
    again = post(lin, "/sales/accounts/new", {"name": "宁波海川模具 有限公司"})
    assert again.status_code == 422
    assert "宁波海川模具有限公司" in again.text
    forced = post(lin, "/sales/accounts/new", {"name": "宁波海川模具 有限公司", "allow_duplicate": "1"})
    assert forced.status_code == 303
    assert post(lin, "/sales/accounts/new", {"name": ""}).status_code == 422


def test_two_people_editing_one_account_see_each_others_version(lin, office):
    account = office.account()
    shown = re.search(r'name="version" value="(\d+)"', page(lin, f"/sales/accounts/{account}/edit"))
    assert shown
    data = {"name": "甲", "version": shown[1]}
    assert post(lin, f"/sales/accounts/{account}/edit", data).status_code == 303
    conflict = post(lin, f"/sales/accounts/{account}/edit", {"name": "乙", "version": "1"})
    assert conflict.status_code == 409
    assert office.get(Account, account).name == "甲"


def test_a_quote_is_typed_priced_as_typed_and_saved(lin, office):
    deal = office.opportunity()
    rows = {"product_id": [office.ids["product"], ""], "name": ["", "现场服务"], "quantity": ["2", "1"],
            "unit_price": ["", "500"], "discount_percent": ["10", ""], "tax_percent": ["", "6"]}  # fmt: skip
    totals = post(lin, "/sales/fragments/totals", rows | {"currency": "CNY"})
    assert "18,500.00" in totals.text
    made = post(lin, "/sales/quotes/new", rows | {"opportunity_id": deal, "title": "报价", "currency": "CNY"})
    assert made.status_code == 303, made.text[:1000]
    with office.database.reading() as session:
        quote = session.scalars(select(Quote)).one()
    assert quote.total_minor == 1_850_000
    broken = post(lin, f"/sales/quotes/{quote.id}/edit", rows | {"quantity": ["two", "1"], "version": quote.version})
    assert broken.status_code == 422
    assert "two" in broken.text
    assert post(lin, f"/sales/quotes/{quote.id}/send").status_code == 303


def test_the_customer_sees_the_offer_without_logging_in_and_never_its_cost(client, lin, office, paper):
    post(lin, f"/sales/quotes/{paper['quote']}/send")
    token = office.get(Quote, paper["quote"]).share_token
    text = page(client, f"/sales/offers/{token}")
    assert "20,000.00" in text
    assert "8,000" not in text
    assert office.get(Quote, paper["quote"]).opens == 1
    page(client, "/sales/offers/nothing-here", status=404)


def test_a_contract_is_planned_submitted_and_shows_its_erp_numbers(lin, office, paper):
    contract = paper["contract"]
    address = f"/sales/contracts/{contract}"
    assert post(lin, f"{address}/submit").status_code == 303
    from tests.sales.test_contracts import answer

    answer(office, contract, "approved", comment="同意，注意回款")
    pushed = {"system": "k3cloud", "subject_kind": "contract", "subject_id": contract, "external_id": "100123"}
    office.hear("gateway.erp_document.pushed.v1", pushed | {"kind": "sales_order", "number": "XSDD-0001"})
    text = page(lin, address)
    for shown in ("XSDD-0001", "k3cloud: 100123", "同意，注意回款", "华清", "6,000.00"):
        assert shown in text


def test_the_plan_of_a_contract_is_edited_with_its_lines(lin, office, paper):
    address = f"/sales/contracts/{paper['contract']}/edit"
    data = {"title": "合同", "product_id": [office.ids["product"]], "name": [""], "quantity": ["1"], "unit_price": [""],
            "discount_percent": [""], "tax_percent": [""], "term_title": ["首付", "尾款"], "term_percent": ["50", "40"],
            "term_due": ["2030-01-01", "2030-02-01"]}  # fmt: skip
    assert post(lin, address, data).status_code == 422
    assert post(lin, address, data | {"term_percent": ["50", "50"]}).status_code == 303
    plan = office.get(Contract, paper["contract"]).payment_plan
    assert [(term["amount_minor"], term["due_date"]) for term in plan] == [
        (500_000, "2030-01-01"),
        (500_000, "2030-02-01"),
    ]


def test_what_is_logged_and_planned_stands_on_the_page(lin, office):
    account = office.account()
    address = f"/sales/accounts/{account}"
    records = f"/sales/records/account/{account}"
    post(lin, f"{records}/activities", {"kind": "call", "text": "电话沟通预算"})
    post(lin, f"{records}/tasks", {"title": "发送方案", "due_at": "2030-01-01T18:00"})
    text = page(lin, address)
    assert "电话沟通预算" in text
    assert "发送方案" in text
    (task,) = office.events("task.created")
    done = post(lin, f"/sales/records/tasks/{task['data']['task_id']}/done")
    assert done.status_code == 200
    assert office.events("task.completed")


def test_the_account_page_asks_the_service_desk_for_tickets_as_it_loads(lin, office):
    account = office.account()
    assert f'hx-get="/service-desk/fragments/account/{account}"' in page(lin, f"/sales/accounts/{account}")


def test_pages_of_others_records_do_not_exist(client, office):
    deal = office.opportunity(owner="wang")
    page(client.as_user("lin"), f"/sales/opportunities/{deal}", status=404)
    page(client, "/sales/opportunities", status=303)


def test_cells_of_accounts_and_deals_are_edited_with_their_version(lin, office):
    deal = office.opportunity()
    with office.database.reading() as session:
        record = session.get_one(Opportunity, deal)
        account, version = record.account_id, str(record.version)
    cell = f"/sales/opportunities/{deal}/cells"
    assert 'data-edits="amount"' in page(lin, "/sales/opportunities/list")
    assert page(lin, f"{cell}/amount").count('name="version"') == 1
    assert post(lin, f"{cell}/amount", {"value": "12,500.50", "version": version}).status_code == 200
    assert post(lin, f"{cell}/amount", {"value": "1", "version": version}).status_code == 409
    with office.database.reading() as session:
        record = session.get_one(Opportunity, deal)
        assert record.amount_minor == 1250050
        version = str(record.version)
    refused = post(lin, f"{cell}/close_date", {"value": "someday", "version": version})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    empty = post(lin, f"{cell}/name", {"value": "", "version": version})
    assert empty.status_code == 422
    assert post(lin, f"{cell}/stage", {"value": "won", "version": version}).status_code == 404
    with office.database.reading() as session:
        version = str(session.get_one(Account, account).version)
    assert post(lin, f"/sales/accounts/{account}/cells/city", {"value": "苏州", "version": version}).status_code == 200
    with office.database.reading() as session:
        assert session.get_one(Account, account).city == "苏州"


def test_what_was_typed_over_an_earlier_version_is_shown_again_with_what_the_other_wrote(client, lin, office, paper):
    quote = f"/sales/quotes/{paper['quote']}"
    with office.database.reading() as session:
        record = session.get_one(Quote, paper["quote"])
        line, old = record.lines[0], str(record.version)
    typed = {"title": "我的报价", "product_id": line["product_id"], "name": "", "quantity": "7", "unit_price": "",
             "discount_percent": "", "tax_percent": "", "version": old}  # fmt: skip
    with office.database.transaction() as session:
        quotes.edit(session, session.get_one(Quote, paper["quote"]), title="别人的报价")
    stale = post(lin, f"{quote}/edit", typed)
    assert stale.status_code == 422
    assert "我的报价" in stale.text
    assert 'value="7"' in stale.text
    assert f'name="version" value="{old}"' not in stale.text
    product = office.ids["product"]
    admin = client.as_role("admin")
    shown = page(admin, f"/sales/products/{product}/edit")
    assert 'name="version"' in shown
    stale = post(admin, f"/sales/products/{product}/edit", {"name": "我的产品", "code": "X-1", "version": "999"})
    assert stale.status_code == 409
    assert "我的产品" in stale.text
