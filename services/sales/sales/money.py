"""Prices, shares and conversion of amounts, and the one place where fractions are rounded; amounts: engines.money."""

from decimal import ROUND_HALF_UP, Decimal

from engines.money import EXPONENTS, MAX_MINOR, Amount, MoneyError, exponent, outside, to_minor, to_text

__all__ = [
    "EXPONENTS", "MAX_MINOR", "Amount", "MoneyError", "convert", "exponent", "left", "outside", "price",
    "round_half_up", "split", "to_minor", "to_text",
]  # fmt: skip
PRICE_SCALE = 6  # a unit price is a decimal(18,6)


def round_half_up(value: Decimal) -> int:
    """The nearest whole number, halves away from zero: 四舍五入, as tax offices and ERP systems round."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


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
