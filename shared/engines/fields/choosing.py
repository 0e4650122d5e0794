"""Kinds whose values are chosen: yes or no, one or several of a list, a place in a tree, tags."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import Schema, validate
from marshmallow import fields as shapes

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.fields.kind import Kind, Notation, Spec, Wrong, is_empty, text_of
from engines.fields.world import World
from engines.objects import Label

MAX_CHOICES, MAX_DEPTH, MAX_TAGS = 500, 5, 50
COLOURS = ("blue", "azure", "indigo", "purple", "pink", "red", "orange", "yellow", "lime", "green", "teal", "grey")


class Labels(Schema):
    """A text in both languages; one is enough."""

    zh = shapes.String(validate=validate.Length(max=100))
    en = shapes.String(validate=validate.Length(max=100))


class ChoiceShape(Schema):
    value = shapes.String(required=True, validate=validate.Length(1, 60))
    label = shapes.Nested(Labels, load_default=dict)
    colour = shapes.String(validate=validate.OneOf(COLOURS))
    retired = shapes.Boolean()


class BranchShape(Schema):
    value = shapes.String(required=True, validate=validate.Length(1, 60))
    label = shapes.Nested(Labels, load_default=dict)
    children = shapes.List(shapes.Nested(lambda: BranchShape()), validate=validate.Length(max=MAX_CHOICES))


class Boolean(Kind):
    name, label, family, icon = "boolean", {"zh": "是否", "en": "Yes or no"}, "choosing", "checkbox"
    stored, widget = "boolean", "boolean"
    WORDS: Mapping[str, bool] = {
        "true": True, "yes": True, "y": True, "1": True, "是": True, "有": True, "√": True, "对": True,
        "false": False, "no": False, "n": False, "0": False, "否": False, "无": False, "×": False, "错": False,
    }  # fmt: skip

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given) and given is not False:
            return None
        if isinstance(given, bool):
            return given
        if given in ("true", "false"):
            return given == "true"
        raise Wrong(_("Must be true or false."))

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        if not text.strip():
            return None
        found = self.WORDS.get(text.strip().lower())
        if found is None:
            raise Wrong(_("Must be yes or no."))
        return found

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        if stored is None:
            return ""
        return ("是" if stored else "否") if world.locale == "zh" else ("yes" if stored else "no")

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(Kind):
    """One of a list. A retired choice stays where it is and cannot be chosen anew."""

    name, label, family, icon = "choice", {"zh": "单选", "en": "Single select"}, "choosing", "circle-dot"
    options = {"choices": shapes.List(shapes.Nested(ChoiceShape), validate=validate.Length(1, MAX_CHOICES))}
    stored, widget = "choice", "choice"

    def check(self, spec: Spec) -> dict[str, Text]:
        values = [each["value"] for each in offered(spec)]
        if not values:
            return {"choices": _("There is nothing to choose from.")}
        twins = sorted({value for value in values if values.count(value) > 1})
        return {"choices": _("Used twice: %(keys)s", keys=", ".join(twins))} if twins else {}

    def choices(self, spec: Spec) -> Mapping[str, Label]:
        return {each["value"]: each.get("label") or {} for each in offered(spec)}

    def one(self, spec: Spec, given: Any) -> str:
        """The value of a choice given by its value; Wrong."""
        if isinstance(given, str) and given in self.choices(spec):
            return given
        raise Wrong(_("%(value)s is none of the choices.", value=str(given)[:80]))

    def named(self, spec: Spec, text: str) -> str:
        """The value of the choice that is called so in either language; Wrong."""
        wanted = text.strip().casefold()
        for value, label in self.choices(spec).items():
            if wanted in {value.casefold(), *(str(name).casefold() for name in label.values())}:
                return value
        raise Wrong(_("%(value)s is none of the choices.", value=text[:80]))

    def called(self, spec: Spec, value: str, locale: str) -> str:
        """The label of a choice in a language."""
        label = self.choices(spec).get(value, {})
        return label.get(locale) or next((text for text in label.values() if text), value)

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        return None if is_empty(given) else self.one(spec, given)

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return self.named(spec, text) if text.strip() else None

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return self.called(spec, stored, world.locale) if stored else ""

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.choices(spec))}


class Choices(Choice):
    name, label, icon = "choices", {"zh": "多选", "en": "Multi select"}, "list-check"
    stored, widget = "choices", "choices"
    sortable = False

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        return listed(given, lambda each: self.one(spec, each))

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return [self.named(spec, part) for part in cells(text, notation)] or None

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return f"{notation.separator} ".join(self.called(spec, each, world.locale) for each in stored or ())

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "array", "items": super().shape(spec), "uniqueItems": True}


class Cascade(Kind):
    """A place in a tree of choices, as the list of values from its root: `["hardware", "pump"]`."""

    name, label, family, icon = "cascade", {"zh": "级联选择", "en": "Cascade"}, "choosing", "sitemap"
    options = {"tree": shapes.List(shapes.Nested(BranchShape), validate=validate.Length(1, MAX_CHOICES))}
    stored, widget = "choices", "cascade"
    sortable = False

    def check(self, spec: Spec) -> dict[str, Text]:
        paths = [path for path, _label in walked(spec.options.get("tree") or ())]
        if not paths:
            return {"tree": _("There is nothing to choose from.")}
        if max(map(len, paths)) > MAX_DEPTH:
            return {"tree": _("At most %(n)s levels.", n=MAX_DEPTH)}
        values = [path[-1] for path in paths]
        twins = sorted({value for value in values if values.count(value) > 1})
        return {"tree": _("Used twice: %(keys)s", keys=", ".join(twins))} if twins else {}

    def choices(self, spec: Spec) -> Mapping[str, Label]:
        return {path[-1]: label for path, label in walked(spec.options.get("tree") or ())}

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        path = [part for part in given.split("/") if part] if isinstance(given, str) else given
        known = [list(each) for each, _label in walked(spec.options.get("tree") or ())]
        if path not in known:
            raise Wrong(_("There is no such place in the list."))
        return list(path)

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        if not text.strip():
            return None
        wanted = [part.strip().casefold() for part in text.split("/")]
        level: Sequence[Mapping[str, Any]] = spec.options.get("tree") or ()
        path: list[str] = []
        for name in wanted:
            found = next(
                (
                    b
                    for b in level
                    if name in {b["value"].casefold(), *(str(t).casefold() for t in (b.get("label") or {}).values())}
                ),
                None,
            )
            if found is None:
                raise Wrong(_("There is no such place in the list."))
            path.append(found["value"])
            level = found.get("children") or ()
        return path

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        labels = self.choices(spec)
        return " / ".join(
            (labels.get(each) or {}).get(world.locale) or next(iter((labels.get(each) or {}).values()), each)
            for each in stored or ()
        )

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        return self.to_text(spec, stored, world, Notation())

    def typed(self, spec: Spec, stored: Any, world: World) -> Any:
        return "/".join(stored or ())

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(self.choices(spec))}, "maxItems": MAX_DEPTH}


class Tags(Kind):
    """Words of one's own, several of them."""

    name, label, family, icon = "tags", {"zh": "标签", "en": "Tags"}, "choosing", "tags"
    stored, widget = "texts", "texts"
    sortable = False

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        found = listed(given, lambda each: text_of(each, 60))
        if any(mark in each for each in found or () for mark in ";；"):
            raise Wrong(_("A tag must not have a semicolon."))
        return [each for each in found or () if each] or None

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return self.load(spec, cells(text, notation), world)

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return f"{notation.separator} ".join(stored or ())

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": MAX_TAGS}


