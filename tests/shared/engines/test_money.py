"""Amounts of currencies with no decimals, two and three, out of the database and back, in words and in figures."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import money
from engines.conditions.explain import shown, snapshot
from engines.history import changes_of
from engines.objects import Field
from tests.shared.engines.things import THING, Thing

FEE = THING.by_name["fee"]


@pytest.mark.parametrize(("currency", "text"), [("JPY", "1234500"), ("CNY", "12345.00"), ("KWD", "1234.500")])
def test_an_amount_has_the_digits_of_its_currency_wherever_it_is_said(currency: str, text: str) -> None:
    assert money.outside(1_234_500, currency) == {"amount": text, "currency": currency}
    assert shown(FEE, 1_234_500, currency=currency) == text
    (change,) = changes_of({"fee_minor": [None, 1_234_500]}, {"fee": FEE}, Thing(fee_currency=currency))
    assert change.after == text


def test_an_amount_whose_currency_changes_with_it_is_told_in_both() -> None:
    changed = {"fee_minor": [500, 500], "fee_currency": ["JPY", "CNY"]}
    (change,) = changes_of(changed, {"fee": FEE}, Thing(fee_currency="CNY"))
    assert (change.before, change.after) == ("500", "5.00")


def test_what_a_decision_was_made_on_keeps_the_currency_of_its_amounts() -> None:
    assert snapshot(THING, Thing(fee_minor=5, fee_currency="JPY"), {"fee"}) == {"fee_minor": 5, "fee_currency": "JPY"}


@given(st.integers(-money.MAX_MINOR, money.MAX_MINOR), st.sampled_from(sorted(money.EXPONENTS)))
def test_text_and_minor_units_are_each_others_inverse(minor: int, currency: str) -> None:
    assert money.to_minor(money.to_text(minor, currency), currency) == minor


@pytest.mark.parametrize(("base", "digits"), [("JPY", 0), ("KWD", 3), ("CNY", 2)])
def test_fields_in_the_base_currency_have_its_digits(base: str, digits: int) -> None:
    code = "from engines.objects import Field; print(Field('total', 'money').scale)"
    environment = os.environ | {"CRM_BASE_CURRENCY": base}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(digits)
    assert Field("total", "money", currency=base).scale == digits
