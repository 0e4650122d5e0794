"""The bus beside a broker that is silent and a clock that is set back."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from chassis import clock, consumer, event_log, parked
from chassis.db import Database
from chassis.rabbit import BrokerAway
from chassis.subscriptions import received
from tests.shared.chassis.backbone import Arrival, Producer, arrivals, databases, following, send, subscriptions, until


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[list[Database]]:
    """A producer's and a consumer's database; none of this depends on which kind they are."""
    with databases("sqlite", tmp_path, ("post", "shop")) as made:
        yield made


def test_a_broker_that_takes_the_line_and_says_nothing_does_not_keep_a_consumer_from_pulling(
    pair: list[Database],
) -> None:
    post, shop = pair
    producer = Producer(post)
    answered = threading.Event()

    def connect() -> Any:
        answered.wait(20)
        raise BrokerAway("it never spoke")

    with following(shop, subscriptions(), url=producer.url, connect=connect):
        for count in range(1, 4):
            send(post, f"p{count}")
            until(lambda count=count: arrivals(shop) == count, seconds=5)
        assert not answered.is_set()
        answered.set()
    producer.close()


def test_what_waits_for_its_next_try_does_not_wait_longer_when_the_clock_is_set_back(
    pair: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    post, shop = pair
    bad = send(post, "poison")
    broken = {"now": True}
    on = subscriptions(poison=lambda event: broken["now"])
    monkeypatch.setattr(clock, "_offset", timedelta(hours=3))
    with post.connection() as connection:
        epoch = event_log.state(connection).epoch
        rows = event_log.read(connection, after=0, limit=10, source="post", epoch=epoch)
    events = [received(orjson.loads(body)) for _, _, body in rows]
    consumer.apply(shop, source="post", group=on.groups["arrivals"], events=events)
    monkeypatch.setattr(clock, "_offset", timedelta())
    broken["now"] = False
    assert parked.retry_due(shop, on.groups) == 1
    with shop.reading() as session:
        assert session.execute(select(Arrival.id)).scalars().all() == [bad]
