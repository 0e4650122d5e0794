"""Checks a condition against an object's fields and turns it into the tree that is compiled; names each mistake's place."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson

from chassis.errors import Invalid
from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines import money
from engines.conditions import language as lang
from engines.conditions import moments
from engines.conditions.language import Bounds, Compare, Member, Node, Not, Offset, Window
from engines.objects import LISTS, NUMBERS, REFERENCES, Field, ObjectType

_INT64 = (-(2**63), 2**63 - 1)
_NEVER: frozenset[Any] = frozenset()
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class ConditionError(Invalid):
    """The condition can't be used on this kind of record; `errors` maps each wrong place to what is wrong there."""

    code, title = "invalid_condition", _("The condition is not valid")


class _Wrong(Exception):
    def __init__(self, message: Text, at: str = ""):
        self.message = message
        self.at = at


def check(condition: object, kind: ObjectType, on_event: bool = False, *, at: str = "condition") -> None:
    """Raise ConditionError, in the caller's language, unless `condition` can be used on records of `kind`.

    With `on_event` the operators changed, changed_from and changed_to are allowed. Places are paths below `at`.
    """
    _Reader(kind, on_event).read(condition, at)


def parse(condition: object, kind: ObjectType, on_event: bool = False) -> Node:
    """The checked tree, cached by content; ConditionError as in `check`."""
    try:
        key = orjson.dumps(condition)
    except (TypeError, ValueError):  # recursion, numbers beyond 64 bits, lone surrogates, objects
        key = b""
    return _parsed(key, kind, on_event) if key else _Reader(kind, on_event).read(condition, "condition")


@lru_cache(maxsize=2048)
def _parsed(key: bytes, kind: ObjectType, on_event: bool) -> Node:
    return _Reader(kind, on_event).read(orjson.loads(key), "condition")


