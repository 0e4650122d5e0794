"""Ids in bodies are held against the caller's scope, amounts beyond counting refused, openings of offers counted once."""

import pytest

from sales import money, quotes
from sales.models import Quote
from tests.sales.conftest import Office


def test_a_parent_or_contact_out_of_scope_is_unknown(office: Office, client) -> None:
    theirs, mine = office.account("别人的客户", owner="wang"), office.account()
    lin = client.as_user("lin")
    refused = lin.patch(f"/sales/api/v1/accounts/{mine}", json={"parent_id": theirs})
    assert refused.status_code == 422, refused.text
    assert "parent_id" in refused.json["errors"]
    contact = client.as_user("wang").post("/sales/api/v1/contacts", json={"account_id": theirs, "name": "李"})
    assert contact.status_code == 201, contact.text
    deal = {"account_id": mine, "name": "x", "amount": {"amount": "1", "currency": "CNY"}, "close_date": "2031-01-01"}
    body = deal | {"contacts": [{"contact_id": contact.json["id"], "role": "user"}]}
    assert lin.post("/sales/api/v1/opportunities", json=body).status_code == 422


@pytest.mark.parametrize("text", ["1E+999999", "-1E+999999", "1E-999999", "NaN", "Infinity"])
def test_amounts_beyond_counting_are_refused_at_once(text: str) -> None:
    with pytest.raises(money.MoneyError):
        money.to_minor(text, "CNY")


def test_an_offer_counts_a_visitor_once_and_no_previews(office: Office, app) -> None:
    with office.database.transaction() as session:
        line = {"product_id": office.ids["product"], "quantity": "1", "unit_price": "10000"}
        made = quotes.create(session, caller=office.caller("lin"), account_id=office.account(), lines=[line])
        quotes.send(session, made)
        id_, address = made.id, f"/sales/offers/{made.share_token}"
    visitor = app.test_client()
    browser = {"User-Agent": "Mozilla/5.0 (iPhone)"}
    for headers in ({"User-Agent": "Slackbot-LinkExpanding 1.0"}, browser | {"Sec-Purpose": "prefetch"}):
        assert app.test_client().get(address, headers=headers).status_code == 200
    assert app.test_client().head(address, headers=browser).status_code == 200
    assert office.get(Quote, id_).opens == 0
    for _look in range(3):
        assert visitor.get(address, headers=browser).status_code == 200
    assert office.get(Quote, id_).opens == 1
