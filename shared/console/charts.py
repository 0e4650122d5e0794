"""Charts described by their figures; app.js draws them, and the same figures stand beside them as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console import formats
from console.fields import Words, words

KINDS = ("bar", "stacked", "line", "area", "funnel", "heat", "pie", "scatter", "gauge")


@dataclass(frozen=True, kw_only=True)
class Series:
    """One row of figures; `links` lead from each figure to its records."""

    name: Words
    values: Sequence[Any]
    links: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Chart:
    """`kind` is one of KINDS; `unit` is a currency code, `%` (figures are shares of 1) or a word such as days.

    A heat map has one series per row of its grid. `target` draws a line across; `note` says as of when, and how defined.
    """

    key: str
    title: Words
    kind: str
    categories: Sequence[Words]
    series: Sequence[Series]
    unit: str = ""
    target: float | None = None
    note: Words = ""
    tall: bool = False

    def drawing(self) -> dict[str, Any]:
        """The JSON that app.js turns into ECharts options."""
        return {
            "kind": self.kind,
            "title": words(self.title),
            "categories": [words(item) for item in self.categories],
            "series": [
                {
                    "name": words(item.name),
                    "values": [_plain(value) for value in item.values],
                    "links": list(item.links),
                }
                for item in self.series
            ],
            "unit": self.unit,
            "target": self.target,
        }

    def written(self, value: Any) -> str:
        """A figure in the reader's notation."""
        if value is None:
            return "–"
        if self.unit == "%":
            return formats.percent(value, digits=1)
        if len(self.unit) == 3 and self.unit.isupper():
            return formats.money(value, self.unit, short=True)
        return formats.number(value)


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)
