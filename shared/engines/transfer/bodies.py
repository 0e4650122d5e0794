"""Bodies of records: the present one of a record, what a row would change in it, and how to go back."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import SYSTEM, Caller
from chassis.i18n import gettext as _
from engines.fields import Spec, World
from engines.objects import LISTS, Field
from engines.transfer import values
from engines.transfer.columns import EXTERNAL, Column
from engines.transfer.declaring import Transferable
from engines.transfer.errors import RowRefused
from engines.transfer.rows import Given, Layout, same


def present(kind: Transferable, field: Field, record: Any) -> Any:
    """The value of a field as a body has it."""
    if (read := kind.value.get(field.name)) is not None:
        return read(record)
    value = getattr(record, field.column, None)
    if key := field.json_key:
        value = (value or {}).get(key)
    return plain(field, value)


def plain(field: Field, value: Any) -> Any:
    """A column's value as JSON has it; scaled integers as decimal text."""
    if value is None:
        return None
    if field.kind in ("number", "percent", "money") and field.scale and isinstance(value, int):
        return format(Decimal(value).scaleb(-field.scale), "f")
    if isinstance(value, datetime):
        return clock.iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value


def differences(
    session: Session, layout: Layout, kind: Transferable, record: Any, given: Given
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the row would change, as a body; what stands there now). Fields that read the same are left out."""
    changed: dict[str, Any] = {}
    before: dict[str, Any] = {}
    for name in given.texts:
        column = layout.columns[name]
        if not column.writable or column.name == "id" or name.startswith(EXTERNAL):
            continue
        if name in given.unknown:
            if given.texts[name] != present(kind, column.field, record):
                raise RowRefused("invalid", {name: [given.unknown[name]]})
        elif column.spec is not None:
            _compare_own(layout, session, record, given, column, column.spec, changed, before)
        elif column.edited:
            _compare(layout, kind, record, given, column, changed, before)
        else:
            _require_same(layout, kind, record, given, column)
    if kind.children is not None and kind.children.name in given.body:
        if kind.edited is None or kind.children.name not in kind.edited.load_fields:
            return changed, before
        fields = {field.name: field for field in kind.children.fields}
        now = [
            {name: plain(fields[name], value) for name, value in part.items()}
            for part in kind.children.of(session, [record]).get(record.id, [])
        ]
        wanted = given.body[kind.children.name]
        if not _same_parts(layout, kind, now, wanted):
            changed[kind.children.name], before[kind.children.name] = wanted, now
    return changed, before


def _require_same(layout: Layout, kind: Transferable, record: Any, given: Given, column: Column) -> None:
    """What only a new record takes must be what the record has: a difference is told, never passed over."""
    now, new = present(kind, column.field, record), given.body.get(column.field.name)
    if column.name in given.body and not same(column, new, now, _writer(layout, column)):
        told = _("A record that exists keeps this as it is: take the column out, or change it there.")
        raise RowRefused("fixed", {column.name: [told]})


def _compare(
    layout: Layout, kind: Transferable, record: Any, given: Given, column: Column, changed: dict[str, Any],
    before: dict[str, Any],
) -> None:  # fmt: skip
    field = column.field
    now = present(kind, field, record)
    if column.name in given.cleared:
        if layout.plan.empty == "keep":
            return
        new: Any = [] if field.kind in LISTS else None
    else:
        new = given.body.get(field.name)
    if same(column, new, now, _writer(layout, column)):
        return
    changed[field.name], before[field.name] = new, now


def _compare_own(
    layout: Layout, session: Session, record: Any, given: Given, column: Column, spec: Spec, changed: dict[str, Any],
    before: dict[str, Any],
) -> None:  # fmt: skip
    """A field of the company's own, compared as its kind writes it."""
    world, stored = World(session, SYSTEM, whole=True), (record.custom or {}).get(spec.key)
    new = given.own.get(column.name)
    if new is None and layout.plan.empty == "keep":
        return
    if spec.kind.to_text(spec, new, world, layout.notation) == spec.kind.to_text(spec, stored, world, layout.notation):
        return
    changed.setdefault("custom", {})[spec.key] = None if new is None else spec.kind.dump(spec, new)
    before.setdefault("custom", {})[spec.key] = None if stored is None else spec.kind.dump(spec, stored)


def _writer(layout: Layout, column: Column) -> values.Write:
    return values.writer(column.field, layout.plan.dialect.zone or "UTC")


def _same_parts(layout: Layout, kind: Transferable, now: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> bool:
    """Whether the parts read the same, as far as the file has columns for them."""
    assert kind.children is not None
    if len(now) != len(wanted):
        return False
    columns = [column for column in layout.columns.values() if column.part]
    return all(
        same(column, new.get(column.field.name), old.get(column.field.name), _writer(layout, column))
        for old, new in zip(now, wanted, strict=True)
        for column in columns
    )


def note_external(
    session: Session, kind: Transferable, caller: Caller, record: Any, external: Mapping[str, str]
) -> None:
    """Give a new record its ids in other systems; its own use case says that it changed."""
    record.external_ids = dict(record.external_ids or {}) | dict(external)
    assert kind.edit is not None
    kind.edit(session, caller, record, {})
