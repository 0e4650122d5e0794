"""The control run: a transport as most have it loses and doubles under the same faults, and the audit says so."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chassis.testing import wait_until
from tests.faults.comparing import Compared, compare
from tests.faults.family import ROOT
from tests.faults.rabbitmq import RabbitMQ
from tests.faults.scratch import Missing, base_port

pytestmark = pytest.mark.suite


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
    with _process("produce", file, broker) as first, _process("consume", file, broker) as second:
        processes = [first, second]
        wait_until(lambda: _rows(file, "seen") and len(_rows(file, "seen")) > 200, seconds=30)
        for _ in range(6):
            time.sleep(chance.uniform(0.1, 0.4))
            place = chance.randrange(2)
            processes[place].send_signal(signal.SIGKILL)
            processes[place].wait(10)
            processes[place] = _start(("produce", "consume")[place], file, broker)
        processes[1].send_signal(signal.SIGKILL)  # the queue fills, and then its disk is gone
        processes[1].wait(10)
        before = len(_rows(file, "log"))
        wait_until(lambda: len(_rows(file, "log")) > before + 100, seconds=30)
        broker.kill()
        broker.destroy()
        broker.start()
        processes[1] = _start("consume", file, broker)
        after = len(_rows(file, "log"))
        wait_until(lambda: len(_rows(file, "log")) > after + 50, seconds=30)
        processes[0].kill()
        wait_until(lambda: _settled(file), seconds=30)
        for process in processes:
            process.kill()
            process.wait(10)
    found = compare(_rows(file, "log"), _rows(file, "seen"))
    assert found.lost, "the audit must see what a destroyed broker took along"
    assert len(found.lost) + len(found.doubled) >= 50


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


def _start(role: str, file: Path, broker: RabbitMQ) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.faults.naive", role, str(file), broker.url]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def _process(role: str, file: Path, broker: RabbitMQ) -> Iterator["subprocess.Popen[bytes]"]:
    process = _start(role, file, broker)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
