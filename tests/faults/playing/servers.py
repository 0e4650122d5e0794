"""Broker and databases that stop, die, fill up, or lose their disk."""

import signal

from tests.faults.catalogue import EMBEDDED, SERVERS, Skipped, fault
from tests.faults.stage import Stage


@fault("the broker is stopped and started", (SERVERS,))
def broker_restart(stage: Stage) -> None:
    _broker(stage, signal.SIGTERM, destroy=False)


@fault("kill -9 of the broker", (SERVERS,))
def broker_killed(stage: Stage) -> None:
    _broker(stage, signal.SIGKILL, destroy=False)


@fault("the broker's data directory is destroyed", (SERVERS,))
def broker_destroyed(stage: Stage) -> None:
    """Subscribers are away meanwhile, so that the queues are full of what nobody has taken yet."""
    stage.wait(0.5)
    away = ["reporting-worker", "sales-worker"]
    stage.family.stop(*away)
    stage.wait(1.5)
    _broker(stage, signal.SIGKILL, destroy=True)
    stage.family.start(*away)


def _broker(stage: Stage, how: int, *, destroy: bool) -> None:
    assert stage.rabbitmq is not None
    stage.wait(0.7)
    stage.rabbitmq.kill(how)
    stage.wait(1.0)
    if destroy:
        stage.rabbitmq.destroy()
    stage.rabbitmq.start()
    stage.wait(0.5)


@fault("the broker's disk alarm blocks publishers", (SERVERS,))
def broker_blocked(stage: Stage) -> None:
    assert stage.rabbitmq is not None
    stage.wait(0.3)
    stage.rabbitmq.control("set_disk_free_limit", str(10**15))
    try:
        stage.wait(4.0)
    finally:
        stage.rabbitmq.control("set_disk_free_limit", str(10**6))


@fault("the database is restarted", (SERVERS,))
def database_restart(stage: Stage) -> None:
    _database(stage, signal.SIGINT)


@fault("the database crashes", (SERVERS,))
def database_crash(stage: Stage) -> None:
    _database(stage, signal.SIGQUIT)


def _database(stage: Stage, how: int) -> None:
    assert stage.postgresql is not None
    stage.wait(0.7)
    stage.postgresql.stop(how)
    stage.wait(1.0)
    stage.postgresql.start()
    stage.wait(1.0)


@fault("the database ends all sessions again and again", (SERVERS,))
def sessions_ended(stage: Stage) -> None:
    assert stage.postgresql is not None
    for _ in range(5):
        stage.wait(0.7)
        stage.postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'crm_%' AND pid <> pg_backend_pid()"
        )


@fault("databases locked by somebody for two seconds", (EMBEDDED,))
def locked(stage: Stage) -> None:
    for service in stage.services()[:3]:
        stage.wait(0.3)
        with stage.books.reading(service) as connection:
            connection.connection.dbapi_connection.isolation_level = None  # type: ignore[union-attr]
            connection.connection.dbapi_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
            stage.wait(2.0)
            connection.connection.dbapi_connection.execute("ROLLBACK")  # type: ignore[union-attr]


@fault("the disk is full")
def disk_full(stage: Stage) -> None:
    if not stage.disk.mounted:
        raise Skipped("a small disk can't be mounted here (tmpfs needs root)")
    stage.wait(0.5)
    try:
        stage.disk.fill()
        stage.wait(4.0)
    finally:
        stage.disk.empty()
    if stage.postgresql is not None and not stage.postgresql.answers():  # it may end itself rather than lose a write
        if stage.postgresql.runs:
            stage.postgresql.stop(signal.SIGQUIT)
        stage.postgresql.start()
    stage.wait(0.5)
