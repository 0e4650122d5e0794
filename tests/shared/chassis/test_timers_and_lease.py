"""What falls due fires once, and one worker at a time is active."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from chassis import clock, keys, timers
from chassis.db import Database
from chassis.lease import Lease
from chassis.settings import Settings
from chassis.timers import Timer, Timers, arm, arm_once, cancel, fire_due
from tests.shared.chassis import backbone
from tests.shared.chassis.backbone import Parcel, databases, send, until


@pytest.fixture(params=["sqlite", "postgresql"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql" and backbone.backend_missing(5432):
        pytest.skip("PostgreSQL is not reachable")
    with databases(request.param, tmp_path, ("post",)) as (made,):
        yield made


def waiting(database: Database) -> list[Any]:
    with database.reading() as session:
        return list(session.execute(select(timers.TABLE)))


def counting(fired: list[str], *, fails: bool = False) -> Timers:
    due = Timers()

    @due("remind")
    def remind(session: Session, timer: Timer) -> None:
        fired.append(timer.payload.get("word", timer.key))
        if fails:
            raise RuntimeError("not today")

    return due


def test_a_timer_fires_once_and_not_before_it_is_due(post: Database) -> None:
    fired: list[str] = []
    with post.transaction() as session:
        arm(session, kind="remind", key="now", due_at=clock.now(), payload={"word": "now"})
        arm(session, kind="remind", key="later", due_at=clock.now() + timedelta(hours=1))
    assert fire_due(post, counting(fired)) == 1
    assert fire_due(post, counting(fired)) == 0
    assert fired == ["now"]
    assert [row.key for row in waiting(post)] == ["later"]


def test_arming_again_moves_it_arming_once_does_not_and_cancelling_takes_it_back(post: Database) -> None:
    moment = clock.now()
    with post.transaction() as session:
        arm(session, kind="remind", key="a", due_at=moment)
        arm(session, kind="remind", key="a", due_at=moment + timedelta(days=1))
        arm_once(session, kind="remind", key="a", due_at=moment)
    (row,) = waiting(post)
    assert row.due_at == moment + timedelta(days=1)
    with post.transaction() as session:
        assert cancel(session, kind="remind", key="a")
        assert not cancel(session, kind="remind", key="a")
    assert waiting(post) == []


def test_an_effect_that_fails_leaves_nothing_and_is_tried_again_until_a_person_must_look(post: Database) -> None:
    fired: list[str] = []
    due = Timers()

    @due("ship")
    def ship(session: Session, timer: Timer) -> None:
        fired.append(timer.key)
        session.add(Parcel(label="half done"))
        session.flush()
        raise RuntimeError("not today")

    with post.transaction() as session:
        arm(session, kind="ship", key="a", due_at=clock.now())
    try:
        for attempt in range(timers.MAX_ATTEMPTS):
            clock.shift(4000 * (attempt + 1))
            fire_due(post, due)
    finally:
        clock.shift(0)
    assert len(fired) == timers.MAX_ATTEMPTS
    with post.reading() as session:
        assert session.execute(text("SELECT count(*) FROM parcels")).scalar() == 0
        (stuck,) = timers.stuck(session)
    assert "not today" in stuck.error
    with post.transaction() as session:
        assert timers.revive(session, stuck.id)
    assert waiting(post)[0].due_at is not None


def test_many_workers_at_once_fire_each_timer_once(post: Database) -> None:
    fired: list[str] = []
    with post.transaction() as session:
        for place in range(40):
            arm(session, kind="remind", key=str(place), due_at=clock.now())
    due = counting(fired)
    threads = [threading.Thread(target=fire_due, args=(post, due)) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    fire_due(post, due)
    assert waiting(post) == []
    assert set(fired) == {str(place) for place in range(40)}


def test_the_lease_is_one_workers_and_goes_over_when_it_is_released(post: Database) -> None:
    first, second = Lease(post), Lease(post)
    assert first.acquire()
    assert not second.acquire()
    assert first.held()
    assert not second.held()
    first.release()
    assert second.acquire()
    assert not first.held()
    second.release()


def test_a_lost_database_session_loses_the_lease(post: Database) -> None:
    if post.is_sqlite:
        pytest.skip("a file lock cannot be lost while its process lives")
    first, second = Lease(post), Lease(post)
    assert first.acquire()
    with post.connection(write=True) as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                 " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        )  # fmt: skip
    assert not first.held()
    assert second.acquire()
    second.release()


def test_time_may_stand_still_for_a_test_but_events_keep_their_order(post: Database) -> None:
    moment = clock.now()
    with clock.at(moment):
        first, second = send(post, "a"), send(post, "b")
    assert first < second


def test_a_token_for_a_feed_is_made_anew_when_the_clock_jumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Settings(service="shop", keys=str(tmp_path))
    source = Settings(service="post", keys=str(tmp_path))
    token = keys.service_tokens(reader, "post")
    assert token() == token()
    for hours in (2, -1, 0):
        monkeypatch.setattr(clock, "_offset", timedelta(hours=hours))
        assert keys.verify_service_token(source, token()) == "shop"


def test_running_processes_follow_the_offset_that_a_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_offset", timedelta())
    file = tmp_path / "clock"
    file.write_text("3600")
    clock.begin(0.0, str(file))
    until(lambda: clock.now() - datetime.now(UTC) > timedelta(minutes=59))
    file.write_text("no number")
    file.write_text("-60")
    until(lambda: clock.now() < datetime.now(UTC))
    file.write_text("0")
    until(lambda: abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1))
    file.unlink()


def test_what_is_due_among_many_is_found_in_the_index_alone(post: Database) -> None:
    if post.is_sqlite:
        pytest.skip("about PostgreSQL's plans")
    fill = """INSERT INTO timers (id, kind, key, due_at, payload, attempts)
        SELECT 'x' || i, 'later', 'key' || i, now() + (i - 20) * interval '1 second', '{}', 0
        FROM generate_series(1, 5000) AS i"""
    with post.connection(write=True) as connection:
        connection.execute(text(fill))
    with post.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE timers"))
    query = timers.DUE.compile(post.engine, compile_kwargs={"render_postcompile": True})
    with post.connection() as connection:
        values = query.params | {"moment": clock.now()}
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {query}", values))
    assert "Index Only Scan using ix_timers_due_at_id" in plan
    assert "Sort" not in plan
