"""How a service declares where personal data lies: per table, which columns, and how its rows belong to a person."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, Date, Integer, MetaData, Table

ERASED = "—"  # stands where a text must


@dataclass(frozen=True, eq=False)
class Personal:
    """The personal columns of one table, and how a row is found to be a person's.

    `kind`: the row is the record `<kind>/<id>`. `of`: column → kind, the row belongs to that record. `about`: the columns
    (kind, id) or the one column "kind/id" of the record it is about. `phones` and `emails` are columns (a text or a JSON
    list) that it is found by and that tell more about a person. `mentions`: JSON or text columns that are searched for ids,
    phones and addresses. `links`: column → kind, further records of the same person. `delete`: the row goes as a whole.
    `also`: (session, row) → further values of the row, for what else has to end with it. `todo`: what this row means for an
    outside system, named in the report.
    """

    table: Any
    columns: tuple[str, ...] = ()
    kind: str = field(default="", kw_only=True)
    of: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    about: tuple[str, ...] = field(default=(), kw_only=True)
    phones: tuple[str, ...] = field(default=(), kw_only=True)
    emails: tuple[str, ...] = field(default=(), kw_only=True)
    mentions: tuple[str, ...] = field(default=(), kw_only=True)
    links: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    delete: bool = field(default=False, kw_only=True)
    also: Callable[[Any, Any], Mapping[str, Any]] | None = field(default=None, kw_only=True)
    todo: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", getattr(self.table, "__table__", self.table))

    def blank(self, row: Any) -> dict[str, Any]:
        """What the personal columns of `row` become: nothing, or what stands for it where there must be something."""
        return {name: _blank(self.table, name, row) for name in self.columns}


def missing(erasers: Iterable[Personal], tables: Iterable[MetaData]) -> list[str]:
    """Personal columns ("table.column") that no eraser removes."""
    covered: dict[Table, set[str]] = {}
    for item in erasers:
        names = item.table.c.keys() if item.delete else item.columns
        covered.setdefault(item.table, set()).update(names)
    return [
        f"{table.name}.{column.name}"
        for metadata in tables
        for table in metadata.sorted_tables
        for column in table.c
        if column.info.get("personal") and column.name not in covered.get(table, set())
    ]


def _blank(table: Table, name: str, row: Any) -> Any:
    column = table.c[name]
    if column.unique and not column.nullable:
        return f"erased-{row._mapping[next(iter(table.primary_key)).name]}"
    if column.nullable:
        return None
    if isinstance(column.type, JSON):
        present = row._mapping[name]
        return (
            [] if isinstance(present, list) else dict.fromkeys(present, ERASED) if set(present) <= {"zh", "en"} else {}
        )
    if isinstance(column.type, Integer | Date):
        raise TypeError(f"{table.name}.{name}: say how it is erased")
    return ERASED if column.default is None else ""
