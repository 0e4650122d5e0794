"""Alembic for a service's database, which has three branches: chassis, engines and the service's own.

Everything runs in one transaction, also on SQLite: a migration is done or has not happened.
"""

import importlib
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import MetaData, Table, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from chassis import revisions
from chassis.db import Base, Database, Id, Json
from chassis.places import find
from chassis.service import Service

SHARED_BRANCHES = ("chassis", "engines")
_LOCK = 4241  # any number; the same in all processes
_TYPES = {"Id": Id, "Json": Json}


class MigrationFailed(Exception):
    """The database could not be brought to the wanted revision and is as it was before; the message says why."""


def package_folder(service: Service) -> Path:
    """The folder of the service's package."""
    module = importlib.import_module(service.package)
    return Path(module.__file__).parent  # type: ignore[arg-type]


def upgrade(service: Service, url: str, to: str = "heads") -> bool:
    """Bring the database at `url` to the newest revision; False when it was there already."""
    folder = package_folder(service)
    heads = revisions.code_heads(folder)
    with _locked(url) as connection:
        before = frozenset(MigrationContext.configure(connection).get_current_heads())
        if to == "heads" and before == heads:
            return False
        # a service's revisions may write into the shared tables, so those come first
        steps = [*(f"{branch}@head" for branch in SHARED_BRANCHES), to] if to == "heads" else [to]
        _run(service.name, folder, connection, lambda config: _climb(config, steps))
    return True


def _climb(config: Config, steps: Iterable[str]) -> None:
    for step in steps:
        command.upgrade(config, step)


def downgrade(service: Service, url: str, to: str) -> None:
    """Go back to revision `to` (`<branch>@base` undoes a whole branch)."""
    folder = package_folder(service)
    with _locked(url) as connection:
        _run(service.name, folder, connection, lambda config: command.downgrade(config, to))


def is_current(service: Service, database: Database) -> bool:
    """Whether the database is at the newest revision of the code."""
    with database.connection() as connection:
        return frozenset(MigrationContext.configure(connection).get_current_heads()) == revisions.code_heads(
            package_folder(service)
        )


def revision(branch: str, message: str, *, autogenerate: bool = True) -> Path:
    """Write the next revision file of `branch` (chassis, engines or a service) from what its tables lack."""
    place = None if branch in SHARED_BRANCHES else find(branch)
    name = place.package if place else branch
    folder = place.package_folder if place else revisions.SHARED / branch
    versions = revisions.folders(folder)[name]
    versions.mkdir(parents=True, exist_ok=True)
    is_first = not any(versions.glob("*.py"))
    with _scratch(name, folder) as connection:
        config = _config([versions], connection)
        config.attributes["metadata"] = tables(branch)
        config.attributes["include_name"] = lambda kind, found, _: kind != "table" or found != "alembic_version"
        number = len(list(versions.glob("*.py"))) + 1
        script = command.revision(
            config,
            message=message,
            autogenerate=autogenerate,
            head="base" if is_first else f"{name}@head",
            branch_label=name if is_first else None,
            version_path=str(versions),
            rev_id=f"{name}_{number:04d}",
        )
    path = Path(script.path)  # type: ignore[union-attr, arg-type]
    path.write_text("".join(line for line in path.open() if not line.lstrip().startswith("# ###")))
    for tidy in (["check", "--quiet", "--fix", "--select", "I"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, str(path)], check=False)
    return path


def differences(branch: str) -> list[Any]:
    """What the revisions of `branch` lack against its tables; empty when they agree."""
    from alembic.autogenerate import compare_metadata

    place = None if branch in SHARED_BRANCHES else find(branch)
    folder = place.package_folder if place else revisions.SHARED / branch
    with _scratch(place.package if place else branch, folder) as connection:
        options = {"compare_type": True, "include_name": lambda k, found, _: k != "table" or found != "alembic_version"}
        return compare_metadata(MigrationContext.configure(connection, opts=options), tables(branch))


def tables(branch: str) -> MetaData:
    """The tables of one branch, copied apart: a service's own, or the shared ones by the module that declares them."""
    if branch not in SHARED_BRANCHES:
        return find(branch).service().metadata
    for package in SHARED_BRANCHES:
        _import_all(package)
    declared_in = {m.local_table: m.class_.__module__.partition(".")[0] for m in Base.registry.mappers}
    apart = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        if _branch(table, declared_in) == branch:
            table.to_metadata(apart).info.clear()
    return apart


def rendered(kind: str, item: object, context: Any) -> str | bool:
    """How revision files write our own column types (a hook of alembic's autogenerate)."""
    if kind != "type":
        return False
    for name, column_type in _TYPES.items():
        if item is column_type or (name == "Json" and repr(item) == repr(column_type)):
            context.imports.add(f"from chassis.db import {name}")
            return name
    declared_in = type(item).__module__
    if isinstance(item, TypeDecorator) and not declared_in.startswith("sqlalchemy"):
        context.imports.add(f"from {declared_in} import {type(item).__name__}")
        return repr(item)
    return False


def _branch(table: Table, declared_in: dict[Any, str]) -> str:
    named = table.info.get("branch") or declared_in.get(table)
    return named if named in SHARED_BRANCHES else "chassis"


def _import_all(package: str) -> None:
    try:
        found = importlib.import_module(package)
    except ModuleNotFoundError:
        return
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not {"testing", "__main__", "migrations", "suite"} & set(module.name.split(".")):
            importlib.import_module(module.name)


def _config(folders: Iterable[Path], connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(revisions.SHARED / "chassis" / "migrations"))
    config.set_main_option("path_separator", "newline")
    existing = [str(path) for path in folders if path.is_dir()]
    config.set_main_option("version_locations", "\n".join(existing).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _run(name: str, folder: Path, connection: Connection, act: Callable[[Config], None]) -> None:
    try:
        act(_config(revisions.folders(folder).values(), connection))
    except (CommandError, SQLAlchemyError) as problem:
        reason = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
        raise MigrationFailed(f"{name}: the migration failed and was undone: {reason}") from problem


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    """A connection in one transaction that no other migration of the same database shares."""
    database = Database(url)
    if database.is_sqlite:
        if database.url.database and database.url.database != ":memory:":
            Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(database.engine, "connect", _for_rebuilding)
    try:
        with database.connection(write=True) as connection:
            if database.is_sqlite:
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise MigrationFailed(f"the migration would leave {len(broken)} rows that refer to nothing")
            else:
                connection.execute(text("SET LOCAL lock_timeout = '60s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
    except SQLAlchemyError as problem:
        raise MigrationFailed(str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]) from problem
    finally:
        database.close()


def _for_rebuilding(connection: Any, _record: object) -> None:
    """SQLite rebuilds a table to change it; its foreign keys must not cascade meanwhile."""
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA busy_timeout=60000")


@contextmanager
def _scratch(branch: str, folder: Path) -> Iterator[Connection]:
    """A SQLite database that holds the newest tables of one branch and nothing else."""
    with tempfile.TemporaryDirectory() as home, _locked(f"sqlite:///{home}/scratch.db") as connection:
        versions = revisions.folders(folder)[branch]
        if any(versions.glob("*.py")):
            command.upgrade(_config([versions], connection), "head")
        yield connection
