"""A tree of two tiny services, and suites of them run as people run them."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis import places as known
from chassis.testing import wait_until

SAMPLE = Path(__file__).parent / "sample"
SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture
def sample_tree(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The sample services in place of the real ones, in this process."""
    monkeypatch.setenv("CRM_TREE", str(SAMPLE))
    for service in (SAMPLE / "services").iterdir():
        monkeypatch.syspath_prepend(str(service))
    known.places.cache_clear()
    yield SAMPLE
    known.places.cache_clear()


def crm(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line on the sample tree and wait for it."""
    return subprocess.run(
        [sys.executable, "-m", "chassis.cli", *arguments],
        env=environment(), capture_output=True, text=True, check=False, timeout=60, **options,
    )  # fmt: skip


def environment() -> dict[str, str]:
    """What a process on the sample tree needs."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("CRM_", "COVERAGE"))}
    return ours | {"CRM_TREE": str(SAMPLE), "PYTHONPATH": str(SHARED), "PYTHONUNBUFFERED": "1"}


class Running:
    """A suite of the sample services, as a process of its own."""

    def __init__(self, data: Path, port: int, *arguments: str):
        self.data, self.port = data, port
        command = [sys.executable, "-m", "chassis.cli", "up", "--data", str(data), "--port", str(port), *arguments]
        self.output = data.with_suffix(".out")
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(command, env=environment(), stdout=output, stderr=output)

    def get(self, path: str) -> tuple[int, Any]:
        """Status and body of a path behind the front door; status 0 when nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except (OSError, ValueError):
            return 0, None

    def wait_ready(self) -> "Running":
        wait_until(lambda: self.process.poll() is not None or self.get("/healthz")[0] == 200, seconds=90)
        assert self.process.poll() is None, self.output.read_text()
        return self

    def processes(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in json.loads(crm("ps", "--json", "--data", str(self.data)).stdout)}

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def free_front() -> int:
    """A front port whose whole range nobody uses, one per test process."""
    return front_port()


def front_port(nth: int = 0) -> int:
    """The nth unused front port of this test process, below the ports the kernel gives to connections."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for base in range(11000 + 4000 * worker, 11000 + 4000 * (worker + 1), 400):
        if all(_is_free(base + offset) for offset in (0, 1, 2, 90, 101, 102, 201, 202)):
            if nth == 0:
                return base
            nth -= 1
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture
def suite(tmp_path: Path, free_front: int) -> Iterator[Running]:
    """A running suite that is ready."""
    running = Running(tmp_path / "var", free_front)
    try:
        yield running.wait_ready()
    finally:
        if running.process.poll() is None:
            running.end()
