"""What travels on the bus arrives twice, late, out of order, never, or is no event at all."""

import json
import re
import uuid
from typing import Any

from amqp import Message
from sqlalchemy import text

from chassis import event_log
from chassis.rabbit import Names
from tests.faults.catalogue import EMBEDDED, SERVERS, fault
from tests.faults.family import SERVICES
from tests.faults.stage import Stage

NAMES = Names("crm")


@fault("every feed gives each event again and again", (EMBEDDED,))
def feed_repeats(stage: Stage) -> None:
    """Readers get pages that begin well before what they asked for."""

    def earlier(data: bytes) -> bytes:
        def back(found: re.Match[bytes]) -> bytes:
            after = max(0, int(found[1]) - 15)
            return b"after=" + str(after).encode().rjust(len(found[1]), b"0") + b"&"

        return re.sub(rb"after=(\d+)&", back, data)

    stage.wait(0.5)
    for proxy in stage.family.feeds.values():
        proxy.rewrite = earlier
        proxy.drop_connections()
    stage.wait(4.0)
    for proxy in stage.family.feeds.values():
        proxy.heal()
        proxy.drop_connections()


@fault("messages come twice", (SERVERS,))
def twice(stage: Stage) -> None:
    for _ in range(6):
        stage.wait(0.5)
        _publish(stage, _last(stage, 40))


@fault("messages come late", (SERVERS,))
def late(stage: Stage) -> None:
    """Queues get nothing for a while; what was missed comes after what followed it."""
    stage.wait(0.5)
    before = {name: stage.books.standing(name) for name in SERVICES}
    _bindings(stage, bind=False)
    stage.wait(2.5)
    _bindings(stage, bind=True)
    stage.wait(1.5)
    for name in SERVICES:
        own = before[name]
        _publish(stage, _messages(stage, name, after=own.head if own else 0))
    stage.wait(0.5)


@fault("messages come in any order", (SERVERS,))
def shuffled(stage: Stage) -> None:
    """In place of the publisher: everything twice, shuffled, and a third of it not at all."""
    stage.wait(0.3)
    for _ in range(5):
        before = {name: stage.books.standing(name) for name in SERVICES}
        _bindings(stage, bind=False)
        stage.wait(0.7)
        fresh = [one for name in SERVICES if (own := before[name]) for one in _messages(stage, name, after=own.head)]
        fresh = [one for one in fresh * 2 if stage.chance.random() < 0.66]
        stage.chance.shuffle(fresh)
        _bindings(stage, bind=True)
        _publish(stage, fresh)


@fault("messages that are no events", (SERVERS,))
def rubbish(stage: Stage) -> None:
    """Undecodable, half an event, of an unknown epoch, far beyond the end of the log."""
    assert stage.rabbitmq is not None
    for _ in range(4):
        stage.wait(0.5)
        good = _last(stage, 1)
        for routing, body in good:
            event = json.loads(body)
            forged = [
                b"\xff\x00 not json",
                b"[]",
                b'{"id": 1}',
                json.dumps(event | {"epoch": str(uuid.uuid4())}).encode(),
                json.dumps(event | {"id": str(uuid.uuid4()), "sequence": event["sequence"] + 1_000_000}).encode(),
            ]
            _publish(stage, [(routing, bad) for bad in forged])


@fault("poison events of two services")
def poison(stage: Stage) -> None:
    """Facts that no subscriber can read, each followed by good ones of the same subject: all of them are set aside."""
    stage.wait(0.5)
    for _ in range(4):
        lead, contract = str(uuid.uuid4()), str(uuid.uuid4())
        _write(stage, "leads", "leads.lead.conversion_requested.v1", f"lead/{lead}", {"lead_id": {"not": "a text"}})
        _write(stage, "sales", "sales.contract.approved.v1", f"contract/{contract}", {"lines": 7})
        _write(stage, "leads", "leads.lead.conversion_requested.v1", f"lead/{lead}", {"lead_id": 7})
        stage.wait(0.5)
    stage.wait(1.0)


def _write(stage: Stage, service: str, type_: str, subject: str, data: dict[str, Any]) -> None:
    """A row in a service's log, as a bug in it would leave one."""
    event = str(uuid.uuid4())
    stage.audit.poison.add(event)
    row = {"event": event, "type": type_, "subject": subject, "data": json.dumps(data)}
    with stage.books.writing(service) as connection:
        connection.execute(
            text(
                "INSERT INTO event_log (event_id, type, subject, aggregateversion, time, depth, actor, origin, data)"
                " VALUES (:event, :type, :subject, 0, CURRENT_TIMESTAMP, 0, 'system', 'faults', :data)"
            ),
            row,
        )


@fault("queues purged again and again", (SERVERS,))
def purged(stage: Stage) -> None:
    for _ in range(8):
        stage.wait(0.4)
        _each_queue(stage, lambda channel, queue: channel.queue_purge(queue))


@fault("queues deleted", (SERVERS,))
def deleted(stage: Stage) -> None:
    for _ in range(2):
        stage.wait(1.5)
        _each_queue(stage, lambda channel, queue: channel.queue_delete(queue))


def _each_queue(stage: Stage, act: Any) -> None:
    assert stage.rabbitmq is not None
    names = stage.rabbitmq.control("list_queues", "name").split()
    with stage.rabbitmq.channel() as channel:
        for queue in names:
            if ".from." in queue:
                act(channel, queue)


def _bindings(stage: Stage, *, bind: bool) -> None:
    """Tie the queues to the exchange, or leave them without news."""

    def one(channel: Any, queue: str) -> None:
        source = queue.split(".from.")[1].removesuffix(".v1")
        (channel.queue_bind if bind else channel.queue_unbind)(queue, NAMES.exchange, f"{source}.#")

    _each_queue(stage, one)


def _last(stage: Stage, count: int) -> list[tuple[str, bytes]]:
    found = []
    for name in SERVICES:
        own = stage.books.standing(name)
        found += _messages(stage, name, after=max(0, (own.head if own else 0) - count))
    return found


def _messages(stage: Stage, service: str, *, after: int) -> list[tuple[str, bytes]]:
    """(routing key, body) of the events after a place in a service's log, as its own publisher sends them."""
    with stage.books.reading(service) as connection:
        epoch = event_log.state(connection).epoch
        rows = event_log.read(connection, after=after, limit=5000, source=service, epoch=epoch)
    return [(type_, body) for _, type_, body in rows]


def _publish(stage: Stage, messages: list[tuple[str, bytes]]) -> None:
    assert stage.rabbitmq is not None
    with stage.rabbitmq.channel() as channel:
        for routing, body in messages:
            message = Message(body, content_type="application/cloudevents+json", delivery_mode=2)
            channel.basic_publish(message, exchange=NAMES.exchange, routing_key=routing)
