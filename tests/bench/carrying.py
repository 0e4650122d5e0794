"""What an event costs on PostgreSQL and RabbitMQ: from a committed change to its committed effect."""

import statistics
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg

from chassis.rabbit import Consumer, Names, Publisher
from tests.bench import backends
from tests.bench.carriers import PEERS, Carrier, carrier
from tests.bench.options import Options
from tests.bench.peers import courier
from tests.bench.rows import Row, at_most, best, in_turn, ratio_of, row
from tests.bench.running import until

EVERYBODY = ("ours", *PEERS)


def events_end_to_end(options: Options) -> list[Row]:
    """Business row and event committed, carried, effect committed: events a second with one sender and one receiver."""
    count = options.some(4000)
    with ExitStack() as stack:
        rates = {}
        for name in EVERYBODY:
            sides = stack.enter_context(carrier(name, options.folder))
            sides.start(stack, "receive")
            if sides.is_ours:
                sides.start(stack, "post")
            sender = sides.start(stack, "send")
            sender.order(count=50)
            sides.wait_for(50)

            def rate(sides: Carrier = sides, sender: object = sender) -> float:
                sides.forget()
                began = time.perf_counter()
                sender.order(count=count)  # type: ignore[attr-defined]
                return count / (sides.wait_for(count) - began)

            rates[name] = rate
        found = in_turn(options.runs, rates)
    peer = best(found)
    return [
        row("events_end_to_end", "events/s", "ratio ≥ 1.8", found["ours"], found[peer], peer, reached=ratio_of(1.8))
    ]


def consumer_drain(options: Options) -> list[Row]:
    """Queued events to committed effects, counted from the first effect to the last."""
    count = options.some(10_000)
    with ExitStack() as stack:
        made = {name: stack.enter_context(carrier(name, options.folder)) for name in EVERYBODY}
        found = in_turn(options.runs, {name: partial(_drain, sides, count) for name, sides in made.items()})
    return [
        row("consumer_drain", "events/s", "ratio ≥ 4", found["ours"], found[peer], peer, reached=ratio_of(4))
        for peer in PEERS
    ]


def _drain(sides: Carrier, count: int) -> float:
    with ExitStack() as stack:
        with ExitStack() as first:  # declares the queue where the sender does not
            sides.start(first, "receive")
            if sides.is_ours:
                until(lambda: sides.has_queue())
        if sides.is_ours:
            sides.write_log(count)
            sides.start(stack, "post")
        else:
            with ExitStack() as filling:
                sides.start(filling, "send").order(count=count, book=False)
        until(lambda: backends.queue_length(sides.queue) >= count, step=0.2)
        sides.forget()
        sides.start(stack, "receive")
        began = sides.wait_for(1)
        already = sides.arrivals()
        return (count - already) / (sides.wait_for(count) - began)


def event_latency(options: Options) -> list[Row]:
    """Commit of the change to commit of the effect, at 20 a second; the peers publish right after their commit.

    Beside it, at the same pace, what no path can be faster than that waits for them: one commit, and one message that a
    quorum queue confirms.
    """
    count = options.some(100)
    names = ("ours", "nameko", "faststream")
    halves: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        runs = {}
        for name in names:
            sides = stack.enter_context(carrier(name, options.folder))
            file = sides.folder / "times"
            sides.start(stack, "receive", BENCH_TIMES=str(file))
            if sides.is_ours:
                sides.start(stack, "post")
            sender = sides.start(stack, "send")
            sender.order(count=20, per_second=20)
            sides.wait_for(20)

            def worst(sides: Carrier = sides, sender: object = sender, file: Path = file) -> float:
                sides.forget()
                times = dict(sender.order(count=count, per_second=20, times=True)["times"])  # type: ignore[attr-defined]
                sides.wait_for(count)
                until(lambda: file.read_text().count("\n") >= count)
                effects = [line.split() for line in file.read_text().splitlines()]
                taken = sorted((float(at) - times[key]) * 1000 for key, at in effects if key in times)
                halves[sides.name].append(statistics.median(taken))
                return taken[int(len(taken) * 0.99)]

            runs[name] = worst
        waits = {"floor_commit": _committing(stack), "floor_quorum_publish": _confirming(stack)}
        for name, wait_once in waits.items():
            halves[name] = []
            runs[name] = partial(_worst, wait_once, halves[name], count)
        found = in_turn(options.runs, runs)
    floors = {name: (halves.pop(name), found.pop(name)) for name in waits}
    fastest = best(halves, more_is_better=False)
    lower = {"more_is_better": False}
    return [
        row("event_latency_p50", "ms", "≤ 4", halves["ours"], halves[fastest], fastest, **lower, reached=at_most(4)),  # type: ignore[arg-type]
        row("event_latency_p99", "ms", "≤ 10", found["ours"], found[fastest], fastest, **lower, reached=at_most(10)),  # type: ignore[arg-type]
        *(
            row(f"{name}_{part}", "ms", "–", times, reached=lambda _ours, _ratio: True)
            for name, both in floors.items()
            for part, times in zip(("p50", "p99"), both, strict=True)
        ),
    ]


def _worst(wait_once: Callable[[], object], halves: list[float], count: int) -> float:
    """The 99th percentile of `count` waits at 20 a second, in ms; the median goes into `halves`."""
    taken = []
    for _ in courier.paced(count, 20):
        began = time.perf_counter()
        wait_once()
        taken.append((time.perf_counter() - began) * 1000)
    halves.append(statistics.median(taken))
    return sorted(taken)[int(len(taken) * 0.99)]


def _committing(stack: ExitStack) -> Callable[[], object]:
    connection = stack.enter_context(psycopg.connect(stack.enter_context(backends.scratch("floor")), autocommit=True))
    connection.execute("CREATE TABLE counted (n integer)")
    connection.execute("INSERT INTO counted VALUES (0)")
    return partial(connection.execute, "UPDATE counted SET n = n + 1")


def _confirming(stack: ExitStack) -> Callable[[], object]:
    names = Names(f"bench{uuid.uuid4().hex[:6]}")
    stack.callback(backends.drop_queues, names.queue("floor", "floor"), names.exchange, names.dead)
    Consumer(backends.AMQP, names, consumer="floor", source="floor").close()  # declares the queue
    publisher = Publisher(backends.AMQP, names)
    stack.callback(publisher.close)
    return partial(publisher.publish, [(1, "floor.parcel.sent.v1", b"x" * 1000)], epoch="")


BENCHES = (events_end_to_end, consumer_drain, event_latency)
