"""What is set up here, as data: pipelines, products, price books, exchange rates, pools and holding limits."""

from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.configuration import Section
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from engines.forms import configuration as own_forms
from engines.ownership import configuration as pools
from engines.rules import configuration as rules
from sales import catalogue, ownership, queries, rates
from sales.models import ExchangeRate, Pipeline, PriceBook, Product
from sales.schemas import catalogue as schemas

_PriceBook = Schema.from_dict({"prices": fields.List(fields.Dict(keys=fields.String()))})


def sections() -> list[Section]:
    """Products before the price books that price them."""
    return [
        own_forms.section(),
        Section(name="pipeline", export=_pipelines, apply=_put_pipeline),
        Section(name="product", export=_products, apply=_put_product),
        Section(name="price_book", shape=_PriceBook(unknown=INCLUDE), export=_price_books, apply=_put_price_book),
        Section(name="exchange_rate", export=_rates, apply=_put_rate),
        *pools.sections(ownership.ACCOUNTS),
        rules.section(),
    ]


def _pipelines(session: Session) -> dict[str, dict[str, Any]]:
    return {row.key: _shown(schemas.PipelineEdit, row, "key") for row in session.scalars(select(Pipeline))}


def _put_pipeline(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    record = session.scalars(select(Pipeline).where(Pipeline.key == key)).first() or Pipeline()
    catalogue.save_pipeline(session, record, caller=caller, **_read(schemas.PipelineEdit, {**body, "key": key}))


def _products(session: Session) -> dict[str, dict[str, Any]]:
    return {row.code: _shown(schemas.ProductEdit, row, "code") for row in session.scalars(select(Product))}


def _put_product(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    record = session.scalars(select(Product).where(Product.code == key)).first() or Product()
    catalogue.save_product(session, record, caller=caller, **_read(schemas.ProductEdit, {**body, "code": key}))


def _price_books(session: Session) -> dict[str, dict[str, Any]]:
    """Price books by name; their prices name the products by code."""
    codes = {row.id: row.code for row in session.scalars(select(Product))}
    return {
        row.name: _shown(schemas.PriceBookEdit, row, "name")
        | {"prices": [_price(price, codes) for price in queries.price_rows(session, row.id)]}
        for row in session.scalars(select(PriceBook).order_by(PriceBook.created_at.desc()))
    }


def _price(price: Any, codes: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = schemas.PriceOut().dump(price)
    return {"product": codes[shown.pop("product_id")], **shown}


def _put_price_book(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    ids = {row.code: row.id for row in session.scalars(select(Product))}
    prices = [dict(price) for price in body.get("prices") or ()]
    for place, price in enumerate(prices):
        code = price.pop("product", None)
        if code not in ids:
            raise Invalid(errors={f"prices.{place}.product": [_("There is no product %(code)s", code=code)]})
        price["product_id"] = ids[code]
    record = session.scalars(select(PriceBook).where(PriceBook.name == key)).first() or PriceBook()
    values = _read(schemas.PriceBookEdit, {**body, "name": key, "prices": prices})
    catalogue.save_price_book(session, record, caller=caller, **values)


def _rates(session: Session) -> dict[str, dict[str, Any]]:
    """By currency and day: `USD 2026-01-01`."""
    return {
        f"{row.currency} {row.valid_from.isoformat()}": {"rate": str(schemas.RateOut().dump(row)["rate"])}
        for row in session.scalars(select(ExchangeRate))
    }


def _put_rate(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    currency, _space, day = key.partition(" ")
    rates.set_rate(session, **_read(schemas.RateIn, {**body, "currency": currency, "valid_from": day}))


def _shown(schema: type[Schema], record: Any, key: str) -> dict[str, Any]:
    """What `schema` takes in, as the record has it, without its key and what is the record's alone."""
    wanted = set(schema().fields) - {key, "external_ids", "prices"}
    columns = {name: getattr(record, name) for name in wanted if hasattr(record, name)}
    return {name: value for name, value in schema(only=tuple(columns)).dump(columns).items() if value is not None}


def _read(schema: type[Schema], body: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(schema().load(body))  # type: ignore[arg-type]
    except ValidationError as error:
        raise Invalid(errors=error.normalized_messages()) from None
