"""The one access predicate per kind of record: a condition, run as SQL for lists and in memory for single records."""

import logging
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import Forbidden, NotFound
from chassis.i18n import lazy as _
from chassis.records import Record
from engines import objects
from engines.access import shares
from engines.access.grants import Granted, granted
from engines.access.sight import whole
from engines.conditions import ConditionError, Context, check, compile_memory, to_sql
from engines.objects import ObjectType

log = logging.getLogger(__name__)
R = TypeVar("R")

_ME = {"me": True}
_ALWAYS: dict[str, Any] = {"all": []}
_NEVER: dict[str, Any] = {"any": []}


def condition(session: Session, grant: Granted, caller: Caller, kind: ObjectType, action: str) -> dict[str, Any]:
    """The records of `kind` the caller may read, edit or delete, as a condition; shares come on top for reading.

    A role whose condition no longer fits the kind's fields grants nothing.
    """
    if grant.everything:
        return _ALWAYS
    parts = []
    for scope, only in grant.scopes.get(action, ()):
        part = _scope(scope, caller, kind, action)
        if only and not _fits(only, kind):
            continue
        parts.append({"all": [part, only]} if only else part)
    if action == "read":
        parts += [
            dict(opened(session, caller) if callable(opened) else opened)
            for right, opened in kind.open_to.items()
            if right in grant.rights
        ]
    return parts[0] if len(parts) == 1 else {"any": parts}


def _whole(session: Session, grant: Granted, kind: ObjectType, action: str) -> ObjectType:
    """The kind with the company's own fields where a role's condition may be about them."""
    conditional = any(only for _scope, only in grant.scopes.get(action, ()))
    return objects.extended(session, kind) if conditional else kind


def _scope(scope: str, caller: Caller, kind: ObjectType, action: str) -> dict[str, Any]:
    if scope == "all":
        return _ALWAYS
    has = kind.by_name
    owner = "owner_id" if "owner_id" in has else "created_by"
    if owner not in has:
        return _NEVER
    parts: list[dict[str, Any]] = [{"field": owner, "op": "eq", "value": _ME}]
    if "collaborator_ids" in has and action != "delete":
        parts.append({"field": "collaborator_ids", "op": "contains", "value": _ME})
    if scope in {"team", "department_tree"}:
        parts.append({"field": owner, "op": "in", "value": {"my_team": True}})
    if scope == "department_tree" and caller.department_ids and "department_id" in has:
        departments = [{"field": "department_id", "op": "in", "value": list(caller.department_ids[n : n + 1000])}
                       for n in range(0, len(caller.department_ids), 1000)]  # fmt: skip
        parts += departments
    return {"any": parts}


def _fits(only: Any, kind: ObjectType) -> bool:
    try:
        check(only, kind)
    except ConditionError as error:
        log.warning("a role's condition on %s grants nothing, it does not fit: %s", kind.kind, error.errors)
        return False
    return True


def predicate_sql(
    session: Session, caller: Caller, kind: ObjectType, action: str = "read", *, model: Any = None
) -> ColumnElement[bool]:
    """WHERE clause of the records the caller may read, edit or delete; `model` may be an alias."""
    grant = granted(session, caller, kind.kind)
    if grant.everything or ("all", None) in grant.scopes.get(action, ()):
        return true()
    source = kind.model if model is None else model
    kind = _whole(session, grant, kind, action)
    if not grant.may(action):
        found: ColumnElement[bool] = false()
    else:
        found = to_sql(condition(session, grant, caller, kind, action), kind, Context(caller=caller), source)
    if not _counts_shares(grant, caller, action):
        return found
    shared = select(shares.Share.subject_id).where(shares.in_force(session, caller, kind.kind, action))
    return or_(found, source.id.in_(shared))


def allows(session: Session, caller: Caller, kind: ObjectType, record: Any, action: str = "read") -> bool:
    """Whether the caller may read, edit or delete this record; the same answer as `predicate_sql`."""
    grant = granted(session, caller, kind.kind)
    if grant.everything:
        return True
    kind = _whole(session, grant, kind, action)
    if grant.may(action) and compile_memory(condition(session, grant, caller, kind, action), kind)(
        whole(record), Context(caller=caller)
    ):
        return True
    return _counts_shares(grant, caller, action) and shares.is_shared(session, caller, kind.kind, record.id, action)


def held(session: Session, caller: Caller, kind: ObjectType, record: Any, action: str) -> bool:
    """`allows` by the caller's roles alone, without shares: what he may pass on."""
    grant = granted(session, caller, kind.kind)
    if grant.everything or not grant.may(action):
        return grant.everything
    kind = _whole(session, grant, kind, action)
    return compile_memory(condition(session, grant, caller, kind, action), kind)(whole(record), Context(caller=caller))


def _counts_shares(grant: Granted, caller: Caller, action: str) -> bool:
    """A share opens more records, not more actions: for editing, the role must grant editing some record at least."""
    return caller.is_person and (action == "read" or (action == "edit" and grant.may("edit")))


def readable(session: Session, caller: Caller, model: type[R]) -> Select[Any]:
    """SELECT of the records of `model` the caller may read: begin every list, search, count and export with it."""
    return select(model).where(predicate_sql(session, caller, objects.of_model(model)))


def get(
    session: Session, caller: Caller, model: type[R], record_id: str, action: str = "read", *, lock: bool = False
) -> R:
    """The record, for reading, editing or deleting; NotFound outside what the caller may read, Forbidden inside it.

    `lock` keeps others from changing it until this transaction ends.
    """
    kind = objects.of_model(model)
    record = session.get(model, record_id, with_for_update=lock or None)
    if record is None or not allows(session, caller, kind, record):
        raise NotFound()
    require(session, caller, record, action)
    return record


def require(session: Session, caller: Caller, record: Record | Any, action: str) -> None:
    """Forbidden unless the caller may do `action` (read, edit, delete) to a record he has at hand."""
    if action != "read" and not allows(session, caller, objects.of_model(record), record, action):
        raise Forbidden(_("You may see this, but not change it"))
