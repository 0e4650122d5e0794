"""Each service taken away at the moment that matters: the others answer, and the job completes by itself after its return."""

from collections.abc import Iterator

import pytest
from e2e.running import RunningSuite, embedded, on_servers

pytestmark = pytest.mark.suite
SERVICES = ("sales", "leads", "approvals", "gateway", "service-desk", "reporting")


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("servers", marks=[pytest.mark.postgresql, pytest.mark.rabbitmq])],
)
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """One suite per backend, for all outages in turn."""
    start = {"embedded": embedded, "servers": on_servers}[request.param]
    with start(tmp_path_factory.mktemp("suite")) as running:
        yield running


@pytest.mark.parametrize("service", SERVICES)
def test_the_job_completes_although_a_service_was_away(suite, service):
    played = suite.demo("--outage", service)
    played.assert_all_held()
    assert f"{service} is back" in played.text
