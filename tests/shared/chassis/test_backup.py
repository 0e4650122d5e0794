"""Backups of running databases: whole or not at all, and a log that was set back is never misread."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text

from chassis import clock, event_log, migration
from chassis.backup import daily, making, manifest, restoring, snapshots
from chassis.backup.errors import BackupBroken, BackupFailed, StillInUse
from chassis.db import Base, Database
from chassis.lease import Lease
from chassis.replay import fingerprint
from chassis.settings import Settings
from tests.shared.chassis import backbone
from tests.shared.chassis.backbone import (
    Arrival,
    Parcel,
    Producer,
    Tables,
    arrivals,
    databases,
    following,
    send,
    subscriptions,
    until,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Database]]:
    if request.param == "postgresql" and (backbone.backend_missing(5432) or not shutil.which("pg_dump")):
        pytest.skip("PostgreSQL or its client programs are not reachable")
    with databases(request.param, tmp_path, ("post", "shop")) as made:
        for database in made:
            with database.connection(write=True) as connection:
                connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
                connection.execute(text("INSERT INTO alembic_version VALUES ('post_0001')"))
        yield made


@pytest.fixture(autouse=True)
def _no_migrations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """These two services have tables but no revisions."""
    monkeypatch.setattr(migration, "package_folder", lambda service: tmp_path)
    monkeypatch.setattr(restoring, "package_folder", lambda service: tmp_path)
    monkeypatch.setattr(restoring.revisions, "known", lambda folder: frozenset({"post_0001"}))
    monkeypatch.setattr(migration, "upgrade", lambda service, url: False)


def source(database: Database, data: Path) -> making.Source:
    url = database.url.render_as_string(hide_password=False).replace("+psycopg", "")
    service: Any = SimpleNamespace(name=database.service, folders=("attachments/{service}",))
    return service, Settings(service=database.service, database_url=url, data=str(data), secret_key="s" * 32)


def hashes(database: Database) -> dict[str, tuple[int, str]]:
    """Count and digest of each table's rows, the log's own bookkeeping of epochs apart."""
    shared = [
        table
        for table in Base.metadata.sorted_tables
        if not table.name.startswith(("event_log_state", "event_log_epochs"))
    ]
    with database.reading() as session:
        return {table.name: fingerprint(session, table) for table in (*Tables.metadata.sorted_tables, *shared)}


def restored(database: Database, data: Path, folder: Path) -> restoring.Restored:
    database.engine.dispose()
    service, settings = source(database, data)
    return restoring.restore(restoring.plan(service, settings, folder))


def test_a_backup_restored_into_a_fresh_place_has_the_same_rows_and_files(pair: list[Database], tmp_path: Path) -> None:
    post, shop = pair
    for place in range(20):
        send(post, f"parcel {place}", receiver="王五")
    until(lambda: event_log_numbered(post))
    data = tmp_path / "data"
    attached = data / "attachments" / "post" / "ab" / "abcdef"
    attached.parent.mkdir(parents=True)
    attached.write_bytes(b"an attachment")
    made = making.make([source(post, data), source(shop, data)], tmp_path / "sets")
    before = hashes(post)
    send(post, "after the backup")  # must not show up in it

    url = fresh_like(post, tmp_path)
    other = Database(url, service="post")
    try:
        done = restored(other, tmp_path / "other", made)
        assert hashes(other) == before
        with other.connection() as connection:
            assert event_log.state(connection).epoch == done.epoch
            assert [start for _, start in event_log.epochs(connection)] == [0, 20]
            assert event_log.head(connection) == done.sequence == 20
        assert (tmp_path / "other" / "attachments" / "post" / "ab" / "abcdef").read_bytes() == b"an attachment"
        send(other, "goes on")
    finally:
        other.close()
        drop(url)


def test_a_producer_set_back_loses_and_doubles_nothing_with_those_ahead_of_it(
    pair: list[Database], tmp_path: Path
) -> None:
    post, shop = pair
    kept = [send(post, f"kept {place}") for place in range(5)]
    until(lambda: event_log_numbered(post))
    made = making.make([source(post, tmp_path)], tmp_path / "sets")
    on = subscriptions()
    ahead = [send(post, f"ahead {place}") for place in range(4)]
    producer = Producer(post)
    with following(shop, on, url=producer.url):
        until(lambda: arrivals(shop) == 9)
    producer.close()
    post.on_events.clear()
    restored(post, tmp_path, made)
    again = [send(post, f"again {place}") for place in range(7)]
    producer = Producer(post)
    with following(shop, on, url=producer.url):
        until(lambda: arrivals(shop) == 16)
    producer.close()
    with shop.reading() as session:
        counted = {row.id: row.times for row in session.execute(select(Arrival)).scalars()}
    assert counted == dict.fromkeys([*kept, *ahead, *again], 1)


def test_a_reader_of_an_epoch_the_source_never_heard_of_compares_by_event_id(
    pair: list[Database], tmp_path: Path
) -> None:
    post, shop = pair
    kept = [send(post, f"kept {place}") for place in range(3)]
    until(lambda: event_log_numbered(post))
    made = making.make([source(post, tmp_path)], tmp_path / "sets")
    seen = [*kept]
    for turn in range(2):  # twice from the same backup: the second time it knows nothing of the epoch between
        restored(post, tmp_path, made)
        seen += [send(post, f"turn {turn} {place}") for place in range(2 + turn)]
        producer = Producer(post)
        with following(shop, subscriptions(), url=producer.url):
            until(lambda wanted=len(seen): arrivals(shop) == wanted)
        producer.close()
        post.on_events.clear()
    with shop.reading() as session:
        assert {row.id: row.times for row in session.execute(select(Arrival)).scalars()} == dict.fromkeys(seen, 1)


def test_snapshots_are_retaken_until_no_reader_is_ahead_of_its_source(pair: list[Database], tmp_path: Path) -> None:
    post, shop = pair
    urls = {item.service: source(item, tmp_path)[1].database for item in pair}
    held = {"post": snapshots.take("post", urls["post"])}
    producer = Producer(post)
    with following(shop, subscriptions(), url=producer.url):
        send(post, "between the two snapshots")
        until(lambda: arrivals(shop) == 1)
    producer.close()
    held["shop"] = snapshots.take("shop", urls["shop"])
    try:
        assert held["post"].head() == 0
        assert snapshots.align(held, urls)
        assert held["post"].head() == 1
    finally:
        for snapshot in held.values():
            snapshot.close()


def test_what_is_still_in_use_is_not_replaced(pair: list[Database], tmp_path: Path) -> None:
    post, _ = pair
    send(post, "here")
    made = making.make([source(post, tmp_path)], tmp_path / "sets")
    service, settings = source(post, tmp_path)
    plan = restoring.plan(service, settings, made)
    lease = Lease(post)
    assert lease.acquire()
    with pytest.raises(StillInUse, match="worker runs"):
        restoring.restore(plan)
    lease.release()
    with post.reading() as session:  # as an open web process
        session.execute(select(Parcel)).all()
        with pytest.raises(StillInUse, match="web process"):
            restoring.restore(plan)
    post.engine.dispose()
    restoring.restore(plan)


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "manifest", "outside"])
def test_a_broken_backup_is_refused_and_changes_nothing(damage: str, tmp_path: Path) -> None:
    with databases("sqlite", tmp_path, ("post",)) as (post,):
        with post.connection(write=True) as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        send(post, "kept")
        made = making.make([source(post, tmp_path)], tmp_path / "sets")
        send(post, "since then")
        file = made / "post" / "database.sqlite"
        if damage == "flip":
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
        elif damage == "cut":
            file.write_bytes(file.read_bytes()[:-4096])
        elif damage == "remove":
            file.unlink()
        elif damage == "outside":
            text_of = (made / manifest.NAME).read_text().replace("post/database.sqlite", "../post.db")
            (made / manifest.NAME).write_text(text_of)
        else:
            (made / manifest.NAME).write_text(
                (made / manifest.NAME).read_text().replace('"sequence": 1', '"sequence": 2')
            )
        before = hashes(post)
        with pytest.raises(BackupBroken):
            restored(post, tmp_path, made)
        assert hashes(post) == before


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases("sqlite", tmp_path, ("post",)) as (post,):
        with post.connection(write=True) as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(manifest, "write", full)
        with pytest.raises(BackupFailed, match="No space left"):
            making.make([source(post, tmp_path)], tmp_path / "sets")
    assert list((tmp_path / "sets").iterdir()) == []


def test_without_the_clients_of_postgresql_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    service: Any = SimpleNamespace(name="post", folders=())
    settings = Settings(service="post", database_url="postgresql://127.0.0.1/x", data=str(tmp_path))
    with pytest.raises(BackupFailed, match=r"needs pg_dump.*postgresql-client"):
        making.make([(service, settings)], tmp_path / "sets")


def test_keys_are_copied_only_when_asked_and_go_back_private(tmp_path: Path) -> None:
    with databases("sqlite", tmp_path, ("post",)) as (post,):
        with post.connection(write=True) as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        service, settings = source(post, tmp_path)
        settings = Settings(service="post", database_url=settings.database_url, data=str(tmp_path / "data"))
        keys = tmp_path / "data" / "keys"
        keys.mkdir(parents=True)
        (keys / "post.vault").write_text("the key of its secrets")
        without = making.make([(service, settings)], tmp_path / "a")
        made = making.make([(service, settings)], tmp_path / "b", with_keys=True)
        assert not (without / "post" / "keys").exists()
        with pytest.raises(BackupBroken, match="without --with-keys"):
            restoring.plan(service, settings, without, with_keys=True)
        post.engine.dispose()
        keys = tmp_path / "data" / "private"
        (keys / "post.vault").write_text("another key")
        assert "encrypted with the keys" in restoring.plan(service, settings, made).warnings[0]
        plan = restoring.plan(service, settings, made, with_keys=True)
        assert not plan.warnings
        restoring.restore(plan, with_keys=True)
        assert (keys / "post.vault").read_text() == "the key of its secrets"
        assert (keys / "post.vault").stat().st_mode & 0o777 == 0o600
        assert (keys / "post.vault.replaced").read_text() == "another key"


def test_the_daily_backup_is_made_once_a_day_and_the_oldest_go(tmp_path: Path) -> None:
    with databases("sqlite", tmp_path, ("post",)) as (post,):
        with post.connection(write=True) as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        service, plain = source(post, tmp_path)
        settings = Settings(
            service="post", database_url=plain.database_url, data=str(tmp_path), backup_to=str(tmp_path / "daily"),
            backup_at="02:30", backup_keep=2,
        )  # fmt: skip
        start = datetime(2026, 3, 1, 12, tzinfo=UTC)  # 20:00 in Shanghai
        for day in range(4):
            with clock.at(start + timedelta(days=day)):
                assert daily.back_up_if_due(service, settings)
                assert daily.back_up_if_due(service, settings) is None
        with clock.at(start + timedelta(days=4) - timedelta(hours=18)):  # 02:00 there: the next one is not due
            assert daily.back_up_if_due(service, settings) is None
        sets = [made.made_at for _, made in manifest.sets(tmp_path / "daily")]
        assert sets == [start + timedelta(days=2), start + timedelta(days=3)]
        assert manifest.newest(tmp_path / "daily", "post").name == "2026-03-04T120000Z"


def event_log_numbered(database: Database) -> bool:
    with database.connection(write=True) as connection:
        return not event_log.number(connection)


def fresh_like(database: Database, folder: Path) -> str:
    """The address of a database that does not exist yet."""
    if database.is_sqlite:
        return f"sqlite:///{folder}/fresh/post.db"
    return f"{backbone.POSTGRES}/{database.url.database}_fresh"


def drop(url: str) -> None:
    import psycopg

    if not url.startswith("sqlite"):
        with psycopg.connect(f"{backbone.POSTGRES}/postgres", autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')
