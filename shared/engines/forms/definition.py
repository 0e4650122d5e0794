"""A form's definition: sections of fields, as data, checked as a whole and compiled once per version."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as shapes

from chassis.errors import Invalid
from chassis.i18n import lazy as _
from engines.conditions import ConditionError, check
from engines.fields import FieldShape, Spec, SpecWrong, spec_of
from engines.fields.choosing import Labels
from engines.fields.computed import FormulaKind, RollUp
from engines.fields.formulas import formula
from engines.fields.references import Lookup
from engines.objects import ObjectType

MAX_FIELDS, MAX_INDEXED = 500, 20
CONDITIONS = ("visible_when", "required_when", "read_only_when")
_OBJECT_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")


class FormWrong(Invalid):
    """The form cannot be used; `errors` maps each wrong place to what is wrong there."""

    code, title = "invalid_form", _("The form is not valid")


class SectionShape(Schema):
    key = shapes.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$"))
    title = shapes.Nested(Labels, load_default=dict)
    columns = shapes.Integer(load_default=2, validate=validate.Range(1, 3))
    fields_ = shapes.List(shapes.Dict(), load_default=list, validate=validate.Length(max=MAX_FIELDS), data_key="fields")


class ObjectShape(Schema):
    """What makes a form the form of a kind of record of the company's own."""

    label = shapes.Nested(Labels, required=True)
    name_label = shapes.Nested(Labels)
    icon = shapes.String(load_default="folder", validate=validate.Regexp(r"^[a-z0-9-]{1,40}$"))
    prefix = shapes.String(required=True, validate=validate.Regexp(r"^[A-Z0-9]{1,6}$"))
    board_by = shapes.String(allow_none=True, load_default=None)


class FormShape(Schema):
    sections = shapes.List(shapes.Nested(SectionShape), load_default=list, validate=validate.Length(max=50))
    object = shapes.Nested(ObjectShape, allow_none=True)


@dataclass(frozen=True, eq=False)
class Section:
    """Fields under one heading, in one to three columns."""

    key: str
    title: Mapping[str, str]
    columns: int
    specs: tuple[Spec, ...]


@dataclass(frozen=True, eq=False)
class Compiled:
    """A checked form ready to use. `kind` is its kind of record with the form's fields."""

    kind: ObjectType
    revision: int = 0
    sections: tuple[Section, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)
    specs: Mapping[str, Spec] = field(default_factory=dict)
    order: tuple[Spec, ...] = ()  # computed fields, each after those it uses

    @property
    def rolled(self) -> tuple[Spec, ...]:
        """The roll-ups."""
        return tuple(spec for spec in self.specs.values() if isinstance(spec.kind, RollUp))

    def board(self) -> Spec | None:
        """The choice whose values are the columns of its board."""
        return self.specs.get(str(self.own.get("board_by") or ""))


def loaded(body: Mapping[str, Any]) -> dict[str, Any]:
    """A form's body with its defaults; FormWrong names every place whose shape does not hold."""
    try:
        made: dict[str, Any] = FormShape().dump(FormShape().load(dict(body)))
    except ValidationError as error:
        raise FormWrong(errors=error.normalized_messages()) from None
    return made


def compiled(body: Mapping[str, Any], kind: ObjectType, *, revision: int = 0, kinds: Any = None) -> Compiled:
    """The form that `body` defines for records of `kind`; FormWrong names every place that does not hold.

    `kinds` (name → ObjectType or None) looks up what lookups and roll-ups point at; without it they are taken as they are.
    """
    errors: dict[str, Any] = {}
    sections, specs = [], {}
    for place, given in enumerate(body.get("sections") or ()):
        kept = []
        for number, each in enumerate(given.get("fields") or ()):
            at = f"sections.{place}.fields.{number}"
            try:
                spec = spec_of(each, at)
            except SpecWrong as wrong:
                errors |= {where: [text] for where, text in wrong.flat().items()}
                continue
            if spec.key in specs:
                errors[f"{at}.key"] = [_("Used twice: %(keys)s", keys=spec.key)]
            specs[spec.key] = spec
            kept.append(spec)
        sections.append(Section(given["key"], given.get("title") or {}, given.get("columns", 2), tuple(kept)))
    own = body.get("object") or {}
    whole = extended(kind, specs, own)
    made = Compiled(whole, revision, tuple(sections), own, specs)
    errors |= _wrong(made, body, kinds)
    if errors:
        raise FormWrong(errors=errors)
    return replace(made, order=_ordered(made))


