"""Numbers are given once and without a hole, and what was numbered reaches the broker from memory or from the log."""

import threading
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import clock, event_log, relay
from chassis.db import Database
from chassis.events import publish
from chassis.ids import uuid7
from chassis.rabbit import Consumer, Names
from chassis.subscriptions import Received
from tests.shared.chassis import backbone
from tests.shared.chassis.backbone import AMQP, Parcel, ParcelSent, Producer, databases, send, until


@pytest.fixture(scope="module")
def numbering(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A PostgreSQL log."""
    if backbone.backend_missing(5432):
        pytest.skip("PostgreSQL is not reachable")
    with databases("postgresql", tmp_path_factory.mktemp("numbering"), ("post",)) as (post,):
        yield post


def written(post: Database, rows: list[tuple[str, int]]) -> list[Any]:
    """What numbering gives (subject, version) rows that were committed together, and nothing before."""
    now = clock.now()
    with post.connection(write=True) as connection:
        connection.execute(event_log.LOG.delete())
        for subject, version in rows:
            event_log.write(
                connection,
                {"event_id": uuid7(), "type": "post.parcel.sent.v1", "subject": subject, "aggregateversion": version,
                 "time": now, "correlation_id": None, "causation_id": None, "depth": 0, "actor": "system", "origin": "test",
                 "traceparent": None, "data": "{}", "personal": None, "changes": None},
            )  # fmt: skip
    with post.at_once() as connection:
        return event_log.number(connection)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5)), max_size=30))
def test_numbering_keeps_versions_ascending_within_a_subject(numbering: Database, rows: list[tuple[str, int]]) -> None:
    result = written(numbering, rows)
    assert [row.sequence for row in result] == list(
        range(result[0].sequence, result[0].sequence + len(rows)) if rows else []
    )
    assert [row.subject for row in result] == [subject for subject, _ in rows]
    for subject in "abc":
        versions = [row.aggregateversion for row in result if row.subject == subject]
        assert versions == sorted(version for name, version in rows if name == subject)


def test_an_event_without_a_version_keeps_its_place_among_those_of_its_subject(numbering: Database) -> None:
    result = written(numbering, [("a", 2), ("a", 0), ("a", 1), ("b", 0)])
    assert [(row.subject, row.aggregateversion) for row in result] == [("a", 1), ("a", 0), ("a", 2), ("b", 0)]


def test_who_expects_another_last_sequence_numbers_nothing(numbering: Database) -> None:
    last = written(numbering, [("a", 1)])[-1].sequence
    send(numbering, "late")
    with numbering.at_once() as connection:
        assert event_log.number(connection, expected=last - 1) == []
        assert [row.sequence for row in event_log.number(connection, expected=last)] == [last + 1]
        assert event_log.number(connection, expected=last + 1) == []
        assert event_log.head(connection) == last + 1


def test_two_who_number_at_once_leave_no_hole_and_double_nothing(numbering: Database) -> None:
    written(numbering, [])
    given: list[int] = []
    stopping = threading.Event()

    def keep_numbering() -> None:
        with numbering.at_once() as connection:
            while not stopping.is_set():
                given.extend(row.sequence for row in event_log.number(connection))

    with numbering.connection() as connection:
        before = event_log.head(connection)
    threads = [threading.Thread(target=keep_numbering) for _ in range(3)]
    for thread in threads:
        thread.start()
    for place in range(40):
        send(numbering, f"p{place}")
    until(lambda: len(given) >= 40)
    stopping.set()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(before + 1, before + 41))


def test_what_is_too_much_to_hand_over_in_memory_is_published_from_the_log(
    names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "HANDED", 3)
    with databases("postgresql", tmp_path, ("post",)) as (post,):
        queue = Consumer(AMQP, names, consumer="shop", source="post")
        running = Producer(post, names=names)
        labels = ["x" * (event_log.HANDED_BYTES + 1) if place % 5 == 4 else f"p{place}" for place in range(20)]
        with post.transaction() as session:  # at once, so that one pass numbers them all
            for label in labels:
                parcel = Parcel(label=label)
                session.add(parcel)
                session.flush()
                publish(session, ParcelSent(parcel, parcel_id=parcel.id, label=label))
        arrived: list[Received] = []
        until(lambda: arrived.extend(queue.batch(size=50, timeout=0.1)[0]) or len(arrived) >= len(labels))
        assert [event.sequence for event in arrived] == list(range(1, len(labels) + 1))
        assert [event.data["label"] for event in arrived] == labels
        queue.close()
        running.close()


def test_events_handed_over_in_memory_are_taken_in_order_and_only_without_a_hole() -> None:
    Row = namedtuple("Row", "sequence data")
    fresh = relay.Fresh()
    fresh.put([Row(place, "{}") for place in (3, 4, 5)])
    fresh.put([Row(6, None), Row(7, "{}")])
    assert fresh.take(after=1) == []  # 2 must come from the log
    assert [row.sequence for row in fresh.take(after=3)] == [4, 5]  # 3 was read from the log meanwhile
    assert fresh.take(after=5) == []
    assert [row.sequence for row in fresh.take(after=6)] == [7]
    assert fresh.head == 7
