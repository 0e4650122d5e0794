"""Rows and records to JSON by a column list derived once from a marshmallow schema; much cheaper than Schema.dump."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import orjson
from marshmallow import Schema, fields
from sqlalchemy import JSON, Dialect, Text, cast, type_coerce
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator

from chassis.db import UtcDateTime

Convert = Callable[[Any], Any]
_AS_IS = (fields.String, fields.Boolean, fields.Float, fields.Raw, fields.Date, fields.UUID, fields.Email, fields.URL)
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS


def to_json(value: Any) -> bytes:
    """JSON as every API answers it: times in UTC with `Z`, decimals as strings."""
    return orjson.dumps(value, default=str, option=_OPTIONS)


class Dumper:
    """What an answer schema makes of an object, a mapping or a row. Build it once, at import."""

    def __init__(self, schema: Schema):
        self.schema = schema
        hooks = any(hook.startswith("p") and "dump" in hook and found for hook, found in schema._hooks.items())
        self._simple: list[tuple[str, str, Convert | None]] | None = None if hooks else []
        self._computed: list[tuple[str, str, fields.Field[Any]]] = []
        if self._simple is not None:
            for name, field in schema.dump_fields.items():
                key, attribute = field.data_key or name, field.attribute or name
                if isinstance(field, fields.Method | fields.Function | fields.Constant) or "." in attribute:
                    self._computed.append((key, name, field))
                else:
                    self._simple.append((key, attribute, _converter(field)))

    @property
    def names(self) -> list[str]:
        """The members of an answer, in the schema's order."""
        return [field.data_key or name for name, field in self.schema.dump_fields.items()]

    def attributes(self, wanted: Iterable[str] | None = None) -> dict[str, str] | None:
        """Member → attribute, when each member is one plain attribute; else None."""
        if self._simple is None or self._computed:
            return None
        chosen = set(wanted) if wanted is not None else None
        return {key: attribute for key, attribute, _convert in self._simple if chosen is None or key in chosen}

    def one(self, source: Any, wanted: Iterable[str] | None = None) -> dict[str, Any]:
        """The answer for one object or mapping; a mapping's missing members are left out."""
        if self._simple is None:
            dumped: dict[str, Any] = self.schema.dump(source)
        else:
            dumped = {}
            mapping = isinstance(source, Mapping)
            for key, attribute, convert in self._simple:
                if mapping:
                    if attribute not in source:
                        continue
                    value = source[attribute]
                else:
                    value = getattr(source, attribute)
                dumped[key] = value if convert is None or value is None else convert(value)
            for key, name, field in self._computed:
                dumped[key] = field.serialize(name, source, accessor=self.schema.get_attribute)
        return dumped if wanted is None else {key: dumped[key] for key in wanted if key in dumped}

    def rows(self, rows: Iterable[Any], keys: list[str]) -> list[dict[str, Any]]:
        """Answers for rows whose first columns are the attributes of `keys`, in that order."""
        by_key = {key: convert for key, _attribute, convert in self._simple or ()}
        made = [dict(zip(keys, row, strict=False)) for row in rows]
        for key in keys:
            convert = by_key[key]
            if convert is not None:
                for item in made:
                    if item[key] is not None:
                        item[key] = convert(item[key])
        return made

    def unread(self, columns: Mapping[str, Any], touched: Collection[str]) -> dict[str, Any]:
        """`columns` with those that go out as the database keeps them, which nobody has `touched`, left as its text."""
        plain = {key for key, _attribute, convert in self._simple or () if convert is None and key not in touched}
        return {key: _unread(column) if key in plain else column for key, column in columns.items()}


class _Document(TypeDecorator[Any]):
    """A JSON document as text, for `to_json` to put where it belongs."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else orjson.Fragment(value)


def _unread(column: Any) -> Any:
    if isinstance(column.type, JSON):
        return cast(column, _Document)
    if isinstance(column.type, UtcDateTime):
        return type_coerce(column, column.type.impl)  # `to_json` writes any time in UTC
    return column


def columns(
    dumper: Dumper, entity: Any, wanted: Iterable[str] | None, extra: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Member → column of `entity` (or expression of `extra`), None when some member is not a column."""
    attributes = dumper.attributes(wanted)
    if attributes is None:
        return None
    found: dict[str, Any] = {}
    for key, attribute in attributes.items():
        column = extra.get(attribute, getattr(entity, attribute, None))
        if isinstance(column, InstrumentedAttribute):
            if not hasattr(column.property, "columns"):
                return None
            if column.parent is column.parent.base_mapper and column.parent.class_ is entity:
                column = column.property.columns[0]  # the table's own: rows of annotated ones cost twice as much
        if column is None or (callable(column) and not hasattr(column, "__clause_element__")):
            return None
        found[key] = column
    return found


def _converter(field: fields.Field[Any]) -> Convert | None:
    """How a value of `field` becomes JSON; None when orjson writes it as it should be."""
    if isinstance(field, fields.Nested):
        inner = Dumper(field.schema)
        many = field.many or field.schema.many
        return (lambda values: [inner.one(value) for value in values]) if many else inner.one
    if isinstance(field, fields.List):
        convert = _converter(field.inner)
        return None if convert is None else lambda values: [None if v is None else convert(v) for v in values]
    if isinstance(field, fields.DateTime) and field.format in (None, "iso"):
        return None
    if isinstance(field, fields.Integer) and not field.as_string:
        return None
    if isinstance(field, fields.Dict) and field.key_field is None and field.value_field is None:
        return None
    if type(field) in _AS_IS or type(field) is fields.Field:
        return None
    return lambda value: field._serialize(value, field.name, None)