def extended(kind: ObjectType, specs: Mapping[str, Spec], own: Mapping[str, Any]) -> ObjectType:
    """`kind` with the fields of a form, and with the label of a form's own object."""
    if not specs and not own:
        return kind
    own_fields = tuple(item for item in kind.fields if item.json_key is None)
    if own.get("name_label"):
        own_fields = tuple(replace(i, label=own["name_label"]) if i.name == "name" else i for i in own_fields)
    whole = kind._of((*own_fields, *(spec.kind.field(spec) for spec in specs.values())), False)
    return replace_label(whole, own["label"]) if own.get("label") else whole


def replace_label(kind: ObjectType, label: Mapping[str, str]) -> ObjectType:
    """The same kind under another label."""
    return ObjectType(
        kind.kind, kind.model, kind.fields, kind.rights, label, open_to=kind.open_to, searched=kind.searched,
        adds_record_fields=False, registered=False,
    )  # fmt: skip


def places(body: Mapping[str, Any]) -> dict[str, str]:
    """Field key → place of it in the body."""
    return {
        str(each.get("key")): f"sections.{place}.fields.{number}"
        for place, section in enumerate(body.get("sections") or ())
        for number, each in enumerate(section.get("fields") or ())
    }


def _wrong(form: Compiled, body: Mapping[str, Any], kinds: Any) -> dict[str, Any]:
    """What does not hold between the fields: conditions, formulas, references, too many of them."""
    errors: dict[str, Any] = {}
    where = places(body)
    if len(form.specs) > MAX_FIELDS:
        errors["sections"] = [_("More than %(n)s fields.", n=MAX_FIELDS)]
    if sum(spec.indexed for spec in form.specs.values()) > MAX_INDEXED:
        errors["sections"] = [_("At most %(n)s fields can be indexed.", n=MAX_INDEXED)]
    for spec in form.specs.values():
        at = where[spec.key]
        for name in CONDITIONS:
            condition = getattr(spec, name)
            if condition:
                try:
                    check(condition, form.kind, at=f"{at}.{name}")
                except ConditionError as error:
                    errors |= error.errors or {}
        if isinstance(spec.kind, FormulaKind):
            unknown = sorted(name for name in formula(spec.kind.text(spec)).uses if not _known(form, name))
            if unknown:
                errors[f"{at}.options.formula"] = [_("There is no field %(name)s.", name=", ".join(unknown))]
        errors |= _reference_wrong(spec, at, kinds)
    board = form.own.get("board_by")
    if board and (board not in form.specs or form.specs[board].kind.name != "choice"):
        errors["object.board_by"] = [_("A board needs a field with a single choice.")]
    if not errors and len(_ordered(form)) < sum(isinstance(spec.kind, FormulaKind) for spec in form.specs.values()):
        errors["sections"] = [_("Formulas use each other in a circle.")]
    return errors


def _reference_wrong(spec: Spec, at: str, kinds: Any) -> dict[str, Any]:
    if kinds is None or not isinstance(spec.kind, Lookup | RollUp):
        return {}
    found = kinds(spec.options["object"])
    if found is None:
        return {f"{at}.options.object": [_("There is no kind of record %(name)s.", name=spec.options["object"])]}
    if isinstance(spec.kind, RollUp):
        through, added = found.by_name.get(spec.options["through"]), spec.options.get("field")
        if through is None or through.kind not in ("id", "texts"):
            return {f"{at}.options.through": [_("There is no field %(name)s.", name=spec.options["through"])]}
        if added and (added not in found.by_name or found.by_name[added].scale is None):
            return {f"{at}.options.field": [_("There is no number %(name)s.", name=added)]}
    return {}


def _known(form: Compiled, name: str) -> bool:
    return name == "link" or name in form.specs or name in form.kind.by_name


def _ordered(form: Compiled) -> tuple[Spec, ...]:
    """Formulas, each after those it uses; shorter when some use each other in a circle."""
    waiting = {spec.key: spec for spec in form.specs.values() if isinstance(spec.kind, FormulaKind)}
    done: list[Spec] = []
    while waiting:
        ready = [spec for spec in waiting.values() if waiting.keys().isdisjoint(_uses(spec))]
        if not ready:
            break
        for spec in ready:
            done.append(waiting.pop(spec.key))
    return tuple(done)


def _uses(spec: Spec) -> Sequence[str]:
    assert isinstance(spec.kind, FormulaKind)
    return [name.removeprefix("custom.") for name in formula(spec.kind.text(spec)).uses]


def is_object_key(text: str) -> bool:
    """Whether `text` may name a kind of record of the company's own."""
    return _OBJECT_KEY.fullmatch(text) is not None


__all__ = [
    "CONDITIONS",
    "Compiled",
    "FieldShape",
    "FormWrong",
    "Section",
    "compiled",
    "is_object_key",
    "loaded",
    "places",
]
