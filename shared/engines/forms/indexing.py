"""Indexes on the company's own fields: made and removed by the worker beside everything else, as the forms ask for them."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite

from chassis.db import Database
from chassis.service import Runtime
from engines.conditions.sql import column
from engines.forms import in_force
from engines.objects import LISTS

log = logging.getLogger(__name__)
LOOK_SECONDS = 30
_PREFIX = "ix_own_"


@dataclass(frozen=True)
class Wanted:
    """One index: its name, which tells what it is on, and the statement's end that makes it."""

    name: str
    table: str
    on: str


def wanted(database: Database) -> dict[str, Wanted]:
    """The indexes the forms in force ask for."""
    found = {}
    dialect: Any = sqlite.dialect() if database.is_sqlite else postgresql.dialect()
    with database.reading() as session:
        for name in in_force.every_kind(session):
            kind = in_force.kinds(session, name)
            for spec in in_force.of(session, kind).specs.values() if kind is not None else ():
                if not spec.indexed:
                    continue
                table = kind.model.__table__  # type: ignore[union-attr]
                field = spec.kind.field(spec)
                made = column(field, table).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
                on = _on(
                    str(made).replace(f"{table.name}.custom", "custom"),
                    field.kind,
                    database.is_sqlite,
                    "object" in table.c,
                )
                mark = hashlib.sha256(f"{table.name} {on}".encode()).hexdigest()[:16]
                index = Wanted(f"{_PREFIX}{mark}", table.name, on)
                found[index.name] = index
    return found


def _on(expression: str, kind: str, small: bool, shared: bool) -> str:
    if kind in LISTS:
        return f"USING gin (({expression}) jsonb_path_ops)" if not small else f"(({expression}))"
    return f"({'object, ' if shared else ''}({expression}), id)"


def settle(database: Database) -> int:
    """Make what is missing and remove what nobody asks for; returns how many were made or removed.

    On PostgreSQL beside running work (CONCURRENTLY); one that broke off is removed and made again.
    """
    asked, done = wanted(database), 0
    beside = "" if database.is_sqlite else "CONCURRENTLY "
    with database.writer.connect() as opened:
        connection = opened if database.is_sqlite else opened.execution_options(isolation_level="AUTOCOMMIT")
        there = _there(connection, database.is_sqlite)
        for name, sound in there.items():
            if name not in asked or not sound:
                connection.execute(text(f"DROP INDEX {beside}IF EXISTS {name}"))
                done += 1
        for index in asked.values():
            if not there.get(index.name):
                statement = f"CREATE INDEX {beside}IF NOT EXISTS {index.name} ON {index.table} {index.on}"
                connection.execute(text(statement.replace(":", r"\:")))
                done += 1
        if database.is_sqlite:
            connection.commit()
    return done


def _there(connection: Any, small: bool) -> dict[str, bool]:
    """Our indexes that are there, and whether each is whole."""
    if small:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'index'")).scalars()
        return {name: True for name in names if name.startswith(_PREFIX)}
    named = "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
    return {row[0]: row[1] for row in connection.execute(text(named)) if row[0].startswith(_PREFIX)}


def keep_indexed() -> Callable[[Runtime], None]:
    """The worker's loop that follows the forms."""

    def loop(runtime: Runtime) -> None:
        known: Any = None
        while not runtime.stopping.wait(LOOK_SECONDS if known is not None else 1):
            try:
                now = set(wanted(runtime.database))
                if now != known:
                    settle(runtime.database)
                    known = now
            except Exception:
                log.exception("indexes of own fields could not be made")

    return loop
