"""What the write routes of every noun share: a record locked within the caller's scope, and bulk edits row by row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import changes
from chassis.caller import Caller
from chassis.errors import NotFound
from chassis.problems import as_problem, document
from engines import access
from sales.errors import UnknownReference
from sales.models import Account, Contact, Contract, Opportunity, Pipeline, PriceBook, Product, Quote

MAX_BULK = 1000


def locked(session: Session, caller: Caller, model: Any, record_id: str, action: str = "edit") -> Any:
    """The record for changing, its row locked; NotFound outside what the caller may read, Forbidden inside it."""
    record = session.scalars(select(model).where(model.id == record_id).with_for_update()).first()
    if record is None or not access.allows(session, caller, access.of_model(model), record):
        raise NotFound()
    access.require(session, caller, record, action)
    return record


def referred(session: Session, caller: Caller, model: Any, record_id: str, *, field: str) -> Any:
    """The record a body's field names; UnknownReference, naming the field, when the caller may not read it."""
    try:
        return access.get(session, caller, model, record_id)
    except NotFound:
        raise UnknownReference(errors={field: [str(UnknownReference.title)]}) from None


_REFERENCES: dict[str, Any] = {
    "account_id": Account, "parent_id": Account, "contact_id": Contact, "opportunity_id": Opportunity, "quote_id": Quote,
    "contract_id": Contract, "price_book_id": PriceBook, "product_id": Product, "pipeline_id": Pipeline,
}  # fmt: skip


def check_references(session: Session, caller: Caller, body: Any, *, at: str = "") -> None:
    """UnknownReference for the first id anywhere in a body, of lines and contacts too, that the caller may not read."""
    if isinstance(body, list):
        for number, part in enumerate(body):
            check_references(session, caller, part, at=f"{at}.{number}")
    elif isinstance(body, Mapping):
        for name, value in body.items():
            place = f"{at}.{name}" if at else name
            if name in _REFERENCES and isinstance(value, str) and value:
                referred(session, caller, _REFERENCES[name], value, field=place)
            elif isinstance(value, list | Mapping):
                check_references(session, caller, value, at=place)


class BulkResult(Schema):
    id = fields.String()
    ok = fields.Boolean()
    problem = fields.Dict(allow_none=True)


class BulkOut(Schema):
    items = fields.List(fields.Nested(BulkResult))
    done = fields.Integer()


def bulk_body(edit: type[Schema]) -> type[Schema]:
    """The body of a bulk edit: ids and what to change in each."""
    ids = fields.List(
        fields.String(validate=validate.Length(max=36)), required=True, validate=validate.Length(1, MAX_BULK)
    )
    return Schema.from_dict(
        {"ids": ids, "edit": fields.Nested(edit(partial=True), required=True)}, name=f"Bulk{edit.__name__}"
    )


def bulk(session: Session, ids: Sequence[str], act: Callable[[str], Any]) -> dict[str, Any]:
    """Do `act` for each record in a savepoint of its own; a refused one is reported and leaves the rest alone."""
    items: dict[str, dict[str, Any]] = {}
    # in order of their ids, so that two who change the same records wait for each other and never deadlock
    for id_ in sorted(set(ids)):
        try:
            with session.begin_nested():
                act(id_)
                session.flush()
            items[id_] = {"id": id_, "ok": True, "problem": None}
        except Exception as error:  # each row's refusal is an answer, as a single request's would be
            changes.forget(session)
            session.expire_all()
            items[id_] = {"id": id_, "ok": False, "problem": document(as_problem(error))}
    return {"items": [items[id_] for id_ in dict.fromkeys(ids)], "done": sum(item["ok"] for item in items.values())}
