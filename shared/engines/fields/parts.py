"""Kinds whose values have parts: a sub-table of rows, and JSON of any form."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from marshmallow import fields as shapes
from marshmallow import validate

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.fields.kind import Kind, Notation, Spec, Wrong, is_empty
from engines.fields.world import World

MAX_ROWS, MAX_COLUMNS, MAX_JSON = 500, 30, 20_000
SIMPLE = frozenset(
    ("text", "long_text", "number", "integer", "money", "percent", "date", "datetime", "time", "boolean", "choice", "phone",
     "email", "url", "person", "department", "rating")
)  # fmt: skip


class SubTable(Kind):
    """Rows of columns, each of a simple kind: `[{"part": "Pump", "count": 2}]`."""

    name, label, family, icon = "sub_table", {"zh": "子表", "en": "Sub-table"}, "parts", "table"
    options = {
        "columns": shapes.List(shapes.Dict(), required=True, validate=validate.Length(1, MAX_COLUMNS)),
        "max_rows": shapes.Integer(validate=validate.Range(1, MAX_ROWS)),
    }
    stored, widget = "parts", "sub_table"
    sortable = False
    may_be_indexed = False

    def columns(self, spec: Spec) -> Sequence[Spec]:
        """The columns as fields of their own."""
        return _columns(orjson.dumps(spec.options.get("columns") or [], option=orjson.OPT_SORT_KEYS))

    def check(self, spec: Spec) -> dict[str, Text]:
        from engines.fields.reading import SpecWrong

        try:
            found = self.columns(spec)
        except SpecWrong as wrong:
            return {"columns": next(iter(wrong.flat().values()))}
        keys = [column.key for column in found]
        if len(set(keys)) < len(keys):
            return {
                "columns": _(
                    "Used twice: %(keys)s", keys=", ".join(sorted({key for key in keys if keys.count(key) > 1}))
                )
            }
        odd = [column.title("en") for column in found if column.kind.name not in SIMPLE]
        return {"columns": _("A sub-table cannot hold: %(names)s", names=", ".join(odd))} if odd else {}

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        if isinstance(given, str):
            given = read_json(given)
        if not isinstance(given, list) or not all(isinstance(row, Mapping) for row in given):
            raise Wrong(_("Must be a list of rows."))
        if len(given) > spec.options.get("max_rows", MAX_ROWS):
            raise Wrong(_("More than %(n)s rows.", n=spec.options.get("max_rows", MAX_ROWS)))
        return [row for row in (self._row(spec, each, place, world) for place, each in enumerate(given)) if row] or None

    def _row(self, spec: Spec, given: Mapping[str, Any], place: int, world: World) -> dict[str, Any]:
        columns = {column.key: column for column in self.columns(spec)}
        if unknown := sorted(set(given) - set(columns)):
            raise Wrong(_("Unknown field."), f"[{place}].{unknown[0]}")
        row = {}
        for key, column in columns.items():
            try:
                value = column.kind.load(column, given.get(key), world)
            except Wrong as wrong:
                raise Wrong(wrong.message, f"[{place}].{key}{wrong.place}") from None
            if value is not None:
                row[key] = value
        if row:
            for key, column in columns.items():
                if column.required and key not in row:
                    raise Wrong(_("This field is required."), f"[{place}].{key}")
        return row

    def dump(self, spec: Spec, stored: Any) -> Any:
        columns = {column.key: column for column in self.columns(spec)}
        return [
            {key: columns[key].kind.dump(columns[key], value) for key, value in row.items() if key in columns}
            for row in stored or ()
        ]

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        """Column titles and the rows below them, as they are shown."""
        columns = self.columns(spec)
        return {
            "columns": [column.title(world.locale) for column in columns],
            "rows": [
                [column.kind.to_text(column, row.get(column.key), world, Notation()) for column in columns]
                for row in stored or ()
            ],
        }

    def typed(self, spec: Spec, stored: Any, world: World) -> Any:
        return self.dump(spec, stored)

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return orjson.dumps(self.dump(spec, stored)).decode() if stored else ""

    def shape(self, spec: Spec) -> dict[str, Any]:
        properties = {column.key: column.kind.shape(column) for column in self.columns(spec)}
        row = {"type": "object", "properties": properties, "additionalProperties": False}
        return {"type": "array", "items": row, "maxItems": spec.options.get("max_rows", MAX_ROWS)}


class Json(Kind):
    """Any JSON, kept as its text."""

    name, label, family, icon = "json", {"zh": "JSON", "en": "JSON"}, "parts", "braces"
    widget = "json"
    sortable = False
    may_be_indexed = False

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if given is None or given == "":
            return None
        value = read_json(given) if isinstance(given, str) else given
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value is not None else ""
        if len(text) > MAX_JSON:
            raise Wrong(_("Longer than %(n)s characters.", n=MAX_JSON))
        if "\\u0000" in text:
            raise Wrong(_("The text has characters that cannot be stored."))
        return text or None

    def dump(self, spec: Spec, stored: Any) -> Any:
        return orjson.loads(stored) if isinstance(stored, str) else None

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        return stored

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {}


def read_json(text: str) -> Any:
    """The value of a JSON text; Wrong."""
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError):
        raise Wrong(_("Not valid JSON.")) from None


@lru_cache(maxsize=512)
def _columns(body: bytes) -> tuple[Spec, ...]:
    from engines.fields.reading import spec_of

    return tuple(spec_of(each, f"[{place}]") for place, each in enumerate(orjson.loads(body)))
