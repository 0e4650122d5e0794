"""Products, price books and pipelines: saved whole, checked before."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.changes import pending
from chassis.errors import Invalid
from chassis.events import publish
from chassis.i18n import gettext as _
from engines.numbering import next_number
from sales import events, gates
from sales.models import Opportunity, Pipeline, Price, PriceBook, Product
from sales.pipeline_templates import TEMPLATES

_PREFIXES = {"product": "PRD", "price_book": "PB", "pipeline": "PL"}


def save_product(session: Session, record: Product, *, caller: Caller, **values: Any) -> Product:
    """Enter or change a product; its code is unique."""
    _put(session, record, caller, values)
    session.flush()
    if pending(session, record):
        facts = {"id": record.id, "key": record.code, "name": record.name}
        publish(session, events.ProductSaved(record, **facts, category=record.category, active=record.active))
    return record


def save_price_book(
    session: Session,
    record: PriceBook,
    *,
    caller: Caller,
    prices: Sequence[dict[str, Any]] | None = None,
    **values: Any,
) -> PriceBook:
    """Enter or change a price book; given prices replace all it had. At most one book per currency is the default."""
    _put(session, record, caller, values)
    session.flush()
    if prices is not None:
        _replace_prices(session, record, prices)
    if values.get("is_default"):
        _undefault(session, record)
    publish(session, _price_book_saved(record))
    return record


def save_pipeline(session: Session, record: Pipeline, *, caller: Caller, **values: Any) -> Pipeline:
    """Enter or change a pipeline. Its stages must make sense, and a stage somebody stands in cannot go."""
    if "stages" in values:
        faults = gates.faults(values["stages"])
        if faults:
            raise Invalid(errors={place: [str(reason)] for place, reason in faults.items()})
        _keep_used_stages(session, record, {stage["key"] for stage in values["stages"]})
    _put(session, record, caller, values)
    session.flush()
    if values.get("is_default"):
        others = session.scalars(select(Pipeline).where(Pipeline.is_default.is_(True), Pipeline.id != record.id))
        for other in others.all():
            other.is_default = False
            publish(session, _pipeline_saved(other))
    if pending(session, record):
        publish(session, _pipeline_saved(record))
    return record


def ensure_pipelines(session: Session, *, caller: Caller) -> list[Pipeline]:
    """The shipped pipelines, those that are missing made."""
    present = {record.key: record for record in session.scalars(select(Pipeline))}
    return [
        present.get(str(template["key"])) or save_pipeline(session, Pipeline(), caller=caller, **template)
        for template in TEMPLATES
    ]


def _put(session: Session, record: Any, caller: Caller, values: dict[str, Any]) -> None:
    if record.id is None:
        record.created_by = caller.id
        record.number = next_number(session, record.__kind__, _PREFIXES[record.__kind__])
        session.add(record)
    for name, value in values.items():
        setattr(record, name, value)


def _replace_prices(session: Session, record: PriceBook, prices: Sequence[dict[str, Any]]) -> None:
    places = [(price["product_id"], price["min_quantity"]) for price in prices]
    if len(set(places)) < len(places):
        raise Invalid(errors={"prices": [_("A product has two prices for the same quantity")]})
    session.execute(delete(Price).where(Price.price_book_id == record.id))
    session.add_all(Price(price_book_id=record.id, **price) for price in prices)
    session.flush()


def _undefault(session: Session, record: PriceBook) -> None:
    others = select(PriceBook).where(
        PriceBook.is_default.is_(True), PriceBook.currency == record.currency, PriceBook.id != record.id
    )
    for other in session.scalars(others).all():
        other.is_default = False
        publish(session, _price_book_saved(other))


def _keep_used_stages(session: Session, record: Pipeline, keys: set[str]) -> None:
    if record.id is None:
        return
    used = session.scalars(select(Opportunity.stage).where(Opportunity.pipeline_id == record.id).distinct())
    gone = sorted(set(used) - keys)
    if gone:
        raise Invalid(errors={"stages": [_("Opportunities stand in: %(stages)s", stages=", ".join(gone))]})


def _price_book_saved(record: PriceBook) -> events.PriceBookSaved:
    return events.PriceBookSaved(record, id=record.id, key=None, name=record.name, currency=record.currency)


def _pipeline_saved(record: Pipeline) -> events.PipelineSaved:
    return events.PipelineSaved(record, id=record.id, key=record.key, name=record.name, stages=record.stages)
