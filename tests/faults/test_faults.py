"""Every fault on real processes under load, on both backends; one line each, and a closing line with the sums."""

import os
import random
from collections.abc import Callable, Iterator

import pytest

from tests.faults import catalogue, player
from tests.faults.catalogue import Fault, Skipped
from tests.faults.ledger import now
from tests.faults.player import Line
from tests.faults.scratch import Missing
from tests.faults.stage import EMBEDDED, SERVERS, Stage

pytestmark = pytest.mark.suite
SEED = int(os.environ.get("CRM_FAULTS_SEED") or random.SystemRandom().randrange(1, 10**6))
CASES = [(backend, fault) for backend in (EMBEDDED, SERVERS) for fault in player.order(backend, SEED)]
LEAST = 30


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Past pytest's capture, for these lines are what people look for."""

    def line(text: str) -> None:
        with capfd.disabled():
            print(text, flush=True)

    return line


@pytest.fixture(scope="module")
def played() -> dict[str, list[Line]]:
    return {EMBEDDED: [], SERVERS: []}


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One suite per backend for all its faults, in the seed's order."""
    made = Stage(request.param, tmp_path_factory.mktemp(request.param), SEED)
    try:
        made.begin()
    except Missing as missing:
        pytest.skip(f"{missing}: PostgreSQL and RabbitMQ were not tested")
    else:
        yield made
    finally:
        made.end()


@pytest.mark.parametrize(
    ("stage", "fault"), CASES, indirect=["stage"], ids=[f"{backend}: {fault.name}" for backend, fault in CASES]
)
def test_nothing_is_lost_doubled_or_out_of_order(
    stage: Stage, fault: Fault, played: dict[str, list[Line]], say: Callable[[str], None]
):
    if not played[stage.backend]:
        say(f"\n{stage.backend}: CRM_FAULTS_SEED={SEED}\n{player.HEAD}")
    began = now()
    try:
        line = player.play(stage, fault, say)
    except Skipped as why:
        say(f"!!! {fault.name} was NOT PLAYED: {why}")
        pytest.skip(str(why))
    say(str(line))
    played[stage.backend].append(line)
    assert line.holds, f"after {now() - began:.0f} s: {line}"


@pytest.mark.parametrize("backend", [EMBEDDED, SERVERS])
def test_the_sums_say_the_same(backend: str, played: dict[str, list[Line]], say: Callable[[str], None]):
    lines = played[backend]
    if lines:
        say(str(player.total(f"{backend}: {len(lines)} faults, seed {SEED}", lines)))
    assert all(line.holds for line in lines)
    assert len(catalogue.of(backend)) > LEAST
