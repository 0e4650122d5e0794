"""Products, price books, pipelines and exchange rates."""

from typing import Any

from chassis.api import Api, Call
from engines import access, listing
from engines.access import right
from sales import catalogue, queries, rates
from sales.api import writing
from sales.models import Pipeline, PriceBook, Product
from sales.objects import PIPELINE, PRICE_BOOK, PRODUCT
from sales.schemas import catalogue as schemas
from sales.settings import current

api = Api("sales", tag="Catalogue")


@api.get(
    "/products", answer=schemas.ProductOut, allow=right("product", "read"), query=listing.QUERY,
    page=listing.paged(PRODUCT, default="code"),
)  # fmt: skip
def list_products(call: Call) -> Any:
    """Products."""
    return listing.rows(call, PRODUCT)


@api.post(
    "/products", body=schemas.ProductEdit, answer=schemas.ProductOut, status=201, allow=right("product", "create")
)
def create_product(call: Call) -> Any:
    """Enter a product."""
    writing.check_references(call.session, call.caller, call.body)
    return catalogue.save_product(call.session, Product(), caller=call.caller, **call.body)


@api.get("/products/<id>", answer=schemas.ProductOut, allow=right("product", "read"))
def read_product(call: Call, id: str) -> Any:
    """One product."""
    return access.get(call.session, call.caller, Product, id)


@api.patch(
    "/products/<id>", body=schemas.ProductEdit(partial=True), answer=schemas.ProductOut, allow=right("product", "edit")
)
def edit_product(call: Call, id: str) -> Any:
    """Change a product; quotes made before keep their prices."""
    writing.check_references(call.session, call.caller, call.body)
    record = writing.locked(call.session, call.caller, Product, id)
    return catalogue.save_product(call.session, record, caller=call.caller, **call.body)


@api.get(
    "/price-books", answer=schemas.PriceBookOut, allow=right("price_book", "read"), query=listing.QUERY,
    page=listing.paged(PRICE_BOOK),
)  # fmt: skip
def list_price_books(call: Call) -> Any:
    """Price books."""
    return listing.rows(call, PRICE_BOOK)


@api.post(
    "/price-books",
    body=schemas.PriceBookEdit,
    answer=schemas.PriceBookOut,
    status=201,
    allow=right("price_book", "create"),
)
def create_price_book(call: Call) -> Any:
    """Make a price book with its prices."""
    writing.check_references(call.session, call.caller, call.body)
    return catalogue.save_price_book(call.session, PriceBook(), caller=call.caller, **call.body)


@api.get("/price-books/<id>", answer=schemas.PriceBookOut, allow=right("price_book", "read"))
def read_price_book(call: Call, id: str) -> Any:
    """One price book."""
    return access.get(call.session, call.caller, PriceBook, id)


@api.patch(
    "/price-books/<id>", body=schemas.PriceBookEdit(partial=True), answer=schemas.PriceBookOut,
    allow=right("price_book", "edit"),
)  # fmt: skip
def edit_price_book(call: Call, id: str) -> Any:
    """Change a price book; `prices`, when given, replace all its prices."""
    writing.check_references(call.session, call.caller, call.body)
    record = writing.locked(call.session, call.caller, PriceBook, id)
    return catalogue.save_price_book(call.session, record, caller=call.caller, **call.body)


@api.get("/price-books/<id>/prices", answer=schemas.PriceList, allow=right("price_book", "read"))
def list_prices(call: Call, id: str) -> Any:
    """The prices of a price book, by product and quantity."""
    access.get(call.session, call.caller, PriceBook, id)
    return {"prices": queries.price_rows(call.session, id)}


@api.get(
    "/pipelines", answer=schemas.PipelineOut, allow=right("pipeline", "read"), query=listing.QUERY,
    page=listing.paged(PIPELINE, default="key"),
)  # fmt: skip
def list_pipelines(call: Call) -> Any:
    """Pipelines with their stages."""
    return listing.rows(call, PIPELINE)


@api.post(
    "/pipelines", body=schemas.PipelineEdit, answer=schemas.PipelineOut, status=201, allow=right("pipeline", "create")
)
def create_pipeline(call: Call) -> Any:
    """Make a pipeline."""
    writing.check_references(call.session, call.caller, call.body)
    return catalogue.save_pipeline(call.session, Pipeline(), caller=call.caller, **call.body)


@api.get("/pipelines/<id>", answer=schemas.PipelineOut, allow=right("pipeline", "read"))
def read_pipeline(call: Call, id: str) -> Any:
    """One pipeline."""
    return access.get(call.session, call.caller, Pipeline, id)


@api.patch(
    "/pipelines/<id>",
    body=schemas.PipelineEdit(partial=True),
    answer=schemas.PipelineOut,
    allow=right("pipeline", "edit"),
)
def edit_pipeline(call: Call, id: str) -> Any:
    """Change a pipeline; a stage with opportunities in it cannot go."""
    writing.check_references(call.session, call.caller, call.body)
    record = writing.locked(call.session, call.caller, Pipeline, id)
    return catalogue.save_pipeline(call.session, record, caller=call.caller, **call.body)


@api.get("/exchange-rates", answer=schemas.RateList, allow=right("exchange_rate", "read"))
def list_rates(call: Call) -> Any:
    """Rates into the base currency, newest first per currency."""
    return {"base_currency": current().base_currency, "items": queries.exchange_rates(call.session)}


@api.post(
    "/exchange-rates", body=schemas.RateIn, answer=schemas.RateOut, status=201, allow=right("exchange_rate", "edit")
)
def set_exchange_rate(call: Call) -> Any:
    """Let a rate hold from a day on."""
    writing.check_references(call.session, call.caller, call.body)
    return rates.set_rate(call.session, **call.body)
