"""Databases and queue names of a bench's own on the machine's PostgreSQL and RabbitMQ, gone when it ends."""

import contextlib
import os
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from amqp.exceptions import NotFound
from kombu import Connection

POSTGRES = os.environ.get("CRM_BENCH_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
AMQP = os.environ.get("CRM_BENCH_BROKER", "amqp://guest:guest@127.0.0.1:5672//")


@contextlib.contextmanager
def scratch(name: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    made = f"crm_bench_{name}_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{made}"')
        try:
            yield f"{POSTGRES}/{made}"
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')


def query(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of one statement (or of several without values), committed."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def drop_queues(*names: str) -> None:
    """Delete queues and exchanges of these names, whichever exist."""
    with Connection(AMQP) as connection:
        for name in names:
            for delete in ("queue_delete", "exchange_delete"):
                with contextlib.suppress(NotFound), connection.channel() as channel:
                    getattr(channel, delete)(name)


def queue_length(name: str) -> int:
    with Connection(AMQP) as connection, connection.channel() as channel:
        return int(channel.queue_declare(name, passive=True).message_count)


def free_port() -> int:
    """A port below the ephemeral range that nobody listens on."""
    for port in range(23_000 + os.getpid() % 900, 24_000):  # two benches at once begin at different ones
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                if port not in _given:
                    probe.bind(("127.0.0.1", port))
                    _given.add(port)
                    return port
    raise OSError("no free port")


_given: set[int] = set()
