"""RabbitMQ through kombu: a confirmed batch publisher and a consumer of one source's queue. Broken is dropped, never mended.

Facts behind the details: py-amqp reads the socket before every publish when `connection.blocked` is advertised, so it is
not; global QoS is refused by quorum queues; tags belong to their channel, so both go together (docs/decisions/0002).
"""

import contextlib
import logging
import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from amqp import Message
from amqp.transport import TCPTransport
from kombu import Connection

from chassis.subscriptions import Received, received

log = logging.getLogger(__name__)
_QUIET = {"client_properties": {"capabilities": {"connection.blocked": False, "consumer_cancel_notify": True}}}
HEARTBEAT = 30
QUEUE_LENGTH = 1_000_000
PREFETCH = 400
READ_AHEAD = 64 * 1024
REST_OF_FRAME = 10.0  # seconds a frame that has begun may take to come in whole


class BrokerAway(Exception):
    """The connection is gone or the broker does not answer in time; rebuild everything."""


@dataclass(frozen=True)
class Names:
    """Exchange and queues of one installation; `namespace` keeps several apart on one broker."""

    namespace: str = "crm"

    @property
    def exchange(self) -> str:
        return f"{self.namespace}.events"

    @property
    def dead(self) -> str:
        return f"{self.namespace}.dead"

    def queue(self, consumer: str, source: str) -> str:
        return f"{self.namespace}.{consumer}.from.{source}.v1"


def _connect(url: str) -> Connection:
    connection = Connection(
        url,
        heartbeat=HEARTBEAT,
        connect_timeout=3,
        transport_options={**_QUIET, "read_timeout": 15, "write_timeout": 15},
    )
    connection.connect()
    return connection


class _ReadAhead:
    """A connection's incoming bytes, read in large pieces: py-amqp makes nine reads of a message otherwise."""

    def __init__(self, connection: Connection):
        self._transport = connection.connection.transport
        self._piece, self._at = b"", 0
        if type(self._transport) is TCPTransport:
            self._transport._read = self._read

    def is_empty(self) -> bool:
        """Whether nothing has come that was not looked at yet; asks without waiting."""
        if self._at < len(self._piece) or self._transport._read_buffer:
            return False
        pending = getattr(self._transport.sock, "pending", int)  # of a TLS socket
        return not pending() and not select.select([self._transport.sock], [], [], 0)[0]

    def _read(self, count: int, initial: bool = False) -> bytes:
        """`count` bytes as py-amqp wants them; what it took and put back (`_read_buffer`) comes first."""
        if self._transport._read_buffer:
            self._piece, self._at = self._transport._read_buffer + self._piece[self._at :], 0
            self._transport._read_buffer = b""
        while len(self._piece) < self._at + count:
            more = self._transport.sock.recv(READ_AHEAD)
            if not more:
                raise OSError("the broker closed the connection")
            self._piece, self._at = self._piece[self._at :] + more, 0
        self._at += count
        return self._piece[self._at - count : self._at]


def _declare_exchanges(channel: Any, names: Names) -> None:
    channel.exchange_declare(names.exchange, "topic", durable=True, auto_delete=False)
    channel.exchange_declare(names.dead, "fanout", durable=True, auto_delete=False)
    channel.queue_declare(names.dead, durable=True, auto_delete=False, arguments={"x-max-length": 10_000})
    channel.queue_bind(names.dead, names.dead)


def declare_queue(channel: Any, names: Names, *, consumer: str, source: str) -> str:
    """The one place that declares queues. A queue is a cache of the log: full, it drops its head and the log refills it."""
    _declare_exchanges(channel, names)
    queue = names.queue(consumer, source)
    channel.queue_declare(
        queue,
        durable=True,
        auto_delete=False,
        arguments={
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-delivery-limit": 20,
            "x-dead-letter-exchange": names.dead,
            "x-max-length": QUEUE_LENGTH,
            "x-overflow": "drop-head",
        },
    )
    channel.queue_bind(queue, names.exchange, f"{source}.#")
    return queue


