"""Each service taken away at the moment that matters: the others answer, and the job completes by itself after its return."""

from collections.abc import Iterator

import pytest
from e2e.running import RunningSuite, embedded, on_servers

pytestmark = pytest.mark.suite
SERVICES = ("sales", "leads", "approvals", "gateway", "service-desk", "reporting")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """One suite for all outages in turn."""
    with embedded(tmp_path_factory.mktemp("suite")) as running:
        yield running


@pytest.mark.parametrize("service", SERVICES)
def test_the_job_completes_although_a_service_was_away(suite, service):
    _assert_completes(suite, service)


@pytest.mark.postgresql
@pytest.mark.rabbitmq
def test_it_completes_beside_a_broker_that_holds_what_was_said_meanwhile(tmp_path_factory: pytest.TempPathFactory):
    with on_servers(tmp_path_factory.mktemp("servers")) as suite:
        _assert_completes(suite, "sales")


def _assert_completes(suite: RunningSuite, service: str) -> None:
    played = suite.demo("--outage", service)
    played.assert_all_held()
    assert f"{service} is back" in played.text
