"""Records as a file, written while they are read: what the list shows the caller, through its filter, search and masks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, join, select, true
from sqlalchemy.orm import Session

from chassis import i18n
from chassis.caller import Caller
from chassis.db import Database, is_sqlite
from chassis.errors import Invalid
from chassis.events import publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from engines import access, listing, objects
from engines.conditions.context import company_zone
from engines.fields import Notation, Spec, World
from engines.transfer import bodies, metrics, references, values, writing
from engines.transfer import columns as of_kind
from engines.transfer.columns import EXTERNAL, Column
from engines.transfer.declaring import Transferable
from engines.transfer.events import RecordsExported

AT_ONCE = 1_000
FORMS = {"csv": writing.CSV, "xlsx": writing.XLSX}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to export: columns by name (none: all the caller may see), and the list's own condition, search and order."""

    columns: Sequence[str] = ()
    filter: Any = None
    q: str = ""
    sort: str = ""
    form: str = "csv"


def pieces(database: Database, *, caller: Caller, kind: Transferable, wanted: Wanted, locale: str) -> Iterator[bytes]:
    """The file piece by piece. What is wrong with the request is raised at once, and the export is on record before it begins.

    Problems: Invalid for an unknown column or a condition that does not fit.
    """
    with database.transaction() as session, i18n.speaking(locale):
        chosen = _chosen(session, caller, kind, wanted)
        _statement(session, caller, kind, wanted)
        publish(
            session,
            RecordsExported(
                subject=f"export/{uuid7()}", kind=kind.name, by=caller.id, form=wanted.form, filter=wanted.filter,
                q=wanted.q, columns=[column.name for column in chosen],
            ),
        )  # fmt: skip
        headings, title = [column.title for column in chosen], i18n.pick(kind.kind.label) or kind.name
    lines = _lines(database, caller, kind, wanted, chosen, locale)
    if wanted.form == "xlsx":
        return writing.xlsx_pieces(headings, lines, title=title)
    return writing.csv_lines(headings, lines)


def template(session: Session, caller: Caller, kind: Transferable, *, form: str) -> Iterator[bytes]:
    """An empty file with the headings of everything that can be taken in, required ones first."""
    known = [column for column in of_kind.of(session, caller, kind) if column.taken]
    headings = [column.title for column in sorted(known, key=lambda each: not each.required)]
    if form == "xlsx":
        return writing.xlsx_pieces(headings, [], title=i18n.pick(kind.kind.label) or kind.name)
    return writing.csv_lines(headings, [])


def columns_of(session: Session, caller: Caller, kind: Transferable) -> list[Column]:
    """What may be exported: what the caller sees of the kind, masked fields as their masks."""
    return [column for column in of_kind.of(session, caller, kind, masked=True) if _is_kept(kind, column)]


def _chosen(session: Session, caller: Caller, kind: Transferable, wanted: Wanted) -> list[Column]:
    known = columns_of(session, caller, kind)
    if not wanted.columns:
        return [*known, *(of_kind.external(system) for system in _systems(session, kind))]
    found = [(name, of_kind.find(known, name)) for name in wanted.columns]
    unknown = [name for name, column in found if column is None]
    if unknown:
        raise Invalid(errors={"columns": [_("Unknown field: %(names)s", names=", ".join(unknown))]})
    return [column for _name, column in found if column is not None]


def _is_kept(kind: Transferable, column: Column) -> bool:
    """Whether records hold the field; what only a new one is given, such as its first message, is none of it."""
    held = column.field.column in kind.model.__mapper__.columns or column.field.name in kind.value
    return bool(column.part) or held


def _systems(session: Session, kind: Transferable) -> list[str]:
    """The other systems that know records of the kind."""
    held = kind.model.__table__.c.get("external_ids")
    if held is None:
        return []
    if is_sqlite(session):
        each: Any = func.json_each(held).table_valued("key")
        rows = select(each.c.key).select_from(join(kind.model, each, true())).distinct()
    else:
        rows = select(func.jsonb_object_keys(held)).distinct()
    return sorted(name for name in session.scalars(rows) if of_kind.find((), EXTERNAL + name))


def _statement(session: Session, caller: Caller, kind: Transferable, wanted: Wanted) -> Select[Any]:
    declared = objects.of_model(kind.model)
    listing.check_sort(session, caller, declared, wanted.sort)
    statement = listing.readable(
        session, caller, declared, filter=wanted.filter, q=wanted.q, sort=wanted.sort, zone=company_zone()
    )
    order = []
    for name in filter(None, wanted.sort.split(",")):
        item = declared.by_name.get(name.removeprefix("-"))
        if item is None or item.json_key or item.kind in objects.LISTS:
            raise Invalid(errors={"sort": [_("Unknown field: %(names)s", names=name)]})
        column = getattr(kind.model, item.column)
        order.append(column.desc() if name.startswith("-") else column)
    return kind.narrowed(statement).order_by(*order, kind.model.id)


