"""Conditions in words, for chips and explanations, and what the condition builder in the browser needs to know."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.i18n import gettext as _
from console import formats, reader
from console.fields import Field, words
from engines.conditions import language

LIKE = {
    "long_text": "text", "phone": "text", "email": "text", "url": "text", "score": "number", "record": "id",
    "relative": "datetime",
}  # fmt: skip  # what a kind that only looks different filters as
_TEXTS = language.REFERENCES | {"text", "choice"}  # compared with each other as texts, as language.family says


def filtered_as(field: Field) -> str:
    """The kind of the condition language a field is filtered as."""
    return field.like or LIKE.get(field.kind, field.kind)


def operators() -> dict[str, str]:
    """Every operator of the condition language in words, in the order in which the builder offers them."""
    return {
        "eq": _("is"), "ne": _("is not"), "in": _("is any of"), "not_in": _("is none of"),
        "contains": _("contains"), "not_contains": _("does not contain"), "starts_with": _("starts with"),
        "ends_with": _("ends with"), "lt": _("is less than"), "le": _("is at most"), "gt": _("is more than"),
        "ge": _("is at least"), "between": _("is between"), "within_last": _("is within the last"),
        "within_next": _("is within the next"), "this": _("is in this"), "last": _("is in the last"),
        "before_now": _("is in the past"), "after_now": _("is in the future"), "is_empty": _("is empty"),
        "is_not_empty": _("is not empty"), "changed": _("has changed"), "changed_from": _("has changed from"),
        "changed_to": _("has changed to"),
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
    return {
        "min": _("minutes"), "h": _("hours"), "d": _("days"), "w": _("weeks"), "mo": _("months"), "q": _("quarters"),
        "y": _("years"),
    }  # fmt: skip


def builder(
    fields: Sequence[Field], *, changes: bool = False, names: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON the condition builder works from: fields, the operators of each kind, and all its texts.

    With `changes` also the operators on what an event changed; `names` are labels of ids the condition holds already.
    """
    order = list(operators())
    more = language.CHANGE if changes else frozenset()
    offered = [item for item in fields if item.filterable and filtered_as(item) in language.OPERATORS]
    kinds = {
        kind: sorted((op for op in language.OPERATORS[kind] | more if op in order), key=order.index)
        for kind in sorted({filtered_as(item) for item in offered})
    }
    return {
        "fields": [
            {
                "name": item.name,
                "label": item.title,
                "kind": filtered_as(item),
                "choices": [[choice.value, str(_label(item, choice.value))] for choice in item.choices],
                "lookup": item.lookup,
            }
            for item in offered
        ],
        "kinds": kinds,
        "operators": operators(),
        "moment_operators": moment_operators(),
        "periods": periods(),
        "units": units(),
        "no_value": sorted(language.NO_VALUE),
        "families": {kind: "number" if kind in language.NUMBERS else "text" if kind in _TEXTS else kind for kind in kinds},
        "names": dict(names or {}),
        "texts": {
            "all": _("All of these hold"), "any": _("Any of these holds"), "add": _("Add condition"),
            "group": _("Add group"), "remove": _("Remove"), "field": _("Field"), "operator": _("Operator"),
            "value": _("Value"), "me": _("Me"), "my_team": _("My team"), "yes": _("Yes"), "no": _("No"),
            "from": _("From"), "to": _("To"), "nothing": _("No conditions yet: everything is shown."),
            "commas": _("Separate several values with commas"), "not": _("None of these hold"),
            "other": _("Someone else"),
            "fixed": _("Fixed value"), "relative": _("Relative to today"), "another_field": _("Another field"),
            "kind_of_value": _("Kind of value"), "unit": _("Unit"), "ago": _("ago"), "ahead": _("from now"),
            "direction": _("Before or after today"), "drop": _("Remove %(name)s"), "find": _("Type to search"),
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


def describe(
    condition: Mapping[str, Any],
    fields: Sequence[Field],
    *,
    nested: bool = False,
    names: Mapping[str, str] | None = None,
) -> str:
    """One condition as a phrase: `Region is any of East, South`; `names` are labels of ids beside those of people."""
    if "all" in condition or "any" in condition:
        joint = _(" and ") if "all" in condition else _(" or ")
        parts = condition.get("all", condition.get("any")) or []
        phrase = joint.join(describe(part, fields, nested=True, names=names) for part in parts)
        return f"({phrase})" if nested and len(parts) > 1 else phrase
    if "not" in condition:
        return _("not: %(condition)s", condition=describe(condition["not"], fields, nested=True, names=names))
    field = next((item for item in fields if item.name == condition.get("field")), None)
    op = str(condition.get("op", ""))
    moment = field is not None and filtered_as(field) in {"date", "datetime"}
    verb = {**operators(), **(moment_operators() if moment else {})}.get(op, op)
    label = field.title if field else str(condition.get("field", ""))
    value = "" if op in language.NO_VALUE else _value(condition.get("value"), field, op, fields, names or {})
    return _("%(field)s %(operator)s %(value)s", field=label, operator=verb, value=value).strip()


def _value(value: Any, field: Field | None, op: str, fields: Sequence[Field], names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return _reference(value, fields)
    if op in {"this", "last"}:
        return periods().get(str(value), str(value))
    if op in {"within_last", "within_next"}:
        return _duration(str(value))
    if isinstance(value, list | tuple):
        joint = _(" and ") if op == "between" else _(", ")
        return joint.join(_value(item, field, "eq", fields, names) for item in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return names.get(str(value)) or _typed(value, field)


def _reference(value: Mapping[str, Any], fields: Sequence[Field]) -> str:
    """A value that is worked out when the condition is asked: me, my team, a time from now, another field."""
    if value.get("me"):
        return _("me")
    if value.get("my_team"):
        return _("my team")
    if "now" in value:
        offset = str(value["now"])
        if offset.lstrip("+-").startswith("0"):
            return _("now")
        length = _duration(offset.lstrip("+-"))
        return _("%(length)s ago", length=length) if offset.startswith("-") else _("%(length)s from now", length=length)
    other = next((item for item in fields if item.name == value.get("field")), None)
    return other.title if other else str(value.get("field", ""))


def _typed(value: Any, field: Field | None) -> str:
    if field is None:
        return str(value)
    if field.choices:
        return str(_label(field, value))
    if field.kind == "money":
        return formats.money(value, field.currency)
    if field.kind == "date":
        return formats.day(value)
    if field.kind in language.REFERENCES:
        return reader.called(str(value))
    return formats.number(value) if field.kind in language.NUMBERS else str(value)


def _label(field: Field, value: Any) -> str:
    choice = field.choice(value)
    return words(choice.label) if choice else str(value)


def _duration(text: str) -> str:
    count = "".join(char for char in text if char.isdigit())
    unit = text[len(count) :]
    return f"{count} {units().get(unit, unit)}"