class _Reader:
    """One reading of a condition; collects every mistake before it refuses."""

    def __init__(self, kind: ObjectType, on_event: bool):
        self.kind = kind
        self.on_event = on_event
        self.leaves = 0
        self.errors: dict[str, list[Text]] = {}

    def read(self, condition: object, at: str) -> Node:
        node = self.node(condition, at, 1)
        if self.errors:
            raise ConditionError(errors=dict(self.errors))
        return node

    def node(self, part: object, at: str, depth: int) -> Node:
        try:
            return self._node(part, at, depth)
        except _Wrong as wrong:
            self.errors.setdefault(at + wrong.at, []).append(wrong.message)
            return lang.All(())

    def _node(self, part: object, at: str, depth: int) -> Node:
        if depth > lang.MAX_DEPTH:
            raise _Wrong(_("Nested more than %(n)s deep.", n=lang.MAX_DEPTH))
        if not isinstance(part, Mapping):
            raise _Wrong(_("Must be an object."))
        if "field" in part or "op" in part:
            self.leaves += 1
            if self.leaves > lang.MAX_LEAVES:
                raise _Wrong(_("More than %(n)s comparisons.", n=lang.MAX_LEAVES))
            return self.leaf(part)
        if len(part) != 1 or next(iter(part)) not in ("all", "any", "not"):
            raise _Wrong(_("Must have exactly one of all, any, not, or be a comparison with field and op."))
        if "not" in part:
            return Not(self.node(part["not"], f"{at}.not", depth + 1))
        word, parts = next(iter(part.items()))
        if not isinstance(parts, list | tuple):
            raise _Wrong(_("Must be a list."), f".{word}")
        if len(parts) > lang.MAX_LEAVES:
            raise _Wrong(_("More than %(n)s comparisons.", n=lang.MAX_LEAVES), f".{word}")
        of = tuple(self.node(item, f"{at}.{word}[{n}]", depth + 1) for n, item in enumerate(parts))
        return lang.All(of) if word == "all" else lang.Some(of)

    def leaf(self, part: Mapping[str, Any]) -> Node:
        for name in part:
            if name not in ("field", "op", "value"):
                raise _Wrong(_("Unknown field."), f".{str(name)[:60]}")
        field = self.field(part.get("field"), ".field")
        op = part.get("op")
        if not isinstance(op, str) or op not in lang.ALL_OPERATORS:
            raise _Wrong(_("There is no such operator."), ".op")
        if op in lang.CHANGE:
            if not self.on_event:
                raise _Wrong(_("%(op)s can only be used on events.", op=op), ".op")
        elif op not in lang.OPERATORS[field.kind]:
            raise _Wrong(_("%(op)s cannot be used on a field of kind %(kind)s.", op=op, kind=field.kind), ".op")
        if op in lang.NO_VALUE:
            if part.get("value") is not None:
                raise _Wrong(_("%(op)s takes no value.", op=op), ".value")
        elif part.get("value") is None:
            raise _Wrong(_("A value is missing."), ".value")
        return self.leaf_node(field, op, part.get("value"))

    def field(self, name: object, at: str) -> Field:
        found = self.kind.by_name.get(name) if isinstance(name, str) else None
        if found is None:
            raise _Wrong(_("There is no field %(name)s.", name=str(name)[:80]), at)
        return found

    def leaf_node(self, field: Field, op: str, value: Any) -> Node:
        if op in _NEGATED:
            return Not(self.leaf_node(field, _NEGATED[op], value))
        if op == "is_not_empty":
            return lang.Present(field)
        if op == "changed":
            return lang.Changed(field)
        if op in lang.CHANGE:
            if field.kind in LISTS:
                raise _Wrong(_("%(op)s cannot be used on a field of kind %(kind)s.", op=op, kind=field.kind), ".op")
            return lang.Changed(field, int(op == "changed_to"), self.leaf_node(field, "eq", value))
        if isinstance(value, Mapping) and "field" in value:
            return self.versus(field, op, value)
        if field.currency_column:
            return _amount(field, op, value)
        return _READERS[field.kind](field, op, value)

    def versus(self, field: Field, op: str, value: Mapping[str, Any]) -> Node:
        other = self.field(value["field"] if len(value) == 1 else None, ".value.field")
        if op not in {"eq"} | lang.ORDER:
            raise _Wrong(_("%(op)s cannot compare two fields.", op=op), ".op")
        same = lang.family(field) == lang.family(other) and field.kind not in LISTS
        counted = field.currency_column == other.currency_column
        if not same or not counted or (field.scale or 0) != (other.scale or 0):
            raise _Wrong(_("%(a)s and %(b)s cannot be compared.", a=field.name, b=other.name), ".value.field")
        return lang.Versus(field, op, other)


_NEGATED = {"ne": "eq", "not_in": "in", "not_contains": "contains", "is_empty": "is_not_empty"}


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list | tuple) or not value:
        raise _Wrong(_("Must be a list with at least one value."), ".value")
    if len(value) > lang.MAX_VALUES:
        raise _Wrong(_("More than %(n)s values.", n=lang.MAX_VALUES), ".value")
    return list(value)


def _number(field: Field, op: str, value: Any) -> Node:
    if op == "in":
        found = [
            _number_bounds(field, "eq", _decimal(field, item, f".value[{n}]")) for n, item in enumerate(_listed(value))
        ]
        return Member(field, frozenset(bounds[0][1] for bounds in found if bounds))
    if op == "between":
        low, high = (_decimal(field, item, f".value[{n}]") for n, item in enumerate(_pair(value)))
        sides = _number_bounds(field, "ge", low), _number_bounds(field, "le", high)
        return Compare(field, None if None in sides else (*(sides[0] or ()), *(sides[1] or ())))
    return Compare(field, _number_bounds(field, op, _decimal(field, value, ".value")))


