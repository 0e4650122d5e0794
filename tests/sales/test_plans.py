"""Payment plans cover the contract exactly, and no payment pays more than is owed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales import plans

START = date(2026, 1, 31)
amounts = st.integers(100, 10**13)


@given(amounts, st.integers(1, 24))
def test_equal_terms_cover_the_total(total, count):
    terms = plans.equal_terms(total, count=count, start=START)
    assert sum(term["amount_minor"] for term in terms) == total
    assert max(term["amount_minor"] for term in terms) - min(term["amount_minor"] for term in terms) <= 1


@given(
    amounts,
    st.lists(st.integers(1, 50), min_size=1, max_size=6).map(lambda parts: [*parts, 100 * len(parts) - sum(parts)]),
)
def test_percents_of_a_hundred_cover_the_total_to_the_last_cent(total, parts):
    whole = sum(parts)
    percents = [part * 100 / whole for part in parts[:-1]]
    percents = [round(percent, 2) for percent in percents]
    percents.append(round(100 - sum(percents), 2))
    plan = plans.resolve_plan(
        [{"percent": str(p), "after_days": n} for n, p in enumerate(percents)], total=total * 100, start=START
    )
    assert sum(term["amount_minor"] for term in plan) == total * 100


def test_a_plan_that_does_not_sum_to_the_contract_is_refused():
    for terms in (
        [{"amount_minor": 99}],
        [{"percent": 50}],
        [{"amount_minor": 0}, {"amount_minor": 100}],
        [{"percent": 60}, {"amount_minor": 60}],
    ):
        with pytest.raises(ValueError, match="do not sum"):
            plans.resolve_plan(terms, total=100, start=START)


def test_terms_are_dated_from_the_start_and_sorted_by_due_date():
    plan = plans.resolve_plan(
        [{"percent": 70, "after_days": 30, "title": "尾款"}, {"percent": 30, "title": "首付"}], total=1000, start=START
    )
    assert [(term["term"], term["title"], term["amount_minor"], term["due_date"]) for term in plan] == [
        (1, "首付", 300, "2026-01-31"),
        (2, "尾款", 700, "2026-03-02"),
    ]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), max_size=10))
def test_an_allocation_neither_loses_nor_overpays(amount, owed):
    keys = [(str(place), open_minor) for place, open_minor in enumerate(owed)]
    laid, left = plans.allocate(amount, keys)
    assert sum(part for _, part in laid) + left == amount
    assert all(0 < part <= dict(keys)[key] for key, part in laid)
    assert left == max(amount - sum(owed), 0)


@given(st.lists(st.tuples(st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.integers(0, 10**9)), max_size=20))
def test_ageing_counts_every_open_amount_once(items):
    assert sum(plans.ageing(items, today=date(2026, 6, 1)).values()) == sum(amount for _, amount in items)