class Publisher:
    """Publishes batches on one channel in confirm mode. Use from one thread; after any error make a new one."""

    def __init__(self, url: str, names: Names):
        self._exchange = names.exchange
        self._unconfirmed: set[int] = set()
        self._refused = False
        self._tag = 0
        try:
            self._connection = _connect(url)
            self._channel = self._connection.channel()
            _declare_exchanges(self._channel, names)
            self._channel.confirm_select()
        except Exception as error:
            raise BrokerAway(str(error)) from error
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)

    def publish(self, events: Sequence[tuple[int, str, bytes]], *, epoch: str, timeout: float = 10.0) -> None:
        """Send (sequence, type, body) in order and return once every one is confirmed; else BrokerAway."""
        send = self._channel.basic_publish
        try:
            for sequence, type_, body in events:
                message = Message(
                    body,
                    content_type="application/cloudevents+json",
                    delivery_mode=2,
                    type=type_,
                    application_headers={"sequence": sequence, "epoch": epoch},
                )
                self._tag += 1
                self._unconfirmed.add(self._tag)
                send(message, exchange=self._exchange, routing_key=type_)
            while self._unconfirmed:
                self._connection.drain_events(timeout=timeout)
                if self._refused:
                    raise BrokerAway("the broker refused a message")
        except BrokerAway:
            raise
        except Exception as error:
            raise BrokerAway(f"{type(error).__name__}: {error}") from error

    def beat(self) -> None:
        """Keep an idle connection alive and notice a dead one."""
        try:
            self._connection.heartbeat_check()
            self._connection.drain_events(timeout=0.001)
        except TimeoutError:
            pass
        except Exception as error:
            raise BrokerAway(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        _close(self._connection)

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed = {tag for tag in self._unconfirmed if tag > delivery_tag}
        else:
            self._unconfirmed.discard(delivery_tag)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        self._refused = True


class Consumer:
    """One source's queue of one consuming service. Use from one thread; after any error make a new one."""

    def __init__(self, url: str, names: Names, *, consumer: str, source: str):
        self._buffer: list[tuple[int, Received | None]] = []
        try:
            self._connection = _connect(url)
            self._channel = self._connection.channel()
            queue = declare_queue(self._channel, names, consumer=consumer, source=source)
            self._channel.basic_qos(0, PREFETCH, False)
            self._incoming = _ReadAhead(self._connection)
            self._channel.basic_consume(queue, callback=self._on_message)
        except Exception as error:
            raise BrokerAway(str(error)) from error

    def batch(self, *, size: int, timeout: float) -> tuple[list[Received], int]:
        """Up to `size` events as they came and the tag to `ack` once they are committed; ([], 0) after `timeout` s."""
        try:
            if not self._buffer:
                self._connection.heartbeat_check()
                self._wait(timeout)
            self._take_in(size)
        except Exception as error:
            raise BrokerAway(f"{type(error).__name__}: {error}") from error
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return [event for _, event in taken if event is not None], taken[-1][0] if taken else 0

    def ack(self, tag: int) -> None:
        """Acknowledge everything up to `tag`."""
        try:
            self._channel.basic_ack(tag, multiple=True)
        except Exception as error:
            raise BrokerAway(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        _close(self._connection)

    def _wait(self, timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            self._connection.drain_events(timeout=timeout or 0.0005)

    def _take_in(self, size: int) -> None:
        """What has come already, up to `size` messages."""
        connection = self._connection.connection
        with connection.transport.having_timeout(REST_OF_FRAME):
            while len(self._buffer) < size and not self._incoming.is_empty():
                connection.on_inbound_frame(connection.transport.read_frame())

    def _on_message(self, message: Any) -> None:
        try:
            event = received(orjson.loads(message.body))
        except (ValueError, KeyError, TypeError) as error:
            log.error("undecodable message on the bus, left to the feed", exc_info=error)
            event = None
        self._buffer.append((message.delivery_tag, event))


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except Exception:  # it is broken already, and nothing depends on how it ends
        log.debug("closing a broken connection failed", exc_info=True)
