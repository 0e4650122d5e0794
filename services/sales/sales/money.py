"""Amounts as whole minor units with a currency, and the one place where fractions are rounded."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

EXPONENTS = {
    "CNY": 2, "USD": 2, "EUR": 2, "HKD": 2, "GBP": 2, "SGD": 2, "TWD": 2, "AUD": 2, "CAD": 2, "CHF": 2, "THB": 2,
    "MYR": 2, "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3,
}  # fmt: skip  # ISO 4217 minor units of the currencies a company may quote in
PRICE_SCALE = 6  # a unit price is a decimal(18,6)
_DIGITS = 24
MAX_MINOR = 10**17  # refuses what a BIGINT sum over a page of documents could not hold


class MoneyError(ValueError):
    """An amount, price or currency that cannot be stored exactly."""


def exponent(currency: str) -> int:
    """Digits after the point of `currency`; MoneyError when it is unknown."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise MoneyError(f"unknown currency {currency!r}") from None


def round_half_up(value: Decimal) -> int:
    """The nearest whole number, halves away from zero: 四舍五入, as tax offices and ERP systems round."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


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


def to_text(minor: int, currency: str) -> str:
    """1230 CNY → `"12.30"`: the inverse of `to_minor`."""
    digits = exponent(currency)
    sign, whole = ("-" if minor < 0 else ""), str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else sign + whole


def outside(minor: int | None, currency: str | None) -> dict[str, Any] | None:
    """The form in which the API and events name an amount: `{"amount": "12.30", "currency": "CNY"}`."""
    return None if minor is None or currency is None else {"amount": to_text(minor, currency), "currency": currency}


def left(whole: int | None, part: int | None) -> int | None:
    """What `part` leaves of `whole`; unknown to whoever may not see one of them."""
    return None if whole is None or part is None else whole - part


def price(text: str | Decimal) -> Decimal:
    """A unit price, at most 12 digits before and 6 after the point; MoneyError otherwise."""
    try:
        value = Decimal(text)
        exact = value.quantize(Decimal(1).scaleb(-PRICE_SCALE))
    except (ArithmeticError, ValueError) as error:
        raise MoneyError(f"{text!r} is not a price") from error
    if exact != value or value < 0 or value >= Decimal(10) ** 12:
        raise MoneyError(f"{text!r} is not a price of at most 12.6 digits")
    return exact


def convert(minor: int, *, from_currency: str, to_currency: str, rate: Decimal) -> int:
    """`minor` of one currency in minor units of another, at `rate` units of `to_currency` for one of `from_currency`."""
    shift = exponent(to_currency) - exponent(from_currency)
    return round_half_up((Decimal(minor) * rate).scaleb(shift))


def split(minor: int, weights: list[int]) -> list[int]:
    """Shares of `minor` in proportion to `weights` (not all zero) whose sum is exactly `minor`.

    Each share is the difference of rounded running totals, so that none is off by more than one minor unit.
    """
    whole, done, running, shares = sum(weights), 0, 0, []
    if whole <= 0 or min(weights) < 0:
        raise MoneyError("weights must be positive")
    for weight in weights:
        running += weight
        upto = round_half_up(Decimal(minor) * running / whole)
        shares.append(upto - done)
        done = upto
    return shares


class Amount(NamedTuple):
    """An amount as use cases take it."""

    minor: int
    currency: str
