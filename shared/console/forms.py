"""Forms: validated by the server in place, what was typed kept until it is accepted, conflicts shown side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import render_template

from chassis import clock
from console import formats, reader
from console.fields import Field, Words, value_of
from engines.objects import NUMBERS


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields under one heading."""

    title: Words
    fields: Sequence[Field]
    help: Words = ""
    columns: int = 0  # side by side on a wide screen; 0: as many as fit


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form that POSTs to `action`.

    `key` names the draft kept in the browser until `replies.go(..., accepted=key)` says that it was taken in; make it
    unique per record (`lead:new`, `lead:0190…`). `values` are shown, `errors` maps field names to messages (`""` is for
    the whole form), `version` is sent back so that a concurrent change is noticed. `kind` names the kind of record: fields
    that the reader may not see in full are left out, those he may not change cannot be typed in.
    """

    key: str
    title: Words
    action: str
    fields: Sequence[Field] = ()
    groups: Sequence[Group] = ()
    values: Any = field(default_factory=dict)
    errors: Mapping[str, Any] = field(default_factory=dict)
    version: int | str = ""
    submit: Words = ""
    cancel: str = ""
    danger: bool = False
    hidden: Mapping[str, str] = field(default_factory=dict)
    upload: bool = False
    kind: str = ""

    def __post_init__(self) -> None:
        if self.kind and (rules := reader.grant(self.kind).fields):
            object.__setattr__(self, "fields", _within(self.fields, rules))
            object.__setattr__(
                self, "groups", [replace(group, fields=_within(group.fields, rules)) for group in self.groups]
            )

    def all_fields(self) -> list[Field]:
        return [*self.fields, *(item for group in self.groups for item in group.fields)]

    def value(self, name: str) -> Any:
        """The value of a field: what was typed (forms post flat names), else what the record has."""
        if isinstance(self.values, Mapping) and name in self.values:
            return self.values[name]
        return value_of(self.values, name)

    def messages(self, name: str) -> list[str]:
        """The error messages of a field."""
        found = self.errors.get(name) or []
        return [found] if isinstance(found, str) else [str(text) for text in _flat(found)]


def _within(offered: Sequence[Field], rules: Mapping[str, str]) -> list[Field]:
    """The fields as rules leave them: hidden and masked ones are gone, others than `edit` only shown."""
    seen = [item for item in offered if rules.get(item.name, "edit") not in ("none", "mask")]
    return [replace(item, readonly=True) if item.name in rules else item for item in seen]


def page(form: Form, *, template: str = "console/form.html", **extra: Any) -> tuple[str, int]:
    """The page with the form: 422 when it has errors, else 200."""
    return render_template(template, form=form, **extra), 422 if form.errors else 200


def dialog(form: Form, **extra: Any) -> tuple[str, int]:
    """The same form for the shell's dialog."""
    return page(form, template="console/form_dialog.html", **extra)


def typed(form: Form, posted: Mapping[str, Any], errors: Mapping[str, Any]) -> Form:
    """The form as it was sent, with what is wrong in it; `posted` is `request.form`.

    The page around it shows the record as who sent it may see it, as when it was read.
    """
    reader.veil()
    return replace(form, values=_as_typed(form, posted), errors=errors)


def values(form: Form, posted: Mapping[str, Any]) -> dict[str, Any]:
    """What was posted, by field name: lists for choices and texts, booleans, times as ISO in UTC, None for what is empty.

    A time that cannot be read stays as it was typed, for the schema to refuse.
    """
    read = {}
    for item in form.all_fields():
        if not item.readonly:
            sent = _sent(posted, item)
            if item.kind in {"datetime", "relative"} and sent:
                sent = _utc(sent)
            read[item.name] = None if sent == "" else sent
    return read


def conflict(
    form: Form,
    posted: Mapping[str, Any],
    *,
    theirs: Any,
    version: int | str,
    changed_by: str = "",
    changed_at: Any = None,
) -> tuple[str, int]:
    """Both versions side by side (409); choosing per field and sending posts to the form's action with `version`.

    Only fields whose two values differ are offered; what both agree on is sent along unseen.
    """
    mine = _as_typed(form, posted)
    rows = [item for item in form.all_fields() if not item.readonly]
    differing = [item for item in rows if _same(item, mine[item.name]) != _same(item, value_of(theirs, item.name))]
    body = render_template(
        "console/conflict.html",
        form=replace(form, version=version),
        differing=differing,
        agreed=[item for item in rows if item not in differing],
        mine=mine,
        theirs=theirs,
        changed_by=changed_by,
        changed_at=changed_at,
    )
    return body, 409


def _as_typed(form: Form, posted: Mapping[str, Any]) -> dict[str, Any]:
    """Every field's value for showing again: as sent, or as it was where it cannot be typed in."""
    shown = {}
    for item in form.all_fields():
        sent = form.value(item.name) if item.readonly else _sent(posted, item)
        if item.lookup and not item.readonly and item.kind != "texts" and sent:
            sent = {"id": sent, "name": posted.get(f"{item.name}:label") or sent}
        shown[item.name] = sent
    return shown


def _sent(posted: Mapping[str, Any], item: Field) -> Any:
    getlist = getattr(posted, "getlist", None)
    if item.kind == "choices":
        return list(getlist(item.name) if getlist else posted.get(item.name) or [])
    if item.kind == "texts":
        return [text.strip() for text in str(posted.get(item.name) or "").replace("，", ",").split(",") if text.strip()]
    if item.kind == "boolean":
        return item.name in posted
    text = str(posted.get(item.name) or "")
    return text if item.kind == "long_text" else text.strip()


def _utc(text: str) -> str:
    try:
        found = formats.moment(text)
    except ValueError:
        return text
    return clock.iso(found) if found else text


def _same(item: Field, value: Any) -> str:
    """A value in a form in which what was typed and what is stored can be compared."""
    if isinstance(value, Mapping):
        value = value.get("amount") or value.get("id") or value.get("name")
    if value is None or value is False or value == "":
        return ""
    if isinstance(value, list | tuple):
        return ",".join(str(one) for one in value)
    if item.kind in NUMBERS:
        return str(Decimal(str(value)).normalize()) if _is_number(value) else str(value)
    if item.kind in {"datetime", "relative"}:
        return _utc(value if isinstance(value, str) else formats.local_input(value))
    return str(value).replace("\r\n", "\n")


def _is_number(value: Any) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _flat(messages: Any) -> list[Any]:
    if isinstance(messages, Mapping):
        return [text for part in messages.values() for text in _flat(part)]
    return list(messages) if isinstance(messages, list | tuple) else [messages]
