"""What is sold and at which price: products, price books with their prices, exchange rates."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import render_template, request
from sqlalchemy import select

from chassis import clock
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from console import details, fields, forms, lists, reader, replies
from console import transfers as transfer_links
from console.fields import Choice, Field
from engines import access
from engines.access import has_right, right
from sales import catalogue, queries, rates, transfers
from sales.api import writing
from sales.models import Price, PriceBook, Product
from sales.objects import PRICE_BOOK, PRODUCT
from sales.pages import paging
from sales.pages.edge import is_stale, loaded, pages
from sales.schemas import catalogue as schemas
from sales.schemas.values import CURRENCIES
from sales.settings import current

PRODUCTS, BOOKS, RATES = "/sales/products", "/sales/price-books", "/sales/exchange-rates"
_PRODUCT = ("code", "name", "category", "unit", "tax_percent", "unit_cost", "active")
_BOOK = ("name", "currency", "valid_from", "valid_until", "is_default", "active")
_SEPARATORS = "\t;；,，"


def tabs(call: Call, here: str) -> list[tuple[str, str, bool]]:
    """The pages of the catalogue the reader may open."""
    found = (
        ("product", _("Products"), PRODUCTS),
        ("price_book", _("Price books"), BOOKS),
        ("exchange_rate", _("Exchange rates"), RATES),
        ("pipeline", _("Pipelines"), "/sales/pipelines"),
    )
    may = access.has_right
    return [(label, url, url == here) for kind, label, url in found if may(call.session, call.caller, kind, "read")]


@pages.get("/products", allow=right("product", "read"))
def product_list(call: Call) -> Any:
    """The products as a list."""
    seen = access.visible(call.session, call.caller, PRODUCT).by_name
    columns = [
        name for name in ("name", "code", "category", "unit", "tax_percent", "unit_cost", "active") if name in seen
    ]
    shown = lists.List(
        key="sales.products",
        **transfer_links.around(call, transfers.PRODUCTS),
        title=_("Products"),
        url=PRODUCTS,
        link=PRODUCTS + "/{id}",
        fields=fields.of_object(
            PRODUCT, *columns, name={"sortable": True}, code={"sortable": True}, category={"sortable": True}
        ),
        columns=columns,
        sort="code",
        tabs=tabs(call, PRODUCTS),
        create=_create(call, "product", PRODUCTS, _("New product")),
        empty=_("No products yet: enter what you sell, and quotes take names, taxes and prices from here"),
    )
    return paging.page(call, shown, PRODUCT, lambda found: paging.plain(found, *columns))


@pages.get("/products/new", allow=right("product", "create"))
def new_product(call: Call) -> Any:
    """The form for a new product."""
    return forms.page(_product_form(call, None))


@pages.post("/products/new", allow=right("product", "create"))
def create_product(call: Call) -> Any:
    """Enter a product."""
    return _save_product(call, None)


@pages.get("/products/<id>", allow=right("product", "read"))
def product_page(call: Call, id: str) -> Any:
    """One product with its prices."""
    record = access.get(call.session, call.caller, Product, id)
    seen = access.visible(call.session, call.caller, PRODUCT).by_name
    shown = [name for name in _PRODUCT if name in seen]
    may_edit = access.allows(call.session, call.caller, PRODUCT, record, "edit")
    return details.page(
        details.Detail(
            title=record.name,
            kicker=_("Product"),
            number=record.code,
            back=(PRODUCTS, _("Products")),
            record=record,
            version=record.version,
            status=_on(record.active, _("On sale"), _("Not sold any more")),
            sections=[
                details.Section(
                    title=_("Product"),
                    edit=f"{PRODUCTS}/{id}/edit" if may_edit else "",
                    fields=[*fields.of_object(PRODUCT, *shown), _description()],
                )
            ],
        ),
        template="sales/product.html",
        prices=_prices_of(call, id),
    )


def _prices_of(call: Call, product_id: str) -> list[dict[str, Any]]:
    """What a product costs in the price books that the reader may see."""
    if not has_right(call.session, call.caller, "price_book", "read"):
        return []
    books = access.readable(call.session, call.caller, PriceBook).where(PriceBook.active).order_by(PriceBook.name)
    known = {book.id: book for book in call.session.scalars(books)}
    wanted = select(Price).where(Price.product_id == product_id, Price.price_book_id.in_(known))
    found = sorted(call.session.scalars(wanted), key=lambda row: ([*known].index(row.price_book_id), row.min_quantity))
    return [
        {"id": row.price_book_id, "name": known[row.price_book_id].name, "currency": known[row.price_book_id].currency,
         "min_quantity": row.min_quantity, "unit_price": row.unit_price}
        for row in found
    ]  # fmt: skip


@pages.get("/products/<id>/edit", allow=right("product", "edit"))
def edit_product_form(call: Call, id: str) -> Any:
    """The form of one product."""
    return forms.page(_product_form(call, access.get(call.session, call.caller, Product, id, "edit")))


@pages.post("/products/<id>/edit", allow=right("product", "edit"))
def save_product(call: Call, id: str) -> Any:
    """Store the changes; quotes made before keep their prices."""
    return _save_product(call, writing.locked(call.session, call.caller, Product, id))


@pages.get("/price-books", allow=right("price_book", "read"))
def price_book_list(call: Call) -> Any:
    """The price books as a list."""
    shown = lists.List(
        key="sales.price_books",
        **transfer_links.around(call, transfers.PRICE_BOOKS),
        title=_("Price books"),
        url=BOOKS,
        link=BOOKS + "/{id}",
        fields=[
            *fields.of_object(
                PRICE_BOOK, "name", "currency", "valid_from", "valid_until", "active", name={"sortable": True}
            ),
            Field(name="is_default", label=_("Used by itself"), kind="boolean", filterable=False),
        ],
        columns=["name", "currency", "valid_from", "valid_until", "is_default", "active"],
        sort="name",
        tabs=tabs(call, BOOKS),
        create=_create(call, "price_book", BOOKS, _("New price book")),
    )
    return paging.page(call, shown, PRICE_BOOK, lambda found: paging.plain(found, *_BOOK))


@pages.get("/price-books/new", allow=right("price_book", "create"))
def new_price_book(call: Call) -> Any:
    """The form for a new price book."""
    return forms.page(_book_form(call, None))


@pages.post("/price-books/new", allow=right("price_book", "create"))
def create_price_book(call: Call) -> Any:
    """Make a price book with its prices."""
    return _save_book(call, None)


@pages.get("/price-books/<id>", allow=right("price_book", "read"))
def price_book_page(call: Call, id: str) -> Any:
    """A price book with its prices by quantity."""
    record = access.get(call.session, call.caller, PriceBook, id)
    may_edit = access.allows(call.session, call.caller, PRICE_BOOK, record, "edit")
    prices = queries.price_rows(call.session, id)
    return details.page(
        details.Detail(
            title=record.name,
            kicker=_("Price book"),
            number=record.number or "",
            back=(BOOKS, _("Price books")),
            record=record,
            version=record.version,
            status=_on(record.active, _("In use"), _("Switched off")),
            facts=[
                details.Fact(label=_("Currency"), value=record.currency),
                details.Fact(label=_("Prices"), value=len(prices), kind="integer"),
            ],
            sections=[
                details.Section(
                    title=_("Price book"),
                    edit=f"{BOOKS}/{id}/edit" if may_edit else "",
                    fields=[
                        *fields.of_object(PRICE_BOOK, "name", "currency", "valid_from", "valid_until"),
                        Field(name="is_default", label=_("Used when a quote names none"), kind="boolean"),
                    ],
                )
            ],
        ),
        template="sales/price_book.html",
        prices=prices,
        products=_products(call, [row.product_id for row in prices]),
    )


@pages.get("/price-books/<id>/edit", allow=right("price_book", "edit"))
def edit_price_book_form(call: Call, id: str) -> Any:
    """The form of one price book with all its prices."""
    return forms.page(_book_form(call, access.get(call.session, call.caller, PriceBook, id, "edit")))


@pages.post("/price-books/<id>/edit", allow=right("price_book", "edit"))
def save_price_book(call: Call, id: str) -> Any:
    """Store the price book; the prices given replace those it had."""
    return _save_book(call, writing.locked(call.session, call.caller, PriceBook, id))


@pages.get("/exchange-rates", allow=right("exchange_rate", "read"))
def rate_list(call: Call) -> Any:
    """The rates into the base currency, newest first."""
    return _rates(call)


@pages.post("/exchange-rates", allow=right("exchange_rate", "edit"))
def set_rate(call: Call) -> Any:
    """Let a rate hold from a day on."""
    form = _rate_form()
    body, errors = loaded(schemas.RateIn(), forms.values(form, request.form))
    if not errors and body["currency"] == current().base_currency:
        errors = {"currency": [_("The base currency needs no rate")]}
    if errors:
        return _rates(call, forms.typed(form, request.form, errors))
    rates.set_rate(call.session, **body)
    return replies.go(RATES, _("The rate was stored"), accepted=form.key)


def _rates(call: Call, form: forms.Form | None = None) -> Any:
    may_edit = has_right(call.session, call.caller, "exchange_rate", "edit")
    page = render_template(
        "sales/exchange_rates.html",
        tabs_of=tabs(call, RATES),
        base=current().base_currency,
        rows=queries.exchange_rates(call.session),
        today=rates.today(),
        form=(form or _rate_form()) if may_edit else None,
    )
    return page, 422 if form else 200


def _create(call: Call, kind: str, url: str, label: str) -> tuple[str, str] | None:
    return (f"{url}/new", label) if has_right(call.session, call.caller, kind, "create") else None


def _on(active: bool, yes: str, no: str) -> Choice:
    return Choice(value="on", label=yes, colour="green") if active else Choice(value="off", label=no)


def _description() -> Field:
    return Field(name="description", label=_("Description"), kind="long_text", max_length=2000, wide=True)


def _product_form(call: Call, record: Product | None) -> forms.Form:
    seen = access.visible(call.session, call.caller, PRODUCT).by_name
    typed = fields.of_object(
        PRODUCT, *(name for name in _PRODUCT if name in seen), code={"required": True, "max_length": 60},
        name={"required": True, "max_length": 200}, unit={"max_length": 20},
        tax_percent={"minimum": "0", "maximum": "100"},
    )  # fmt: skip
    address = f"{PRODUCTS}/{record.id}" if record else PRODUCTS
    return forms.Form(
        key=f"product:{record.id if record else 'new'}",
        title=record.name if record else _("New product"),
        action=f"{address}/edit" if record else f"{PRODUCTS}/new",
        cancel=address,
        fields=[*typed, _description()],
        values=record or {"tax_percent": "13", "active": True},
        version=record.version if record else "",
    )


def _save_product(call: Call, record: Product | None) -> Any:
    form = _product_form(call, record)
    if record is not None and is_stale(record):
        return forms.conflict(form, request.form, theirs=form.values, version=record.version)
    posted = forms.values(form, request.form)
    body, errors = loaded(schemas.ProductEdit(), posted)
    taken = select(Product.id).where(Product.code == body.get("code"), Product.id != (record.id if record else ""))
    if not errors and call.session.scalar(taken):
        errors = {"code": [_("Another product has this code")]}
    if errors:
        reader.veil()
        return forms.page(forms.typed(_product_form(call, record), request.form, errors))
    access.check_edit(call.session, call.caller, "product", body)
    body |= {name: None for name in ("category", "description") if posted.get(name) is None}
    saved = catalogue.save_product(call.session, record or Product(), caller=call.caller, **body)
    return replies.go(f"{PRODUCTS}/{saved.id}", _("Saved"), accepted=form.key)


def _book_form(call: Call, record: PriceBook | None) -> forms.Form:
    values: dict[str, Any] = {"currency": current().base_currency, "active": True, "prices": ""}
    if record is not None:
        prices = queries.price_rows(call.session, record.id)
        codes = _named(call, [row.product_id for row in prices])
        lines = [
            f"{codes[row.product_id]}, {_text(row.min_quantity)}, {_text(row.unit_price)}"
            for row in prices
            if row.product_id in codes
        ]
        values = {name: getattr(record, name) for name in _BOOK} | {"prices": "\n".join(lines)}
    address = f"{BOOKS}/{record.id}" if record else BOOKS
    currencies = [Choice(value=code, label=code) for code in CURRENCIES]
    return forms.Form(
        key=f"price_book:{record.id if record else 'new'}",
        title=record.name if record else _("New price book"),
        action=f"{address}/edit" if record else f"{BOOKS}/new",
        cancel=address,
        fields=[
            Field(name="name", label=_("Name"), required=True, max_length=120),
            Field(name="currency", label=_("Currency"), kind="choice", required=True, choices=currencies),
            Field(name="valid_from", label=_("Valid from"), kind="date"),
            Field(name="valid_until", label=_("Valid until"), kind="date"),
            Field(name="is_default", label=_("Used when a quote names none"), kind="boolean"),
            Field(name="active", label=_("In use"), kind="boolean"),
            Field(
                name="prices", label=_("Prices, one a line: product code, from quantity, unit price"), kind="long_text",
                wide=True, max_length=400_000, placeholder="ERP-STD, 1, 28000\nERP-STD, 10, 25200",
                help=_("Paste from a spreadsheet; these prices replace all the book had"),
            ),
        ],
        values=values,
        version=record.version if record else "",
    )  # fmt: skip


def _save_book(call: Call, record: PriceBook | None) -> Any:
    form = _book_form(call, record)
    if record is not None and is_stale(record):
        return forms.conflict(form, request.form, theirs=form.values, version=record.version)
    posted = forms.values(form, request.form)
    lines, faults = _prices(call, posted.pop("prices") or "")
    lines += _unseen(call, record)
    body, errors = loaded(schemas.PriceBookEdit(), posted | {"prices": lines})
    errors = {name: texts for name, texts in errors.items() if name != "prices"} if faults else errors
    if faults:
        errors["prices"] = faults[:20]
    if not errors and posted["valid_until"] and posted["valid_from"] and posted["valid_until"] < posted["valid_from"]:
        errors = {"valid_until": [_("It ends before it begins")]}
    if not errors:
        try:
            body |= {name: None for name in ("valid_from", "valid_until") if posted[name] is None}
            saved = catalogue.save_price_book(call.session, record or PriceBook(), caller=call.caller, **body)
            return replies.go(f"{BOOKS}/{saved.id}", _("Saved"), accepted=form.key)
        except Problem as refused:
            errors = refused.errors or {"": [str(refused.title)]}
    reader.veil()
    return forms.page(forms.typed(_book_form(call, record), request.form, errors))


def _unseen(call: Call, record: PriceBook | None) -> list[dict[str, Any]]:
    """Prices of products that who saves may not see: they were not in the form, and stay."""
    rows = queries.price_rows(call.session, record.id) if record is not None else []
    codes = _named(call, [row.product_id for row in rows])
    return [
        {"product_id": row.product_id, "min_quantity": str(row.min_quantity), "unit_price": str(row.unit_price)}
        for row in rows
        if row.product_id not in codes
    ]


def _named(call: Call, ids: Sequence[str] | None = None) -> dict[str, str]:
    """Codes by id of (these, or all) products that the reader may name: those he sees, if he sees their codes."""
    if "code" not in access.visible(call.session, call.caller, PRODUCT).by_name:
        return {}
    wanted = access.readable(call.session, call.caller, Product).with_only_columns(Product.id, Product.code)
    rows = call.session.execute(wanted if ids is None else wanted.where(Product.id.in_(set(ids))))
    return {row.id: row.code for row in rows}


def _prices(call: Call, text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The lines as prices, and what is wrong with them line by line."""
    known = {code.lower(): id_ for id_, code in _named(call).items()}
    found, faults, seen = [], [], set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        mark = max(_SEPARATORS, key=line.count)
        cells = [cell.strip() for cell in line.split(mark)]
        quantity, price = (_decimal(cells[1]), _decimal(cells[2])) if len(cells) == 3 else (None, None)
        product = known.get(cells[0].lower())
        if product is None:
            faults.append(_("Line %(line)s: there is no product “%(code)s”", line=number, code=cells[0][:60]))
        elif quantity is None or price is None:
            faults.append(_("Line %(line)s: give code, quantity and price", line=number))
        elif (product, quantity) in seen:
            faults.append(_("Line %(line)s: the product has a price for this quantity already", line=number))
        else:
            seen.add((product, quantity))
            found.append({"product_id": product, "min_quantity": str(quantity), "unit_price": str(price)})
    return found, faults


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(" ", "").replace(" ", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < Decimal(10) ** 12 else None


def _text(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _products(call: Call, ids: Sequence[str]) -> dict[str, Product]:
    wanted = access.readable(call.session, call.caller, Product).where(Product.id.in_(set(ids)))
    return {record.id: record for record in call.session.scalars(wanted)}


def _rate_form() -> forms.Form:
    currencies = [Choice(value=code, label=code) for code in CURRENCIES if code != current().base_currency]
    return forms.Form(
        key="exchange_rate",
        title=_("Set a rate"),
        action=RATES,
        submit=_("Store"),
        fields=[
            Field(name="currency", label=_("Currency"), kind="choice", required=True, choices=currencies),
            Field(
                name="rate", label=_("Rate"), kind="number", required=True, minimum="0",
                help=_("%(base)s for one unit", base=current().base_currency),
            ),
            Field(name="valid_from", label=_("Holds from"), kind="date", required=True),
        ],
        values={"valid_from": clock.today(current().time_zone)},
    )  # fmt: skip
