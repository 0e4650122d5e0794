"""The places of a form's definition, for the editor: sections, fields, and per kind of field its options."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields as shapes

from chassis.i18n import gettext as _
from chassis.i18n import pick
from console.definitions import Part
from console.fields import COLOURS, Choice
from engines.fields import FAMILIES, KINDS
from engines.fields.kind import Kind

ABOUT = "record"


def parts(*, own: bool, objects: Sequence[Choice]) -> list[Part]:
    """The places of a form; `objects` are the kinds of records that lookups may lead to."""
    made = [_object()] if own else []
    return [
        *made,
        Part(
            name="sections", label=_("Sections"), kind="rows", head="title", same="key", add=_("Add a section"),
            blank={"key": "", "title": {"zh": "", "en": ""}, "columns": 2, "fields": []},
            parts=(
                Part(name="title", label=_("Title"), kind="pair"),
                Part(name="key", label=_("Name in the API"), kind="key", required=True),
                Part(name="columns", label=_("Columns"), kind="integer", minimum=1, maximum=3),
                _fields(objects),
            ),
        ),
    ]  # fmt: skip


def _object() -> Part:
    return Part(
        name="object", label=_("Kind of record"), kind="group",
        parts=(
            Part(name="label", label=_("What records are called"), kind="pair", required=True),
            Part(name="name_label", label=_("What their name is called"), kind="pair"),
            Part(name="prefix", label=_("Prefix of numbers"), kind="text", required=True,
                 help=_("Capital letters and digits, such as SB")),
            Part(name="icon", label=_("Icon"), kind="text"),
            Part(name="board_by", label=_("Columns of the board"), kind="text",
                 help=_("The name of a field with a single choice; empty: no board")),
        ),
    )  # fmt: skip


def kinds() -> list[Choice]:
    """The kinds of fields, family by family."""
    ordered = sorted(KINDS.values(), key=lambda kind: list(FAMILIES).index(kind.family))
    return [Choice(value=kind.name, label=dict(kind.label)) for kind in ordered]


def _fields(objects: Sequence[Choice]) -> Part:
    return Part(
        name="fields", label=_("Fields"), kind="rows", head="label", same="key", by="kind", add=_("Add a field"), choices=kinds(),
        variants={kind.name: field_parts(kind, objects) for kind in KINDS.values()},
    )  # fmt: skip


def field_parts(kind: Kind, objects: Sequence[Choice]) -> list[Part]:
    """The places of one field of a kind."""
    made = [
        Part(name="label", label=_("Label"), kind="pair", required=True),
        Part(name="key", label=_("Name in the API"), kind="key", required=True),
        Part(name="help", label=_("Help below the field"), kind="pair"),
    ]
    inner = [_option(name, shape, objects) for name, shape in kind.options.items()]
    if inner:
        made.append(Part(name="options", label=_("Options"), kind="group", parts=inner))
    if not kind.computed:
        made.append(Part(name="required", label=_("Required"), kind="boolean"))
    if kind.may_be_unique:
        made.append(Part(name="unique", label=_("No two records with the same value"), kind="boolean"))
    if kind.may_be_indexed:
        made.append(Part(name="indexed", label=_("Indexed: lists filter and sort by it fast"), kind="boolean"))
    if not kind.computed:
        made.append(
            Part(
                name="default",
                label=_("Default"),
                kind="json" if kind.stored not in ("text", "choice", "date") else "text",
            )
        )
        made += [
            Part(name="visible_when", label=_("Shown when"), kind="condition", about=ABOUT),
            Part(name="required_when", label=_("Required when"), kind="condition", about=ABOUT),
            Part(name="read_only_when", label=_("Fixed when"), kind="condition", about=ABOUT),
        ]
    return made


def _option(name: str, shape: Any, objects: Sequence[Choice]) -> Part:
    label = _labels().get(name, name)
    if name == "object":
        return Part(name=name, label=label, kind="choice", required=True, choices=objects)
    if name == "choices":
        return Part(
            name=name, label=label, kind="rows", head="label", same="value", add=_("Add a choice"),
            blank={"value": "", "label": {"zh": "", "en": ""}},
            parts=(
                Part(name="label", label=_("Label"), kind="pair"),
                Part(name="value", label=_("Value in the API"), kind="text", required=True),
                Part(name="colour", label=_("Colour"), kind="choice", choices=_same(COLOURS)),
                Part(name="retired", label=_("No longer offered"), kind="boolean"),
            ),
        )  # fmt: skip
    if name in ("tree", "columns"):
        return Part(name=name, label=label, kind="json", required=True, help=_helps().get(name, ""))
    if isinstance(shape, shapes.Integer):
        return Part(name=name, label=label, kind="integer")
    if isinstance(shape, shapes.Date):
        return Part(name=name, label=label, kind="date")
    offered = next((rule.choices for rule in shape.validators if hasattr(rule, "choices")), None)
    if offered:
        return Part(
            name=name,
            label=label,
            kind="choice",
            choices=[Choice(value=each, label=_words().get(each, each)) for each in offered],
        )
    return Part(name=name, label=label, kind="long_text" if name == "formula" else "text", help=_helps().get(name, ""))


def _same(values: Sequence[str], words: Mapping[str, str] | None = None) -> list[Choice]:
    """Choices that are called what they are, or as `words` say."""
    return [Choice(value=each, label=(words or {}).get(each, each)) for each in values]


def _labels() -> dict[str, str]:
    return {
        "max_length": _("Most characters"), "min_length": _("Fewest characters"), "pattern": _("Form of the text"),
        "country": _("Country of numbers without code"), "minimum": _("Least value"), "maximum": _("Greatest value"),
        "decimals": _("Decimals"), "unit": _("Unit"), "currency": _("Currency"), "stars": _("Stars"),
        "earliest": _("Not before"), "latest": _("Not after"), "choices": _("Choices"), "tree": _("Tree of choices"),
        "object": _("Leads to"), "formula": _("Formula"), "result": _("Kind of result"), "through": _("Through the field"),
        "function": _("What is worked out"), "field": _("Of the field"), "prefix": _("Prefix"), "columns": _("Columns"),
        "max_rows": _("Most rows"),
    }  # fmt: skip


def _helps() -> dict[str, str]:
    return {
        "pattern": _("A regular expression, such as [A-Z]+-[0-9]+"),
        "formula": _('Such as price * count, if(amount >= 1000, "large", "small"), days(created_at, due)'),
        "currency": _("Such as CNY; fixed once published"),
        "through": _("The lookup of the other kind that leads here, such as custom.machine"),
        "field": _("A number of the other kind, such as custom.hours"),
        "tree": _('Such as [{"value": "hardware", "label": {"zh": "硬件", "en": "Hardware"}, "children": […]}]'),
        "columns": _('Such as [{"key": "part", "kind": "text", "label": {"zh": "零件", "en": "Part"}}]'),
    }


def _words() -> dict[str, str]:
    return {
        "number": _("Number"), "money": _("Money"), "percent": _("Percent"), "text": _("Text"), "date": _("Date"),
        "datetime": _("Date and time"), "boolean": _("Yes or no"), "count": _("Count"), "sum": _("Sum"), "min": _("Least"),
        "max": _("Greatest"), "avg": _("Mean"),
    }  # fmt: skip


def drawn() -> list[dict[str, Any]]:
    """What the designer knows of the kinds of fields."""
    inputs = {"date": "date", "datetime": "datetime-local", "time": "time", "number": "number", "integer": "number"}
    wide = ("long_text", "rich_text", "sub_table", "json", "address")
    blanks = {
        "choice": _BLANK_CHOICES, "choices": _BLANK_CHOICES, "money": {"currency": "CNY"},
        "formula": {"formula": "", "result": "number"},
        "auto_number": {"prefix": "NO"}, "qr_code": {"formula": "link"},
        "cascade": {"tree": [{"value": "a", "label": {"zh": "选项", "en": "Choice"}, "children": []}]},
        "sub_table": {"columns": [{"key": "name", "kind": "text", "label": {"zh": "名称", "en": "Name"}}]},
    }  # fmt: skip
    ordered = sorted(KINDS.values(), key=lambda kind: list(FAMILIES).index(kind.family))
    return [
        {
            "name": kind.name, "label": pick(dict(kind.label)), "zh": kind.label["zh"], "en": kind.label["en"],
            "family": pick(dict(FAMILIES[kind.family])), "computed": kind.computed, "input": inputs.get(kind.name, "text"),
            "wide": kind.name in wide, "blank": blanks.get(kind.name, {}),
        }
        for kind in ordered
    ]  # fmt: skip


_BLANK_CHOICES = {
    "choices": [
        {"value": "a", "label": {"zh": "选项一", "en": "First choice"}},
        {"value": "b", "label": {"zh": "选项二", "en": "Second choice"}},
    ]
}
