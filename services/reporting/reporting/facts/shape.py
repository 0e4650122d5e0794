"""What a fact is: a table with what may be counted, grouped and filtered, and the record each row belongs to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Table

from engines.objects import NUMBERS, Field, Label, ObjectType

DIMENSIONS = frozenset({"choice", "text", "person", "department", "id", "boolean"})
TIMES = frozenset({"datetime", "date"})
_NAMES = frozenset(  # tell single records apart: lists show them, figures are not grouped by them
    {"number", "name", "title", "lead_id", "opportunity_id", "contract_id", "instance_id", "subject_id", "merged_into"}
)


@dataclass(frozen=True, kw_only=True)
class Join:
    """A further table beside the fact; `on(fact columns, joined columns)` is the join condition."""

    table: Table
    on: Callable[[Any, Any], Any]
    columns: Mapping[str, str]  # name in the fact → column of the joined table


@dataclass(frozen=True, kw_only=True, eq=False)
class Fact:
    """One fact.

    `record` is the kind of record whose access rules its rows follow; empty when each row names its own in
    `subject_kind`. `record_id` is the column with that record's id. `link` leads to a row's page: an address with
    {column} in it. `shown` are the columns of a drill list. `source(session)` makes the table where it is a query;
    `computed` are columns worked out from the others.
    """

    key: str
    label: Label
    table: Table | None
    record: str
    record_id: str
    fields: Sequence[Field]
    link: str = ""
    title: Sequence[str] = ("number",)
    shown: Sequence[str] = ()
    joins: Sequence[Join] = ()
    record_kinds: Sequence[str] = ()
    source: Callable[[Any], Any] | None = None
    computed: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    @cached_property
    def object(self) -> ObjectType:
        """The fact as conditions see it."""
        return ObjectType(
            f"fact_{self.key}",
            SimpleNamespace,
            self.fields,
            label=self.label,
            adds_record_fields=False,
            registered=False,
        )

    @property
    def by_name(self) -> Mapping[str, Field]:
        return self.object.by_name

    def names(self, kinds: frozenset[str]) -> list[str]:
        """Fields of the given kinds."""
        return [item.name for item in self.fields if item.kind in kinds]

    @cached_property
    def dimensions(self) -> list[str]:
        return [name for name in self.names(DIMENSIONS) if name not in _NAMES]

    @cached_property
    def numbers(self) -> list[str]:
        return self.names(NUMBERS)

    @cached_property
    def times(self) -> list[str]:
        return self.names(TIMES)
