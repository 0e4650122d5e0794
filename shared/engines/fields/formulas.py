"""Formulas: arithmetic, texts, dates and choices over a record's fields, read by a parser of our own and never run as code.

    price * quantity * (1 - discount / 100)
    if(amount >= 100000, "large", "small")
    days(signed_on, today_of(created_at))

A missing value makes arithmetic missing; a comparison with one is false; `&` joins texts and takes it as empty. Numbers
are decimals; a division by zero is missing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from chassis import clock
from chassis.i18n import lazy as _
from engines.fields.kind import Wrong
from engines.objects import NUMBERS, Field

MAX_LENGTH, MAX_DEPTH, MAX_TEXT = 2000, 40, 1000
_TOKEN = re.compile(
    r"""\s*(?:(\d+(?:\.\d+)?)|("(?:[^"\\]|\\.)*")|([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)|(<=|>=|<>|!=|[-+*/&=<>(),]))"""
)

Read = Callable[[str], Any]
Node = Callable[[Read], Any]


@dataclass(frozen=True)
class Formula:
    """A formula that was read: the fields it uses, and what it works out of them."""

    uses: frozenset[str]
    work: Node

    def value(self, read: Read) -> Any:
        """What it comes to for a record whose fields `read` gives; None for nothing."""
        with localcontext() as context:
            context.prec = 34
            try:
                found = self.work(read)
            except (InvalidOperation, OverflowError, ValueError, ArithmeticError):
                return None
        return found if not isinstance(found, Decimal) or found.is_finite() else None


@lru_cache(maxsize=1024)
def formula(text: str) -> Formula:
    """Read a formula; Wrong says what it stumbled over and where."""
    if len(text) > MAX_LENGTH:
        raise Wrong(_("Longer than %(n)s characters.", n=MAX_LENGTH))
    parser = _Parser(_tokens(text))
    node = parser.comparison(0)
    if parser.kind:
        raise Wrong(_("Not understood from here on: %(text)s", text=parser.text[:40]))
    return Formula(frozenset(parser.uses), node)


def native(field: Field, stored: Any) -> Any:
    """A stored value as formulas work with it: Decimal, text, bool, date, datetime or list."""
    if stored is None or stored == "":
        return None
    if field.kind in NUMBERS:
        number = Decimal(str(stored))
        return number.scaleb(-field.scale) if field.scale else number
    if field.kind == "date" and isinstance(stored, str):
        return date.fromisoformat(stored)
    if field.kind == "datetime" and isinstance(stored, str):
        return clock.parse(stored)
    return stored


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    bare = text.rstrip()
    while place < len(bare):
        match = _TOKEN.match(bare, place)
        if match is None:
            raise Wrong(_("Not understood from here on: %(text)s", text=bare[place:].strip()[:40]))
        kinds = ("number", "text", "name", "mark")
        kind = next(name for name, part in zip(kinds, match.groups(), strict=True) if part is not None)
        found.append((kind, match[match.lastindex or 0]))
        place = match.end()
    return found


