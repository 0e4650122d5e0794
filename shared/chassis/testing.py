"""pytest plugin: fresh databases on SQLite and PostgreSQL, a client of a service's app, people, the clock, a broker.

Enable it with `pytest_plugins = ["chassis.testing"]` in the top conftest and override `service` where there is one.
CRM_TEST_NO_SERVERS=1 leaves PostgreSQL and RabbitMQ out, CRM_TEST_REQUIRE_BACKENDS=1 fails where they are missing.
"""

import importlib
import os
import pkgutil
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

import chassis
from chassis import clock, directory, i18n, keys, vault
from chassis.db import Base, Database
from chassis.service import Service
from chassis.settings import Settings

POSTGRESQL = os.environ.get("CRM_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432")
BROKER = os.environ.get("CRM_TEST_BROKER", "amqp://guest:guest@127.0.0.1:5672")
_KEY = "only for tests"
_NOT_TABLES = {"testing", "__main__", "migrations", "suite", "trace_export"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses a database on both kinds, unless it says which it wants."""
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", ["sqlite", "postgresql"], scope="session")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One loud line when a backend was left out."""
    skipped = {
        report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()) if isinstance(report.longrepr, tuple)
    }
    for name in ("PostgreSQL", "RabbitMQ"):
        if any(name in reason and "not tested" in reason for reason in skipped):
            terminalreporter.write_line(
                f"!!! {name} was NOT TESTED: no server, or CRM_TEST_NO_SERVERS is set", red=True, bold=True
            )


@pytest.fixture(scope="session")
def service() -> Service | None:
    """The service under test; override it in a service's conftest. None: the chassis and engines alone."""
    return None


@pytest.fixture
def tables(service: Service | None) -> list[MetaData]:
    """The tables of a fresh database; made per test, for pytest would keep a session's value in another folder too."""
    return tables_of(service)


def tables_of(service: Service | None) -> list[MetaData]:
    """Chassis, engines and the service's own."""
    for name in ("chassis", "engines"):
        import_all(name)
    return [
        Base.metadata,
        *([service.metadata] if service is not None and service.metadata is not Base.metadata else []),
    ]


@pytest.fixture(scope="session")
def _templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Templates"]:
    made = Templates(tmp_path_factory.mktemp("templates"))
    yield made
    made.drop()


@pytest.fixture
def database(
    database_kind: str, _templates: "Templates", tables: list[MetaData], service: Service | None, tmp_path: Path
) -> Iterator[Database]:
    """A database of this test alone with all tables and no rows; run once on SQLite and once on PostgreSQL."""
    name = service.name if service is not None else "chassis"
    if database_kind == "sqlite":
        path = tmp_path / f"{name}.db"
        shutil.copy(_templates.sqlite(name, tables), path)
        made = Database(f"sqlite:///{path}", service=name)
    else:
        require("PostgreSQL", POSTGRESQL)
        made = Database(_templates.postgresql(name, tables), service=name, pool_size=5)
    yield made
    made.close()


@pytest.fixture
def settings(service: Service | None, database: Database, tmp_path: Path) -> Settings:
    """Settings of the service under test on the test's database, with keys and data in a folder of its own."""
    kind, name = (service.settings, service.name) if service is not None else (Settings, "chassis")
    url = database.url.render_as_string(hide_password=False)
    return kind(service=name, database_url=url, data=str(tmp_path / "data"), secret_key=_KEY)


@pytest.fixture
def app(service: Service, settings: Settings, database: Database) -> Any:
    """The service's web application on the test's database."""
    from chassis.web import build

    made = build(service, settings, database=database)
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False  # a bug must be seen as its callers see it
    return made


@pytest.fixture
def client(app: Any, settings: Settings) -> "Client":
    """A client nobody is logged in with; `client.as_user(id)` and `client.as_role(key)` give others."""
    return Client(app, settings)


@pytest.fixture
def people(database: Database) -> "People":
    """Fills the replica of people, departments and roles."""
    return People(database)


@pytest.fixture
def time() -> Iterator["Time"]:
    """The clock, standing still from here on; `time.pass_(hours=2)` moves it."""
    made = Time(clock.now().replace(microsecond=0))
    with made:
        yield made


@pytest.fixture(autouse=True)
def _vault_key() -> None:
    vault.use(_KEY)


@pytest.fixture(autouse=True)
def _english() -> None:
    i18n.speak("en")  # whatever the test before has left


