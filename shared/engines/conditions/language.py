"""The condition language: operators, limits and the checked tree that memory and SQL are both compiled from."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engines.objects import LISTS, NUMBERS, REFERENCES, Field

MAX_DEPTH = 12
MAX_LEAVES = 200
MAX_VALUES = 1000
MAX_TEXT = 1000
MAX_NUMBER = 10**15

ORDER = frozenset({"lt", "le", "gt", "ge"})
EMPTINESS = frozenset({"is_empty", "is_not_empty"})
MOMENT = frozenset({"within_last", "within_next", "before_now", "after_now", "this", "last"})
CHANGE = frozenset({"changed", "changed_from", "changed_to"})
PERIODS = ("day", "week", "month", "quarter", "year")
NO_VALUE = EMPTINESS | {"before_now", "after_now", "changed"}

_EQUAL = frozenset({"eq", "ne"})
_AMONG = frozenset({"in", "not_in"})
_PARTS = frozenset({"contains", "not_contains"})
OPERATORS: dict[str, frozenset[str]] = {
    **dict.fromkeys(NUMBERS, _EQUAL | _AMONG | ORDER | EMPTINESS | {"between"}),
    **dict.fromkeys(REFERENCES | {"choice"}, _EQUAL | _AMONG | EMPTINESS),
    **dict.fromkeys(LISTS, _AMONG | _PARTS | EMPTINESS),
    "parts": EMPTINESS,
    "time": _EQUAL | ORDER | EMPTINESS | {"between"},
    **dict.fromkeys(("date", "datetime"), _EQUAL | ORDER | EMPTINESS | MOMENT | {"between"}),
    "text": _EQUAL | _AMONG | _PARTS | EMPTINESS | {"starts_with", "ends_with"},
    "boolean": _EQUAL | EMPTINESS,
}
ALL_OPERATORS = frozenset().union(*OPERATORS.values()) | CHANGE

# What a value may be compared with by order: ((op, constant), …) that must all hold. () holds for every value that is
# not missing; None for none.
Bounds = tuple[tuple[str, Any], ...] | None


class Node:
    """A part of a checked condition."""

    __slots__ = ()


@dataclass(frozen=True, eq=False, slots=True)
class All(Node):
    of: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Some(Node):
    of: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Not(Node):
    of: Node


@dataclass(frozen=True, eq=False, slots=True)
class Present(Node):
    """The field has a value; empty text and an empty list are none."""

    field: Field


@dataclass(frozen=True, eq=False, slots=True)
class Compare(Node):
    """A number or time within bounds known when the condition is checked."""

    field: Field
    bounds: Bounds


@dataclass(frozen=True, eq=False, slots=True)
class Window(Node):
    """A date or time within bounds that depend on now and the company's zone, see moments.bounds."""

    field: Field
    op: str
    values: tuple[Any, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Member(Node):
    """The value is one of `values`, or the caller (`me`), or of the caller's team. On lists: any element is."""

    field: Field
    values: frozenset[Any]
    me: bool = False
    team: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Match(Node):
    """Text that contains, starts_with or ends_with the folded `needle`."""

    field: Field
    how: str
    needle: str


@dataclass(frozen=True, eq=False, slots=True)
class Versus(Node):
    """Two fields of the record compared; false when either is missing."""

    field: Field
    op: str
    other: Field


@dataclass(frozen=True, eq=False, slots=True)
class Changed(Node):
    """The change set touches the field; `side` 0/1 and `test` look at the value before/after."""

    field: Field
    side: int = 0
    test: Node | None = None


@dataclass(frozen=True, slots=True)
class Offset:
    """`{"now": "-7d"}` and the durations of within_last and within_next."""

    count: int
    unit: str


Moment = date | datetime | Offset

_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """Lower-case A–Z and nothing else: the one case rule SQLite, PostgreSQL and Python share."""
    return text.lower() if text.isascii() else text.translate(_UPPER)


def family(field: Field) -> str:
    """Fields of one family can be compared with each other."""
    if field.kind in NUMBERS:
        return "number"
    return "text" if field.kind in REFERENCES | {"text", "choice"} else field.kind
