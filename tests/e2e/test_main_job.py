"""The main job from the form to the figures, by the demo, on suites run as people run them."""

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.running import RunningSuite, embedded, on_servers

pytestmark = [pytest.mark.suite, pytest.mark.xdist_group("embedded suite")]
SERVICES = ("leads", "sales", "service-desk", "approvals", "reporting", "gateway")
OWN_LEADS = """name,company,phone,email,source
李雷,无锡远航电子有限公司,139 1234 5678,li.lei@yuanhang.example,website
Anna Müller,Müller Präzision GmbH,+49 89 123456,anna@mueller.example,trade_fair
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """An embedded suite for the module; its tests run in order, on the same growing data."""
    with embedded(tmp_path_factory.mktemp("suite")) as running:
        yield running


def test_the_whole_job_is_played_and_every_result_holds(suite):
    played = suite.demo()
    played.assert_all_held()
    assert played.seconds < 60 * max(
        1.0, os.getloadavg()[0] / (os.cpu_count() or 1)
    )  # a minute, of a machine to itself


def test_kill_9_of_a_web_and_a_worker_changes_nothing_in_its_end(suite):
    chance = random.Random()
    moments = {chance.randrange(12, 38): "worker", chance.randrange(42, 100): "web"}  # lines of the story
    said: list[str] = []
    with suite.begin_demo() as playing:
        assert playing.stdout is not None
        for line in playing.stdout:
            said.append(line)
            if kind := moments.pop(len(said), ""):
                name = f"{chance.choice(SERVICES)}-{kind}"
                os.kill(suite.pid_of(name), signal.SIGKILL)
                said.append(f"--- {name} was killed here\n")
    suite.played(playing.returncode, "".join(said)).assert_all_held()
    assert not moments


def test_a_readers_own_leads_are_taken_and_the_job_is_played_again_on_the_same_data(suite, tmp_path: Path):
    file = tmp_path / "own.csv"
    file.write_text(OWN_LEADS)
    played = suite.demo("--leads", str(file))
    played.assert_all_held()
    assert "own.csv" in played.text


@pytest.mark.parametrize("service", ["sales", "reporting"])
def test_what_was_projected_is_what_the_logs_give_again(suite, service):
    found = suite.run("replay", service, "--verify", "--data", str(suite.data))
    assert found.returncode == 0, found.stdout + found.stderr
    assert "equal" in found.stdout
    assert "DIFFERENT" not in found.stdout


@pytest.mark.postgresql
@pytest.mark.rabbitmq
@pytest.mark.xdist_group("suite on servers")
def test_the_whole_job_holds_on_postgresql_and_rabbitmq(tmp_path: Path):
    with on_servers(tmp_path) as suite:
        suite.demo().assert_all_held()
        for service in ("sales", "reporting"):
            found = suite.run("replay", service, "--verify", "--data", str(suite.data))
            assert found.returncode == 0, found.stdout + found.stderr


def test_the_demo_says_so_when_no_suite_is_there(suite):
    nowhere = RunningSuite(suite.data, suite.port + 299)
    played = nowhere.demo()
    assert played.status == 2
    assert "no suite is ready" in played.text
