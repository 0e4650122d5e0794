"""SQL functions that read alike on SQLite and PostgreSQL: folded text, positions, values inside JSON columns."""

from typing import Any

from sqlalchemy import Boolean, Double, Integer, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from chassis.db import Json


class Fold(FunctionElement[str]):
    """A–Z lower-cased and nothing else, as language.fold does."""

    type = String()
    inherit_cache = True


class Position(FunctionElement[int]):
    """position(text, needle): 1 for the first character, 0 for nowhere."""

    type = Integer()
    inherit_cache = True


class EndsWith(FunctionElement[bool]):
    """ends_with(text, needle), byte for byte."""

    type = Boolean()
    inherit_cache = True


class JsonText(FunctionElement[str]):
    """json_text(column, key): a string that is not empty, else NULL."""

    type = String()
    inherit_cache = True


class JsonNumber(FunctionElement[Any]):
    """json_number(column, key): a number, else NULL."""

    type = Double()
    inherit_cache = True


class JsonFlag(FunctionElement[bool]):
    """json_flag(column, key): true or false, else NULL."""

    type = Boolean()
    inherit_cache = True


class JsonPart(FunctionElement[Any]):
    """json_part(column, key): what is stored under the key."""

    type = Json
    inherit_cache = True


class ListHas(FunctionElement[bool]):
    """list_has(list, value, …): some element is one of the values."""

    type = Boolean()
    inherit_cache = True


class ListText(FunctionElement[str]):
    """list_text(list): the list's JSON text, to search in."""

    type = String()
    inherit_cache = True


class ListFilled(FunctionElement[bool]):
    """list_filled(list): a list with at least one element."""

    type = Boolean()
    inherit_cache = True


class TimeText(FunctionElement[str]):
    """time_text(column): a time column in the form custom fields store, see moments.canonical."""

    type = String()
    inherit_cache = True


class DateText(FunctionElement[str]):
    """date_text(column): a date column as 2026-08-01."""

    type = String()
    inherit_cache = True


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> list[str]:
    return [compiler.process(part, **kw) for part in element.clauses]


@compiles(Fold, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"lower({_parts(element, compiler, **kw)[0]})"


@compiles(Fold, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f'lower(({_parts(element, compiler, **kw)[0]}) COLLATE "C")'


@compiles(Position, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    text, needle = _parts(element, compiler, **kw)
    return f"instr({text}, {needle})"


@compiles(Position, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    text, needle = _parts(element, compiler, **kw)
    return f"strpos({text}, {needle})"


@compiles(EndsWith, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    text, needle = _parts(element, compiler, **kw)
    return f"substr(CAST({text} AS BLOB), -length(CAST({needle} AS BLOB))) = CAST({needle} AS BLOB)"


@compiles(EndsWith, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    text, needle = _parts(element, compiler, **kw)
    return f"right({text}, length({needle})) = {needle}"


def _path(element: Any) -> str:
    """The JSON key, which objects.Field has checked to be a plain name."""
    return str(list(element.clauses)[1].name)


def _column(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **kw))


@compiles(JsonText, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    column, path = _column(element, compiler, **kw), f"'$.{_path(element)}'"
    return f"CASE json_type({column}, {path}) WHEN 'text' THEN nullif(json_extract({column}, {path}), '') END"


@compiles(JsonText, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    column, key = _column(element, compiler, **kw), f"'{_path(element)}'"
    return f"(CASE jsonb_typeof({column} -> {key}) WHEN 'string' THEN nullif({column} ->> {key}, '') END) COLLATE \"C\""


@compiles(JsonNumber, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    column, path = _column(element, compiler, **kw), f"'$.{_path(element)}'"
    return f"CASE WHEN json_type({column}, {path}) IN ('integer', 'real') THEN json_extract({column}, {path}) END"


@compiles(JsonNumber, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    column, key = _column(element, compiler, **kw), f"'{_path(element)}'"
    return f"CASE jsonb_typeof({column} -> {key}) WHEN 'number' THEN ({column} ->> {key})::numeric END"


@compiles(JsonFlag, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    column, path = _column(element, compiler, **kw), f"'$.{_path(element)}'"
    return f"CASE json_type({column}, {path}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"


@compiles(JsonFlag, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    column, key = _column(element, compiler, **kw), f"'{_path(element)}'"
    return f"CASE jsonb_typeof({column} -> {key}) WHEN 'boolean' THEN ({column} ->> {key})::boolean END"


@compiles(JsonPart, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({_column(element, compiler, **kw)} -> '$.{_path(element)}')"


@compiles(JsonPart, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({_column(element, compiler, **kw)} -> '{_path(element)}')"


@compiles(ListHas, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    listed, *values = _parts(element, compiler, **kw)
    return (
        f"(json_type({listed}) = 'array' AND EXISTS (SELECT 1 FROM json_each({listed}) AS element"  # noqa: S608 - values are bound
        f" WHERE element.type = 'text' AND element.value IN ({', '.join(values)})))"
    )


@compiles(ListHas, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    listed, *values = _parts(element, compiler, **kw)
    if len(values) == 1:
        return f"({listed} @> jsonb_build_array({values[0]}))"
    return f"(jsonb_typeof({listed}) = 'array' AND {listed} ?| ARRAY[{', '.join(values)}])"


@compiles(ListText, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return _parts(element, compiler, **kw)[0]


@compiles(ListText, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({_parts(element, compiler, **kw)[0]})::text"


@compiles(ListFilled, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    listed = _parts(element, compiler, **kw)[0]
    return f"(json_type({listed}) = 'array' AND json_array_length({listed}) > 0)"


@compiles(ListFilled, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    listed = _parts(element, compiler, **kw)[0]
    return f"(jsonb_typeof({listed}) = 'array' AND {listed} <> '[]'::jsonb)"


@compiles(TimeText, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"(replace({_parts(element, compiler, **kw)[0]}, ' ', 'T') || 'Z')"


@compiles(TimeText, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    column = _parts(element, compiler, **kw)[0]
    return f'to_char({column} AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') COLLATE "C"'


@compiles(DateText, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return _parts(element, compiler, **kw)[0]


@compiles(DateText, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"to_char({_parts(element, compiler, **kw)[0]}, 'YYYY-MM-DD') COLLATE \"C\""
