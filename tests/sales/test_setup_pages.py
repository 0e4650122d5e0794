"""The pages on which sales is set up and its money looked through: they show, refuse rubbish in place, and store."""

import pytest
from sqlalchemy import select

from sales.models import Contact, ExchangeRate, Pipeline, Price, PriceBook, Product
from tests.sales.test_contracts import approve

HTML = {"Accept": "text/html"}


@pytest.fixture
def hua(client, office):
    return client.as_user("hua")


def post(client, path, data):
    return client.post(path, data=data, headers=HTML)


def test_every_page_opens_in_both_languages(hua, office):
    contract = office.contract(terms=[{"percent": "100"}])
    approve(office, contract)
    with office.database.reading() as session:
        book = session.scalars(select(PriceBook.id)).first()
    product = office.ids["product"]
    paths = [
        "products", "products/new", f"products/{product}", f"products/{product}/edit", "price-books", "price-books/new",
        f"price-books/{book}", f"price-books/{book}/edit", "exchange-rates", "receivables", "payments", "contacts",
        "pipelines", "pipelines/standard", "pipelines/standard/versions", "pipelines/new", "contracts",
        "fragments/pipeline-templates/standard",
    ]  # fmt: skip
    for path in paths:
        for language in ("zh-CN", "en"):
            answer = hua.get(f"/sales/{path}", headers=HTML | {"Accept-Language": language})
            assert answer.status_code == 200, (path, answer.text[:1500])
    assert "ERP-STD" in hua.get("/sales/products", headers=HTML).text
    assert hua.get("/sales/fragments/pipeline-templates/nine", headers=HTML).status_code == 404


def test_a_product_is_entered_and_a_second_one_with_its_code_refused_in_place(hua, office):
    form = {"code": "WMS", "name": "仓库", "tax_percent": "13", "unit_cost": "10", "active": "1", "unit": "套"}
    assert post(hua, "/sales/products/new", form).status_code == 303
    again = post(hua, "/sales/products/new", form | {"name": "第二个"})
    assert again.status_code == 422
    assert "第二个" in again.text
    assert post(hua, "/sales/products/new", form | {"code": "", "tax_percent": "900"}).status_code == 422
    with office.database.reading() as session:
        assert len(session.scalars(select(Product).where(Product.code == "WMS")).all()) == 1


def test_prices_are_pasted_as_lines_and_all_or_none_are_taken(hua, office):
    form = {"name": "出口价", "currency": "USD", "active": "1", "prices": "ERP-STD, 1, 1500\nERP-STD\t10\t1400"}
    wrong = post(
        hua, "/sales/price-books/new", form | {"prices": "NONE, 1, 5\nERP-STD, x, 5\nERP-STD,1,2\nERP-STD,1,3"}
    )
    assert wrong.status_code == 422
    assert "NONE" in wrong.text
    done = post(hua, "/sales/price-books/new", form)
    assert done.status_code == 303, done.text
    with office.database.reading() as session:
        book = session.scalars(select(PriceBook).where(PriceBook.name == "出口价")).one()
        prices = session.scalars(
            select(Price.unit_price).where(Price.price_book_id == book.id).order_by(Price.unit_price)
        )
        assert [int(price) for price in prices] == [1400, 1500]
    backwards = form | {"valid_from": "2027-01-01", "valid_until": "2026-01-01"}
    assert post(hua, f"/sales/price-books/{book.id}/edit", backwards).status_code == 422


def test_an_exchange_rate_is_set_and_the_base_currency_refused(hua, office):
    assert (
        post(hua, "/sales/exchange-rates", {"currency": "USD", "rate": "7.1", "valid_from": "2026-01-01"}).status_code
        == 303
    )
    for bad in ({"currency": "CNY"}, {"rate": "-1"}, {"rate": "much"}, {"valid_from": "31/31"}):
        form = {"currency": "USD", "rate": "7.1", "valid_from": "2026-01-01"} | bad
        assert post(hua, "/sales/exchange-rates", form).status_code == 422
    with office.database.reading() as session:
        assert len(session.scalars(select(ExchangeRate)).all()) == 1


def test_a_contact_is_changed_by_its_form_and_a_sellers_list_holds_only_their_own(hua, client, office):
    account = office.account()
    form = {"name": "张工", "phones": "13912345678", "title": "主任"}
    assert post(hua, f"/sales/accounts/{account}/contacts/new", form).status_code == 303
    with office.database.reading() as session:
        contact = session.scalars(select(Contact)).one()
    assert hua.get(f"/sales/contacts/{contact.id}", headers=HTML).status_code == 200
    assert post(hua, f"/sales/contacts/{contact.id}/edit", form | {"name": ""}).status_code == 422
    assert post(hua, f"/sales/contacts/{contact.id}/edit", form | {"name": "张工程师", "title": ""}).status_code == 303
    changed = office.get(Contact, contact.id)
    assert (changed.name, changed.title) == ("张工程师", None)
    assert "张工程师" not in client.as_user("wang").get("/sales/contacts", headers=HTML).text
    assert client.as_user("wang").get(f"/sales/contacts/{contact.id}", headers=HTML).status_code == 404


def test_a_pipeline_draft_with_a_stage_too_few_is_told_so_and_a_sound_one_published(hua, office):
    from sales.pipeline_templates import STANDARD

    stages = STANDARD["stages"]
    body = {"is_default": True, "active": True, "stages": stages[:1]}
    with office.database.transaction() as session:
        from chassis.api import Call
        from sales.pages import pipelines

        call = Call(None, None, office.database, None, office.caller("hua"))
        call.session = session
        assert pipelines._problems(call, "standard", body)
        sound = {**body, "stages": [stages[0] | {"max_days": 9}, *stages[1:]]}
        assert pipelines._problems(call, "standard", sound) == []
        pipelines._publish(call, "standard", sound, {"zh": "标准", "en": "Standard"})
        assert next(version.body["stages"][0]["max_days"] for version in pipelines._versions(call, "standard")) == 9
        assert dict(pipelines._try(call, "standard", sound, 30).figures)
    with office.database.reading() as session:
        assert session.scalars(select(Pipeline).where(Pipeline.key == "standard")).one().stages[0]["max_days"] == 9
