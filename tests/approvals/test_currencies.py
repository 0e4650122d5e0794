"""Amounts of what is to be approved have the digits of their currency, on pages and on cards."""

import pytest

from approvals import subjects
from approvals.pages.edge import amount_of


@pytest.mark.parametrize(
    ("currency", "amount", "words"),
    [("JPY", "1234500", "JPY 1,234,500"), ("CNY", "12345.00", "CNY 12,345.00"), ("KWD", "1234.500", "KWD 1,234.500")],
)
def test_an_amount_is_shown_as_its_currency_is_written(currency, amount, words):
    snapshot = {"amount_minor": 1_234_500, "currency": currency, "account_name": "Acme"}
    assert amount_of(snapshot) == {"amount": amount, "currency": currency}
    rows = subjects.highlights(subjects.kind_of("quote"), snapshot)
    assert {row["name"]: row["value"] for row in rows}["amount"] == amount
    assert words in subjects.facts(rows, "en").values()
