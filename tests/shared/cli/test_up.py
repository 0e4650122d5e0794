"""`./crm up` with ps, stop and start, on real processes."""

import os
import signal
from pathlib import Path

import pytest

from chassis.suite.folder import Folder
from chassis.testing import wait_until
from tests.shared.cli.conftest import Running, crm, front_port

pytestmark = pytest.mark.suite


def test_a_suite_starts_serves_through_the_front_door_and_stops_cleanly(suite: Running) -> None:
    status, health = suite.get("/healthz")
    assert (status, health["status"]) == (200, "ready")
    assert health["parts"] == {name: {"web": "ready", "worker": "ready"} for name in ("alpha", "beta")}
    assert suite.get("/alpha/greetings") == (200, {"greetings": ["hello"]})
    assert suite.get("/events")[0] == 404  # the feed is on internal ports only
    assert suite.get("/metrics")[0] == 404
    assert suite.end(signal.SIGINT) == 0
    assert "stopped" in suite.output.read_text()
    assert not Folder(suite.data).is_running()


def test_one_service_stops_and_starts_while_the_others_answer(suite: Running) -> None:
    stopped = crm("stop", "alpha", "--data", str(suite.data))
    assert (stopped.returncode, stopped.stdout) == (0, "alpha-web, alpha-worker: stopped\n")
    status, health = suite.get("/healthz")
    assert (status, health) == (503, suite.get("/healthz")[1])
    assert '"alpha": {"web": "stopped", "worker": "stopped"}' in health
    assert suite.get("/alpha/greetings")[0] == 503
    assert suite.get("/beta/greetings")[0] == 200
    started = crm("start", "alpha", "--port", str(suite.port))
    assert (started.returncode, started.stdout) == (0, "alpha-web, alpha-worker: ready\n")
    assert suite.get("/alpha/greetings")[0] == 200
    unknown = crm("stop", "gamma", "--data", str(suite.data))
    assert unknown.returncode == 1
    assert "gamma" in unknown.stderr
    assert "Traceback" not in unknown.stderr


def test_a_killed_process_is_started_again(suite: Running) -> None:
    before = suite.processes()["beta-worker"]["pid"]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: suite.processes()["beta-worker"]["pid"] not in (0, before), seconds=20)
    wait_until(lambda: suite.get("/healthz")[0] == 200, seconds=20)


def test_after_the_supervisor_is_killed_its_processes_die_and_up_works_again(suite: Running) -> None:
    pids = [row["pid"] for row in suite.processes().values()]
    suite.process.kill()
    suite.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds=10)
    again = Running(suite.data, suite.port)
    try:
        again.wait_ready()
        assert again.get("/alpha/greetings") == (200, {"greetings": ["hello"]})  # no second seed
    finally:
        again.end()


def test_two_suites_run_side_by_side_but_not_on_the_same_data_or_ports(suite: Running, tmp_path: Path) -> None:
    other = Running(tmp_path / "other", front_port(1), "--no-demo-data")
    try:
        other.wait_ready()
        assert other.get("/alpha/greetings") == (200, {"greetings": []})
        same_data = crm("up", "--data", str(suite.data), "--port", str(front_port(2)))
        assert same_data.returncode == 1
        assert "already runs" in same_data.stderr
        same_port = crm("up", "--data", str(tmp_path / "third"), "--port", str(suite.port))
        assert same_port.returncode == 1
        assert f"port {suite.port} (front door)" in same_port.stderr
        assert "--port" in same_port.stderr
    finally:
        other.end()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
