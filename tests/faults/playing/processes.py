"""Processes that die, freeze, are told to end, or are two where one was meant."""

import signal

from tests.faults.catalogue import EMBEDDED, SERVERS, fault
from tests.faults.family import SERVICES, wait_for
from tests.faults.stage import Stage


@fault("nothing: the load alone")
def nothing(stage: Stage) -> None:
    """So that a finding under a fault is known to come of the fault."""
    stage.wait(6.0)


def _kill(name: str) -> None:
    @fault(f"kill -9 {name}")
    def play(stage: Stage) -> None:
        stage.wait(stage.chance.uniform(0.3, 1.5))
        stage.family.kill(name, stage.chance)
        stage.wait(1.0)


for _service in SERVICES:
    _kill(f"{_service}-worker")
for _service in ("leads", "sales", "service-desk", "approvals"):
    _kill(f"{_service}-web")


@fault("kill -9 of any, again and again")
def storm(stage: Stage) -> None:
    for _ in range(10):
        stage.wait(stage.chance.uniform(0.1, 0.8))
        alive = [c.name for c in stage.family.children if c.is_alive and c.service]
        if alive:
            stage.family.kill(stage.chance.choice(alive), stage.chance)


@fault("kill -9 of all at once")
def all_at_once(stage: Stage) -> None:
    stage.wait(1.0)
    for child in stage.family.children:
        if child.service:
            child.kill()
    stage.wait(1.0)


@fault("SIGTERM to all in full flow")
def terminate(stage: Stage) -> None:
    stage.wait(1.0)
    names = [child.name for child in stage.family.children if child.service]
    stage.family.stop(*names)
    stage.family.start(*names)


@fault("a worker frozen for five seconds")
def frozen_worker(stage: Stage) -> None:
    _freeze(stage, f"{stage.chance.choice(SERVICES)}-worker", 5.0)


@fault("a web frozen for three seconds")
def frozen_web(stage: Stage) -> None:
    _freeze(stage, f"{stage.chance.choice(('leads', 'sales'))}-web", 3.0)


def _freeze(stage: Stage, name: str, seconds: float) -> None:
    stage.wait(0.5)
    stage.family.signal(name, signal.SIGSTOP)
    try:
        stage.wait(seconds)
    finally:
        stage.family.signal(name, signal.SIGCONT)


def _down(service: str) -> None:
    @fault(f"{service} down all the time")
    def play(stage: Stage) -> None:
        names = [child.name for child in stage.family.of(service)]
        stage.family.stop(*names)
        stage.wait(4.0)
        stage.family.start(*names)


for _service in ("reporting", "sales", "gateway"):
    _down(_service)


@fault("two workers, the active one is killed again and again")
def stand_by(stage: Stage) -> None:
    service = stage.chance.choice(("sales", "gateway"))
    second = stage.family.second_worker(service)
    stage.family.wait_ready([second.name])
    for name in (f"{service}-worker", second.name, f"{service}-worker"):
        stage.wait(stage.chance.uniform(0.5, 1.2))
        stage.family.kill(name, stage.chance)
    stage.wait(0.5)
    stage.family.remove(second)


@fault("two workers of one service active at once", (EMBEDDED,))
def two_active_embedded(stage: Stage) -> None:
    """The lock's file is gone, so a second worker takes a lock of its own."""
    service = stage.chance.choice(("sales", "gateway"))
    (stage.family.folder.path / f"{service}.db.lease").unlink()
    _second_one(stage, service)


@fault("two workers of one service active at once", (SERVERS,))
def two_active(stage: Stage) -> None:
    """The database ends the session that holds the lease; for a moment its old holder does not know."""
    assert stage.postgresql is not None
    service = stage.chance.choice(("sales", "gateway"))
    second = stage.family.second_worker(service)
    stage.family.wait_ready([second.name])
    for _ in range(3):
        stage.wait(1.0)
        stage.postgresql.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            f" WHERE l.locktype = 'advisory' AND l.classid = 7261 AND l.granted AND d.datname = 'crm_{_package(service)}'"
        )
    stage.wait(1.0)
    stage.family.remove(second)


def _second_one(stage: Stage, service: str) -> None:
    second = stage.family.second_worker(service)
    stage.family.wait_ready([second.name])
    wait_for(lambda: _is_active(stage, second.port), seconds=10, what="the second worker's lease")
    stage.wait(3.0)
    stage.family.remove(second)
    stage.family.stop(f"{service}-worker")
    stage.family.start(f"{service}-worker")


def _is_active(stage: Stage, port: int) -> bool:
    answer = stage.driver.peek(f"http://127.0.0.1:{port}/readyz")
    return bool(answer and answer.get("active"))


def _package(service: str) -> str:
    return {"gateway": "integration_gateway"}.get(service, service.replace("-", "_"))