def _amount(field: Field, op: str, value: Any) -> Node:
    """An amount whose record says its currency: the number means whole units of that, however many digits it has.

    Named with a currency, it is compared with records of that currency only.
    """
    own = Field("currency", "text", column=field.currency_column)
    named = {
        item.get("currency") for item in (value if isinstance(value, list | tuple) else [value]) if _is_amount(item)
    }
    if named:
        if len(named) > 1 or not named <= money.EXPONENTS.keys():
            raise _Wrong(_("Name one currency that is known."), ".value")
        currency = str(named.pop())
        counted = replace(field, currency=currency, currency_column="", scale=money.exponent(currency))
        return lang.All((Member(own, frozenset((currency,))), _number(counted, op, value)))
    parts: list[Node] = []
    unusual = {digits: [code for code, has in money.EXPONENTS.items() if has == digits] for digits in money.UNUSUAL}
    for digits, codes in unusual.items():
        among = Member(own, frozenset(codes))
        parts.append(lang.All((among, _number(replace(field, currency_column="", scale=digits), op, value))))
    rest = Not(Member(own, frozenset(code for codes in unusual.values() for code in codes)))
    usual = lang.All((rest, _number(replace(field, currency_column="", scale=money.USUAL), op, value)))
    return lang.Some((usual, *parts))


def _is_amount(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"amount", "currency"}


def _pair(value: object) -> list[Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _Wrong(_("Must be a list of two values."), ".value")
    return list(value)


def _decimal(field: Field, value: Any, at: str) -> Decimal:
    if isinstance(value, Mapping) and field.kind == "money":
        if set(value) != {"amount", "currency"} or (field.currency and value["currency"] != field.currency):
            raise _Wrong(_("Must be an amount in %(currency)s.", currency=field.currency or "…"), at)
        if not field.currency:
            raise _Wrong(_("Compare the amount as a number: this field's currency differs from record to record."), at)
        value = value["amount"]
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (isinstance(value, str) and len(value) > 40)
    ):
        raise _Wrong(_("Must be a number."), at)
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        raise _Wrong(_("Must be a number."), at) from None
    if not number.is_finite():
        raise _Wrong(_("Must be a number."), at)
    if abs(number) > lang.MAX_NUMBER:
        raise _Wrong(_("The number is too large."), at)
    return number if abs(number) > Decimal("1e-12") else Decimal(0)


def _number_bounds(field: Field, op: str, number: Decimal) -> Bounds:
    """Exact bounds on the stored form: scaled integers are compared as integers, the rest as doubles."""
    if field.scale is None:
        return ((op, float(number)),)
    scaled = number.scaleb(field.scale)
    floor = int(scaled.to_integral_value(ROUND_FLOOR))
    whole = floor == scaled
    if op == "eq" and not whole:
        return None
    limit = floor if whole or op in {"le", "gt"} else floor + 1
    if not _INT64[0] <= limit <= _INT64[1]:
        holds = (limit > 0) == (op in {"lt", "le"})
        return () if holds and op != "eq" else None
    return ((op, limit),)


def _text(value: object, at: str) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong(_("Must be a text that is not empty."), at)
    if len(value) > lang.MAX_TEXT:
        raise _Wrong(_("Longer than %(n)s characters.", n=lang.MAX_TEXT), at)
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise _Wrong(_("The text has characters that cannot be stored."), at)
    return value


def _words(field: Field, op: str, value: Any) -> Node:
    if op == "in":
        return Member(field, frozenset(_text(item, f".value[{n}]") for n, item in enumerate(_listed(value))))
    text = _text(value, ".value")
    return Member(field, frozenset((text,))) if op == "eq" else lang.Match(field, op, lang.fold(text))


def _chosen(field: Field, op: str, value: Any) -> Node:
    """References, choices and lists: one of some values, me, or my team."""
    me = team = False
    values = set()
    if op == "in" and _is(value, "my_team"):
        return Member(field, _NEVER, team=True)
    places = [(value, ".value")] if op != "in" else [(v, f".value[{n}]") for n, v in enumerate(_listed(value))]
    for item, at in places:
        if _is(item, "me") or _is(item, "my_team"):
            if field.kind not in REFERENCES | {"texts"}:
                raise _Wrong(_("me and my_team stand for people; %(name)s holds none.", name=field.name), at)
            me, team = me or "me" in item, team or "my_team" in item
            continue
        text = _text(item, at)
        if field.choices and text not in field.choices:
            raise _Wrong(_("%(value)s is none of the choices.", value=text[:80]), at)
        values.add(text)
    return Member(field, frozenset(values), me=me, team=team)


