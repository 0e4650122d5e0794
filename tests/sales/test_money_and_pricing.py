"""Amounts stay whole, and a document is never anything but the sum of its lines."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales import money, pricing

currencies = st.sampled_from(sorted(money.EXPONENTS))
percents = st.decimals(0, 100, places=2)
lines = st.fixed_dictionaries(
    {
        "quantity": st.decimals("0.001", 10_000, places=3).map(str),
        "unit_price": st.decimals(0, 100_000, places=6).map(str),
        "discount_percent": percents.map(str),
        "tax_percent": st.sampled_from(["0", "6", "9", "13"]),
    }
)


@given(st.integers(-money.MAX_MINOR, money.MAX_MINOR), currencies)
def test_an_amount_survives_the_way_out_and_back(minor, currency):
    assert money.to_minor(money.to_text(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1.005", "CNY"), ("0.5", "JPY"), ("NaN", "CNY"), ("Infinity", "CNY"), ("一", "CNY"), ("1", "XXX")],
)
def test_an_amount_that_cannot_be_stored_exactly_is_refused(text, currency):
    with pytest.raises(money.MoneyError):
        money.to_minor(text, currency)


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10_000), min_size=1, max_size=24).filter(any))
def test_shares_sum_to_the_whole_and_are_off_by_less_than_one_unit(minor, weights):
    shares = money.split(minor, weights)
    assert sum(shares) == minor
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Decimal(minor) * weight / sum(weights)) <= 1


@given(st.lists(lines, max_size=12), currencies, percents, st.booleans())
def test_the_total_is_the_sum_of_the_lines(given_lines, currency, discount, included):
    priced, totals = pricing.price_lines(
        given_lines, currency=currency, document_discount=discount, tax_included=included
    )
    assert totals.total == sum(line["total_minor"] for line in priced)
    assert totals.total == totals.net + totals.tax
    assert all(line["net_minor"] + line["tax_minor"] == line["total_minor"] for line in priced)
    assert all(line["net_minor"] >= 0 and line["tax_minor"] >= 0 for line in priced)


@given(lines, percents, percents)
def test_a_larger_discount_never_costs_more(line, one, other):
    less, more = sorted((one, other))
    totals = [
        pricing.price_lines([line], currency="CNY", document_discount=discount)[1].total for discount in (less, more)
    ]
    assert totals[0] >= totals[1]


@given(lines, percents, st.booleans())
def test_pricing_a_priced_line_again_changes_nothing(line, discount, included):
    once, first = pricing.price_lines([line], currency="CNY", document_discount=discount, tax_included=included)
    again, second = pricing.price_lines(once, currency="CNY", document_discount=discount, tax_included=included)
    assert (again, second) == (once, first)


def test_a_price_typed_below_the_list_price_counts_as_a_discount():
    line = {"quantity": "1", "unit_price": "75", "list_price": "100", "discount_percent": "0", "tax_percent": "13"}
    _, totals = pricing.price_lines([line], currency="CNY", document_discount=Decimal(10))
    assert totals.max_discount_percent == Decimal("32.50")
    assert totals.total == 6750
    assert totals.discount == 3250


def test_half_a_cent_is_rounded_up():
    line = {"quantity": "1", "unit_price": "0.125", "tax_percent": "0"}
    assert pricing.price_lines([line], currency="CNY")[1].total == 13


def test_the_highest_tier_a_quantity_reaches_sets_the_price():
    tiers = [(Decimal(1), Decimal(100)), (Decimal(10), Decimal(90)), (Decimal(50), Decimal(80))]
    assert [pricing.tier_price(tiers, Decimal(n)) for n in (1, 9, 10, 500)] == [100, 100, 90, 80]
    assert pricing.tier_price(tiers, Decimal("0.5")) is None
