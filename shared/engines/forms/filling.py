"""Filling in a form: what somebody gives for the company's own fields becomes the record's `custom`, or says why not."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines import objects, record_kit
from engines.conditions import Context, compile_memory
from engines.fields import Kind, Spec, World, Wrong
from engines.fields.computed import AutoNumber, FormulaKind, RollUp
from engines.fields.formulas import native
from engines.forms import in_force, rolling, uniqueness
from engines.forms.definition import Compiled
from engines.numbering import next_number
from engines.objects import ObjectType

Given = Mapping[str, Any] | None


class _Seen:
    """A record with other custom values, as conditions read it."""

    def __init__(self, record: Any, custom: Mapping[str, Any]):
        self._record = record
        self.custom = custom

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)


def fill(
    session: Session, kind: ObjectType, record: Any, given: Given, *, caller: Caller, new: bool = False,
    complete: bool = True, text: Any = None, world: World | None = None,
) -> None:  # fmt: skip
    """Set the record's own fields from `given` (key → value as the API takes it; None empties one) and work out the rest.

    A new record gets defaults and numbers, and must have what is required where it is `complete`: what comes from outside,
    such as a public form, is taken in as far as it goes. An edited one must keep what is required. `text` reads a value in
    place of the kind (spec, value, world): cells of a file. Invalid names each field; the record is unchanged then.
    """
    form = in_force.of(session, kind)
    if not form.specs:
        if given:
            raise Invalid(errors={f"custom.{key}": [_("Unknown field.")] for key in given})
        return
    known = world or World(session, caller, subject=None if new else (kind.kind, record.id))
    before = {} if new else dict(record.custom or {})
    errors: dict[str, list[Text | str]] = {}
    after, touched = _taken(form, record, before, dict(given or {}), known, errors, new=new, read=text)
    if new:
        _number(session, form, after)
    context = Context(caller=caller)
    _demand(form, record, before, after, touched, context, errors, new=new and complete)
    if errors:
        raise Invalid(errors=errors)
    _work_out(session, form, record, after)
    for spec in form.specs.values():
        if spec.unique and before.get(spec.key) != after.get(spec.key):
            other = uniqueness.claim(session, kind.kind, record.id, spec, after.get(spec.key))
            if other is not None:
                errors[spec.name] = [_taken_by(known, form.kind, other)]
    if errors:
        raise Invalid(errors=errors)
    if after != before:
        record.custom = after
    if not new:
        rolling.changed(session, kind, before, after, record)


def _taken(
    form: Compiled, record: Any, before: Mapping[str, Any], given: dict[str, Any], world: World,
    errors: dict[str, list[Text | str]], *, new: bool, read: Any,
) -> tuple[dict[str, Any], set[str]]:  # fmt: skip
    """The values after what is given, and which keys were."""
    after, touched = dict(before), set(given)
    if new:
        for spec in form.specs.values():
            if spec.default is not None and spec.key not in given:
                given[spec.key] = spec.default
    for key, value in given.items():
        known = form.specs.get(key)
        if known is None:
            errors[f"custom.{key}"] = [_("Unknown field.")]
            continue
        try:
            found = _value(known, value, world, read, before.get(key))
        except Wrong as wrong:
            errors[known.name + wrong.place] = [wrong.message]
            continue
        if found is None:
            after.pop(key, None)
        else:
            after[key] = found
    return after, touched


def _value(spec: Spec, given: Any, world: World, read: Any, before: Any) -> Any:
    if spec.kind.computed:
        if given is None or given == spec.kind.dump(spec, before) or read is not None:
            return before  # sent back as it was answered
        raise Wrong(_("This field is worked out by the system."))
    if read is not None and isinstance(given, str):
        return read(spec, given, world)
    if before is not None and given == spec.kind.dump(spec, before):
        return before  # a choice that is retired, a person who left: what stands may stay
    return spec.kind.load(spec, given, world)


def _demand(
    form: Compiled, record: Any, before: Mapping[str, Any], after: Mapping[str, Any], touched: set[str], context: Context,
    errors: dict[str, list[Text | str]], *, new: bool,
) -> None:  # fmt: skip
    """Fields that must have a value now, and those that may not change now."""

    def holds(condition: Mapping[str, Any] | None, values: Mapping[str, Any]) -> bool:
        return bool(condition) and compile_memory(condition, form.kind)(_Seen(record, values), context)

    for spec in form.specs.values():
        if spec.kind.computed or spec.name in errors:
            continue
        changed = not new and before.get(spec.key) != after.get(spec.key)
        if changed and holds(spec.read_only_when, before):
            errors[spec.name] = [_("This may not be changed now.")]
            continue
        if spec.key in after or not (spec.required or spec.required_when):
            continue
        if spec.visible_when and not holds(spec.visible_when, after):
            continue
        due = new or spec.key in touched or (bool(spec.required_when) and not holds(spec.required_when, before))
        if due and (spec.required or holds(spec.required_when, after)):
            errors[spec.name] = [_("This field is required.")]


def _number(session: Session, form: Compiled, after: dict[str, Any]) -> None:
    for spec in form.specs.values():
        if isinstance(spec.kind, AutoNumber):
            after[spec.key] = next_number(session, f"{form.kind.kind}.{spec.key}"[:75], spec.options["prefix"])
        elif isinstance(spec.kind, RollUp) and spec.kind.function(spec) in ("count", "sum"):
            after[spec.key] = 0


def _work_out(session: Session, form: Compiled, record: Any, after: dict[str, Any]) -> None:
    """Formulas in the order of their needs."""
    for spec in form.order:
        assert isinstance(spec.kind, FormulaKind)
        found = spec.kind.compute(spec, lambda name: _read(session, form, record, after, name))
        if found is None:
            after.pop(spec.key, None)
        else:
            after[spec.key] = found


def _read(session: Session, form: Compiled, record: Any, after: Mapping[str, Any], name: str) -> Any:
    """A field of the record as formulas know it; `link` is the address of its page."""
    key = name.removeprefix("custom.")
    if key in form.specs:
        spec = form.specs[key]
        return native(spec.kind.field(spec), after.get(key))
    if name == "link":
        return record_kit.link(session, form.kind.kind, record.id)
    field = form.kind.by_name.get(name)
    return native(field, getattr(record, field.column, None)) if field is not None else None


def recalculated(session: Session, form: Compiled, record: Any) -> dict[str, Any]:
    """The record's own values with its formulas worked out anew; what else is in them stays."""
    after = dict(record.custom or {})
    _work_out(session, form, record, after)
    return after


