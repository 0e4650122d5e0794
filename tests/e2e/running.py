"""A whole suite run as people run it: `./crm up` on free ports and a folder of its own, and commands against it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from kombu import Connection
from psycopg import sql

from chassis.places import places
from chassis.rabbit import Names
from chassis.revisions import plain
from chassis.suite.ports import Ports
from chassis.testing import BROKER, POSTGRESQL, require, wait_until

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """Without settings of the suite that runs the tests, or of the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("CRM_", "COVERAGE"))}
    return ours | {"PYTHONPATH": str(ROOT / "shared"), "PYTHONUNBUFFERED": "1"}


@dataclass
class RunningSuite:
    """A suite of the real services with its demo data."""

    data: Path
    port: int
    arguments: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> Path:
        return self.data.with_suffix(".out")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "chassis.cli", *arguments]

    def up(self, *, seconds: float = 150) -> None:
        """Start it and wait until the front door says that all six are ready."""
        command = self.command("up", "--data", str(self.data), "--port", str(self.port), *self.arguments)
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(command, env=environment(), cwd=ROOT, stdout=output, stderr=output)
        wait_until(lambda: self.process.poll() is not None or self.is_ready(), seconds=seconds, step=0.5)
        assert self.process.poll() is None, self.output.read_text()

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def run(self, *arguments: str, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """A command of `./crm` that ends by itself."""
        return subprocess.run(
            self.command(*arguments), env=environment(), cwd=ROOT, capture_output=True, text=True, check=False,
            timeout=seconds,
        )  # fmt: skip

    def demo(self, *arguments: str) -> "Played":
        done = self.run("demo", "--url", self.url, *arguments)
        return Played(done.returncode, done.stdout + done.stderr)

    def begin_demo(self) -> "subprocess.Popen[str]":
        """The demo as a process that goes on while the test does something else."""
        command = self.command("demo", "--url", self.url)
        return subprocess.Popen(
            command, env=environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def played(self, status: int, text: str) -> "Played":
        return Played(status, text)

    def pid_of(self, name: str) -> int:
        """The process of that name (`leads-web`), once it runs."""

        def look() -> int:
            rows = json.loads(self.run("ps", "--json", "--data", str(self.data)).stdout)
            return next(row["pid"] for row in rows if row["name"] == name)

        return int(wait_until(look, seconds=20, step=0.5))

    def end(self) -> None:
        """Ctrl-C; killed when it does not end."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


@dataclass
class Played:
    """How a run of the demo ended."""

    status: int
    text: str

    @property
    def checks(self) -> tuple[int, int]:
        """Held, and all."""
        found = re.search(r"(\d+) of (\d+) checks held", self.text)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def seconds(self) -> float:
        found = re.search(r"checks held, ([\d.]+) s", self.text)
        return float(found[1]) if found else float("inf")

    def assert_all_held(self) -> None:
        held, checks = self.checks
        assert self.status == 0, self.text[-6000:]
        assert held == checks > 100, self.text[-6000:]


def front_port() -> int:
    """A front port whose whole range nobody uses; test processes side by side look in different places."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for base in range(20000 + 4000 * worker, 20000 + 4000 * (worker + 1), 400):
        if all(_is_free(port) for port, _use in Ports(base).all()):
            return base
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def embedded(folder: Path) -> Iterator[RunningSuite]:
    """A suite that needs no server."""
    suite = RunningSuite(folder / "var", front_port())
    try:
        suite.up()
        yield suite
    finally:
        suite.end()


@contextmanager
def on_servers(folder: Path) -> Iterator[RunningSuite]:
    """A suite on PostgreSQL and RabbitMQ, which are left as they were found. Skips, or fails, where they are missing."""
    require("PostgreSQL", POSTGRESQL)
    require("RabbitMQ", BROKER)
    port = front_port()
    prefix = f"crm_e2e_{port}_{os.getpid()}"
    arguments = ["--database", f"{plain(POSTGRESQL)}/{prefix}", "--bus", BROKER]
    suite = RunningSuite(folder / "var", port, arguments)
    try:
        suite.up()
        yield suite
    finally:
        suite.end()
        _drop_databases(prefix)
        _delete_queues(f"crm-{port}")


def _drop_databases(prefix: str) -> None:
    with psycopg.connect(f"{plain(POSTGRESQL)}/postgres", autocommit=True) as connection:
        names = [row[0] for row in connection.execute("SELECT datname FROM pg_database") if row[0].startswith(prefix)]
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _delete_queues(namespace: str) -> None:
    """Every queue and exchange that a suite of this namespace may have declared."""
    names, services = Names(namespace), [place.name for place in places()]
    with Connection(BROKER) as connection:
        channel = connection.default_channel
        for queue in [names.queue(one, other) for one in services for other in services] + [names.dead]:
            channel.queue_delete(queue)
        for exchange in (names.exchange, names.dead):
            channel.exchange_delete(exchange)