@dataclass
class _Table:
    """How each column of the file comes out of a row."""

    session: Session
    caller: Caller
    kind: Transferable
    columns: Sequence[Column]
    own: list[Callable[[Any], str]] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        zone = company_zone()
        self.own = [self._cell(column, zone) for column in self.columns]
        self.referring = [
            column for column in self.columns if not column.part and column.spec is None and self._refers(column)
        ]
        self.parts = [column for column in self.columns if column.part]
        self.veils = access.veils_of(self.session, self.caller, self.kind.name)

    def _refers(self, column: Column) -> bool:
        return column.field.kind in ("person", "department") or column.name in self.kind.references

    def read(self) -> list[Any]:
        """The model's columns that are needed."""
        needed = {"id"}
        for column in self.columns:
            if column.name.startswith(EXTERNAL):
                needed.add("external_ids")
            elif not column.part:
                needed.update(self.kind.reads.get(column.name) or (column.field.column,))
        if self.parts and self.kind.children is not None:
            needed.update(self.kind.children.reads)
        if self.veils:
            needed.update(("pool", "owner_id"))
        table = self.kind.model.__mapper__.columns
        return [table[name].label(name) for name in sorted(needed) if name in table]

    def lines(self, rows: Sequence[Any]) -> Iterable[list[str]]:
        """The lines of some rows: one each, more for a record with parts."""
        for column in self.referring:
            known = self.names.setdefault(column.name, {})
            ids = {getattr(row, column.field.column) for row in rows} - known.keys() - {None}
            if ids:
                known |= references.shown(self.session, self.caller, column.field, self.kind, ids)
        if self.parts:
            yield from self._with_parts(rows)
            return
        own, veils = self.own, self.veils
        for row in rows:
            line = [cell(row) for cell in own]
            if veils and not row.owner_id and (hidden := veils.get(row.pool or "")):
                line = self._veiled(line, hidden)
            yield line

    def _veiled(self, line: list[str], hidden: frozenset[str]) -> list[str]:
        return [
            str(access.masked(text) or "") if column.name in hidden else text
            for column, text in zip(self.columns, line, strict=True)
        ]

    def _with_parts(self, rows: Sequence[Any]) -> Iterable[list[str]]:
        assert self.kind.children is not None
        found = self.kind.children.of(self.session, rows)
        zone = company_zone()
        writers = {column.name: values.writer(column.field, zone) for column in self.parts}
        shown = self._shown_parts(found)
        for row in rows:
            line = [cell(row) for cell in self.own]
            if self.veils and not row.owner_id and (hidden := self.veils.get(row.pool or "")):
                line = self._veiled(line, hidden)
            for part in found.get(row.id) or [{}]:
                here = list(line)
                for place, column in enumerate(self.columns):
                    if column.part and (value := part.get(column.field.name)) not in (None, "", []):
                        named = shown.get(column.name)
                        here[place] = named.get(value, value) if named is not None else writers[column.name](value)
                yield here

    def _shown_parts(self, found: Any) -> dict[str, dict[str, str]]:
        shown = {}
        for column in self.parts:
            if column.field.name in self.kind.references or column.field.kind in ("person", "department"):
                ids = {part.get(column.field.name) for parts in found.values() for part in parts} - {None}
                shown[column.name] = references.shown(self.session, self.caller, column.field, self.kind, ids)
        return shown

    def _cell(self, column: Column, zone: str) -> Callable[[Any], str]:
        if column.part:
            return lambda row: ""
        if column.name.startswith(EXTERNAL):
            system = column.name[len(EXTERNAL) :]
            return lambda row: (row.external_ids or {}).get(system, "")
        item, write = column.field, values.writer(column.field, zone)
        read = self.kind.value.get(item.name)
        if column.is_masked:
            return lambda row: str(access.masked(bodies.present(self.kind, item, row)) or "")
        if column.spec is not None:
            return self._own_cell(column.spec)
        if self._refers(column):
            known, name = self.names.setdefault(column.name, {}), item.column
            return lambda row: known.get(value, value) if (value := getattr(row, name)) else ""
        if read is not None:
            return lambda row: "" if (value := read(row)) in (None, "", []) else write(value)
        if item.json_key or (item.scale and item.kind in ("number", "percent", "money")):
            return lambda row: "" if (value := bodies.present(self.kind, item, row)) in (None, "", []) else write(value)
        name = item.column
        if item.kind in ("text", "id"):
            return lambda row: getattr(row, name) or ""
        return lambda row: "" if (value := getattr(row, name)) is None or value == [] else write(value)

    def _own_cell(self, spec: Spec) -> Callable[[Any], str]:
        world, notation, write = World(self.session, self.caller), Notation(), spec.kind.to_text
        key = spec.key
        return lambda row: (
            write(spec, value, world, notation) if (value := (row.custom or {}).get(key)) is not None else ""
        )


def _lines(
    database: Database, caller: Caller, kind: Transferable, wanted: Wanted, chosen: Sequence[Column], locale: str
) -> Iterator[list[str]]:
    with database.reading(caller) as session:
        with i18n.speaking(locale):
            table = _Table(session, caller, kind, chosen)
        statement = _statement(session, caller, kind, wanted).with_only_columns(*table.read())
        found = session.connection().execute(
            statement, execution_options={"stream_results": True, "yield_per": AT_ONCE}
        )
        for rows in found.partitions():
            metrics.EXPORTED.labels(kind.name).inc(len(rows))
            yield from table.lines(rows)
