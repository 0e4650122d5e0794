"""What an event costs: writing it, carrying it, catching up. Embedded (SQLite, logs pulled)."""

import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

from chassis.db import Database
from chassis.events import publish
from chassis.feed import FeedClient
from tests.bench.rows import row
from tests.shared.chassis.backbone import (
    Parcel,
    ParcelSent,
    Producer,
    arrivals,
    databases,
    following,
    send,
    subscriptions,
    until,
)

CHANGES = 300
BEHIND = 10_000


def emit_cost(folder: Path, runs: int) -> dict[str, Any]:
    """CPU that `publish` adds to an ORM transaction changing one record, the transaction without it beside."""
    with databases("sqlite", _own(folder, "emit"), ("post",)) as (post,):
        parcel_id = send(post, "first")

        def changing(with_event: bool) -> float:
            began = time.thread_time()
            for place in range(CHANGES):
                with post.transaction() as session:
                    parcel = session.get(Parcel, parcel_id)
                    assert parcel is not None
                    parcel.label = f"{place} {with_event}"
                    if with_event:
                        publish(session, ParcelSent(parcel, parcel_id=parcel.id, label=parcel.label))
                    else:
                        session.flush()
                        session.info.pop("changes", None)
            return (time.thread_time() - began) / CHANGES * 1e6

        changing(True)
        return row("emit_cost", "µs CPU", "≤ 200", runs, lambda: changing(True) - changing(False))


def event_latency(folder: Path, runs: int) -> dict[str, Any]:
    """Commit to committed effect at 20 events a second; the median of each run's median."""
    with databases("sqlite", _own(folder, "latency"), ("post", "shop")) as (post, shop):
        producer = Producer(post)
        with following(shop, subscriptions(), url=producer.url):
            sent = 0

            def median() -> float:
                nonlocal sent
                taken = []
                for _ in range(20):
                    send(post, "parcel")
                    sent += 1
                    began = time.perf_counter()
                    until(partial(_arrived, shop, sent))
                    taken.append((time.perf_counter() - began) * 1000)
                    time.sleep(0.05)
                return statistics.median(taken)

            made = row("event_latency", "ms", "p50 ≤ 4", runs, median, more_is_better=False)
        producer.close()
        return made


def pull_repair(folder: Path, runs: int) -> dict[str, Any]:
    """Reading a log over HTTP from far behind, decoded and ready to apply."""
    with databases("sqlite", _own(folder, "pull"), ("post",)) as (post,):
        with post.transaction() as session:
            for place in range(BEHIND):
                parcel = Parcel(label=str(place))
                session.add(parcel)
                publish(session, ParcelSent(parcel, parcel_id=parcel.id, label=parcel.label))
        producer = Producer(post)
        client = FeedClient(producer.url, token=lambda: "test")

        def rate() -> float:
            began, after = time.perf_counter(), 0
            while page := client.read(after=after).events:
                after = page[-1].sequence
            assert after == BEHIND
            return BEHIND / (time.perf_counter() - began)

        made = row("pull_repair", "events/s", "≥ 8000", runs, rate)
        producer.close()
        return made


def _arrived(shop: Database, count: int) -> bool:
    return arrivals(shop) >= count


def _own(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


BENCHES = (emit_cost, event_latency, pull_repair)
