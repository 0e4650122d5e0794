"""What differs between two versions of a definition, place by place, in the words of its parts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.i18n import gettext as _
from console import conditions, formats
from console.definitions import Part
from console.fields import Field, Words, words

_MISSING = object()


@dataclass(frozen=True)
class Change:
    """One difference: where, whether it was `added`, `removed`, `moved` or `changed`, and both values in words."""

    place: str
    how: str
    before: str = ""
    after: str = ""
    at: str = ""


@dataclass(frozen=True, kw_only=True)
class Speech:
    """What it takes to say a value: names by id, the fields conditions are about, and the parts of shapes."""

    names: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, Sequence[Field]] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[Part]] = field(default_factory=dict)

    def parts(self, part: Part, value: Any = None) -> Sequence[Part]:
        """The parts inside a group or a row."""
        if part.by and isinstance(value, Mapping) and value.get(part.by) in part.variants:
            return [
                Part(name=part.by, kind="choice", choices=part.choices),
                *part.parts,
                *part.variants[value[part.by]],
            ]
        return self.shapes[part.shape] if part.shape else part.parts


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], parts: Sequence[Part], speech: Speech
) -> list[Change]:
    """Every change from `before` to `after`; places no part describes are compared as JSON."""
    return list(_group(before, after, parts, speech, (), ""))


def said(value: Any, part: Part, speech: Speech) -> str:
    """A value in one line."""
    if value is None or value == "" or value == [] or value == {}:
        return _("every record") if part.kind == "condition" else "–"
    teller = _TELLERS.get(part.kind)
    if teller is not None:
        return teller(value, part, speech)
    return words(value) if isinstance(value, Mapping) and value.keys() <= {"zh", "en"} else _json(value)


def _group(
    before: Any, after: Any, parts: Sequence[Part], speech: Speech, place: tuple[str, ...], at: str
) -> Iterator[Change]:
    before, after = (each if isinstance(each, Mapping) else {} for each in (before, after))
    for part in parts:
        old, new = before.get(part.name, _MISSING), after.get(part.name, _MISSING)
        yield from _place(old, new, part, speech, (*place, words(part.label)), f"{at}.{part.name}".lstrip("."))
    known = {part.name for part in parts}
    for name in sorted((before.keys() | after.keys()) - known):
        yield from _place(
            before.get(name, _MISSING), after.get(name, _MISSING), Part(name=name, kind="json"), speech,
            (*place, str(name)), f"{at}.{name}".lstrip("."),
        )  # fmt: skip


def _place(old: Any, new: Any, part: Part, speech: Speech, place: tuple[str, ...], at: str) -> Iterator[Change]:
    old, new = (None if each is _MISSING else each for each in (old, new))
    if old == new or (_is_blank(old) and _is_blank(new)):
        return
    if part.kind == "group":
        yield from _group(old, new, speech.parts(part, new), speech, place, at)
    elif part.kind == "rows" and isinstance(old or [], list) and isinstance(new or [], list):
        yield from _rows(old or [], new or [], part, speech, place, at)
    elif part.kind == "map" and isinstance(old or {}, Mapping) and isinstance(new or {}, Mapping):
        inner = part.parts[0]
        for key in dict.fromkeys([*(old or {}), *(new or {})]):
            label = _key(key, part, speech)
            yield from _place((old or {}).get(key), (new or {}).get(key), inner, speech, (*place, label), f"{at}.{key}")
    else:
        how = "added" if _is_blank(old) else "removed" if _is_blank(new) else "changed"
        yield Change(" › ".join(filter(None, place)), how, said(old, part, speech), said(new, part, speech), at)


def _rows(
    old: list[Any], new: list[Any], part: Part, speech: Speech, place: tuple[str, ...], at: str
) -> Iterator[Change]:
    """Rows are the same when `same` says so, else by their place."""
    olds, news = ({_identity(row, n, part): (n, row) for n, row in enumerate(rows)} for rows in (old, new))
    kept = [key for key in news if key in olds]
    was_order = [key for key in olds if key in news]
    for key, (number, row) in news.items():
        where = (*place, _heading(row, number, part, speech))
        if key not in olds:
            yield Change(" › ".join(where), "added", "", _row(row, part, speech), f"{at}.{number}")
            continue
        yield from _group(olds[key][1], row, speech.parts(part, row), speech, where, f"{at}.{number}")
        if part.same and kept.index(key) != was_order.index(key):
            yield Change(
                " › ".join(where), "moved", _("place %(n)s", n=olds[key][0] + 1), _("place %(n)s", n=number + 1),
                f"{at}.{number}",
            )  # fmt: skip
    for key, (number, row) in olds.items():
        if key not in news:
            yield Change(" › ".join((*place, _heading(row, number, part, speech))), "removed", _row(row, part, speech))


def _identity(row: Any, number: int, part: Part) -> Any:
    found = row.get(part.same) if part.same and isinstance(row, Mapping) else None
    return ("row", number) if found is None else ("key", str(found))


def _heading(row: Any, number: int, part: Part, speech: Speech) -> str:
    """What a row is called: its head in words, else its number."""
    if isinstance(row, Mapping) and part.head:
        inner = next((each for each in speech.parts(part, row) if each.name == part.head), None)
        value = row.get(part.head)
        if inner is not None and not _is_blank(value):
            return words(value) if inner.kind == "pair" and isinstance(value, Mapping) else said(value, inner, speech)
    return (
        str(row.get(part.same)) if isinstance(row, Mapping) and part.same and row.get(part.same) else f"#{number + 1}"
    )


def _row(row: Any, part: Part, speech: Speech) -> str:
    """A whole row in one line: its parts but the head."""
    if not isinstance(row, Mapping):
        return _json(row)
    return "; ".join(
        _("%(label)s: %(value)s", label=words(each.label), value=said(row[each.name], each, speech))
        for each in speech.parts(part, row)
        if each.name not in (part.head, part.same) and not _is_blank(row.get(each.name))
    )


def _key(key: Any, part: Part, speech: Speech) -> str:
    found = next((choice for choice in part.choices if choice.value == key), None)
    return words(found.label) if found else speech.names.get(str(key), str(key))


def _choice(value: Any, part: Part, speech: Speech) -> str:
    return _key(value, part, speech)


def _many(value: Any, part: Part, speech: Speech) -> str:
    return _(", ").join(_key(each, part, speech) for each in value) if isinstance(value, list | tuple) else _json(value)


def _number(value: Any, part: Part, speech: Speech) -> str:
    shown = formats.number(value) + ("%" if part.kind == "percent" else "")
    return f"{shown} {words(part.unit)}".strip()


def _condition(value: Any, part: Part, speech: Speech) -> str:
    if not isinstance(value, Mapping) or value in ({"all": []}, {"any": []}):
        return _("every record")
    return conditions.describe(value, speech.objects.get(part.about, ()), names=speech.names)


def _spans(value: Any, part: Part, speech: Speech) -> str:
    if not isinstance(value, list):
        return _json(value)
    return _(", ").join("–".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)


def _inner(value: Any, part: Part, speech: Speech) -> str:
    return _row(value, part, speech)


def _inner_rows(value: Any, part: Part, speech: Speech) -> str:
    if not isinstance(value, list):
        return _json(value)
    return "; ".join(_heading(row, number, part, speech) for number, row in enumerate(value))


def _map(value: Any, part: Part, speech: Speech) -> str:
    if not isinstance(value, Mapping):
        return _json(value)
    return "; ".join(
        _("%(label)s: %(value)s", label=_key(key, part, speech), value=said(inner, part.parts[0], speech))
        for key, inner in value.items()
    )


def _pair(value: Any, part: Part, speech: Speech) -> str:
    return (
        " / ".join(dict.fromkeys(str(text) for text in value.values() if text))
        if isinstance(value, Mapping)
        else str(value)
    )


def _text(value: Any, part: Part, speech: Speech) -> str:
    return str(value) if isinstance(value, str) else _json(value)


_TELLERS = {
    "text": _text, "long_text": _text, "key": _text, "date": _text, "time": _text, "money": _number, "number": _number,
    "integer": _number, "percent": _number, "choice": _choice, "person": _choice, "record": _choice, "choices": _many,
    "texts": _many, "numbers": _many, "people": _many, "records": _many, "condition": _condition, "spans": _spans,
    "group": _inner, "rows": _inner_rows, "map": _map, "pair": _pair,
    "boolean": lambda value, part, speech: _("Yes") if value else _("No"),
}  # fmt: skip


def _is_blank(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


__all__ = ["Change", "Speech", "Words", "differences", "said"]
