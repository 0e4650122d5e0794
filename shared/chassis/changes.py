"""Change sets: what one business save did to a record, taken from the session so that no use case can forget it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import NO_VALUE

from chassis.records import Record

_SILENT = {"version", "updated_at"}
Key = tuple[str, str]


class UnpublishedChange(Exception):
    """A record was changed in a transaction that published no event about it: a programming error."""


def take(session: Session, record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """Remove and return the pending change set of `record`: (plain, personal), each {column: [before, after]}."""
    pending: dict[Key, dict[str, Any]] = session.info.get("changes", {})
    changed = pending.pop((record.__kind__, record.id), {})
    personal = personal_columns(inspect(type(record)))
    plain = {name: pair for name, pair in changed.items() if name not in personal}
    return plain, {name: pair for name, pair in changed.items() if name in personal}


def pending(session: Session, record: Record) -> bool:
    """Whether `record` was changed, flushed or not, and no event has said so yet."""
    return session.is_modified(record) or (record.__kind__, record.id) in session.info.get("changes", {})


def forget(session: Session) -> None:
    """Drop pending change sets, after a savepoint was rolled back."""
    session.info.pop("changes", None)


def identify(record: Record) -> None:
    """Give a new record its id before the database would."""
    if record.id is None:
        record.id = type(record).id.property.columns[0].default.arg(None)


_personal: dict[Mapper[Any], frozenset[str]] = {}


def personal_columns(mapper: Mapper[Any]) -> frozenset[str]:
    """Names of the mapper's columns marked `info={"personal": True}`, and the company's own fields, which may hold anything."""
    if mapper not in _personal:
        _personal[mapper] = frozenset(
            prop.key for prop in mapper.column_attrs if prop.columns[0].info.get("personal") or prop.key == "custom"
        )
    return _personal[mapper]


def _collect(session: Session, _flush_context: object, _instances: object) -> None:
    pending = session.info.setdefault("changes", {})
    _note(pending, session.new, created=True)
    _note(pending, session.dirty)
    for record in session.deleted:
        if isinstance(record, Record):
            pending.setdefault((record.__kind__, record.id), {})["deleted"] = [False, True]


def _note(pending: dict[Key, dict[str, Any]], records: Iterable[object], *, created: bool = False) -> None:
    for record in records:
        if not isinstance(record, Record):
            continue
        state = inspect(record)
        identify(record)
        columns = state.mapper.column_attrs
        values = state.dict
        if created:
            names = columns.keys()  # iterating over the collection itself gives the attributes
            fresh = {key: [None, values[key]] for key in names if values.get(key) not in (None, [], {})}
            if fresh:
                pending.setdefault((record.__kind__, record.id), {}).update(fresh)
            continue
        for key, before in state.committed_state.items():
            if key in _SILENT or key not in columns:
                continue
            after = values.get(key)
            if before is NO_VALUE:
                before = None
            if before != after:
                changes = pending.setdefault((record.__kind__, record.id), {})
                changes[key] = [changes[key][0] if key in changes else before, after]


def _before_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        refuse_unpublished(session)


def refuse_unpublished(session: Session) -> None:
    """UnpublishedChange if a record was changed and no event has said so."""
    session.flush()
    left = session.info.pop("changes", None)
    if left:
        session.info.pop("published", None)
        raise UnpublishedChange(", ".join(f"{kind}/{id} {sorted(fields)}" for (kind, id), fields in left.items()))


event.listen(Session, "before_flush", _collect)
event.listen(Session, "before_commit", _before_commit)
