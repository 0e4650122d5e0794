"""Rows to bodies: consecutive rows of one record are brought together, every cell is read in the declared notation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.i18n import gettext as _
from engines.fields import Notation, Spec, Wrong
from engines.objects import LISTS
from engines.transfer import values
from engines.transfer.columns import EXTERNAL, Column
from engines.transfer.errors import RowRefused
from engines.transfer.plans import Plan
from engines.transfer.reading import Row
from engines.transfer.references import Resolver
from engines.transfer.writing import plain


@dataclass(frozen=True)
class Group:
    """The rows of one record: the first has its fields, each may have a part of it."""

    rows: tuple[Row, ...]

    @property
    def line(self) -> int:
        return self.rows[0][0]


@dataclass
class Given:
    """What a group gives: `texts` by field as they stand in the file, `body` as the API takes it, `external` ids."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    external: dict[str, str] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)  # values of the company's own fields as they are stored
    unknown: dict[str, str] = field(default_factory=dict)  # names of things nobody knows, by field, with the reason
    key: str = ""


class Layout:
    """How the columns of one file are read; made once per import."""

    def __init__(self, plan: Plan, columns: Sequence[Column], defaults: Sequence[Column], zone: str):
        self.plan = plan
        given = iter(columns)
        self.places = [next(given) if name else None for name in plan.fields]
        self.columns = {column.name: column for column in (*columns, *defaults)}
        self.notation = Notation(
            date=plan.dialect.date_order, decimal=plan.dialect.decimal, zone=plan.dialect.zone or zone
        )
        self.readers = {
            column.name: values.reader(column.field, plan.dialect, zone) for column in self.columns.values()
        }
        self.has_parts = any(column is not None and column.part for column in self.places)

    def groups(self, rows: Iterable[Row]) -> Iterator[Group]:
        """Rows that belong together: a row whose own fields are empty, or the same as above, continues the record."""
        held: list[Row] = []
        for row in rows:
            if held and self.has_parts and self._continues(held[0], row):
                held.append(row)
                continue
            if held:
                yield Group(tuple(held))
            held = [row]
        if held:
            yield Group(tuple(held))

    def _continues(self, first: Row, row: Row) -> bool:
        if not any(cell.strip() for cell in row[1]):
            return False
        own, above = self._own(row[1]), self._own(first[1])
        return not any(own) or own == above

    def _own(self, cells: Sequence[str]) -> list[str]:
        return [
            cells[place].strip() if place < len(cells) else ""
            for place, column in enumerate(self.places)
            if column is not None and not column.part
        ]

    def texts(self, group: Group) -> Given:
        """The cells of a group by field; RowRefused for cells beside the table and characters that cannot be stored."""
        found = Given(group.line)
        for _number, cells in group.rows:
            if len(cells) > len(self.places) and any(cell.strip() for cell in cells[len(self.places) :]):
                raise RowRefused("shape", {"": [_("The row has more cells than the header.")]})
            if any("\0" in cell for cell in cells):
                raise RowRefused("shape", {"": [_("The text has characters that cannot be stored")]})
        for column, cell in zip(self.places, group.rows[0][1], strict=False):
            if column is None or column.part:
                continue
            text = plain(cell.strip())
            before = found.texts.get(column.name)
            found.texts[column.name] = f"{before}\n{text}" if before and text else before or text
        found.key = found.texts.get(self.plan.key, "") if self.plan.mode != "create" else ""
        return found

    def wanted(self, given: Iterable[Given], groups: Iterable[Group], resolver: Resolver) -> dict[str, Any]:
        """The texts of all reference cells of a batch, to be looked up at once."""
        found: dict[str, Any] = {}
        own = [
            column
            for column in self.columns.values()
            if resolver.is_reference(column.field) and not column.part and column.spec is None
        ]
        for each in given:
            for column in own:
                if text := each.texts.get(column.name) or self.plan.defaults.get(column.name):
                    found.setdefault(column.field.name, (column.field, set()))[1].add(text)
        parts = [
            (place, column)
            for place, column in enumerate(self.places)
            if column is not None and column.part and resolver.is_reference(column.field)
        ]
        for group in groups:
            for place, column in parts:
                for _number, cells in group.rows:
                    if place < len(cells) and cells[place].strip():
                        found.setdefault(column.field.name, (column.field, set()))[1].add(plain(cells[place].strip()))
        return found

    def read(self, given: Given, group: Group, resolver: Resolver) -> Given:
        """Fill in the body; RowRefused names every cell that cannot be read."""
        errors: dict[str, list[str]] = {}
        for name, text in given.texts.items():
            column = self.columns[name]
            if name.startswith(EXTERNAL):
                if text:
                    given.external[name[len(EXTERNAL) :]] = text[:200]
            elif not column.writable:
                continue
            elif not text:
                given.cleared.add(name)
            elif column.spec is not None:
                self._own_value(column, column.spec, text, resolver, given, errors)
            elif resolver.is_reference(column.field):
                try:
                    given.body[column.field.name] = resolver.id_of(column.field, text)
                except ValueError as error:  # unless the record has just that: whoever it named may be gone
                    given.unknown[name] = str(error)
            else:
                self._value(column, text, resolver, given.body, errors)
        if self.has_parts:
            self._parts(group, resolver, given.body, errors)
        if errors:
            raise RowRefused("invalid", errors)
        return given

    def defaults(self, given: Given, resolver: Resolver) -> dict[str, Any]:
        """Values for a new record that its row does not give."""
        body: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, text in self.plan.defaults.items():
            column = self.columns[name]
            if text and column.spec is not None:
                made = Given(given.line)
                self._own_value(column, column.spec, text, resolver, made, errors)
                held = given.body.get("custom", {})
                body["custom"] = body.get("custom", {}) | made.body.get("custom", {}) | held
            elif text and name not in given.body:
                self._value(column, text, resolver, body, errors)
        if errors:
            raise RowRefused("invalid", errors)
        return body

    def _own_value(
        self, column: Column, spec: Spec, text: str, resolver: Resolver, given: Given, errors: dict[str, list[str]]
    ) -> None:
        try:
            stored = spec.kind.from_text(spec, text, resolver.world, self.notation)
        except Wrong as wrong:
            errors.setdefault(column.name, []).append(str(wrong.message))
            return
        given.own[column.name] = stored
        given.body.setdefault("custom", {})[spec.key] = spec.kind.dump(spec, stored)

    def _value(
        self, column: Column, text: str, resolver: Resolver, body: dict[str, Any], errors: dict[str, list[str]]
    ) -> None:
        try:
            if resolver.is_reference(column.field):
                value: Any = resolver.id_of(column.field, text)
            else:
                value = self.readers[column.name](text)
        except ValueError as error:
            if not column.is_open:
                errors.setdefault(column.name, []).append(str(error))
                return
            value = text
        if key := column.field.json_key:
            body.setdefault("custom", {})[key] = value
        else:
            body[column.field.name] = value

    def _parts(self, group: Group, resolver: Resolver, body: dict[str, Any], errors: dict[str, list[str]]) -> None:
        found: dict[str, list[dict[str, Any]]] = {}
        for number, cells in group.rows:
            parts: dict[str, dict[str, Any]] = {}
            for column, cell in zip(self.places, cells, strict=False):
                if column is not None and column.part and (text := plain(cell.strip())):
                    wrong: dict[str, list[str]] = {}
                    self._value(column, text, resolver, parts.setdefault(column.part, {}), wrong)
                    for name, messages in wrong.items():
                        told = [_("row %(n)s: %(text)s", n=number, text=message) for message in messages]
                        errors.setdefault(name, []).extend(told)
            for name, part in parts.items():
                found.setdefault(name, []).append(part)
        body.update(found)


def same(column: Column, left: Any, right: Any, write: values.Write) -> bool:
    """Whether two values of a field read the same in a file."""
    empty: tuple[Any, ...] = (None, "", [], {})
    if left in empty or right in empty:
        return left in empty and right in empty
    if column.field.kind in LISTS:
        return [str(each) for each in left] == [str(each) for each in right]
    return write(left) == write(right)


def told(columns: Mapping[str, Column], errors: Mapping[str, Any]) -> dict[str, Any]:
    """Messages under the headings people know."""
    found: dict[str, Any] = {}
    for name, messages in errors.items():
        column = columns.get(name)
        found[column.title if column else name] = messages
    return found
