"""Finding the records that rows are about: by indexed columns directly, by any other key through a table made for the import."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, func, insert, join, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import is_sqlite
from engines import access
from engines.objects import LISTS, of_model
from engines.transfer.columns import EXTERNAL
from engines.transfer.declaring import Transferable
from engines.transfer.models import ImportKey

AT_ONCE = 400
_WIDTH = 200


def is_direct(kind: Transferable, key: str) -> bool:
    """Whether the key is a column that an index finds."""
    if key == "id":
        return True
    column = kind.model.__table__.c.get(key)
    return column is not None and (bool(column.index) or bool(column.unique) or column.primary_key)


def collect(session: Session, import_id: str, kind: Transferable, key: str) -> None:
    """Fill the import's table of keys, in one statement; done again it begins anew."""
    forget(session, import_id)
    if is_direct(kind, key):
        return
    text, source = _key_text(session, kind, key)
    wanted = select(func.substr(text, 1, _WIDTH).label("key"), kind.model.id).select_from(source)
    found = kind.narrowed(wanted).distinct().subquery()
    rows = select(literal(import_id), found.c.key, found.c.id).where(found.c.key != "")
    session.execute(insert(ImportKey).from_select(["import_id", "key", "record_id"], rows))


def forget(session: Session, import_id: str) -> None:
    """The keys are no longer needed."""
    session.execute(delete(ImportKey).where(ImportKey.import_id == import_id))


def add(session: Session, import_id: str, key: str, record_id: str) -> None:
    """A record that a row made can be found by the next."""
    dialect: Any = sqlite if is_sqlite(session) else postgresql
    session.execute(
        dialect.insert(ImportKey)
        .values(import_id=import_id, key=key[:_WIDTH], record_id=record_id)
        .on_conflict_do_nothing(index_elements=["import_id", "key", "record_id"])
    )


def found(
    session: Session, caller: Caller, import_id: str, kind: Transferable, key: str, texts: Iterable[str]
) -> dict[str, list[str]]:
    """For each text the ids of the records that have it as their key, of those the caller may read."""
    wanted = sorted({text[:_WIDTH] for text in texts})
    hits: dict[str, list[str]] = {}
    direct = is_direct(kind, key)
    column = getattr(kind.model, key if direct else "id")
    seen = access.predicate_sql(session, caller, of_model(kind.model))
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        if direct:
            rows = kind.narrowed(select(column, kind.model.id)).where(column.in_(part), seen)
        else:
            mine = (ImportKey.import_id == import_id, ImportKey.key.in_(part))
            rows = select(ImportKey.key, kind.model.id).join(kind.model, kind.model.id == ImportKey.record_id)
            rows = rows.where(*mine, seen)
        for text, record_id in session.execute(rows):
            hits.setdefault(str(text), []).append(record_id)
    return hits


def _key_text(session: Session, kind: Transferable, key: str) -> tuple[Any, Any]:
    """(the key of each record as text, what to select it from): a row for each entry of a list; empty where there is none."""
    model = kind.model
    if key.startswith(EXTERNAL):
        return _member(session, model.external_ids, key[len(EXTERNAL) :]), model
    field = of_model(model).by_name[key]
    column = getattr(model, field.column)
    if field.json_key:
        return _member(session, column, field.json_key), model
    if field.kind in LISTS:
        if is_sqlite(session):
            each: Any = func.json_each(column).table_valued("value")
            return func.coalesce(each.c.value, ""), join(model, each, true())
        return func.jsonb_array_elements_text(column), model
    return func.coalesce(cast(column, String), ""), model


def _member(session: Session, column: Any, name: str) -> ColumnElement[Any]:
    if is_sqlite(session):
        return func.coalesce(func.json_extract(column, f'$."{name}"'), "")
    return func.coalesce(column.op("->>")(name), "")


def ids_of(hits: dict[str, list[str]], text: str) -> Sequence[str]:
    """The records of one text."""
    return sorted(set(hits.get(text[:_WIDTH], ())))
