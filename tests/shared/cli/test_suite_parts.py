"""Ports, data folder, databases and front door, each by itself."""

import json
import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from chassis.places import places
from chassis.suite import databases, frontdoor
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder, State, end_leftovers
from chassis.suite.ports import HOST, Ports
from chassis.testing import POSTGRESQL, _administer, require, wait_until


def test_no_two_uses_share_a_port() -> None:
    used = [port for port, _ in Ports(8000).all()]
    assert len(used) == len(set(used))
    assert [Ports(9000).web(place) for place in places()] == [9001, 9002, 9003, 9004, 9005, 9006]


def test_a_taken_port_is_named_with_its_use(free_front: int) -> None:
    with socket.socket() as other:
        other.bind((HOST, free_front + 2))
        other.listen()
        assert (free_front + 2, "sales web") in Ports(free_front).taken()


def test_a_data_folder_has_one_owner(tmp_path: Path) -> None:
    first, second = Folder(tmp_path / "var"), Folder(tmp_path / "var")
    first.claim()
    first.write(State(front=8000))
    assert first.state_file.stat().st_mode & 0o077 == 0
    with pytest.raises(SuiteError, match="already runs"):
        second.claim()
    assert second.is_running()
    first.release()
    assert not second.is_running()
    second.claim()
    second.release()


def test_only_processes_of_the_lost_suite_are_ended() -> None:
    mark, other = uuid.uuid4().hex, uuid.uuid4().hex
    sleeper = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]
    ours, theirs = (
        subprocess.Popen(
            sleeper, env=os.environ | {"CRM_SUITE": one}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for one in (mark, other)
    )
    try:
        for process in (ours, theirs):
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
        assert end_leftovers(mark) == 1
        wait_until(lambda: ours.poll() is not None)
        assert theirs.poll() is None
    finally:
        for process in (ours, theirs):
            process.kill()
            process.communicate()


def test_each_service_gets_a_database_of_its_own(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert databases.urls("", folder)["service-desk"] == f"sqlite:///{tmp_path}/service-desk.db"
    asked = databases.urls("postgresql://me:secret@db:5433/?sslmode=require", folder)
    assert asked["service-desk"] == "postgresql://me:secret@db:5433/crm_service_desk?sslmode=require"
    assert databases.urls("postgresql://db/acme", folder)["leads"] == "postgresql://db/acme_leads"
    with pytest.raises(SuiteError, match="postgresql://"):
        databases.urls("mysql://db/", folder)


def test_databases_are_made_once(tmp_path: Path) -> None:
    require("PostgreSQL", POSTGRESQL)
    prefix = f"crm_test_{uuid.uuid4().hex[:8]}"
    urls = databases.urls(f"{POSTGRESQL}/{prefix}", Folder(tmp_path))
    try:
        assert databases.create(urls) == [f"{prefix}_{place.package}" for place in places()]
        assert databases.create(urls) == []
    finally:
        for name in databases.names(urls):
            _administer(f'DROP DATABASE IF EXISTS "{name}"')


def test_a_server_that_is_not_there_is_one_clear_problem(tmp_path: Path, free_front: int) -> None:
    with pytest.raises(SuiteError, match="PostgreSQL"):
        databases.create(databases.urls(f"postgresql://me@127.0.0.1:{free_front}/", Folder(tmp_path)))


def test_the_front_door_never_leads_to_an_internal_port(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.claim()
    ports = Ports(8000)
    written = json.dumps(frontdoor.configuration(folder, ports))
    for place in places():
        assert f"{HOST}:{ports.web(place)}" in written
        assert str(ports.internal(place)) not in written
        assert str(ports.web_metrics(place)) not in written
    folder.release()


def test_caddy_accepts_the_configuration(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.claim()
    door = frontdoor.child(folder, Ports(8000), os.environ)
    config = door.command[-1]
    checked = subprocess.run(
        [frontdoor.binary(), "validate", "--config", config], env=door.environment, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr.decode()
    folder.release()
