"""Contestants that carry events: ours on PostgreSQL and RabbitMQ, and the same work with nameko, FastStream and Celery."""

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from amqp.exceptions import NotFound

from chassis import event_log
from chassis.db import Base, Database
from chassis.rabbit import Names
from tests.bench import backends
from tests.bench.backends import AMQP
from tests.bench.peers import courier
from tests.bench.post import Tables
from tests.bench.running import Child, started, until

WRITE_LOG = """
    INSERT INTO event_log (event_id, type, subject, aggregateversion, time, correlation_id, depth, actor, origin, data)
    SELECT id, 'post.parcel.sent.v1', 'parcel/' || id, 1, now(), id, 0, 'system', 'bench',
        json_build_object('id', id, 'label', label, 'receiver', 'somebody')
    FROM (SELECT gen_random_uuid()::text AS id, %s::text AS label FROM generate_series(1, %s)) AS made
"""
PEERS = {"nameko": (), "faststream": (), "celery": ("2",)}


@dataclass
class Carrier:
    """One contestant on a database of its own; receivers and senders are started as a bench needs them."""

    name: str
    folder: Path
    namespace: str = field(default_factory=lambda: f"bench{uuid.uuid4().hex[:6]}")
    sender_url: str = ""
    receiver_url: str = ""
    bus: str = AMQP
    feed_port: int = 0

    @property
    def is_ours(self) -> bool:
        return self.name == "ours"

    @property
    def queue(self) -> str:
        if self.is_ours:
            return Names(self.namespace).queue("shop", "post")
        endings = {
            "nameko": f"evt-{self.namespace}_post-sent--{self.namespace}_shop.arrived",
            "faststream": f"{self.namespace}.faststream.shop",
            "celery": f"{self.namespace}.celery.shop",
        }
        return endings[self.name]

    def start(self, stack: ExitStack, role: str, **env: str) -> Child:
        """The process `role`: send, receive; ours also post, the sender's worker."""
        if not self.is_ours:
            more = {"BENCH_DATABASE": self.sender_url, "BENCH_AMQP": self.bus, "BENCH_NAMESPACE": self.namespace}
            arguments = PEERS[self.name] if role == "receive" else ()
            return started(stack, f"tests.bench.peers.{self.name}_peer", role, *arguments, env=more | env, peer=True)
        more = {
            "POST_DATABASE_URL": self.sender_url, "SHOP_DATABASE_URL": self.receiver_url, "CRM_BUS_URL": self.bus,
            "CRM_BUS_NAMESPACE": self.namespace, "CRM_DATA": str(self.folder), "CRM_LOG_LEVEL": "ERROR",
            "CRM_FEEDS": f"post=http://127.0.0.1:{self.feed_port}", "POST_INTERNAL_PORT": str(self.feed_port),
            "SHOP_INTERNAL_PORT": str(backends.free_port()),
        }  # fmt: skip
        role = {"receive": "shop"}.get(role, role)
        return started(stack, "tests.bench.post", role, env=more | env, waits=role == "send")

    def arrivals(self) -> int:
        if self._reader is None:
            self._reader = psycopg.connect(self.receiver_url, autocommit=True)
        return int(self._reader.execute("SELECT count(*) FROM arrivals").fetchone()[0])  # type: ignore[index]

    _reader: psycopg.Connection | None = None

    def wait_for(self, count: int, *, seconds: float = 120.0) -> float:
        return until(lambda: self.arrivals() >= count, seconds=seconds)

    def forget(self) -> None:
        """No parcel has arrived."""
        backends.query(self.receiver_url, "TRUNCATE arrivals")

    def start_over(self) -> None:
        """The receiver has seen nothing of the log."""
        backends.query(self.receiver_url, "TRUNCATE arrivals, event_cursors, event_applied")

    def write_log(self, count: int) -> None:
        """Put `count` committed events into the sender's log, to be numbered and published by its worker."""
        backends.query(self.sender_url, WRITE_LOG, courier.LABEL, count)

    def numbered(self) -> int:
        return int(backends.query(self.sender_url, "SELECT numbered FROM event_log_state")[0][0])

    def unpublished(self) -> int:
        rows = backends.query(
            self.sender_url, "SELECT (SELECT max(id) FROM event_log) - published FROM event_log_state"
        )
        return int(rows[0][0] or 0)

    def has_queue(self) -> bool:
        with contextlib.suppress(NotFound):
            return backends.queue_length(self.queue) >= 0
        return False

    def waiting(self) -> int:
        """Messages ready in the queue; those in the consumer's hand are applied already once all have arrived."""
        return backends.queue_length(self.queue)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        names = [self.queue, self.queue + ".requeue"]
        names += [Names(self.namespace).exchange, Names(self.namespace).dead] if self.is_ours else []
        names += [f"{self.namespace}.{self.name}", f"{self.namespace}_post.events"]
        backends.drop_queues(*names)


@contextmanager
def carrier(name: str, folder: Path) -> Iterator[Carrier]:
    """The contestant `name` with fresh databases: ours has one per service, the peers do with one."""
    with ExitStack() as stack:
        made = Carrier(name, folder / f"{name}-{uuid.uuid4().hex[:6]}")
        made.folder.mkdir(parents=True)
        made.sender_url = stack.enter_context(backends.scratch(f"{name}_post"))
        made.receiver_url = stack.enter_context(backends.scratch(f"{name}_shop")) if made.is_ours else made.sender_url
        made.feed_port = backends.free_port()
        for url, service in {made.sender_url: "post", made.receiver_url: "shop"}.items():
            database = Database(url, service=service)
            if made.is_ours:
                Base.metadata.create_all(database.engine)
            Tables.metadata.create_all(database.engine)
            if made.is_ours:
                event_log.ensure_state(database)
            database.close()
        stack.callback(made.close)
        yield made
