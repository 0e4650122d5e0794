"""Processes forked from one that has imported what all have in common: like those started by themselves, and no more."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.places import places
from chassis.suite import nursery
from chassis.suite.nursery import Nursery
from tests.shared.chassis.backbone import until

ROOT = Path(__file__).parents[3]
OURS = ("chassis", "engines", "console")
SURPLUS = """
import importlib, json, sys
from chassis import places, serving, worker
from chassis.suite import nursery
place = places.find(sys.argv[1])
service = place.service()
service.web()
worker.Worker(service, service.load_settings())
before = set(sys.modules)
for name in nursery.COMMON:
    importlib.import_module(name)
print(json.dumps(sorted(name for name in sys.modules.keys() - before if name.partition(".")[0] in sys.argv[2:])))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "CRM_DATA": str(tmp_path), "CRM_KEYS": str(tmp_path)}


@pytest.fixture
def raising(environment: dict[str, str], tmp_path: Path) -> Iterator[Nursery]:
    made = Nursery(environment, tmp_path / "nursery.log", ROOT)
    yield made
    made.close()
    log = tmp_path / "nursery.log"
    assert not log.exists() or log.read_text() == ""


@pytest.mark.parametrize("service", [place.name for place in places()])
def test_only_what_every_service_imports_by_itself_is_imported_for_all(service, environment):
    command = [sys.executable, "-c", SURPLUS, service, *OURS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_a_forked_process_does_what_one_started_by_itself_does(raising, environment, tmp_path):
    environment["APPROVALS_DATABASE_URL"] = f"sqlite:///{tmp_path / 'approvals.db'}"
    child = _fork(raising, environment, tmp_path / "log")
    assert os.getsid(child.pid) == child.pid
    until(lambda: child.poll() is not None)
    last = (tmp_path / "log").read_text().splitlines()[-1]
    assert json.loads(last) == {"migrated": True, "demo": "empty"}
    child.send_signal(signal.SIGTERM)  # to one that has ended: nothing


def test_forked_processes_end_with_their_nursery_and_the_next_one_goes_on(raising, environment, tmp_path):
    child = _fork(raising, environment, tmp_path / "log")
    child.send_signal(signal.SIGSTOP)
    assert child.poll() is None
    os.kill(raising._process.pid, signal.SIGKILL)
    until(lambda: child.poll() is not None)
    until(lambda: raising._process.poll() is not None)
    second = _fork(raising, environment, tmp_path / "log")
    assert second.poll() is None
    os.killpg(second.pid, signal.SIGKILL)
    until(lambda: second.poll() is not None)


def test_who_brings_other_code_is_not_forked(raising, environment, tmp_path):
    other = environment | {"PYTHONPATH": str(tmp_path)}
    assert raising.fork("x", ["ps"], environment=other, log=tmp_path / "log", folder=ROOT) is None
    assert nursery.CODE[0] == "PYTHONPATH"


def _fork(raising: Nursery, environment: dict[str, str], log: Path) -> nursery.Forked:
    arguments = ["prepare", "approvals", "--no-demo"]
    child = raising.fork("approvals-starting", arguments, environment=environment, log=log, folder=ROOT)
    assert child is not None
    comm = Path(f"/proc/{child.pid}/comm")
    until(lambda: comm.read_text() == "approvals-start\n")  # as much of it as fits
    return child