class _Parser:
    """Recursive descent: comparison, joining, sum, product, sign, value."""

    def __init__(self, tokens: Sequence[tuple[str, str]]):
        self.tokens = tokens
        self.at = 0
        self.uses: set[str] = set()

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    @property
    def text(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *marks: str) -> str:
        if self.kind == "mark" and self.text in marks:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def need(self, mark: str) -> None:
        if not self.take(mark):
            raise Wrong(_("%(mark)s is missing.", mark=mark))

    def comparison(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Wrong(_("Nested more than %(n)s deep.", n=MAX_DEPTH))
        left = self.joined(depth)
        mark = self.take("=", "<>", "!=", "<", "<=", ">", ">=")
        return _compared(mark, left, self.joined(depth)) if mark else left

    def joined(self, depth: int) -> Node:
        parts = [self.sum(depth)]
        while self.take("&"):
            parts.append(self.sum(depth))
        if len(parts) == 1:
            return parts[0]
        return lambda read: _limited("".join(_said(part(read)) for part in parts))

    def sum(self, depth: int) -> Node:
        left = self.product(depth)
        while mark := self.take("+", "-"):
            left = _sum(mark, left, self.product(depth))
        return left

    def product(self, depth: int) -> Node:
        left = self.sign(depth)
        while mark := self.take("*", "/"):
            left = _product(mark, left, self.sign(depth))
        return left

    def sign(self, depth: int) -> Node:
        if self.take("-"):
            inner = self.sign(depth + 1)
            return lambda read: None if (value := _number(inner(read))) is None else -value
        self.take("+")
        return self.value(depth)

    def value(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Wrong(_("Nested more than %(n)s deep.", n=MAX_DEPTH))
        kind, text = self.kind, self.text
        self.at += 1
        if kind == "number":
            number = Decimal(text)
            return lambda read: number
        if kind == "text":
            said = re.sub(r"\\(.)", r"\1", text[1:-1])
            return lambda read: said
        if kind == "name":
            return self.named(text, depth)
        if kind == "mark" and text == "(":
            inner = self.comparison(depth + 1)
            self.need(")")
            return inner
        raise Wrong(
            _("Not understood from here on: %(text)s", text=text[:40]) if text else _("The formula ends too soon.")
        )

    def named(self, name: str, depth: int) -> Node:
        if not self.take("("):
            if name in ("true", "false"):
                truth = name == "true"
                return lambda read: truth
            self.uses.add(name)
            return lambda read: read(name)
        if name not in FUNCTIONS:
            raise Wrong(_("There is no function %(name)s.", name=name))
        given: list[Node] = []
        if not self.take(")"):
            given.append(self.comparison(depth + 1))
            while self.take(","):
                given.append(self.comparison(depth + 1))
            self.need(")")
        least, most, work = FUNCTIONS[name]
        if not least <= len(given) <= most:
            raise Wrong(_("%(name)s takes another number of values.", name=name))
        return lambda read: work([part(read) for part in given]) if name not in _LAZY else _LAZY[name](given, read)


def _number(value: Any) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def _said(value: Any) -> str:
    """A value as a text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize() if value != value.to_integral_value() else value.quantize(Decimal(1)), "f")
    if isinstance(value, datetime):
        return clock.iso(value)
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    return str(value)


def _limited(text: str) -> str:
    return text[:MAX_TEXT]


def _sum(mark: str, left: Node, right: Node) -> Node:
    def work(read: Read) -> Any:
        a, b = left(read), right(read)
        if isinstance(a, date) and isinstance(b, Decimal):
            return a + timedelta(days=float(b) if mark == "+" else -float(b))
        x, y = _number(a), _number(b)
        if x is None or y is None:
            return None
        return x + y if mark == "+" else x - y

    return work


def _product(mark: str, left: Node, right: Node) -> Node:
    def work(read: Read) -> Any:
        x, y = _number(left(read)), _number(right(read))
        if x is None or y is None or (mark == "/" and not y):
            return None
        return x * y if mark == "*" else x / y

    return work


def _compared(mark: str, left: Node, right: Node) -> Node:
    def work(read: Read) -> Any:
        a, b = left(read), right(read)
        if mark in ("<>", "!="):
            return a != b
        if a is None or b is None or (mark != "=" and (type(a) is not type(b) or isinstance(a, bool | list))):
            return False
        return {"=": a == b}[mark] if mark == "=" else {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[mark]

    return work


def _if(given: Sequence[Node], read: Read) -> Any:
    if given[0](read) is True:
        return given[1](read)
    return given[2](read) if len(given) > 2 else None


def _numbers(values: Sequence[Any]) -> list[Decimal]:
    return [value for value in values if isinstance(value, Decimal)]


def _rounded(values: Sequence[Any]) -> Any:
    number, places = _number(values[0]), _number(values[1]) if len(values) > 1 else Decimal(0)
    if number is None or places is None or not -6 <= places <= 6:
        return None
    return number.quantize(Decimal(1).scaleb(-int(places)), rounding=ROUND_HALF_UP)


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        from engines.conditions.context import company_zone

        return value.astimezone(ZoneInfo(company_zone())).date()
    return value if isinstance(value, date) else None


def _days(values: Sequence[Any]) -> Any:
    first, last = _day(values[0]), _day(values[1])
    return Decimal((last - first).days) if first and last else None


def _part_of_day(name: str) -> Callable[[Sequence[Any]], Any]:
    return lambda values: Decimal(getattr(day, name)) if (day := _day(values[0])) else None


def _sliced(first: bool) -> Callable[[Sequence[Any]], Any]:
    def work(values: Sequence[Any]) -> Any:
        text, count = _said(values[0]), _number(values[1])
        if count is None or count < 0:
            return None
        return text[: int(count)] if first else text[len(text) - int(min(count, Decimal(len(text)))) :]

    return work


_LAZY: Mapping[str, Callable[[Sequence[Node], Read], Any]] = {"if": _if}
FUNCTIONS: Mapping[str, tuple[int, int, Callable[[Sequence[Any]], Any]]] = {
    "if": (2, 3, lambda values: None),
    "and": (1, 20, lambda values: all(value is True for value in values)),
    "or": (1, 20, lambda values: any(value is True for value in values)),
    "not": (1, 1, lambda values: values[0] is not True),
    "is_empty": (1, 1, lambda values: values[0] in (None, "", [])),
    "first": (1, 20, lambda values: next((value for value in values if value not in (None, "", [])), None)),
    "sum": (1, 20, lambda values: sum(_numbers(values), Decimal(0))),
    "min": (1, 20, lambda values: min(_numbers(values), default=None)),
    "max": (1, 20, lambda values: max(_numbers(values), default=None)),
    "abs": (1, 1, lambda values: abs(number) if (number := _number(values[0])) is not None else None),
    "round": (1, 2, _rounded),
    "days": (2, 2, _days),
    "day_of": (1, 1, lambda values: _day(values[0])),
    "year": (1, 1, _part_of_day("year")),
    "month": (1, 1, _part_of_day("month")),
    "day": (1, 1, _part_of_day("day")),
    "text": (1, 1, lambda values: _said(values[0])),
    "length": (1, 1, lambda values: Decimal(len(values[0] if isinstance(values[0], list) else _said(values[0])))),
    "left": (2, 2, _sliced(True)),
    "right": (2, 2, _sliced(False)),
    "upper": (1, 1, lambda values: _said(values[0]).upper()),
    "lower": (1, 1, lambda values: _said(values[0]).lower()),
    "contains": (
        2,
        2,
        lambda values: values[1] in values[0] if isinstance(values[0], list) else _said(values[1]) in _said(values[0]),
    ),
}