def _is(value: object, word: str) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and value.get(word) is True


def _flag(field: Field, op: str, value: Any) -> Node:
    if not isinstance(value, bool):
        raise _Wrong(_("Must be true or false."), ".value")
    return Member(field, frozenset((value,)))


def _moment(field: Field, op: str, value: Any) -> Node:
    if op in {"before_now", "after_now"}:
        return Window(field, op, ())
    if op in {"this", "last"}:
        if value not in lang.PERIODS:
            raise _Wrong(_("Must be one of day, week, month, quarter, year."), ".value")
        return Window(field, op, (value,))
    if op in {"within_last", "within_next"}:
        duration = moments.parse_offset(value, signed=False)
        if duration is None or (field.kind == "date" and duration.unit in {"min", "h"}):
            raise _Wrong(_("Must be a duration such as 7d (min h d w mo q y; on dates d or longer)."), ".value")
        return Window(field, op, (duration,))
    places = [(value, ".value")] if op != "between" else [(v, f".value[{n}]") for n, v in enumerate(_pair(value))]
    values = tuple(_time(field, item, at) for item, at in places)
    if any(isinstance(item, Offset) or (field.kind == "datetime" and type(item) is date) for item in values):
        return Window(field, op, values)
    return Compare(field, _fixed(field, op, values))


def _fixed(field: Field, op: str, values: tuple[Any, ...]) -> Bounds:
    bounds: Bounds
    if field.kind == "datetime":
        bounds = moments.exact_bounds(op, moments.instant(values[0])[0], moments.instant(values[-1])[1])
    else:
        bounds = (("ge", values[0]), ("le", values[1])) if op == "between" else ((op, values[0]),)
    return tuple((o, moments.canonical(v)) for o, v in bounds or ()) if field.json_key else bounds


def _time(field: Field, value: Any, at: str) -> lang.Moment:
    if isinstance(value, Mapping):
        offset = moments.parse_offset(value.get("now")) if len(value) == 1 else None
        if offset is None or (field.kind == "date" and offset.unit in {"min", "h"}):
            raise _Wrong(_('Must be an offset such as {"now": "-7d"} (min h d w mo q y; on dates d or longer).'), at)
        return offset
    if isinstance(value, str) and len(value) <= 40:
        try:
            if len(value) == 10:
                return date.fromisoformat(value)
            found = datetime.fromisoformat(value)
            if found.tzinfo is not None and field.kind == "datetime":
                return moments.clamp(found.astimezone(UTC))
        except (ValueError, OverflowError):
            pass
    if field.kind == "date":
        raise _Wrong(_("Must be a date such as 2026-08-01."), at)
    raise _Wrong(_("Must be a time with zone such as 2026-08-01T09:00:00Z, or a date."), at)


def _clock(field: Field, op: str, value: Any) -> Node:
    """A time of day: texts such as 09:30, which sort as times do."""
    places = [(value, ".value")] if op != "between" else [(v, f".value[{n}]") for n, v in enumerate(_pair(value))]
    for item, at in places:
        if not isinstance(item, str) or not _CLOCK.fullmatch(item):
            raise _Wrong(_("Must be a time of day such as 09:30."), at)
    if op == "between":
        return Compare(field, (("ge", value[0]), ("le", value[1])))
    return Compare(field, ((op, value),))


_READERS = {
    **dict.fromkeys(NUMBERS, _number),
    **dict.fromkeys(REFERENCES | LISTS | {"choice"}, _chosen),
    "text": _words,
    "boolean": _flag,
    "date": _moment,
    "datetime": _moment,
    "time": _clock,
}
