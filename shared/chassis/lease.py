"""One active worker per service: a lock the operating system or PostgreSQL takes back the moment its holder dies."""

import fcntl
import zlib
from pathlib import Path
from typing import IO

from sqlalchemy import text
from sqlalchemy.engine import Connection

from chassis.db import Database


class Lease:
    """The right to number, publish, consume and fire timers for one service's database.

    PostgreSQL: a session advisory lock on a connection of its own. SQLite: a file lock beside the database.
    """

    def __init__(self, database: Database):
        self._database = database
        self._connection: Connection | None = None
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Try once; True when this process holds it now."""
        return self._acquire_file() if self._database.is_sqlite else self._acquire_advisory()

    def held(self) -> bool:
        """Whether it is still ours; a lost PostgreSQL session has lost the lock too."""
        if self._file is not None:
            return True
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
            return True
        except Exception:
            self.release()
            return False

    def release(self) -> None:
        """Give it up; a stand-by takes over at once."""
        if self._file is not None:
            self._file.close()
        if self._connection is not None:
            self._connection.invalidate()  # ends the session, and the lock with it
            self._connection.close()
        self._file = self._connection = None

    def _acquire_file(self) -> bool:
        path = Path(f"{self._database.url.database}.lease")
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def _acquire_advisory(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        key = zlib.crc32(self._database.service.encode()) - 2**31
        if connection.execute(text("SELECT pg_try_advisory_lock(7261, CAST(:key AS integer))"), {"key": key}).scalar():
            self._connection = connection
            return True
        connection.close()
        return False
