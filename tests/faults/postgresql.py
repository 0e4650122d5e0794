"""A PostgreSQL cluster of the faults' own: scratch folder, own port, ended and begun again as a fault wants it."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.scratch import Missing

SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "400",
    "shared_buffers": "'64MB'",
    "min_wal_size": "'16MB'",
    "max_wal_size": "'48MB'",
    "logging_collector": "off",
    "unix_socket_directories": "''",
    "restart_after_crash": "on",
}


class PostgreSQL:
    """Runs as an ordinary user, for the server refuses root."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port = folder, port
        self.programs = _programs()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._user = {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/"

    @property
    def data(self) -> Path:
        return self.folder / "cluster"

    def create(self) -> None:
        if self._user:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N",
                  "--wal-segsize=4")  # fmt: skip
        with open(self.data / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in {**SETTINGS, "port": str(self.port)}.items())

    def start(self, seconds: float = 60) -> None:
        """Start it and wait until it answers."""
        with open(self.folder / "postgresql.log", "ab") as log:
            self._process = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.data)], stdout=log, stderr=log, cwd="/", **self._user
            )
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise Missing(f"PostgreSQL did not start, see {self.folder}/postgresql.log")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with psycopg.connect(f"{self.url}postgres", connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT: fast. SIGQUIT: immediate, as if power failed for the server alone."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(60)
        self._process = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """One statement, past any proxy."""
        with psycopg.connect(f"{self.url}{database}", autocommit=True) as connection:
            found = connection.execute(statement)  # type: ignore[call-overload]
            return list(found.fetchall()) if found.description else []

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **self._user)
        if done.returncode:
            raise Missing(f"{program}: {done.stderr.strip()}")


def _programs() -> Path:
    """The folder of initdb and postgres."""
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Missing("PostgreSQL's server programs (initdb, postgres) are not installed")