@pytest.fixture(scope="session")
def amqp_server() -> str:
    """URL of a running RabbitMQ; skips without one."""
    require("RabbitMQ", BROKER)
    return BROKER


@pytest.fixture
def amqp(amqp_server: str) -> Iterator["Broker"]:
    """RabbitMQ with a namespace of this test's own (`bus_url`, `bus_namespace`), emptied afterwards."""
    made = Broker(amqp_server, f"t{uuid.uuid4().hex[:10]}")
    yield made
    made.clear()


@dataclass
class Client:
    """Requests to the app as somebody. Bodies go in as `json=…`; answers are werkzeug's test responses."""

    app: Any
    settings: Settings
    token: str = ""
    language: str = ""

    def as_user(self, user_id: str, *, scope: str = "") -> "Client":
        """The person `user_id` of the replica, by a real token of this service."""
        return Client(
            self.app, self.settings, keys.issue_local_token(self.settings, user=user_id, scope=scope), self.language
        )

    def as_role(self, *roles: str) -> "Client":
        """Somebody with roles who is in no directory."""
        return Client(self.app, self.settings, keys.issue_local_token(self.settings, roles=roles), self.language)

    def speaking(self, language: str) -> "Client":
        """The same person with a browser in `language`."""
        return Client(self.app, self.settings, self.token, language)

    def open(self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, **request: Any) -> Any:
        given = {"Accept": "application/json"}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        if self.language:
            given["Accept-Language"] = self.language
        return self.app.test_client(use_cookies=False).open(
            path, method=method, headers=given | (headers or {}), **request
        )

    def get(self, path: str, **request: Any) -> Any:
        return self.open(path, method="GET", **request)

    def post(self, path: str, **request: Any) -> Any:
        return self.open(path, method="POST", **request)

    def put(self, path: str, **request: Any) -> Any:
        return self.open(path, method="PUT", **request)

    def patch(self, path: str, **request: Any) -> Any:
        return self.open(path, method="PATCH", **request)

    def delete(self, path: str, **request: Any) -> Any:
        return self.open(path, method="DELETE", **request)


class People:
    """Writes the replica as the gateway's events would."""

    def __init__(self, database: Database):
        self.database = database

    def add(self, user_id: str, *, roles: tuple[str, ...] = (), department: str | None = None, **values: Any) -> str:
        """A person; returns the id."""
        with self._changing() as (session, version):
            directory.store_user(
                session, version=version, user_id=user_id, name=values.pop("name", user_id.title()), roles=list(roles),
                department_id=department, **values,
            )  # fmt: skip
        return user_id

    def department(self, department_id: str, *, parent: str | None = None, head: str | None = None) -> str:
        """A department; returns the id."""
        with self._changing() as (session, version):
            directory.store_department(
                session,
                version=version,
                department_id=department_id,
                parent_id=parent,
                name=department_id,
                head_id=head,
            )
        return department_id

    def role(self, key: str, grants: dict[str, Any]) -> str:
        """A role with its grants per object; returns the key."""
        with self._changing() as (session, version):
            directory.store_role(session, version=version, key=key, name={"en": key, "zh": key}, grants=grants)
        return key

    def revoke(self, **what: Any) -> None:
        """End a session (`session_id=`) or all of a person's older tokens (`user_id=`, `epoch=`)."""
        with self._changing() as (session, version):
            directory.revoke(session, version=version, at=clock.now(), **what)

    @contextmanager
    def _changing(self) -> Iterator[tuple[Any, str]]:
        with self.database.transaction() as session:
            yield session, str(uuid.uuid4())
        directory.of(self.database).forget()


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime):
        self.moment = moment

    def __enter__(self) -> "Time":
        self.set(self.moment)
        return self

    def __exit__(self, *_error: object) -> None:
        clock._frozen.moment = None

    def set(self, moment: datetime) -> None:
        """Stand at `moment` (this thread only)."""
        self.moment = clock._frozen.moment = moment

    def pass_(self, **duration: float) -> datetime:
        """Move on by a timedelta's keywords; returns the new time."""
        self.set(self.moment + timedelta(**duration))
        return self.moment


