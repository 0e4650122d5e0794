"""Nothing lost, nothing twice, in order: the log, its numbering, the feed, the broker and the cursor."""

import threading
import uuid
from pathlib import Path
from typing import Any

import kombu
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from chassis import consumer, cursors, event_log, follower, parked, replay
from chassis.causation import MAX_DEPTH, Cause, because
from chassis.changes import UnpublishedChange
from chassis.db import Database, is_transient
from chassis.events import LoopDetected, publish
from chassis.feed import FeedClient, FeedUnavailable
from chassis.rabbit import Names
from chassis.subscriptions import Received, Subscriptions
from tests.shared.chassis import backbone
from tests.shared.chassis.backbone import (
    AMQP,
    Arrival,
    Parcel,
    ParcelSent,
    Producer,
    arrivals,
    databases,
    following,
    relabel,
    send,
    subscriptions,
    until,
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A producer's and a consumer's database."""
    if request.param == "postgresql" and backbone.backend_missing(5432):
        pytest.skip("PostgreSQL is not reachable")
    with databases(request.param, tmp_path, ("post", "shop")) as made:
        yield made


@pytest.fixture
def producer(pair: list[Database]) -> Any:
    running = Producer(pair[0])
    yield running
    running.close()


def all_events(database: Database) -> list[Any]:
    """The whole log as a consumer would receive it."""
    with database.connection(write=True) as connection:
        while event_log.number(connection):
            pass
    with database.connection() as connection:
        epoch = event_log.state(connection).epoch
        rows = event_log.read(connection, after=0, limit=10_000, source="post", epoch=epoch)
    import orjson

    from chassis.subscriptions import received

    return [received(orjson.loads(body)) for _, _, body in rows]


def test_an_event_and_its_change_are_committed_together_or_not_at_all(pair: list[Database]) -> None:
    post, _ = pair
    with pytest.raises(RuntimeError), post.transaction() as session:  # noqa: PT012 - the block is the transaction
        parcel = Parcel(label="lost")
        session.add(parcel)
        session.flush()
        publish(session, ParcelSent(parcel, parcel_id=parcel.id, label="lost"))
        raise RuntimeError
    send(post, "kept")
    assert [event.data["label"] for event in all_events(post)] == ["kept"]


def test_a_record_changed_without_an_event_is_refused_at_commit(pair: list[Database]) -> None:
    post, _ = pair
    parcel_id = send(post, "before")
    with pytest.raises(UnpublishedChange, match="label"), post.transaction() as session:
        session.get(Parcel, parcel_id).label = "after"  # type: ignore[union-attr]
    with post.reading() as session:
        assert session.get(Parcel, parcel_id).label == "before"  # type: ignore[union-attr]


def test_an_event_carries_the_change_set_with_personal_values_apart(pair: list[Database]) -> None:
    post, _ = pair
    send(post, "books", receiver="王芳")
    with post.reading() as session:
        row = session.execute(select(event_log.LOG)).one()
    assert '"label":[null,"books"]' in row.changes
    assert "王芳" not in row.changes + row.data
    assert '"receiver":[null,"王芳"]' in row.personal
    assert all_events(post)[0].data["receiver"] == "王芳"


def test_a_chain_of_events_that_never_ends_is_refused(pair: list[Database]) -> None:
    with pytest.raises(LoopDetected), because(Cause(depth=MAX_DEPTH + 1)):
        send(pair[0], "again")


def test_numbering_is_gapless_and_skips_no_late_commit(pair: list[Database]) -> None:
    post, _ = pair
    if post.is_sqlite:
        pytest.skip("SQLite has one writer: its row id is the sequence")
    first = send(post, "first")
    late = post.engine.connect()
    transaction = late.begin()
    row = dict(late.execute(select(event_log.LOG)).mappings().one())
    late.execute(event_log.INSERT, {**row, "id": None, "sequence": None, "event_id": str(uuid.uuid4())} | {"id": 999})
    send(post, "second")
    assert [event.sequence for event in all_events(post)] == [1, 2]
    transaction.commit()
    late.close()
    events = all_events(post)
    assert [event.sequence for event in events] == [1, 2, 3]
    assert events[0].subject_id == first
    assert events[2].subject_id == first


def test_a_page_of_large_events_ends_early_and_the_next_goes_on(
    pair: list[Database], producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "PAGE_BYTES", 1)
    for place in range(3):
        send(pair[0], f"p{place}")
    all_events(pair[0])
    with pair[0].connection() as connection:
        pages = [event_log.read(connection, after=after, limit=9, source="post", epoch="e") for after in range(4)]
    assert [[row[0] for row in page] for page in pages] == [[1], [2], [3], []]
    page = FeedClient(producer.url, token=lambda: "test").read(after=0)
    assert (len(page.events), page.scanned_through, page.head) == (1, 1, 3)


def test_a_statement_that_cannot_work_is_not_taken_for_a_database_that_is_away(pair: list[Database]) -> None:
    post, _ = pair
    with pytest.raises(Exception, match="nowhere") as failed, post.reading() as session:
        session.execute(text("SELECT 1 FROM nowhere"))
    assert not is_transient(failed.value)
    assert is_transient(OperationalError("SELECT 1", {}, Exception("connection refused")))


def test_a_consumer_follows_the_feed_without_a_broker(pair: list[Database], producer: Producer) -> None:
    post, shop = pair
    ids = [send(post, f"p{place}") for place in range(60)]
    with following(shop, subscriptions(), url=producer.url):
        until(lambda: arrivals(shop) == 60)
        relabel(post, ids[0], "new label")
        until(lambda: label_of(shop, ids[0]) == "new label")
    with shop.reading() as session:
        assert {row.times for row in session.execute(select(Arrival)).scalars()} == {1}


def test_a_source_counts_as_heard_only_when_all_it_had_said_is_applied(pair, producer, monkeypatch):
    post, shop = pair
    monkeypatch.setattr(follower, "PULL_LIMIT", 3)
    for number in range(8):
        send(post, str(number))
    until(lambda: len(all_events(post)) == 8)
    seen: list[int] = []
    with following(shop, subscriptions(), url=producer.url, on_contact=lambda: seen.append(arrivals(shop))):
        until(lambda: seen)
    assert seen == [8]


def label_of(database: Database, parcel_id: str) -> str | None:
    with database.reading() as session:
        row = session.get(Arrival, parcel_id)
        return row.label if row else None


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_duplicates_and_disorder_end_in_the_same_state(tmp_path_factory: Any, data: Any) -> None:
    folder = tmp_path_factory.mktemp("disorder")
    with databases("sqlite", folder, ("post", "shop")) as (post, shop):
        ids = [send(post, f"p{place}") for place in range(6)]
        relabel(post, ids[1], "x")
        relabel(post, ids[1], "y")
        events = all_events(post)
        group = subscriptions().groups["arrivals"]
        for _ in range(6):
            some = data.draw(st.lists(st.sampled_from(events), unique_by=lambda event: event.sequence))
            consumer.apply(shop, source="post", group=group, events=sorted(some, key=lambda event: event.sequence))
        consumer.apply(shop, source="post", group=group, events=events)
        with shop.reading() as session:
            rows = session.execute(select(Arrival.times, Arrival.label).order_by(Arrival.id)).all()
        assert [tuple(row) for row in rows] == [(1, label) for label in ("p0", "y", "p2", "p3", "p4", "p5")]


def test_a_hole_in_the_stream_is_found_and_nothing_behind_it_applied(pair: list[Database]) -> None:
    post, shop = pair
    for place in range(4):
        send(post, f"p{place}")
    events = all_events(post)
    group = subscriptions().groups["arrivals"]
    done = consumer.apply(shop, source="post", group=group, events=[events[0], events[2], events[3]])
    assert (done.position, done.gap, done.count) == (1, True, 1)
    done = consumer.apply(shop, source="post", group=group, events=events)
    assert (done.position, done.gap) == (4, False)


def test_poison_is_parked_with_what_follows_it_and_everything_else_goes_on(pair: list[Database]) -> None:
    post, shop = pair
    bad = send(post, "poison")
    good = [send(post, f"p{place}") for place in range(3)]
    relabel(post, bad, "still poison behind")
    broken = {"now": True}
    on = subscriptions(poison=lambda event: broken["now"] and "poison" in event.data["label"])
    consumer.apply(shop, source="post", group=on.groups["arrivals"], events=all_events(post))
    assert arrivals(shop) == len(good)
    with shop.reading() as session:
        rows = parked.listing(session)
    assert [(row.state, row.subject) for row in rows] == [("retry", f"parcel/{bad}"), ("behind", f"parcel/{bad}")]
    assert "Poison: poison" in rows[0].reason
    broken["now"] = False
    until(lambda: parked.retry_due(shop, on.groups) or None)
    until(lambda: parked.retry_due(shop, on.groups) or None)
    assert label_of(shop, bad) == "still poison behind"
    with shop.reading() as session:
        assert parked.listing(session) == []


def test_a_parked_event_is_given_up_after_its_tries_and_can_be_dropped(pair: list[Database]) -> None:
    post, shop = pair
    send(post, "poison")
    on = subscriptions(poison=lambda event: True)
    consumer.apply(shop, source="post", group=on.groups["arrivals"], events=all_events(post))
    with shop.reading() as session:
        (row,) = parked.listing(session)
    for _ in range(parked.MAX_ATTEMPTS):
        parked.retry(shop, row.id, on.groups)
    with shop.reading() as session:
        (row,) = parked.listing(session)
    assert row.state == "parked"
    assert row.next_at is None
    assert row.attempts >= parked.MAX_ATTEMPTS
    assert parked.drop(shop, row.id)
    assert not parked.drop(shop, row.id)


def test_dropping_what_waits_behind_does_not_let_anything_overtake_the_head(pair: list[Database]) -> None:
    post, shop = pair
    bad = send(post, "poison")
    for label in ("second", "third"):
        relabel(post, bad, label)
    on = subscriptions(poison=lambda event: True)
    consumer.apply(shop, source="post", group=on.groups["arrivals"], events=all_events(post))
    with shop.reading() as session:
        _, second, _ = parked.listing(session)
    assert parked.drop(shop, second.id)
    with shop.reading() as session:
        assert [row.state for row in parked.listing(session)] == ["retry", "behind"]


def test_a_reaction_that_changes_a_record_in_silence_is_parked_and_stops_nobody(pair: list[Database]) -> None:
    post, shop = pair
    changed = send(shop, "mine")
    for place in range(3):
        send(post, f"p{place}")
    on = Subscriptions()

    @on("post.parcel.sent.v1", group="silent", kind="reaction")
    def arrived(session: Session, event: Received) -> None:
        if event.data["label"] == "p1":
            session.get(Parcel, changed).label = "changed"  # type: ignore[union-attr]

    done = consumer.apply(shop, source="post", group=on.groups["silent"], events=all_events(post))
    assert done.position == 3
    with shop.reading() as session:
        assert [(row.state, row.sequence) for row in parked.listing(session)] == [("retry", 2)]
        assert session.get(Parcel, changed).label == "mine"  # type: ignore[union-attr]


def test_a_missing_reference_waits_and_is_settled_when_it_comes(pair: list[Database]) -> None:
    post, shop = pair
    parcel_id = send(post, "late")
    relabel(post, parcel_id, "known")
    sent, relabelled = all_events(post)
    group = subscriptions().groups["arrivals"]
    early = type(relabelled)(**{name: getattr(relabelled, name) for name in type(sent).__slots__} | {"sequence": 1})
    consumer.apply(shop, source="post", group=group, events=[early])
    with shop.reading() as session:
        assert [row.state for row in parked.listing(session)] == ["waiting"]
    later = type(sent)(
        **{name: getattr(sent, name) for name in type(sent).__slots__} | {"sequence": 2, "subject": "x/1"}
    )
    consumer.apply(shop, source="post", group=group, events=[later])
    assert parked.retry_due(shop, {"arrivals": group}, hurry=True) == 1
    assert label_of(shop, parcel_id) == "known"


def test_two_consumers_at_once_apply_each_event_once(pair: list[Database]) -> None:
    post, shop = pair
    for place in range(40):
        send(post, f"p{place}")
    events = all_events(post)
    group = subscriptions().groups["arrivals"]
    errors: list[Exception] = []

    def run() -> None:
        try:
            for start in range(0, 40, 5):
                consumer.apply(shop, source="post", group=group, events=events[start : start + 5])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    consumer.apply(shop, source="post", group=group, events=events)
    with shop.reading() as session:
        assert [row.times for row in session.execute(select(Arrival)).scalars()] == [1] * 40
    assert all("cursor" in str(error) or "event_cursors" in str(error) for error in errors)


def test_a_restored_producer_is_not_misread(pair: list[Database], producer: Producer) -> None:
    post, shop = pair
    kept = [send(post, f"kept{place}") for place in range(3)]
    on = subscriptions()
    with following(shop, on, url=producer.url):
        until(lambda: arrivals(shop) == 3)
        lost = send(post, "lost by the restore")
        until(lambda: arrivals(shop) == 4)
        with post.connection(write=True) as connection:  # what restoring an older backup does to the log
            connection.execute(text("DELETE FROM event_log WHERE subject = :s"), {"s": f"parcel/{lost}"})
            if post.is_sqlite:
                connection.execute(text("UPDATE sqlite_sequence SET seq = 3 WHERE name = 'event_log'"))
            connection.execute(update(event_log.STATE).values(numbered=0 if post.is_sqlite else 3))
            event_log.renew_epoch(connection)
        again = send(post, "made after the restore")
        until(lambda: label_of(shop, again) == "made after the restore")
    with shop.reading() as session:
        counted = {row.id: row.times for row in session.execute(select(Arrival)).scalars()}
        row = cursors.peek(session.connection(), source="post", groups=["arrivals"])["arrivals"]
    assert counted == dict.fromkeys([*kept, lost, again], 1)
    assert row.position == 4


def test_the_feed_refuses_strangers_and_nonsense(producer: Producer) -> None:
    with pytest.raises(FeedUnavailable, match="401"):
        FeedClient(producer.url, token=lambda: "stolen").read(after=0)
    import urllib3

    answer = urllib3.request("GET", f"{producer.url}/events?after=x", headers={"Authorization": "Bearer test"})
    assert answer.status == 400


def test_events_reach_a_consumer_through_rabbitmq_in_order(pair: list[Database], names: Names) -> None:
    post, shop = pair
    producer = Producer(post, names=names)
    with following(shop, subscriptions(), url=producer.url, names=names):
        ids = [send(post, f"p{place}") for place in range(30)]
        for parcel_id in ids:
            relabel(post, parcel_id, "through the broker")
        until(lambda: all(label_of(shop, parcel_id) == "through the broker" for parcel_id in ids))
    producer.close()


def test_a_group_that_waits_for_nothing_of_what_came_is_moved_on_all_the_same(pair, names):
    post, shop = pair
    on = subscriptions()
    on("post.parcel.lost.v1", group="losses", kind="reaction")(lambda session, event: None)
    running = Producer(post, names=names)

    def passed() -> bool:
        with shop.reading() as session:
            found = cursors.peek(session.connection(), source="post", groups=["losses"])
        return "losses" in found and found["losses"].position == 5

    with following(shop, on, url=running.url, names=names):
        for place in range(5):
            send(post, f"p{place}")
        until(passed)
        until(lambda: arrivals(shop) == 5)
    running.close()


def test_a_service_follows_its_own_log_only_for_what_its_own_events_mean_to_it() -> None:
    on = Subscriptions()
    on("*.parcel.sent.v1", group="theirs", kind="reaction", elsewhere=True)(lambda session, event: None)
    assert sorted(on.sources(["post", "shop"], own="shop")) == ["post"]
    on("*.parcel.lost.v1", group="losses", kind="reaction")(lambda session, event: None)
    assert sorted(on.sources(["post", "shop"], own="shop")) == ["post", "shop"]


def test_a_purged_queue_is_refilled_from_the_log(pair: list[Database], names: Names) -> None:
    post, shop = pair
    producer = Producer(post, names=names)
    with following(shop, subscriptions(), url=producer.url, names=names):
        send(post, "first")
        until(lambda: arrivals(shop) == 1)
    for place in range(20):
        send(post, f"p{place}")
    until(lambda: published(post) == 21)
    with kombu.Connection(AMQP) as connection:
        connection.channel().queue_purge(names.queue("shop", "post"))
    with following(shop, subscriptions(), url=producer.url, names=names):
        until(lambda: arrivals(shop) == 21)
    producer.close()


def published(database: Database) -> int:
    with database.connection() as connection:
        return int(event_log.state(connection).published)


def test_a_rebuilt_projection_equals_the_live_one_and_a_damaged_one_is_found(
    pair: list[Database], producer: Producer
) -> None:
    post, shop = pair
    on = subscriptions()
    group = on.groups["arrivals"]
    ids = [send(post, f"p{place}") for place in range(10)]
    relabel(post, ids[3], "changed")
    with following(shop, on, url=producer.url):
        until(lambda: label_of(shop, ids[3]) == "changed" and arrivals(shop) == 10)
    client = FeedClient(producer.url, token=lambda: "test")

    def read(source: str, after: int) -> Any:
        return client.read(after=after).events

    assert replay.rebuild(shop, group, sources=["post"], read=read, swap=False).equal
    with shop.transaction() as session:
        session.execute(update(Arrival).values(label="damaged"))
    report = replay.rebuild(shop, group, sources=["post"], read=read, swap=True)
    assert not report.equal
    assert report.tables[0].live_rows == report.tables[0].rebuilt_rows == 10
    assert label_of(shop, ids[3]) == "changed"
    assert replay.rebuild(shop, group, sources=["post"], read=read, swap=False).equal