def _taken_by(world: World, kind: ObjectType, other: str) -> Text:
    if world.readable(kind, [other]):
        return _("%(name)s has this value already.", name=world.record_name(kind, other))
    return _("Another record has this value already.")


def said(session: Session, kind: ObjectType, custom: Mapping[str, Any] | None) -> dict[str, Any]:
    """A record's own values as the API and events say them; those of fields no longer in the form are left out."""
    if not custom:
        return {}
    form = in_force.of(session, kind)
    return dict(_saying(form)(custom))


def outward(spec: Spec, stored: Any) -> Any:
    """A stored value as the API says it; one that is masked, or of an earlier form, as it is or not at all."""
    try:
        return spec.kind.dump(spec, stored)
    except (ValueError, TypeError, AttributeError, ArithmeticError, KeyError):
        return stored if isinstance(stored, str) else None


def _outward(source: Any, kind: str) -> objects.Say | None:
    if not isinstance(source, Session):
        with source.reading() as session:
            return _outward(session, kind)
    found = record_kit.find(source, kind)
    form = in_force.of(source, found.kind) if found is not None and hasattr(found.kind.model, "custom") else None
    if form is None or not form.specs:
        return None
    return _saying(form)


def _saying(form: Compiled) -> objects.Say:
    same = {key for key, spec in form.specs.items() if type(spec.kind).dump is Kind.dump}  # said as they are stored

    def say(custom: Mapping[str, Any]) -> Mapping[str, Any]:
        if custom.keys() <= same:
            return custom
        return {key: outward(form.specs[key], value) for key, value in custom.items() if key in form.specs}

    return say


objects.outward_by(_outward)
