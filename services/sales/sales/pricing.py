"""What a line and a document cost. Rounding happens once per line, so a document is always the sum of its lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sales import money

HUNDRED = Decimal(100)
WHOLE = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """A document's sums in minor units; `discount` is what the customer saves against list prices."""

    net: int = 0
    tax: int = 0
    total: int = 0
    discount: int = 0
    cost: int = 0
    max_discount_percent: Decimal = Decimal(0)

    @property
    def margin(self) -> int:
        return self.net - self.cost


def price_line(
    line: Mapping[str, Any], *, currency: str, document_discount: Decimal, tax_included: bool
) -> dict[str, Any]:
    """`line` (quantity, unit_price, list_price, discount_percent, tax_percent, unit_cost as decimal texts) with its sums.

    The line's and the document's discount multiply. The discounted amount is rounded half up to the minor unit; with
    prices that include tax the net is taken out of it, otherwise tax is added: net + tax = total in both cases.
    `effective_discount_percent` compares with the list price, so a price typed lower counts as a discount.
    """
    quantity, unit = Decimal(line["quantity"]), money.price(line["unit_price"])
    listed = money.price(line.get("list_price") or line["unit_price"])
    keep = (WHOLE - Decimal(line.get("discount_percent") or 0) / HUNDRED) * (WHOLE - document_discount / HUNDRED)
    rate = Decimal(line.get("tax_percent") or 0) / HUNDRED
    exponent = money.exponent(currency)
    amount = money.round_half_up((quantity * unit * keep).scaleb(exponent))
    if amount > money.MAX_MINOR:
        raise money.MoneyError("the line is too large")
    if tax_included:
        net = money.round_half_up(Decimal(amount) / (WHOLE + rate))
        tax = amount - net
    else:
        net, tax = amount, money.round_half_up(Decimal(amount) * rate)
    full = money.round_half_up((quantity * listed).scaleb(exponent))
    given = WHOLE - unit * keep / listed if listed else Decimal(0)
    cost = money.round_half_up((quantity * money.price(line.get("unit_cost") or "0")).scaleb(exponent))
    return dict(line) | {
        "net_minor": net,
        "tax_minor": tax,
        "total_minor": net + tax,
        "discount_minor": max(full - amount, 0),
        "cost_minor": cost,
        "effective_discount_percent": str(max(given * HUNDRED, Decimal(0)).quantize(Decimal("0.01"))),
    }


def price_lines(
    lines: Iterable[Mapping[str, Any]],
    *,
    currency: str,
    document_discount: Decimal = Decimal(0),
    tax_included: bool = True,
) -> tuple[list[dict[str, Any]], Totals]:
    """All lines with their sums and place, and the document's totals: nothing but the sum of the lines."""
    priced = [
        price_line(line, currency=currency, document_discount=document_discount, tax_included=tax_included)
        | {"position": position}
        for position, line in enumerate(lines, start=1)
    ]
    return priced, Totals(
        net=sum(line["net_minor"] for line in priced),
        tax=sum(line["tax_minor"] for line in priced),
        total=sum(line["total_minor"] for line in priced),
        discount=sum(line["discount_minor"] for line in priced),
        cost=sum(line["cost_minor"] for line in priced),
        max_discount_percent=max((Decimal(line["effective_discount_percent"]) for line in priced), default=Decimal(0)),
    )


def tier_price(tiers: Iterable[tuple[Decimal, Decimal]], quantity: Decimal) -> Decimal | None:
    """The price of the highest tier (minimum quantity, price) that `quantity` reaches; None below all of them."""
    reached = [tier for tier in tiers if tier[0] <= quantity]
    return max(reached)[1] if reached else None
