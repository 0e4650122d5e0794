"""The columns a kind's files have: its fields as text, parts of it, and its ids in other systems."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from marshmallow import Schema, validate
from sqlalchemy.orm import Session

from chassis import i18n
from chassis.caller import Caller
from engines import access, forms, objects
from engines.fields import Spec
from engines.objects import Field, Label
from engines.transfer.declaring import Transferable

EXTERNAL = "external_ids."
_SYSTEM = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_NEVER = frozenset(("version", "updated_at", "collaborator_ids", "duplicate_of", "import_id"))
_EXTERNAL_LABEL = {"zh": "外部编号：{system}", "en": "Id in {system}"}


@dataclass(frozen=True)
class Column:
    """One column: `name` is a field's, `<part>.<field>` of a child's, or `external_ids.<system>`."""

    name: str
    field: Field
    label: Label
    taken: bool  # a new record may be given it
    edited: bool  # a change may set it
    required: bool = False
    part: str = ""
    is_key: bool = False
    is_masked: bool = False
    is_open: bool = False  # the choices are a help, other texts stand as they are
    spec: Spec | None = None  # of a field of the company's own, which reads and writes its values itself

    @property
    def title(self) -> str:
        """The heading in the reader's language."""
        return i18n.pick(self.label) or self.name

    @property
    def writable(self) -> bool:
        return self.taken or self.edited


def of(session: Session, caller: Caller, kind: Transferable, *, masked: bool = False) -> list[Column]:
    """The columns the caller may read in full, in the order a file has them, id and number first; `masked` ones on request."""
    grant = access.granted(session, caller, kind.name)
    closed = ("none",) if masked else ("none", "mask")
    form = forms.of(session, kind.kind) if hasattr(kind.model, "custom") else None
    declared = form.kind if form is not None else objects.of_model(kind.model)
    fields = {item.name: item for item in (*declared.fields, *kind.extra)}
    found = []
    for item in sorted(fields.values(), key=lambda each: each.name not in ("id", "number")):
        rule = grant.rule(item.name)
        if item.name not in _NEVER and rule not in closed:
            column = _column(kind, item, may_set=rule == "edit", is_masked=rule == "mask")
            spec = form.specs.get(item.json_key or "") if form is not None else None
            found.append(_own(column, spec) if spec is not None else column)
    return [*found, *_parts(kind, grant)]


def external(system: str) -> Column:
    """The column of a record's id in another system."""
    name = EXTERNAL + system
    label = {language: text.format(system=system) for language, text in _EXTERNAL_LABEL.items()}
    return Column(name, Field("external_id", "text", label), label, True, True, is_key=True)


def find(columns: Iterable[Column], name: str) -> Column | None:
    """The column of this name, those of other systems included; None."""
    if name.startswith(EXTERNAL):
        return external(name[len(EXTERNAL) :]) if _SYSTEM.fullmatch(name[len(EXTERNAL) :]) else None
    return next((column for column in columns if column.name == name), None)


def by_heading(kind: Transferable, columns: Sequence[Column], headings: Sequence[str]) -> list[str]:
    """For each heading the name of the column it means, "" for one that is not known."""
    names: dict[str, str] = {}
    for column in columns:
        for text in (column.name, column.label.get("zh"), column.label.get("en"), kind.headings.get(column.name)):
            for part in (text or "").split("|"):
                names.setdefault(_folded(part), column.name)
    found = []
    for heading in headings:
        name = names.get(_folded(heading), "")
        if not name:
            name = _external_of(heading)
        found.append(name)
    return found


def _external_of(heading: str) -> str:
    for text in (*_EXTERNAL_LABEL.values(), EXTERNAL + "{system}"):
        before, _place, _after = text.partition("{system}")
        if heading.startswith(before) and _SYSTEM.fullmatch(heading[len(before) :]):
            return EXTERNAL + heading[len(before) :]
    return ""


def _folded(text: str) -> str:
    return re.sub(r"[\s_\-*:：（）()/]+", "", text).lower()


def _column(kind: Transferable, item: Field, *, may_set: bool, is_masked: bool) -> Column:
    taken, required = _in(kind.taken, item.name)
    edited, _required = _in(kind.edited, item.name)
    is_key = item.name == "id" or item.name in kind.keys
    return Column(
        item.name, item, item.label or {"zh": item.name, "en": item.name}, taken and may_set, edited and may_set,
        required, is_key=is_key, is_masked=is_masked, is_open=_is_open(kind, item),
    )  # fmt: skip


def _in(schema: Schema | None, name: str) -> tuple[bool, bool]:
    if schema is None:
        return False, False
    head, _dot, key = name.partition(".")
    found = schema.load_fields.get("custom" if head == "custom" and key else name)
    return found is not None, found is not None and found.required


def _own(column: Column, spec: Spec) -> Column:
    """A column of a field of the company's own; what is worked out is not taken in."""
    free = not spec.kind.computed
    return replace(column, spec=spec, taken=column.taken and free, edited=column.edited and free)


def _is_open(kind: Transferable, item: Field) -> bool:
    schema = kind.taken or kind.edited
    found = schema.load_fields.get(item.name) if schema is not None and item.kind == "choice" else None
    return found is not None and not any(isinstance(each, validate.OneOf) for each in found.validators)


def _parts(kind: Transferable, grant: access.Granted) -> list[Column]:
    if kind.children is None:
        return []
    name = kind.children.name
    above = kind.children.label
    taken, _required = _in(kind.taken, name)
    edited, _required = _in(kind.edited, name)
    return [
        Column(
            f"{name}.{item.name}", item,
            {language: f"{above.get(language, '')} {text}" for language, text in item.label.items()},
            taken, edited, part=name,
        )
        for item in kind.children.fields
        if grant.part_rule(name, item.name) not in ("none", "mask")
    ]  # fmt: skip
