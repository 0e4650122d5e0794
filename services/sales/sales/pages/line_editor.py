"""The editor of lines that quotes and contracts share: rows typed, priced as they are typed, kept when refused."""

from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from chassis.api import Call
from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from console.pages import signed_in
from engines import access
from sales import lines, money
from sales.models import Product, Quote
from sales.pages.edge import loaded, pages
from sales.schemas.deals import QuoteEdit
from sales.settings import current

COLUMNS = ("product_id", "name", "quantity", "unit_price", "discount_percent", "tax_percent")
BLANK = dict.fromkeys(COLUMNS, "")
MOST_PRODUCTS = 500


def rows_of(record_lines: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """A document's lines as rows of the editor, with one blank row to go on."""
    return [*({name: line.get(name) or "" for name in COLUMNS} for line in record_lines or []), BLANK]


def typed_rows() -> list[dict[str, Any]]:
    """The rows as they were sent."""
    columns = [request.form.getlist(name) for name in COLUMNS]
    return [dict(zip(COLUMNS, (text.strip() for text in row), strict=True)) for row in zip(*columns, strict=False)]


def typed_lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that say something, as the API takes lines."""
    told = [row for row in rows if row["product_id"] or row["name"]]
    return [{name: text for name, text in row.items() if text} for row in told]


def products(session: Session, caller: Caller) -> list[Product]:
    """Products to choose from, as far as the caller may see them."""
    seen = access.readable(session, caller, Product).where(Product.active.is_(True))
    return list(session.scalars(seen.order_by(Product.code).limit(MOST_PRODUCTS)))


def messages(errors: dict[str, Any] | None) -> list[str]:
    """All that is wrong, as sentences that name the line."""
    return [f"{place}: {text}" if place else text for place, text in _flat(errors or {}, "")]


def changed_meanwhile() -> str:
    """What is said above a document that was typed over an earlier version; everything typed stands below it."""
    return _("Somebody changed this meanwhile. What you typed is kept: save again to put it in place of theirs.")


@pages.get("/fragments/line", allow=signed_in)
def blank_line(call: Call) -> Any:
    """One more row."""
    return render_template("sales/line_row.html", row=BLANK, products=products(call.session, call.caller))


@pages.get("/fragments/no-line", allow=signed_in, session="none")
def no_line(call: Call) -> Any:
    """Nothing, in place of a row taken out."""
    return ""


@pages.post("/fragments/totals", allow=signed_in, session="read")
def totals(call: Call) -> Any:
    """What the lines come to as they stand; nothing is kept."""
    currency = request.form.get("currency") or current().base_currency
    given = {"lines": typed_lines(typed_rows()), "discount_percent": request.form.get("document_discount") or "0"}
    body, errors = loaded(QuoteEdit(partial=True), given)
    if errors or currency not in money.EXPONENTS:
        return render_template("sales/totals.html", totals=None, problems=messages(errors), currency=currency)
    draft = Quote(currency=currency, discount_percent=body["discount_percent"], tax_included=True)
    book = lines.default_book(call.session, currency)
    try:
        found = lines.put(call.session, draft, lines=body["lines"], price_book_id=book.id if book else None)
    except Invalid as error:
        return render_template("sales/totals.html", totals=None, problems=messages(error.errors), currency=currency)
    return render_template("sales/totals.html", totals=found, problems=[], currency=currency)


def _flat(errors: dict[str, Any], at: str) -> list[tuple[str, str]]:
    found = []
    for name, inner in errors.items():
        label = str(int(name) + 1) if str(name).isdigit() else str(name)
        place = f"{at}.{label}" if at else label
        if isinstance(inner, dict):
            found += _flat(inner, place)
        else:
            found += [(place, str(text)) for text in (inner if isinstance(inner, list | tuple) else [inner])]
    return found
