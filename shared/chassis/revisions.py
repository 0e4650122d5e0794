"""Which schema revision the code has and which a database has, found without importing either's machinery.

A running suite asks this of six databases at every start, so it reads the revision files as text.
"""

import ast
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from chassis.places import Place

SHARED = Path(__file__).resolve().parent.parent


def folders(package_folder: Path) -> dict[str, Path]:
    """Branch → folder of its revision files, the shared branches first."""
    return {
        "chassis": SHARED / "chassis" / "migrations" / "versions",
        "engines": SHARED / "engines" / "migrations" / "versions",
        package_folder.name: package_folder / "migrations" / "versions",
    }


@cache
def code_heads(package_folder: Path) -> frozenset[str]:
    """The newest revision of each branch."""
    down_of = _down_of(package_folder)
    return frozenset(down_of) - frozenset().union(*down_of.values())


def known(package_folder: Path) -> frozenset[str]:
    """Every revision the code has."""
    return frozenset(_down_of(package_folder))


def stored(url: str) -> frozenset[str]:
    """The revisions a database is at; empty when it holds nothing yet. OSError when it can't be reached."""
    return frozenset(row[0] for row in query(url, "SELECT version_num FROM alembic_version"))


def is_current(place: Place, url: str) -> bool:
    """Whether the database is at the newest revision of the code."""
    return stored(url) == code_heads(place.package_folder)


def has_rows(url: str, table: str) -> bool:
    """Whether `table` exists and holds a row."""
    return bool(query(url, f"SELECT 1 FROM {table} LIMIT 1"))  # noqa: S608 - table names of our own


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a read; none when the table or the SQLite file is missing. OSError when there is no server."""
    if url.startswith("sqlite:"):
        return _of_sqlite(url, statement)
    import psycopg

    try:
        with psycopg.connect(plain(url), connect_timeout=5) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]
    except psycopg.errors.UndefinedTable:
        return []
    except psycopg.OperationalError as problem:
        raise OSError(str(problem).strip()) from None


def plain(url: str) -> str:
    """A PostgreSQL URL without SQLAlchemy's driver suffix, as libpq reads it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def _down_of(package_folder: Path) -> dict[str, set[str]]:
    down_of: dict[str, set[str]] = {}
    for folder in folders(package_folder).values():
        for file in sorted(folder.glob("*.py")):
            revision, down = _read(file)
            down_of[revision] = down
    return down_of


def _of_sqlite(url: str, statement: str) -> list[tuple[Any, ...]]:
    import sqlite3

    path = Path(unquote(urlsplit(url).path.removeprefix("/")))
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(path, timeout=15)) as connection:
            return connection.execute(statement).fetchall()
    except sqlite3.OperationalError as problem:
        if "no such table" in str(problem):
            return []
        raise OSError(f"{path}: {problem}") from None


def _read(file: Path) -> tuple[str, set[str]]:
    values = {}
    for node in ast.parse(file.read_text()).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id in ("revision", "down_revision"):
            values[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
    down = values["down_revision"]
    return values["revision"], {down} if isinstance(down, str) else set(down or ())
