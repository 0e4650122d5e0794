"""Whose rows a caller may count and see: the one place where the access predicate enters a question.

Rows follow the record they belong to. The right `aggregate` of reports opens figures, but no lists, to all records in
the scope that reports are granted in.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import AsBoolean, False_, True_

from chassis.caller import Caller
from engines import access
from engines.objects import Field, ObjectType
from reporting.errors import MetricHidden
from reporting.facts import Fact
from reporting.models import RecordAccess

_FIELDS = (
    Field("id", "id"),
    Field("owner_id", "person"),
    Field("department_id", "department"),
    Field("collaborator_ids", "texts"),
    Field("region", "text"),
    Field("pool", "text"),
)
_OPEN = {"lead": {"see_pool": {"field": "pool", "op": "is_not_empty"}}}
_STORED_AS = {"usage": "user"}  # kinds whose rows in record_access have another name


def _kind(name: str) -> ObjectType:
    return ObjectType(
        name, RecordAccess, _FIELDS, open_to=_OPEN.get(name, {}), adds_record_fields=False, registered=False
    )


KINDS: Mapping[str, ObjectType] = {
    name: _kind(name)
    for name in (
        "lead", "account", "opportunity", "quote", "contract", "receivable", "payment", "ticket", "approval", "usage", "report",
    )
}  # fmt: skip


def restriction(session: Session, caller: Caller, fact: Fact, row: Any, *, drill: bool) -> ColumnElement[bool]:
    """The rows of `fact` the caller may count, or with `drill` see; `row[column]` gives the fact's columns."""
    if fact.record:
        return _of_kind(session, caller, fact.record, row[fact.record_id], drill=drill)
    parts = [
        and_(row["subject_kind"] == kind, _of_kind(session, caller, kind, row[fact.record_id], drill=drill))
        for kind in fact.record_kinds
    ]
    return or_(false(), *parts)


def may_count(session: Session, caller: Caller, fact: Fact) -> bool:
    """Whether there is anything in the fact for the caller."""
    if access.has_right(session, caller, "report", "aggregate"):
        return True
    return any(access.has_right(session, caller, kind, "read") for kind in (fact.record_kinds or [fact.record]))


def check_fields(session: Session, caller: Caller, fact: Fact, names: set[str], *, drill: bool) -> None:
    """MetricHidden when a column reads a field of the record that the caller's role hides."""
    if not fact.record or (not drill and access.has_right(session, caller, "report", "aggregate")):
        return
    if names & hidden(session, caller, fact):
        raise MetricHidden()


def hidden(session: Session, caller: Caller, fact: Fact) -> set[str]:
    """Fields of the fact that the caller's role hides on the record; amounts go by the record's `amount`."""
    if not fact.record:
        return set()
    closed = access.granted(session, caller, fact.record).hidden
    return {item.name for item in fact.fields if item.name in closed or (item.kind == "money" and "amount" in closed)}


def _of_kind(session: Session, caller: Caller, kind: str, record_id: Any, *, drill: bool) -> ColumnElement[bool]:
    owned = aliased(RecordAccess)
    allowed = access.predicate_sql(session, caller, KINDS[kind], model=owned)
    if not drill and access.has_right(session, caller, "report", "aggregate"):
        allowed = or_(allowed, access.predicate_sql(session, caller, KINDS["report"], model=owned))
    plain: Any = allowed
    while isinstance(plain, AsBoolean):  # how SQLAlchemy wraps a constant that and_ or or_ came down to
        plain = plain.element
    if isinstance(plain, True_ | False_):
        return plain
    stored = _STORED_AS.get(kind, kind)
    return select(owned.id).where(owned.kind == stored, owned.id == record_id, allowed).exists()
