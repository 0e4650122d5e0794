"""A change to the event log shows, wherever it is made; erasing personal values and archiving old months is none."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from chassis import archive, clock, event_log, internal
from chassis.audit import anchors, seals, searching, verifying
from chassis.audit.verifying import Seen, Verdict
from chassis.db import Database
from chassis.settings import Settings
from chassis.subscriptions import Received
from tests.shared.chassis import backbone
from tests.shared.chassis.backbone import databases, send

DAY = datetime(2026, 3, 10, 4, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql" and backbone.backend_missing(5432):
        pytest.skip("PostgreSQL is not reachable")
    with databases(request.param, tmp_path, ("post",)) as made:
        yield made[0]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(service="post", data=str(tmp_path), time_zone="Asia/Shanghai", archive_after_months=2)


def fill(database: Database, count: int = 9, *, at: datetime = DAY) -> None:
    """Events, numbered and sealed three at a time."""
    with clock.at(at):
        for place in range(count):
            send(database, f"parcel {place}", receiver="李四")
        with database.connection(write=True) as connection:
            event_log.number(connection)
        while seals.seal(database):
            pass


@pytest.fixture(autouse=True)
def _small_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "AT_ONCE", 3)
    monkeypatch.setattr(archive, "AT_ONCE", 4)


def verdict(database: Database, settings: Settings, seen: Any = ()) -> Verdict:
    with database.connection() as connection:
        known = verifying.own_anchors(connection, "post", witness="post")
        known += verifying.anchors_in(anchors.file_of(settings))
        return verifying.verify(connection, anchors=known, seen=seen)


def run(database: Database, *statements: str) -> None:
    with database.connection(write=True) as connection:
        for statement in statements:
            connection.execute(text(statement.replace("POSITION", "id" if database.is_sqlite else "sequence")))


def test_an_untouched_log_is_whole_and_every_event_sealed(post: Database, settings: Settings) -> None:
    fill(post)
    found = verdict(post, settings)
    assert (found.whole, found.events, found.sealed, found.notes) == (True, 9, 9, [])


@pytest.mark.parametrize(
    ("statement", "at", "reason"),
    [
        ("UPDATE event_log SET data = replace(data, 'parcel 4', 'parcel 5') WHERE POSITION = 5", 5, "event 5 .* changed"),
        ("UPDATE event_log SET actor = 'nobody' WHERE POSITION = 3", 3, "event 3 .* changed"),
        ("UPDATE event_log SET changes = NULL WHERE POSITION = 9", 9, "event 9 .* changed"),
        ("DELETE FROM event_log WHERE POSITION = 6", 6, "event 6 is missing"),
        ("DELETE FROM event_log WHERE POSITION > 7", 8, "event 8 is missing"),
        ("DELETE FROM event_seals WHERE last = 6", 4, "the seal of the events from 4 on is missing"),
        ("UPDATE event_seals SET chain = salt WHERE last = 6", 4, "the seal of the events 4 to 6 was changed"),
    ],
)  # fmt: skip
def test_a_change_is_named_by_the_event_it_hit(
    post: Database, settings: Settings, statement: str, at: int, reason: str
) -> None:
    fill(post)
    run(post, statement)
    found = verdict(post, settings)
    assert found.break_at == at
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.reason)


def test_two_swapped_events_are_noticed_at_the_first(post: Database, settings: Settings) -> None:
    fill(post)
    steps = ((1000, 4), (4, 7), (7, 1000))
    run(post, *(f"UPDATE event_log SET POSITION = {to} WHERE POSITION = {place}" for to, place in steps))
    assert verdict(post, settings).break_at == 4


def test_a_tail_cut_off_with_its_seals_is_known_by_the_count_the_anchors_and_the_readers(
    post: Database, settings: Settings
) -> None:
    fill(post, 6)
    with clock.at(DAY + timedelta(days=1)):
        assert anchors.anchor(post, settings)
    fill(post, 3, at=DAY + timedelta(days=1))
    run(post, "DELETE FROM event_seals WHERE last > 3", "DELETE FROM event_log WHERE POSITION > 3")
    found = verdict(post, settings)
    assert (found.break_at, "were cut off" in found.reason) == (4, True)
    if post.is_sqlite:  # whoever can cut can count down too
        run(post, "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'event_log'")
    else:
        run(post, "UPDATE event_log_state SET numbered = 3")
    found = verdict(post, settings)
    assert (found.break_at, "anchored" in found.reason) == (4, True)
    run(post, "DELETE FROM audit_anchors")
    assert verdict(post, settings).break_at == 4, "the folder still holds the anchor"
    anchors.file_of(settings).unlink()
    assert verdict(post, settings).whole
    with post.connection() as connection:
        epoch = event_log.state(connection).epoch
    assert verdict(post, settings, [Seen("shop", 10, epoch)]).break_at == 4


def test_a_chain_made_anew_from_a_changed_log_is_not_the_anchored_one(post: Database, settings: Settings) -> None:
    fill(post, 6)
    with clock.at(DAY + timedelta(days=1)):
        assert anchors.anchor(post, settings)
    run(post, "UPDATE event_log SET actor = 'nobody' WHERE POSITION = 2", "DELETE FROM event_seals")
    while seals.seal(post):
        pass
    found = verdict(post, settings)
    assert (found.break_at, "not the one that was anchored" in found.reason) == (6, True)


def test_the_log_is_anchored_once_a_day_and_not_on_its_first(post: Database, settings: Settings) -> None:
    with clock.at(DAY):
        assert not anchors.anchor(post, settings)
    fill(post)
    with clock.at(DAY + timedelta(hours=2)):
        assert not anchors.anchor(post, settings)
    for day, done in ((1, True), (1, False), (2, True)):
        with clock.at(DAY + timedelta(days=day)):
            with post.connection(write=True) as connection:
                event_log.number(connection)
            while seals.seal(post):
                pass
            assert anchors.anchor(post, settings) is done
    found = verdict(post, settings)
    assert (found.whole, found.anchors) == (True, 4)
    assert [item.sequence for item in verifying.anchors_in(anchors.file_of(settings))] == [9, 10]


def test_a_witness_takes_an_anchor_down_once_and_says_so_in_its_own_log(post: Database) -> None:
    on = anchors.subscriptions("gateway")
    group = on.groups["audit"]
    subscription = group.match("sales.audit.anchored.v1")
    assert subscription is not None
    assert anchors.subscriptions("sales").groups["audit"].match("leads.audit.anchored.v1") is None
    data = {"sequence": 7, "chain": "ab" * 32, "epoch": "e", "anchored_at": clock.iso(DAY)}
    event = Received("i", "sales", "sales.audit.anchored.v1", "anchor/sales-7", DAY, 8, "e", 0, data)
    for _ in range(2):
        with post.transaction() as session:
            subscription.handle(session, subscription.load(event))
    with post.connection() as connection:
        types = connection.execute(select(event_log.LOG.c.type)).scalars().all()
        assert types == ["post.audit.witnessed.v1"]
        kept = verifying.own_anchors(connection, "sales", witness="post")
    assert [(item.sequence, item.chain) for item in kept] == [(7, "ab" * 32)]


def test_what_a_restore_took_back_is_told_and_is_no_break(post: Database, settings: Settings) -> None:
    fill(post, 6)
    with clock.at(DAY + timedelta(days=1)):
        assert anchors.anchor(post, settings)
    with post.connection(write=True) as connection:  # as if a backup of three events had been put back
        for table in ("event_seals WHERE last > 3", "audit_anchors"):
            connection.execute(text(f"DELETE FROM {table}"))
    run(
        post,
        "DELETE FROM event_log WHERE id > 3"
        if post.is_sqlite
        else "DELETE FROM event_log WHERE sequence > 3 OR sequence IS NULL",
    )
    run(post, "UPDATE event_log_state SET numbered = 3")
    if post.is_sqlite:
        run(post, "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'event_log'")
    with post.connection(write=True) as connection:
        event_log.renew_epoch(connection)
    found = verdict(post, settings)
    assert found.whole
    assert ["a restore took back" in note for note in found.notes] == [True]


def test_old_months_are_archived_and_the_feed_reads_on_in_them(post: Database, settings: Settings) -> None:
    fill(post, 6, at=DAY - timedelta(days=60))
    fill(post, 5)

    def pages() -> list[bytes]:
        asked = ((0, 100), (2, 3), (5, 4), (10, 9))
        return [internal.feed_page(post, after=after, limit=limit)[0] for after, limit in asked]

    before = pages()
    with clock.at(DAY):
        assert anchors.archive_months(post, settings) == 0, "two whole months stay"
    with clock.at(DAY + timedelta(days=25)):
        assert anchors.archive_months(post, settings) == 6
        assert anchors.archive_months(post, settings) == 0
    assert pages() == before
    with post.connection() as connection:
        assert connection.execute(select(archive.CHUNKS.c.last)).scalars().all() == [4, 6]
    found = verdict(post, settings)
    assert (found.whole, found.events) == (True, 11)


def test_the_newest_event_stays_and_damage_to_the_archive_shows(post: Database, settings: Settings) -> None:
    fill(post, 6)
    with clock.at(DAY + timedelta(days=500)):
        assert anchors.archive_months(post, settings) == 5
    with post.connection() as connection:
        assert event_log.head(connection) == 6
    with post.connection(write=True) as connection:
        chunk = connection.execute(select(archive.CHUNKS)).first()
        rows = archive.unpack(chunk)
        body = archive.pack([rows[0], rows[1]._replace(actor="nobody"), *rows[2:]])
        connection.execute(archive.CHUNKS.update().where(archive.CHUNKS.c.last == 4).values(body=body))
    assert "were changed" in verdict(post, settings).reason
    with post.connection(write=True) as connection:
        digest = hashlib.sha256(body).digest()
        connection.execute(archive.CHUNKS.update().where(archive.CHUNKS.c.last == 4).values(digest=digest))
    assert verdict(post, settings).break_at == 2


def test_erasing_personal_values_leaves_the_proof_whole(post: Database, settings: Settings) -> None:
    fill(post)
    run(post, "UPDATE event_log SET personal = NULL WHERE POSITION IN (2, 9)")
    assert verdict(post, settings).whole


def test_entries_are_found_by_who_what_and_when_archived_ones_too(post: Database, settings: Settings) -> None:
    fill(post, 6, at=DAY - timedelta(days=90))
    fill(post, 2)
    wanted = searching.Wanted
    with post.connection() as connection:
        every = searching.search(connection, wanted()).items
        oldest = every[-1]["subject"]
    assert numbers(every) == list(range(8, 0, -1))
    with clock.at(DAY):
        assert anchors.archive_months(post, settings) == 6
    with post.connection() as connection:
        assert searching.search(connection, wanted(), limit=1) == (every[:1], 8)
        assert searching.search(connection, wanted(), before=8, limit=3) == (every[1:4], 5), "on into archived months"
        assert searching.search(connection, wanted(), before=5) == (every[4:], None)
        assert searching.search(connection, wanted(actor="nobody")) == ([], None)
        assert searching.search(connection, wanted(since=DAY + timedelta(days=1))) == ([], None)
        assert numbers(searching.search(connection, wanted(since=DAY - timedelta(days=1))).items) == [8, 7]
        assert searching.search(connection, wanted(type="post.parcel.", kind="parcel")).items == every
        assert searching.search(connection, wanted(type="post.parcel")) == ([], None)
        assert searching.search(connection, wanted(kind="parce")) == ([], None)
        found = searching.search(connection, wanted(subject=oldest)).items
    assert numbers(found) == [1]
    assert found[0]["changes"]["receiver"] == [None, "李四"]


def test_a_search_through_many_archived_months_goes_on_where_it_stopped(
    post: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "CHUNKS_AT_ONCE", 1)
    fill(post, 8, at=DAY - timedelta(days=90))
    fill(post, 1)
    with clock.at(DAY):
        anchors.archive_months(post, settings)
    with post.connection() as connection:
        rare = searching.Wanted(subject="", until=DAY - timedelta(days=91))
        first = searching.search(connection, rare)
        assert first == ([], 5)
        assert searching.search(connection, rare, before=first.before).items == []
        assert numbers(searching.search(connection, searching.Wanted(), before=5).items) == [4, 3, 2, 1]


def numbers(items: list[dict[str, Any]]) -> list[int]:
    return [item["sequence"] for item in items]