class Broker:
    """A RabbitMQ with a namespace of its own; exchanges and queues whose names begin with it are removed at the end."""

    def __init__(self, url: str, namespace: str):
        self.url, self.namespace = url, namespace

    def names(self, kind: str) -> list[str]:
        """Names of this namespace's `queues` or `exchanges`, asked from the management plugin or rabbitmqctl."""
        import subprocess

        listed = subprocess.run(
            ["rabbitmqctl", "-q", "--no-table-headers", f"list_{kind}", "name"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        return [name for name in listed.stdout.split() if name.startswith(self.namespace)]

    def clear(self) -> None:
        """Delete the namespace's queues and exchanges."""
        from kombu import Connection

        if not shutil.which("rabbitmqctl"):
            return
        with Connection(self.url) as connection:
            channel = connection.channel()
            for name in self.names("queues"):
                channel.queue_delete(name)
            for name in self.names("exchanges"):
                channel.exchange_delete(name)


class Templates:
    """Per run and service: a SQLite file to copy, and a PostgreSQL database emptied between tests."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._files: dict[str, Path] = {}
        self._databases: dict[str, str] = {}
        self._dirty: dict[str, list[str]] = {}

    def sqlite(self, name: str, tables: list[MetaData]) -> Path:
        if name not in self._files:
            path = self.folder / f"{name}.db"
            database = Database(f"sqlite:///{path}")
            create_tables(database, tables)
            with database.engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
            database.close()
            self._files[name] = path
        return self._files[name]

    def postgresql(self, name: str, tables: list[MetaData]) -> str:
        if name not in self._databases:
            _drop_abandoned()
            title = f"crm_test_{os.getpid()}_{uuid.uuid4().hex[:8]}"
            _administer(f'CREATE DATABASE "{title}"')
            self._databases[name] = url = f"{POSTGRESQL}/{title}"
            database = Database(url)
            create_tables(database, tables)
            self._dirty[name] = [f'"{table.name}"' for metadata in tables for table in metadata.sorted_tables]
            database.close()
        else:
            empty(self._databases[name], self._dirty[name])
        return self._databases[name]

    def drop(self) -> None:
        for url in self._databases.values():
            _administer(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def create_tables(database: Database, tables: list[MetaData]) -> None:
    """All tables of `tables` in an empty database."""
    with database.connection(write=True) as connection:
        for metadata in tables:
            metadata.create_all(connection)


def empty(url: str, tables: list[str]) -> None:
    """Remove all rows; only tables that have some are touched, which is much faster than truncating all."""
    engine = create_engine(url)
    with engine.begin() as connection:
        filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)  # noqa: S608
        names = list(connection.execute(text(filled)).scalars())
        if names:
            connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
    engine.dispose()


def require(name: str, url: str) -> None:
    """Skip (or fail, where backends are required) when the server at `url` does not answer."""
    if os.environ.get("CRM_TEST_NO_SERVERS") == "1" or not _reachable(url):
        if os.environ.get("CRM_TEST_REQUIRE_BACKENDS") == "1":
            pytest.fail(f"{name} is required and not reachable", pytrace=False)
        pytest.skip(f"{name} is not reachable: not tested")


def wait_until(condition: Callable[[], Any], *, seconds: float = 10.0, step: float = 0.02) -> Any:
    """Wait for a condition to hold and return its value; fails at the deadline."""
    import time

    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s in vain", pytrace=True)
        time.sleep(step)
    return found


_answers: dict[str, bool] = {}


def _reachable(url: str) -> bool:
    if url not in _answers:
        place = make_url(url)
        try:
            socket.create_connection((place.host or "127.0.0.1", place.port or 5432), timeout=2).close()
            _answers[url] = True
        except OSError:
            _answers[url] = False
    return _answers[url]


def _administer(statement: str) -> Any:
    engine = create_engine(f"{POSTGRESQL}/postgres", isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return result.scalars().all() if result.returns_rows else None
    finally:
        engine.dispose()


def _drop_abandoned() -> None:
    """Databases of test runs that were killed."""
    for name in _administer("SELECT datname FROM pg_database WHERE datname LIKE 'crm\\_test\\_%'"):
        pid = name.split("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            try:
                _administer(f'DROP DATABASE IF EXISTS "{name}"')
            except OperationalError:
                continue  # in use after all


def import_all(package: str) -> None:
    """Import a package's modules, so that all its tables are known."""
    try:
        found = chassis if package == "chassis" else importlib.import_module(package)
    except ModuleNotFoundError:
        return
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not _NOT_TABLES & set(module.name.split(".")):
            importlib.import_module(module.name)
