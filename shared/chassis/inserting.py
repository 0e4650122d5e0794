"""Rows of several tables stored at once, for the hottest writes: one statement on PostgreSQL, one for each table on SQLite."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from chassis.db import is_sqlite

Rows = Sequence[Mapping[str, Any]]


def insert_all(connection: Connection, rows: Mapping[Table, Rows], *, replacing: Iterable[Table] = ()) -> None:
    """Insert `rows`, each with the columns its table's first one has; no defaults are filled in.

    In the tables of `replacing` a row that exists already gets the new values. Foreign keys between the rows hold.
    """
    wanted = {table: given for table, given in rows.items() if given}
    if is_sqlite(connection):
        for table, given in wanted.items():
            connection.execute(_one(table, tuple(given[0]), table in replacing), list(given))
        return
    if not wanted:
        return
    shape = tuple((table, tuple(given[0]), table in replacing) for table, given in wanted.items())
    # As one JSON document for each table: a hundred parameters cost more than the rest of the statement.
    documents = {f"rows_{place}": _document(given) for place, given in enumerate(wanted.values())}
    connection.exec_driver_sql(_together(shape), documents)


@lru_cache(maxsize=256)
def _one(table: Table, columns: tuple[str, ...], replaces: bool) -> Any:
    statement = sqlite.insert(table)
    if not replaces:
        return statement
    key = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=key, set_={name: statement.excluded[name] for name in columns if name not in key}
    )


@lru_cache(maxsize=256)
def _together(shape: tuple[tuple[Table, tuple[str, ...], bool], ...]) -> str:
    """An INSERT of the last table with the others before it in its WITH."""
    parts = [_insert(*each, place) for place, each in enumerate(shape)]
    before = ", ".join(f"stored_{place} AS ({part})" for place, part in enumerate(parts[:-1]))
    return f"WITH {before} {parts[-1]}" if before else parts[-1]


def _insert(table: Table, columns: tuple[str, ...], replaces: bool, place: int) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    made = f'INSERT INTO "{table.name}" ({names}) SELECT {names}'
    made += f' FROM json_populate_recordset(CAST(NULL AS "{table.name}"), CAST(%(rows_{place})s AS json))'
    if replaces:
        key = [column.name for column in table.primary_key]
        listed = ", ".join(f'"{name}"' for name in key)
        moved = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
        made += f" ON CONFLICT ({listed}) DO UPDATE SET {moved}"
    return made


def _document(rows: Rows) -> str:
    return orjson.dumps(rows, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
