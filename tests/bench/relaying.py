"""The stages of an event apart: writing it, sending it to the broker, catching up from a log, living without a broker."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from kombu import Connection, Exchange, Producer

from chassis import event_log, relay
from chassis.db import Database
from chassis.events import publish
from chassis.rabbit import Names, Publisher, declare_queue
from tests.bench.backends import AMQP, drop_queues
from tests.bench.carriers import Carrier, carrier
from tests.bench.options import Options
from tests.bench.post import Parcel, ParcelSent, book
from tests.bench.proxy import Proxy
from tests.bench.rows import Row, at_least, at_most, in_turn, ratio_of, row
from tests.bench.running import until

CHANGES = 300


def emit_cost(options: Options) -> list[Row]:
    """CPU that `publish` adds to an ORM transaction that changes one record, the same without it beside."""
    with carrier("ours", options.folder) as sides, _database(sides) as database:
        parcel_id = book(database, "first")

        def change(place: int, *, with_event: bool) -> float:
            began = time.thread_time()
            with database.transaction() as session:
                parcel = session.get(Parcel, parcel_id)
                assert parcel is not None
                parcel.label = f"{place} {with_event}"
                if with_event:
                    publish(session, ParcelSent(parcel, id=parcel.id, label=parcel.label))
                else:
                    session.flush()
                    session.info.pop("changes", None)
            return time.thread_time() - began

        def added() -> float:
            """In turn, one by one, so that a slow moment of the machine hits both."""
            pairs = [(change(place, with_event=True), change(place, with_event=False)) for place in range(CHANGES)]
            return sum(ours - without for ours, without in pairs) / CHANGES * 1e6

        added()
        found = in_turn(options.runs, {"ours": added})
    return [row("emit_cost", "µs CPU", "≤ 200", found["ours"], reached=at_most(200))]


def relay_confirmed(options: Options) -> list[Row]:
    """Log rows read, sent to a quorum queue, confirmed and marked; kombu waiting for a confirm per message beside."""
    count = options.some(10_000)
    with carrier("ours", options.folder) as sides, _database(sides) as database, Connection(AMQP) as beside:
        names = Names(sides.namespace)
        declare_queue(beside.default_channel, names, consumer="shop", source="post")
        sides.write_log(count)
        with database.connection(write=True) as connection:
            while event_log.number(connection):
                pass
        publisher = Publisher(AMQP, names)

        def ours() -> float:
            _rewind(database)
            began = time.perf_counter()
            while relay.publish_window(database, publisher)[1]:
                pass
            return count / (time.perf_counter() - began)

        def kombu() -> float:
            few, sent = count // 5, 0
            with Connection(AMQP, transport_options={"confirm_publish": True}) as connection:
                producer = Producer(connection, exchange=Exchange(names.exchange, "topic"), auto_declare=False)
                began = time.perf_counter()
                while sent < few:
                    with database.connection() as reading:
                        events = event_log.read(reading, after=sent, limit=relay.WINDOW, source="post", epoch="e")
                    for sequence, type_, body in events:
                        producer.publish(
                            body, routing_key=type_, content_type="application/cloudevents+json", content_encoding="utf-8",
                            delivery_mode=2, headers={"sequence": sequence},
                        )  # fmt: skip
                    sent = events[-1][0]
                return sent / (time.perf_counter() - began)

        ours()
        found = in_turn(options.runs, {"ours": ours, "kombu": kombu})
        publisher.close()
    goal = {"goal": "ratio ≥ 3", "reached": ratio_of(3)}
    return [row("relay_confirmed", "events/s", ours=found["ours"], peer=found["kombu"], peer_name="kombu", **goal)]  # type: ignore[arg-type]


def pull_repair(options: Options, count: int = 0) -> list[Row]:
    """A receiver far behind and without a broker: the log pulled over HTTP until the last effect is committed."""
    count = count or options.some(100_000)
    with carrier("ours", options.folder) as sides, ExitStack() as stack:
        sides.bus = ""
        sides.write_log(count)
        sides.start(stack, "post")
        until(lambda: sides.numbered() >= count, seconds=120, step=0.2)

        def rate() -> float:
            sides.start_over()
            with ExitStack() as receiving:
                sides.start(receiving, "receive")
                began = sides.wait_for(1)
                already = sides.arrivals()
                return (count - already) / (sides.wait_for(count, seconds=600) - began)

        found = in_turn(options.runs, {"ours": rate})
    return [row("pull_repair", "events/s", "≥ 8000", found["ours"], reached=at_least(8000))]


def broker_away(options: Options) -> list[Row]:
    """The broker cut off under load: seconds until effects go on by pulling, and until all is settled after its return."""
    settled: list[float] = []
    with carrier("ours", options.folder) as sides, Proxy(AMQP) as proxy, ExitStack() as stack:
        sides.bus = proxy.url
        for role in ("receive", "post"):
            sides.start(stack, role)
        sender = sides.start(stack, "send")
        sender.order(count=20)
        sides.wait_for(20)

        def taking_over() -> float:
            sides.forget()
            proxy.cut()
            began = time.perf_counter()
            sender.order(count=100, per_second=100)
            over = sides.wait_for(1, seconds=30) - began
            sides.wait_for(100, seconds=30)
            proxy.mend()
            back = time.perf_counter()
            sender.order(count=100, per_second=100)
            until(
                lambda: sides.arrivals() >= 200 and sides.unpublished() == 0 and sides.waiting() == 0,
                seconds=60,
                step=0.05,
            )
            settled.append(time.perf_counter() - back)
            return over

        found = in_turn(options.runs, {"ours": taking_over})
    return [
        row("broker_away_takeover", "s", "≤ 2", found["ours"], reached=at_most(2)),
        row("broker_away_settled", "s", "≤ 10", settled, reached=at_most(10)),
    ]


def _rewind(database: Database) -> None:
    with database.connection(write=True) as connection:
        connection.execute(event_log.STATE.update().values(published=0))


@contextmanager
def _database(sides: Carrier) -> Iterator[Database]:
    database = Database(sides.sender_url, service="post")
    yield database
    database.close()
    drop_queues(sides.queue)


BENCHES = (relay_confirmed, emit_cost, pull_repair, broker_away)
