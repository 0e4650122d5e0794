"""Quotes are priced on the server, versioned, approved where the rules ask, sent by link and accepted into a contract."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.timers import fire_due
from sales import approval, quotes
from sales.app import SERVICE
from sales.errors import ApprovalNeeded, NoPrice, WrongState
from sales.models import Contract, Opportunity, Quote


def make(office, *, quantity="1", owner="lin", opportunity_id=None, **line):
    opportunity_id = opportunity_id or office.opportunity(owner=owner)
    lines = [{"product_id": office.ids["product"], "quantity": quantity, **line}]
    with office.database.transaction() as session:
        return quotes.create(session, caller=office.caller(owner), opportunity_id=opportunity_id, lines=lines).id


def act(office, name, quote_id, **given_):
    with office.database.transaction() as session:
        return getattr(quotes, name)(session, session.get(Quote, quote_id), **given_)


def test_prices_come_from_the_price_book_by_quantity(office):
    small, large = office.get(Quote, make(office, quantity="9")), office.get(Quote, make(office, quantity="10"))
    assert (small.total_minor, large.total_minor) == (9_000_000, 9_000_000)
    assert large.lines[0]["unit_price"] == "9000"
    assert (large.net_minor, large.tax_minor) == (7_964_602, 1_035_398)
    assert large.cost_minor == 4_000_000
    with pytest.raises(NoPrice):
        make(office, quantity="0.5")


def test_a_large_or_cheap_quote_is_not_sent_before_it_is_approved(office):
    small = make(office)
    act(office, "send", small)
    assert office.get(Quote, small).status == "sent"
    large, cheap = make(office, quantity="6"), make(office, discount_percent="30")
    for quote, reason in ((large, "amount"), (cheap, "discount")):
        with pytest.raises(ApprovalNeeded) as refusal:
            act(office, "send", quote)
        assert refusal.value.facts["reasons"] == [reason]
        act(office, "submit", quote, caller=office.caller("lin"))
    assert [event["data"]["definition"] for event in office.events("quote.approval_requested")] == ["quote", "discount"]
    request = office.get(Quote, large).request_id
    answer = {"subject_kind": "quote", "subject_id": large, "request_id": request, "outcome": "approved"}
    office.hear("approvals.instance.completed.v1", answer | {"instance_id": "i", "decided_by": "hua"})
    act(office, "send", large)
    assert office.get(Quote, large).status == "sent"


def test_a_revision_supersedes_the_version_before_and_needs_its_own_approval(office):
    quote = make(office, quantity="6")
    act(office, "submit", quote, caller=office.caller("lin"))
    version = act(office, "revise", quote, caller=office.caller("lin")).id
    old, new = office.get(Quote, quote), office.get(Quote, version)
    assert (old.status, new.status, new.revision, new.number, new.root_id) == (
        "superseded",
        "draft",
        2,
        old.number,
        old.id,
    )
    assert new.total_minor == old.total_minor
    answer = {"subject_kind": "quote", "subject_id": quote, "request_id": old.request_id, "outcome": "approved"}
    office.hear("approvals.instance.completed.v1", answer)
    assert office.get(Quote, quote).status == "superseded"
    with pytest.raises(ApprovalNeeded):
        act(office, "send", version)


def test_the_owner_hears_at_once_when_the_customer_opens_the_link(office):
    quote = make(office)
    token = act(office, "send", quote).share_token
    with office.database.transaction() as session:
        assert quotes.opened(session, token).id == quote
        assert quotes.opened(session, "no-such-token") is None
    assert office.get(Quote, quote).opens == 1
    (notice,) = office.events("notification.requested")
    assert (notice["data"]["key"], notice["data"]["to"]) == ("quote_opened", ["lin"])


def test_accepting_drafts_a_contract_with_the_same_sum(office):
    deal = office.opportunity()
    quote = make(office, opportunity_id=deal, discount_percent="10")
    with pytest.raises(WrongState):
        act(office, "accept", quote, caller=office.caller("lin"))
    act(office, "send", quote)
    contract = act(office, "accept", quote, caller=office.caller("lin"), payment_terms=[{"percent": "100"}])
    record = office.get(Contract, contract.id)
    assert (record.amount_minor, record.quote_id, record.opportunity_id) == (900_000, quote, deal)
    assert record.max_discount_percent == Decimal(10)
    assert sum(term["amount_minor"] for term in record.payment_plan) == record.amount_minor
    assert office.get(Opportunity, deal).category == "open"


def test_a_quote_expires_after_its_last_day(office, time):
    quote = make(office)
    act(office, "send", quote)
    time.pass_(days=32)
    fire_due(office.database, SERVICE.timers)
    assert office.get(Quote, quote).status == "expired"


@given(st.integers(0, 10**9), st.decimals(0, 100, places=2))
def test_a_quote_needs_approval_exactly_above_the_limits(base, discount):
    reasons = approval.quote_reasons(
        base_minor=base, max_discount=discount, amount_limit=5_000_000, discount_limit=Decimal(20)
    )
    assert ("amount" in reasons) == (base > 5_000_000)
    assert ("discount" in reasons) == (discount > 20)
