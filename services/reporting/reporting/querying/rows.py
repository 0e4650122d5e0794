"""A fact as the FROM part of a question: its columns by name, joining what lies beside it only where it is used."""

from typing import Any

from sqlalchemy.orm import Session

from reporting.facts import Fact


class Rows:
    """`rows["column"]`, or as an attribute for conditions; `rows.table` afterwards, with the joins that were needed."""

    def __init__(self, session: Session, fact: Fact):
        self._fact = fact
        self._base = fact.table if fact.table is not None else fact.source(session)  # type: ignore[misc]
        self._joined: dict[int, Any] = {}

    def __getitem__(self, column: str) -> Any:
        if column in self._fact.computed:
            return self._fact.computed[column](self)
        for place, join in enumerate(self._fact.joins):
            if column in join.columns:
                if place not in self._joined:
                    self._joined[place] = join.table.alias()
                return self._joined[place].c[join.columns[column]]
        return self._base.c[column]

    def __getattr__(self, column: str) -> Any:
        if column.startswith("_"):
            raise AttributeError(column)
        return self[column]

    def field(self, name: str) -> Any:
        """The column of a field."""
        return self[self._fact.by_name[name].column]

    @property
    def table(self) -> Any:
        found = self._base
        for place, joined in self._joined.items():
            found = found.outerjoin(joined, self._fact.joins[place].on(self, joined.c))
        return found
