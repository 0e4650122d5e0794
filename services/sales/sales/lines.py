"""Lines of quotes and contracts: filled from products and price books, then priced."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sales import pricing, rates
from sales.errors import BadAmount, NoPrice, UnknownReference
from sales.models import Contract, Price, PriceBook, Product, Quote
from sales.money import MoneyError


def put(
    session: Session, record: Quote | Contract, *, lines: Sequence[dict[str, Any]], price_book_id: str | None = None
) -> pricing.Totals:
    """Fill and price `lines`, and set them with the totals on the record.

    A line names a product or has a name of its own; a price it lacks comes from the price book by quantity, its tax,
    unit, cost and list price from the product. What is typed wins.
    """
    filled = _filled(session, lines, price_book_id=price_book_id)
    try:
        priced, totals = pricing.price_lines(
            filled,
            currency=record.currency,
            document_discount=record.discount_percent or Decimal(0),
            tax_included=record.tax_included is not False,
        )
    except MoneyError as error:
        raise BadAmount(errors={"lines": [str(error)]}) from error
    record.lines = priced
    record.net_minor, record.tax_minor, record.cost_minor = totals.net, totals.tax, totals.cost
    record.max_discount_percent = totals.max_discount_percent
    record.base_minor = rates.to_base(session, totals.total, currency=record.currency)
    return totals


def default_book(session: Session, currency: str) -> PriceBook | None:
    """The price book in force today that quotes in a currency start from; the default one first."""
    today = rates.today()
    return session.scalars(
        select(PriceBook)
        .where(
            PriceBook.active.is_(True),
            PriceBook.currency == currency,
            (PriceBook.valid_from.is_(None)) | (PriceBook.valid_from <= today),
            (PriceBook.valid_until.is_(None)) | (PriceBook.valid_until >= today),
        )
        .order_by(PriceBook.is_default.desc(), PriceBook.created_at)
        .limit(1)
    ).first()


def prices(
    session: Session, *, price_book_id: str, product_ids: Sequence[str]
) -> dict[str, list[tuple[Decimal, Decimal]]]:
    """The tiers (minimum quantity, unit price) of products in a price book."""
    found: dict[str, list[tuple[Decimal, Decimal]]] = {}
    rows = session.execute(
        select(Price.product_id, Price.min_quantity, Price.unit_price).where(
            Price.price_book_id == price_book_id, Price.product_id.in_(product_ids)
        )
    )
    for row in rows:
        found.setdefault(row.product_id, []).append((row.min_quantity, row.unit_price))
    return found


def _filled(session: Session, lines: Sequence[dict[str, Any]], *, price_book_id: str | None) -> list[dict[str, Any]]:
    ids = [line["product_id"] for line in lines if line.get("product_id")]
    products = {row.id: row for row in session.scalars(select(Product).where(Product.id.in_(ids)))} if ids else {}
    tiers = prices(session, price_book_id=price_book_id, product_ids=ids) if ids and price_book_id else {}
    filled = []
    for place, line in enumerate(lines):
        product = products.get(line.get("product_id") or "")
        if line.get("product_id") and product is None:
            raise UnknownReference(errors={f"lines.{place}.product_id": [str(UnknownReference.title)]})
        listed = pricing.tier_price(tiers.get(line.get("product_id") or "", ()), Decimal(line["quantity"]))
        filled.append(_line(line, product=product, listed=listed, place=place))
    return filled


def _line(line: dict[str, Any], *, product: Product | None, listed: Decimal | None, place: int) -> dict[str, Any]:
    unit_price = _typed(line, "unit_price", listed)
    if unit_price is None:
        raise NoPrice(errors={f"lines.{place}.unit_price": [str(NoPrice.title)]})
    return {
        "product_id": product.id if product else None,
        "code": product.code if product else None,
        "category": product.category if product else line.get("category"),
        "name": line.get("name") or (product.name if product else ""),
        "unit": line.get("unit") or (product.unit if product else ""),
        "quantity": _text(Decimal(line["quantity"])),
        "unit_price": _text(unit_price),
        "list_price": _text(listed if listed is not None else _typed(line, "list_price", unit_price) or unit_price),
        "discount_percent": _text(_typed(line, "discount_percent", Decimal(0)) or Decimal(0)),
        "tax_percent": _text(
            _typed(line, "tax_percent", product.tax_percent if product else Decimal(13)) or Decimal(0)
        ),
        "unit_cost": _text(_typed(line, "unit_cost", product.unit_cost if product else Decimal(0)) or Decimal(0)),
    }


def _typed(line: dict[str, Any], name: str, otherwise: Decimal | None) -> Decimal | None:
    return Decimal(line[name]) if line.get(name) is not None else otherwise


def _text(value: Decimal) -> str:
    """A decimal in plain notation without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
