"""Inline edit of a list's cells: through the same access, validation and version as the form of the record.

mount(pages, Cells(kind=LEAD, path="leads", shown=definition, find=…, row=…, save=…))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from marshmallow import ValidationError

from chassis.api import Call
from chassis.errors import Forbidden, NotFound, Problem
from chassis.i18n import gettext as _
from console import forms, lists
from console.fields import Field, value_of
from console.pages import Pages
from engines import access
from engines.access import right
from engines.objects import ObjectType


@dataclass(frozen=True, kw_only=True)
class Cells:
    """How the cells of one list are edited; its List has `edit="/<service>/<path>/{id}/cells/{field}"`.

    `find(call, id)` loads the record for editing, its row locked when the request writes. `row(call, record)` is the record
    as the list shows it. `save(call, record, given)` stores `{field: value}` (None for what was emptied) by the use case of
    the form; a ValidationError or Problem it raises is shown in the cell.
    """

    kind: ObjectType
    path: str
    shown: Callable[[Call], lists.List]
    find: Callable[[Call, str], Any]
    row: Callable[[Call, Any], Mapping[str, Any]]
    save: Callable[[Call, Any, dict[str, Any]], None]


def mount(pages: Pages, cells: Cells) -> None:
    """Let `pages` answer for the cells."""
    rule = f"/{cells.path}/<id>/cells/<name>"

    def cell(call: Call, id: str, name: str) -> Any:
        shown = cells.shown(call)
        _editable(shown, name)
        draw = lists.cell if request.args.get("cancel") else lists.editor
        return draw(shown, cells.row(call, cells.find(call, id)), name)

    def save(call: Call, id: str, name: str) -> Any:
        shown = cells.shown(call)
        field = _editable(shown, name)
        record = cells.find(call, id)
        row = cells.row(call, record)
        form = forms.Form(key="", title="", action="", fields=[replace(field, name="value")])
        typed = forms.typed(form, request.form, {}).value("value")
        if request.form.get("version", "") != str(record.version):
            return lists.conflict(shown, row, name, value=typed)
        try:
            given = _given(field, forms.values(form, request.form)["value"], row)
            access.check_edit(call.session, call.caller, cells.kind.kind, {name: given})
            cells.save(call, record, {name: given})
            call.session.flush()
        except ValidationError as error:
            return lists.editor(shown, row, name, value=typed, error=_said(error.normalized_messages())), 422
        except (Forbidden, NotFound):
            raise
        except Problem as problem:
            return lists.editor(shown, row, name, value=typed, error=_said(problem.errors) or str(problem)), 422
        return lists.cell(shown, cells.row(call, record), name)

    cell.__name__, save.__name__ = f"{cells.kind.kind}_cell", f"save_{cells.kind.kind}_cell"
    pages.get(rule, allow=right(cells.kind.kind, "edit"))(cell)
    pages.post(rule, allow=right(cells.kind.kind, "edit"))(save)


def marked(
    call: Call, kind: ObjectType, records: Sequence[Any], rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows, each with `may_edit`: whether the reader may change that record."""
    return [
        row | {"may_edit": access.allows(call.session, call.caller, kind, record, "edit")}
        for record, row in zip(records, rows, strict=True)
    ]


def _editable(shown: lists.List, name: str) -> Field:
    field = shown.field(name)
    if field is None or not field.editable or not shown.edit:
        raise NotFound()
    return field


def _given(field: Field, value: Any, row: Mapping[str, Any]) -> Any:
    """What was typed, as the schemas of the API take it."""
    if field.required and value in (None, "", []):
        raise ValidationError({field.name: [_("This must not be empty.")]})
    if field.kind == "money" and value:
        before = value_of(row, field.name)
        currency = before.get("currency") if isinstance(before, Mapping) else None
        return {"amount": str(value).replace(",", ""), "currency": currency or field.currency}
    return value


def _said(messages: Any) -> str:
    """Messages of any nesting in one line."""
    if isinstance(messages, Mapping):
        return " ".join(_said(part) for part in messages.values())
    return " ".join(_said(part) for part in messages) if isinstance(messages, list | tuple) else str(messages or "")
