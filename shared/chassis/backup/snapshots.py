"""Consistent views of running databases, and files made from them: SQLite's backup interface, PostgreSQL's pg_dump."""

import gzip
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import psycopg

from chassis.backup.errors import BackupFailed
from chassis.backup.manifest import sync
from chassis.db import NOTICE_DEATH
from chassis.replay import SCHEMA as REPLAY_SCHEMA
from chassis.revisions import plain

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_EMPTY = "{0}: its database holds nothing yet; run: ./crm migrate {0}"


class Snapshot(Protocol):
    """A database as it stands at one moment; held until `close`."""

    service: str
    backend: str
    file_name: str

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Read from the snapshot."""

    def head(self) -> int:
        """The last sequence of its log that readers had seen."""

    def write(self, path: Path) -> None:
        """Write the whole snapshot to a file. BackupFailed when it can't be done."""

    def close(self) -> None:
        """Let go of it."""


def take(service: str, url: str) -> Snapshot:
    """Hold a snapshot of the database at `url`; BackupFailed when it has none of our tables or can't be reached."""
    kind = SqliteSnapshot if url.startswith("sqlite:") else PostgresSnapshot
    snapshot: Snapshot = kind(service, url)
    return snapshot


class SqliteSnapshot:
    """A read transaction in WAL mode: writers go on, the snapshot stays."""

    backend, file_name = SQLITE, "database.sqlite"

    def __init__(self, service: str, url: str):
        self.service = service
        path = sqlite_path(url)
        if not path.exists():
            raise BackupFailed(f"{service}: there is no database {path}")
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=15)
        try:
            self._connection.execute("BEGIN")
            if not self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'event_log_epochs'").fetchone():
                raise BackupFailed(_EMPTY.format(service))
        except BaseException:
            self._connection.close()
            raise

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    def head(self) -> int:
        return int(self.rows("SELECT COALESCE(MAX(id), 0) FROM event_log")[0][0])

    def write(self, path: Path) -> None:
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
                found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise BackupFailed(f"{self.service}: the copy is damaged, and so may be its database: {found}")
        except sqlite3.Error as problem:
            raise BackupFailed(f"{self.service}: {problem}") from None
        sync(path)

    def close(self) -> None:
        self._connection.close()


class PostgresSnapshot:
    """An exported snapshot of a transaction that stays open, which pg_dump reads."""

    backend, file_name = POSTGRESQL, "database.sql.gz"

    def __init__(self, service: str, url: str):
        self.service = service
        self._url = plain(url)
        self._dump = program("pg_dump", f"{service} runs on PostgreSQL")
        try:
            self._connection = psycopg.connect(self._url, **NOTICE_DEATH)
        except psycopg.OperationalError as problem:
            raise BackupFailed(f"{service}: {str(problem).strip()}") from None
        try:
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._connection.read_only = True
            self._name = str(self.rows("SELECT pg_export_snapshot()")[0][0])
            if self.rows("SELECT to_regclass('event_log_epochs')") == [(None,)]:
                raise BackupFailed(_EMPTY.format(service))
        except BaseException:
            self._connection.close()
            raise

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]

    def head(self) -> int:
        found = self.rows("SELECT numbered FROM event_log_state")
        return int(found[0][0]) if found else 0

    def write(self, path: Path) -> None:
        url, environment = without_password(self._url)
        command = [
            self._dump, f"--dbname={url}", f"--snapshot={self._name}", "--no-owner", "--no-privileges",
            f"--exclude-schema={REPLAY_SCHEMA}", "--lock-wait-timeout=60s",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as dump:
            assert dump.stdout is not None
            assert dump.stderr is not None
            with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                shutil.copyfileobj(dump.stdout, packed, 1 << 20)
            said = dump.stderr.read().decode(errors="replace").strip()
        if dump.returncode:
            raise BackupFailed(f"{self.service}: pg_dump failed: {said or dump.returncode}")
        sync(path)

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()


def sqlite_path(url: str) -> Path:
    """The file behind `sqlite:///…`."""
    return Path(unquote(urlsplit(url).path.removeprefix("/")))


def program(name: str, why: str) -> str:
    """Where PostgreSQL's client program is; BackupFailed when it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise BackupFailed(
            f"{why}, which needs {name}, and it is not on this machine's PATH;"
            " install PostgreSQL's client programs (Debian: postgresql-client), in the server's version or newer"
        )
    return found


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """The URL without its password, and the environment that holds it: command lines can be read by everybody."""
    parts = urlsplit(url)
    environment = dict(os.environ)
    if parts.password is None:
        return url, environment
    user, _, place = parts.netloc.rpartition("@")
    environment["PGPASSWORD"] = unquote(parts.password)
    return parts._replace(netloc=f"{user.partition(':')[0]}@{place}").geturl(), environment


def align(snapshots: dict[str, Snapshot], urls: dict[str, str], *, tries: int = 30) -> bool:
    """Retake snapshots until no service has seen an event that its source's snapshot lacks; False after `tries`.

    A source that somebody is ahead of is taken again, which makes it younger than its reader.
    """
    for _ in range(tries):
        heads = {name: snapshot.head() for name, snapshot in snapshots.items()}
        behind = {
            source
            for snapshot in snapshots.values()
            for source, position in positions(snapshot).items()
            if source in heads and position > heads[source]
        }
        if not behind:
            return True
        for name in behind:
            snapshots[name].close()
            snapshots[name] = take(name, urls[name])
    return False


def positions(snapshot: Snapshot) -> dict[str, int]:
    """How far each source's log was applied."""
    found = snapshot.rows("SELECT source, MAX(position) FROM event_cursors GROUP BY source")
    return {source: int(position) for source, position in found}
