"""A service's own database: engine, transactions, column types. SQLite (embedded) and PostgreSQL behave alike."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, String, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# A server that vanishes without a word (power, network) is noticed within half a minute, not after the kernel's hours.
NOTICE_DEATH: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

Id = String(36).with_variant(String(36, collation="C"), "postgresql")
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Root of the tables every service has; a service's own tables use the same metadata."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; refuses a naive one, so that a zone can never be lost on the way in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive time")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def dumps(value: object) -> str:
    """JSON text for columns and logs; decimals and money are strings before they come here."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def loads(value: Any) -> Any:
    """Inverse of `dumps`; a JSON column that holds a bare number reads as that number on SQLite."""
    return value if isinstance(value, int | float) else orjson.loads(value)


class Database:
    """One engine, two ways in: `transaction()` writes, `reading()` only reads.

    After a commit that wrote events, the functions in `on_events` are called (they wake the worker).
    """

    def __init__(self, url: str, *, service: str = "", pool_size: int = 5, schema: str | None = None):
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"json_serializer": dumps, "json_deserializer": loads}
        if not self.is_sqlite:
            options |= {"pool_size": pool_size, "max_overflow": 5, "pool_pre_ping": False, "pool_recycle": 1800}
            options["connect_args"] = {"options": "-c timezone=UTC -c lock_timeout=15000", **NOTICE_DEATH}
        else:
            options |= {"pool_size": pool_size, "max_overflow": 20, "connect_args": {"timeout": 15}}
        if schema:  # a second set of tables beside the live ones, see chassis.replay
            options["execution_options"] = {"schema_translate_map": {None: schema}}
        self.engine: Engine = create_engine(parsed, hide_parameters=True, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", _sqlite_begin)
        self.writer: Engine = self.engine.execution_options(crm_write=True)
        self.on_events: list[Callable[[], None]] = []
        self.service = service

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A writing session: commits when the block ends, rolls back when it raises.

        On SQLite it begins IMMEDIATE, so do no I/O inside and keep it short.
        """
        with Session(self.writer, expire_on_commit=False) as session:
            session.info["database"] = self
            yield session
            session.commit()
            if session.info.pop("published", False):
                for wake in self.on_events:
                    wake()

    @contextmanager
    def reading(self, reader: object = None) -> Iterator[Session]:
        """A session for reads only; what it changes is thrown away. What it loads is shown to `reader` (a Caller)."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            session.info |= {"database": self, "reader": reader}
            yield session

    @contextmanager
    def connection(self, *, write: bool = False) -> Iterator[Connection]:
        """A bare connection in a transaction, for hot paths in Core."""
        with (self.writer if write else self.engine).begin() as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """A bare PostgreSQL connection whose statements each commit by themselves, for a loop of one statement."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def is_sqlite(session: Session | Connection) -> bool:
    """Whether statements of `session` go to SQLite."""
    bind = session.get_bind() if isinstance(session, Session) else session
    return bind.dialect.name == "sqlite"


def is_transient(error: BaseException) -> bool:
    """Whether the database was away, busy or deadlocked, so that the same work may succeed a moment later."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    code, state = getattr(error.orig, "sqlite_errorcode", None), getattr(error.orig, "sqlstate", None) or ""
    return code != sqlite3.SQLITE_ERROR and not state.startswith("54")  # a bad statement, a row too large for an index


def _sqlite_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _sqlite_begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000", "cache_size=-8000"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("crm_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