def offered(spec: Spec) -> Sequence[Mapping[str, Any]]:
    """The choices of a field as it defines them."""
    return spec.options.get("choices") or ()


def walked(tree: Sequence[Mapping[str, Any]], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Label]]:
    """Every place of a tree with its path and label, parents before children."""
    for branch in tree:
        path = (*above, branch["value"])
        yield path, branch.get("label") or {}
        yield from walked(branch.get("children") or (), path)


def listed(given: Any, one: Any) -> list[Any] | None:
    """A list of values without twins, each read by `one`; None for an empty one."""
    if is_empty(given):
        return None
    if not isinstance(given, list | tuple):
        raise Wrong(_("Must be a list."))
    if len(given) > MAX_TAGS * 10:
        raise Wrong(_("More than %(n)s values.", n=MAX_TAGS * 10))
    found = []
    for place, each in enumerate(given):
        try:
            found.append(one(each))
        except Wrong as wrong:
            raise Wrong(wrong.message, f"[{place}]{wrong.place}") from None
    return list(dict.fromkeys(found)) or None


def cells(text: str, notation: Notation) -> list[str]:
    """The values in one cell of a file."""
    bare = text.replace("；", ";") if notation.separator == ";" else text
    return [part.strip() for part in bare.split(notation.separator) if part.strip()]
