"""Conditions in words, for chips and explanations, and what the condition builder in the browser needs to know."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.i18n import gettext as _
from console import formats
from console.fields import Field, words
from engines.conditions import language

LIKE = {
    "long_text": "text", "phone": "text", "email": "text", "url": "text", "score": "number", "record": "id",
    "relative": "datetime",
}  # fmt: skip  # what a kind that only looks different filters as


def operators() -> dict[str, str]:
    """Every operator of the condition language in words, in the order in which the builder offers them."""
    return {
        "eq": _("is"), "ne": _("is not"), "in": _("is any of"), "not_in": _("is none of"),
        "contains": _("contains"), "not_contains": _("does not contain"), "starts_with": _("starts with"),
        "ends_with": _("ends with"), "lt": _("is less than"), "le": _("is at most"), "gt": _("is more than"),
        "ge": _("is at least"), "between": _("is between"), "within_last": _("is within the last"),
        "within_next": _("is within the next"), "this": _("is in this"), "last": _("is in the last"),
        "before_now": _("is in the past"), "after_now": _("is in the future"), "is_empty": _("is empty"),
        "is_not_empty": _("is not empty"),
    }  # fmt: skip


def moment_operators() -> dict[str, str]:
    """The operators that read differently on dates."""
    return {"lt": _("is before"), "le": _("is on or before"), "gt": _("is after"), "ge": _("is on or after")}


def periods() -> dict[str, str]:
    return {
        "day": _("day"), "week": _("week"), "month": _("month"), "quarter": _("quarter"), "year": _("year"),
    }  # fmt: skip


def units() -> dict[str, str]:
    """Units of durations such as 7d."""
    return {"min": _("minutes"), "h": _("hours"), "d": _("days"), "w": _("weeks"), "mo": _("months")}


def builder(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON the condition builder works from: fields, the operators of each kind, and all its texts."""
    order = list(operators())
    kinds = {
        kind: sorted((op for op in found if op in order), key=order.index) for kind, found in language.OPERATORS.items()
    }
    return {
        "fields": [
            {
                "name": item.name,
                "label": item.title,
                "kind": LIKE.get(item.kind, item.kind),
                "choices": [[choice.value, str(_label(item, choice.value))] for choice in item.choices],
                "lookup": item.lookup,
            }
            for item in fields
            if item.filterable and LIKE.get(item.kind, item.kind) in kinds
        ],
        "kinds": kinds,
        "operators": operators(),
        "moment_operators": moment_operators(),
        "periods": periods(),
        "units": units(),
        "no_value": sorted(language.NO_VALUE),
        "texts": {
            "all": _("All of these hold"), "any": _("Any of these holds"), "add": _("Add condition"),
            "group": _("Add group"), "remove": _("Remove"), "field": _("Field"), "operator": _("Operator"),
            "value": _("Value"), "me": _("Me"), "my_team": _("My team"), "yes": _("Yes"), "no": _("No"),
            "from": _("From"), "to": _("To"), "nothing": _("No conditions yet: everything is shown."),
            "commas": _("Separate several values with commas"), "not": _("None of these hold"),
            "other": _("Someone else"),
        },
    }  # fmt: skip


def leaves(condition: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The parts that must all hold: what the chips above a list show one by one."""
    if not condition:
        return []
    return list(condition["all"]) if set(condition) == {"all"} else [condition]


def without(condition: Mapping[str, Any] | None, place: int) -> dict[str, Any] | None:
    """The condition with the part at `place` of `leaves` taken out; None when nothing is left."""
    rest = [dict(part) for at, part in enumerate(leaves(condition)) if at != place]
    return {"all": rest} if rest else None


def describe(condition: Mapping[str, Any], fields: Sequence[Field], *, nested: bool = False) -> str:
    """One condition as a phrase: `Region is any of East, South`."""
    if "all" in condition or "any" in condition:
        joint = _(" and ") if "all" in condition else _(" or ")
        parts = condition.get("all", condition.get("any")) or []
        phrase = joint.join(describe(part, fields, nested=True) for part in parts)
        return f"({phrase})" if nested and len(parts) > 1 else phrase
    if "not" in condition:
        return _("not: %(condition)s", condition=describe(condition["not"], fields, nested=True))
    field = next((item for item in fields if item.name == condition.get("field")), None)
    op = str(condition.get("op", ""))
    moment = field is not None and LIKE.get(field.kind, field.kind) in {"date", "datetime"}
    verb = {**operators(), **(moment_operators() if moment else {})}.get(op, op)
    label = field.title if field else str(condition.get("field", ""))
    value = "" if op in language.NO_VALUE else _value(condition.get("value"), field, op)
    return _("%(field)s %(operator)s %(value)s", field=label, operator=verb, value=value).strip()


def _value(value: Any, field: Field | None, op: str) -> str:
    if isinstance(value, Mapping):
        if value.get("me"):
            return _("me")
        if value.get("my_team"):
            return _("my team")
        if "now" in value:
            return _("now %(offset)s", offset=value["now"])
        return str(value.get("field", ""))
    if op in {"this", "last"}:
        return periods().get(str(value), str(value))
    if op in {"within_last", "within_next"}:
        return _duration(str(value))
    if isinstance(value, list | tuple):
        joint = _(" and ") if op == "between" else _(", ")
        return joint.join(_value(item, field, "eq") for item in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field is not None:
        return _typed(value, field)
    return str(value)


def _typed(value: Any, field: Field) -> str:
    if field.choices:
        return str(_label(field, value))
    if field.kind == "money":
        return formats.money(value, field.currency)
    if field.kind == "date":
        return formats.day(value)
    return formats.number(value) if field.kind in language.NUMBERS else str(value)


def _label(field: Field, value: Any) -> str:
    choice = field.choice(value)
    return words(choice.label) if choice else str(value)


def _duration(text: str) -> str:
    count = "".join(char for char in text if char.isdigit())
    unit = text[len(count) :]
    return f"{count} {units().get(unit, unit)}"
