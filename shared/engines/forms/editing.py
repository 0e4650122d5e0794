"""Records by their forms alone: the company's own fields of any record, and the whole life of records of its own kinds."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis import changes, directory
from chassis.caller import Caller
from chassis.errors import Invalid, NotFound
from chassis.events import publish
from chassis.i18n import lazy as _
from engines import access, record_kit
from engines import tags as tagging
from engines.forms import filling, in_force, rolling, uniqueness
from engines.forms.events import RecordChanged, RecordCreated, RecordDeleted
from engines.numbering import next_number
from engines.objects import ObjectType

MAX_NAME = 200


def edit(session: Session, kind: ObjectType, record: Any, given: Mapping[str, Any], *, caller: Caller) -> Any:
    """Change the company's own fields of a record of any kind; Invalid names each field."""
    filling.fill(session, kind, record, given, caller=caller)
    tell(session, kind, record, how="edited")
    return record


def tell(session: Session, kind: ObjectType, record: Any, *, how: str) -> None:
    """Say that a record changed, unless nothing did."""
    if changes.pending(session, record):
        publish(session, RecordChanged(record, **facts(session, kind, record), how=how))


def facts(session: Session, kind: ObjectType, record: Any) -> dict[str, Any]:
    """What every event about the record says."""
    return {
        "kind": kind.kind,
        "record_id": record.id,
        "number": record.number,
        "owner_id": record.owner_id,
        "department_id": record.department_id,
        "name": record_kit.title(record) or None,
        "custom": filling.said(session, kind, record.custom),
    }


# ---- kinds of the company's own


def own_kind(session: Session, key: str) -> ObjectType:
    """A kind of the company's own; NotFound."""
    if key not in in_force.own_keys(session):
        raise NotFound()
    found = in_force.kinds(session, key)
    assert found is not None
    return found


def create(
    session: Session, key: str, *, caller: Caller, name: str = "", owner_id: str | None = None,
    custom: Mapping[str, Any] | None = None, tags: list[str] | None = None, text: Any = None, world: Any = None,
) -> Any:  # fmt: skip
    """Make a record of one of the company's own kinds; who makes it owns it unless `owner_id` says otherwise."""
    kind = own_kind(session, key)
    form = in_force.of(session, kind)
    record = kind.model(object=key, name=_named(name), created_by=caller.id, tags=tagging.cleaned(tags or []))
    changes.identify(record)
    record.version = 1
    _own(session, record, owner_id or (caller.id if caller.is_person else None))
    filling.fill(session, kind, record, custom, caller=caller, new=True, text=text, world=world)
    record.number = next_number(session, f"own.{key}", form.own["prefix"])
    session.add(record)
    session.flush()
    rolling.begun(session, kind, record)
    publish(session, RecordCreated(record, **facts(session, kind, record)))
    return record


def change(
    session: Session, record: Any, *, caller: Caller, how: str = "edited", text: Any = None, world: Any = None,
    **given: Any,
) -> Any:  # fmt: skip
    """Change name, tags, owner and own fields of a record of the company's own kinds; only what is given."""
    kind = own_kind(session, record.__kind__)
    if "name" in given:
        record.name = _named(given["name"])
    if "tags" in given:
        record.tags = tagging.cleaned(given["tags"] or [])
    if "owner_id" in given and given["owner_id"] != record.owner_id:
        access.require_right(session, caller, kind.kind, "assign")
        _own(session, record, given["owner_id"])
    filling.fill(session, kind, record, given.get("custom"), caller=caller, text=text, world=world)
    tell(session, kind, record, how=how)
    return record


def delete(session: Session, record: Any) -> None:
    """Delete a record of one of the company's own kinds; what points at it points at nothing from then on."""
    kind = own_kind(session, record.__kind__)
    said = facts(session, kind, record)
    uniqueness.release(session, kind.kind, record.id)
    session.delete(record)
    session.flush()
    rolling.ended(session, kind, record)
    publish(session, RecordDeleted(record, **said))


def _named(name: Any) -> str:
    text = " ".join(str(name or "").split())
    if not text:
        raise Invalid(errors={"name": [_("This field is required.")]})
    if len(text) > MAX_NAME:
        raise Invalid(errors={"name": [_("Longer than %(n)s characters.", n=MAX_NAME)]})
    return text


def _own(session: Session, record: Any, owner_id: str | None) -> None:
    """Give the record its owner, with his department."""
    if owner_id is None:
        record.owner_id = None
        return
    person = directory.snapshot(session).users.get(owner_id)
    if person is None or not person.active:
        raise Invalid(errors={"owner_id": [_("There is nobody called %(name)s.", name=owner_id)]})
    record.owner_id, record.department_id = owner_id, person.department_id
