"""Reading the databases of all services past every proxy: logs, cursors, parked events, and rows by plain SQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError


@dataclass(frozen=True)
class Logged:
    """One event of a service's log, as its database holds it."""

    sequence: int
    event_id: str
    type: str
    subject: str
    version: int
    data: str


@dataclass(frozen=True)
class Standing:
    """Where one service's bus stands."""

    unnumbered: int
    head: int
    published: int
    epoch: str
    cursors: dict[tuple[str, str], tuple[int, str]]  # (source, group) → position, epoch
    parked: dict[str, int]  # state → how many


class Books:
    """`urls` lead straight to the databases."""

    def __init__(self, urls: dict[str, str]):
        self._engines: dict[str, Engine] = {}
        for name, url in urls.items():
            parsed = make_url(url)
            if parsed.get_backend_name() == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            options = {"timeout": 15} if parsed.get_backend_name() == "sqlite" else {"connect_timeout": 5}
            self._engines[name] = create_engine(parsed, poolclass=NullPool, connect_args=options)

    @contextmanager
    def reading(self, service: str) -> Iterator[Connection]:
        with self._engines[service].connect() as connection:
            yield connection

    @contextmanager
    def writing(self, service: str) -> Iterator[Connection]:
        with self._engines[service].begin() as connection:
            yield connection

    def rows(self, service: str, query: str, **given: Any) -> list[Any]:
        with self.reading(service) as connection:
            return list(connection.execute(text(query), given))

    def change(self, service: str, statement: str) -> None:
        """One statement, committed."""
        with self.writing(service) as connection:
            connection.execute(text(statement))

    def is_sqlite(self, service: str) -> bool:
        return self._engines[service].dialect.name == "sqlite"

    def position(self, service: str) -> str:
        """The column of the log that is its sequence."""
        return "id" if self.is_sqlite(service) else "sequence"

    def log(self, service: str, *, after: int = 0) -> list[Logged]:
        """The numbered events of a service in order."""
        column = self.position(service)
        query = (
            f"SELECT {column}, event_id, type, subject, aggregateversion, data FROM event_log"
            f" WHERE {column} > :after ORDER BY {column}"
        )
        return [Logged(*row) for row in self.rows(service, query, after=after)]

    def standing(self, service: str) -> Standing | None:
        """None while the database does not answer."""
        try:
            with self.reading(service) as connection:
                return self._standing(service, connection)
        except OperationalError:
            return None

    def _standing(self, service: str, connection: Connection) -> Standing:
        def rows(query: str) -> list[Any]:
            return list(connection.execute(text(query)))

        epoch, numbered, published = rows("SELECT epoch, numbered, published FROM event_log_state")[0]
        if self.is_sqlite(service):
            numbered = rows("SELECT coalesce(max(id), 0) FROM event_log")[0][0]
            unnumbered = 0
        else:
            unnumbered = rows("SELECT count(*) FROM event_log WHERE sequence IS NULL")[0][0]
        found = rows("SELECT source, group_name, position, epoch FROM event_cursors")
        parked = rows("SELECT state, count(*) FROM event_parked GROUP BY state")
        return Standing(
            unnumbered,
            numbered,
            published,
            epoch,
            {(row[0], row[1]): (row[2], row[3]) for row in found},
            {row[0]: row[1] for row in parked},
        )

    def parked(self, service: str) -> list[Any]:
        """(id, state, source, group, event id, type, subject, reason) of everything set aside."""
        query = "SELECT id, state, source, group_name, event_id, type, subject, reason FROM event_parked"
        return self.rows(service, query)
