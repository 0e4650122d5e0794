"""Exact coverage of condition branches: every leaf compares one field with constants, so a few values per field suffice.

For each field the conditions look at, one value per cell between its constants (and "no value") is enough to try every
case there is; each case is followed through the blocks around a condition, so that nested ones count only where reached.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise, product
from typing import Any

from approvals.subjects import SubjectKind
from chassis.i18n import gettext, pick
from chassis.i18n import lazy as _
from engines.conditions import Context, compile_memory
from engines.conditions import language as lang
from engines.conditions.check import parse
from engines.conditions.explain import shown
from engines.objects import NUMBERS, Field

MAX_CASES = 50_000
_OTHER = "\u2026"  # a text none of the conditions names
Case = dict[str, Any]
Path = tuple[tuple[Mapping[str, Any], str | None], ...]


def findings(body: Mapping[str, Any], kind: SubjectKind, make: Callable[..., Any]) -> Iterator[Any]:
    """Gaps, overlaps and branches nobody gets into, each with a case that shows it; `make` builds a Finding."""
    for at, block, path in _blocks(body["nodes"], "nodes", ()):
        branches = block["branches"]
        conditions = [item["when"] for item in branches if item.get("when") is not None]
        outer = [
            item["when"] for around, _branch in path for item in around["branches"] if item.get("when") is not None
        ]
        values, exact = _values([*conditions, *outer], kind)
        if not exact or math.prod(len(each) for each in values.values()) > MAX_CASES:
            text = _("Whether the branches leave a case open or overlap cannot be decided exactly here.")
            yield make("warning", at, "not_verifiable", text)
            if any(item.get("when") is None for item in branches):
                continue
            yield make(
                "error", at, "may_be_open", _("Add a last branch without a condition, so that no case is left open.")
            )
            continue
        yield from _judge(at, block, path, values, kind, make)


def _judge(
    at: str,
    block: Mapping[str, Any],
    path: Path,
    values: Mapping[str, list[Any]],
    kind: SubjectKind,
    make: Callable[..., Any],
) -> Iterator[Any]:
    branches = block["branches"]
    tests = _Tests(kind)
    taken: dict[int, Case] = {}
    true: dict[int, Case] = {}
    overlaps: dict[tuple[int, int], Case] = {}
    gap: Case | None = None
    reached = False
    for case in _cases(values):
        if not all(tests.takes(around, case) == branch for around, branch in path):
            continue
        reached = True
        holding = [
            n for n, item in enumerate(branches) if item.get("when") is not None and tests.holds(item["when"], case)
        ]
        rest = [n for n, item in enumerate(branches) if item.get("when") is None]
        for number in holding:
            true.setdefault(number, case)
        if holding or rest:
            taken.setdefault((holding or rest)[0], case)
        elif gap is None:
            gap = case
        for pair in pairwise(holding):
            overlaps.setdefault(pair, case)
    if not reached:
        yield make(
            "error", at, "unreachable", _("No case ever gets here: the conditions around it exclude each other.")
        )
        return
    if gap is not None:
        yield make("error", at, "gap", _("The branches leave a case open."), _shown(gap, kind))
    for number, item in enumerate(branches):
        place, name = f"{at}.branches[{number}]", pick(item["name"])
        if number in taken:
            continue
        if number in true:
            text = _("Branch “%(name)s” is never taken: earlier branches take all its cases.", name=name)
            yield make("error", place, "shadowed", text, _shown(true[number], kind))
        elif item.get("when") is None:
            yield make("warning", place, "never", _("Branch “%(name)s” is never taken.", name=name))
        else:
            yield make("error", place, "never", _("Branch “%(name)s” can never hold.", name=name))
    for (first, second), case in overlaps.items():
        names = {"a": pick(branches[first]["name"]), "b": pick(branches[second]["name"])}
        text = _("Branches “%(a)s” and “%(b)s” overlap: the first one is taken.", **names)
        yield make("warning", f"{at}.branches[{second}]", "overlap", text, _shown(case, kind))


def sentence(example: Mapping[str, Any]) -> str:
    """The example of a finding in words: "For example: Base amount = 500000.00"."""
    parts = [f"{row['label']} = {'–' if row['value'] is None else row['value']}" for row in example.get("case", ())]
    return gettext("For example: %(case)s", case=gettext(", ").join(parts)) if parts else ""


class _Tests:
    """Conditions of one kind of subject, compiled."""

    def __init__(self, kind: SubjectKind):
        self.kind = kind.type
        self.context = Context()

    def holds(self, condition: Any, case: Case) -> bool:
        return compile_memory(condition, self.kind)(case, self.context)

    def takes(self, block: Mapping[str, Any], case: Case) -> str | None:
        for item in block["branches"]:
            if item.get("when") is None or self.holds(item["when"], case):
                return str(item["id"])
        return None


def _blocks(nodes: Sequence[Mapping[str, Any]], at: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """Condition nodes with the (condition, branch) pairs around them."""
    for index, node in enumerate(nodes):
        here = f"{at}[{index}]"
        if node["type"] == "condition":
            yield here, node, path
        for number, item in enumerate(node.get("branches", ())):
            inner = (*path, (node, item["id"])) if node["type"] == "condition" else path
            yield from _blocks(item["nodes"], f"{here}.branches[{number}].nodes", inner)


def _cases(values: Mapping[str, list[Any]]) -> Iterator[Case]:
    for combination in product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def _shown(case: Case, kind: SubjectKind) -> dict[str, Any]:
    by_column = {item.column: item for item in kind.type.fields}
    rows = [
        {
            "field": by_column[column].name,
            "label": pick(by_column[column].label),
            "value": shown(by_column[column], value, currency=case.get(by_column[column].currency_column)),
        }
        for column, value in case.items()
    ]
    return {"case": rows}


def _values(conditions: Iterable[Any], kind: SubjectKind) -> tuple[dict[str, list[Any]], bool]:
    """Column → the values to try; False when some comparison has no such finite set (text parts, two fields, now)."""
    marks: dict[Field, set[Any]] = {}
    exact = [_collect(parse(condition, kind.type), marks) for condition in conditions]
    return {item.column: _representatives(item, found) for item, found in marks.items()}, all(exact)


def _collect(node: lang.Node, marks: dict[Field, set[Any]]) -> bool:
    match node:
        case lang.All(of=parts) | lang.Some(of=parts):
            exact = [_collect(part, marks) for part in parts]  # every part leaves its marks
            return all(exact)
        case lang.Not(of=part):
            return _collect(part, marks)
        case lang.Present(field=item):
            marks.setdefault(item, set())
            return True
        case lang.Compare(field=item, bounds=bounds):
            marks.setdefault(item, set()).update(limit for _op, limit in bounds or ())
            return True
        case lang.Member(field=item, values=values, me=me, team=team):
            marks.setdefault(item, set()).update(values)
            return not me and not team and item.kind != "choices" and item.kind != "texts"
    return False


def _representatives(item: Field, marks: set[Any]) -> list[Any]:
    """No value, each constant, and one value in every cell between, below and above them."""
    if item.kind == "boolean":
        return [None, True, False]
    if item.kind in NUMBERS or item.kind in ("date", "datetime"):
        return [None, *_cells(sorted(marks), item)]
    return [None, *sorted(marks), _OTHER]


def _cells(limits: list[Any], item: Field) -> list[Any]:
    if not limits:
        return [0 if item.kind in NUMBERS else date(2000, 1, 1)]
    found = [_beside(limits[0], -1)]
    for low, high in pairwise(limits):
        found += [low, *_between(low, high, item)]
    return [*found, limits[-1], _beside(limits[-1], 1)]


def _beside(limit: Any, way: int) -> Any:
    if isinstance(limit, datetime | date):
        return limit + timedelta(days=way)
    return limit + way


def _between(low: Any, high: Any, item: Field) -> list[Any]:
    middle = low + (high - low) / 2 if not isinstance(low, int) or isinstance(low, bool) else (low + high) // 2
    return [middle] if low < middle < high else []
