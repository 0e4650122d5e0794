"""Amounts as whole minor units with a currency: how many digits a currency has, and the way to decimal text and back."""

import os
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from chassis.settings import Settings, load

EXPONENTS = {
    "CNY": 2, "USD": 2, "EUR": 2, "HKD": 2, "GBP": 2, "SGD": 2, "TWD": 2, "AUD": 2, "CAD": 2, "CHF": 2, "THB": 2,
    "MYR": 2, "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3,
}  # fmt: skip  # ISO 4217 minor units of the currencies a company may deal in
USUAL = 2
UNUSUAL = tuple(sorted(set(EXPONENTS.values()) - {USUAL}))
MAX_MINOR = 10**17  # refuses what a BIGINT sum over a page of documents could not hold
_DIGITS = 24


class MoneyError(ValueError):
    """An amount, price or currency that cannot be stored exactly."""


class Amount(NamedTuple):
    """An amount as use cases take it."""

    minor: int
    currency: str


@cache
def base_currency() -> str:
    """What the company counts in, CRM_BASE_CURRENCY: one installation has one, whatever the service."""
    named = "CRM_BASE_CURRENCY"
    return load(Settings, "crm", {name: value for name, value in os.environ.items() if name == named}).base_currency


def exponent(currency: str) -> int:
    """Digits after the point of `currency`; MoneyError when it is unknown."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise MoneyError(f"unknown currency {currency!r}") from None


def digits(currency: str | None) -> int:
    """As `exponent`, for showing what is there already: two for a currency that is unknown."""
    return EXPONENTS.get(currency or base_currency(), USUAL)


def to_minor(amount: str | Decimal, currency: str) -> int:
    """`"12.30"` CNY → 1230. MoneyError when it has more digits than the currency, or is no finite number."""
    try:
        value = Decimal(amount)
        if not value.is_finite() or abs(value.adjusted()) > _DIGITS:  # 1E+999999 would be a number of a million digits
            raise MoneyError(f"{str(amount)[:40]!r} is not an amount")
        scaled = value.scaleb(exponent(currency))
        whole = int(scaled)
    except (ArithmeticError, ValueError) as error:
        raise MoneyError(f"{str(amount)[:40]!r} is not an amount") from error
    if whole != scaled:
        raise MoneyError(f"{amount!r} has more decimals than {currency}")
    if abs(whole) > MAX_MINOR:
        raise MoneyError(f"{amount!r} is too large")
    return whole


def major(minor: int | float | Decimal, currency: str | None) -> Decimal:
    """1230 CNY → 12.30; also for figures with fractions of a minor unit, such as an average."""
    return Decimal(str(minor)).scaleb(-digits(currency))


def to_text(minor: int, currency: str | None) -> str:
    """1230 CNY → `"12.30"`: the inverse of `to_minor`."""
    return format(major(minor, currency), "f")


def outside(minor: int | None, currency: str | None) -> dict[str, Any] | None:
    """The form in which the API and events name an amount: `{"amount": "12.30", "currency": "CNY"}`."""
    return None if minor is None or currency is None else {"amount": to_text(minor, currency), "currency": currency}
