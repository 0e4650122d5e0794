"""The control run: a transport as most have it loses and doubles under the same faults, and the audit says so."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chassis.testing import wait_until
from tests.faults.comparing import Compared, compare
from tests.faults.family import ROOT
from tests.faults.rabbitmq import RabbitMQ
from tests.faults.scratch import Missing, base_port

pytestmark = pytest.mark.suite
ROLES = ("produce", "consume")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RabbitMQ]:
    folder = tmp_path / "rabbitmq"
    folder.mkdir()
    try:
        node = RabbitMQ(folder, base_port(28000) + 322)
    except Missing as missing:
        pytest.skip(f"{missing}: RabbitMQ was not tested")
    node.start()
    yield node
    node.kill()


def test_a_log_and_effects_that_agree_are_clean():
    log = [("a", "lead/1"), ("b", "lead/2"), ("c", "lead/1")]
    assert compare(log, log) == Compared()
    assert compare(log, [log[1], log[0], log[2]]) == Compared()  # subjects have no order among each other


def test_each_kind_of_harm_is_told_apart():
    log = [("a", "lead/1"), ("b", "lead/2"), ("c", "lead/1"), ("d", "lead/2")]
    seen = [("c", "lead/1"), ("a", "lead/1"), ("b", "lead/2"), ("b", "lead/2"), ("x", "lead/2")]
    assert compare(log, seen) == Compared(lost=["d"], doubled=["b"], disordered=["a"], invented=["x"])


def test_commit_then_publish_then_acknowledge_fails_the_audit(broker: RabbitMQ, tmp_path: Path):
    file, chance = tmp_path / "naive.db", random.Random()
    with Naive(file, broker) as naive:
        wait_until(lambda: len(_rows(file, "seen")) > 100, seconds=60)
        for _ in range(6):
            time.sleep(chance.uniform(0.1, 0.4))  # a moment of chance
            naive.kill(role := chance.choice(ROLES))
            naive.start(role)
        naive.kill("consume")  # the queue fills, and then its disk is gone
        _wait_for_more(file, 50)
        broker.kill()
        broker.destroy()
        broker.start()
        naive.start("consume")
        _wait_for_more(file, 20)
        naive.kill("produce")
        wait_until(lambda: _settled(file), seconds=60)
    found = compare(_rows(file, "log"), _rows(file, "seen"))
    assert len(found.lost) >= 50, "the audit must see what a destroyed broker took along"


class Naive:
    """Producer and consumer of the control as processes."""

    def __init__(self, file: Path, broker: RabbitMQ):
        self._file, self._broker = file, broker
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Naive":
        for role in ROLES:
            self.start(role)
        return self

    def __exit__(self, *_: object) -> None:
        for role in list(self._running):
            self.kill(role)

    def start(self, role: str) -> None:
        command = [sys.executable, "-m", "tests.faults.naive", role, str(self._file), self._broker.url]
        self._running[role] = subprocess.Popen(command, cwd=ROOT)

    def kill(self, role: str) -> None:
        process = self._running.pop(role)
        process.kill()
        process.wait(10)


def _wait_for_more(file: Path, count: int) -> None:
    before = len(_rows(file, "log"))
    wait_until(lambda: len(_rows(file, "log")) >= before + count, seconds=60)


def _settled(file: Path) -> bool:
    before = len(_rows(file, "seen"))
    time.sleep(1.0)
    return len(_rows(file, "seen")) == before


def _rows(file: Path, table: str) -> list[tuple[str, str]]:
    if not file.exists():
        return []
    with closing(sqlite3.connect(file, timeout=15)) as connection:
        try:
            return connection.execute(f"SELECT event_id, subject FROM {table} ORDER BY id").fetchall()
        except sqlite3.OperationalError:
            return []
