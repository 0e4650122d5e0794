"""Alembic's three branches, on both databases."""

import multiprocessing
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from chassis import migration, places, revisions, seeding
from chassis.db import Database
from chassis.service import Service
from chassis.testing import POSTGRESQL, _administer, require


@pytest.fixture
def service(sample_tree: Path) -> Service:
    return places.find("alpha").service()


@pytest.fixture
def url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'alpha.db'}"
        return
    require("PostgreSQL", POSTGRESQL)
    name = f"crm_test_migration_{uuid.uuid4().hex[:8]}"
    _administer(f'CREATE DATABASE "{name}"')
    yield f"{POSTGRESQL}/{name}"
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_an_empty_database_is_brought_to_the_newest_revision_of_all_branches(service: Service, url: str) -> None:
    place = places.find("alpha")
    assert not revisions.is_current(place, url)
    assert migration.upgrade(service, url) is True
    assert migration.upgrade(service, url) is False
    assert revisions.is_current(place, url)
    database = Database(url)
    assert migration.is_current(service, database)
    assert {"event_log", "seed_run", "greeting"} <= set(inspect(database.engine).get_table_names())
    database.close()


def test_every_branch_can_be_undone_and_redone(service: Service, url: str) -> None:
    migration.upgrade(service, url)
    for branch in ("alpha", "chassis"):
        migration.downgrade(service, url, f"{branch}@base")
    database = Database(url)
    left = set(inspect(database.engine).get_table_names())
    assert not {"greeting", "event_log", "seed_run"} & left
    assert migration.upgrade(service, url) is True
    database.close()


def test_processes_that_migrate_at_the_same_time_do_it_once(service: Service, url: str) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    racing = [context.Process(target=_upgrade, args=(url, answers)) for _ in range(3)]
    for process in racing:
        process.start()
    assert sorted(answers.get(timeout=60) for _ in racing) == ["False", "False", "True"]
    for process in racing:
        process.join()
    assert revisions.is_current(places.find("alpha"), url)


def test_a_failing_migration_leaves_the_database_as_it_was(
    service: Service, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration.upgrade(service, url)
    before = revisions.stored(url)
    copy = tmp_path / "alpha"
    shutil.copytree(migration.package_folder(service), copy)
    (copy / "migrations" / "versions" / "alpha_0002_bad.py").write_text(
        'from alembic import op\nrevision = "alpha_0002"\ndown_revision = "alpha_0001"\n\n\ndef upgrade():\n'
        '    op.execute("CREATE TABLE half (id integer)")\n    op.execute("ALTER TABLE nowhere ADD COLUMN x integer")\n'
    )
    monkeypatch.setattr(migration, "package_folder", lambda _service: copy)
    with pytest.raises(migration.MigrationFailed, match=r"alpha: .*undone.*nowhere"):
        migration.upgrade(service, url)
    assert revisions.stored(url) == before
    database = Database(url)
    assert "half" not in inspect(database.engine).get_table_names()
    database.close()


def test_a_database_of_a_newer_version_is_refused(service: Service, url: str) -> None:
    migration.upgrade(service, url)
    database = Database(url)
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'alpha_9999' WHERE version_num = 'alpha_0001'"))
    database.close()
    assert not revisions.is_current(places.find("alpha"), url)
    with pytest.raises(migration.MigrationFailed, match="alpha_9999"):
        migration.upgrade(service, url)


def test_demo_data_goes_into_an_empty_database_once(service: Service, url: str) -> None:
    migration.upgrade(service, url)
    database = Database(url, service="alpha")
    assert not revisions.has_rows(url, "seed_run")
    assert seeding.decide(service, database, demo=True) == "seeded"
    assert seeding.decide(service, database, demo=True) == "done before"
    assert seeding.decide(service, database, demo=False) == "done before"
    assert revisions.query(url, "SELECT text FROM greeting") == [("hello",)]
    assert revisions.has_rows(url, "seed_run")
    database.close()


def test_a_company_without_demo_data_never_gets_any(service: Service, url: str) -> None:
    migration.upgrade(service, url)
    database = Database(url, service="alpha")
    assert seeding.decide(service, database, demo=False) == "empty"
    assert seeding.decide(service, database, demo=True) == "declined before"
    assert not revisions.has_rows(url, "greeting")
    database.close()


@pytest.mark.parametrize("branch", migration.SHARED_BRANCHES)
def test_the_shared_tables_are_what_their_migrations_make(branch: str) -> None:
    assert lacking(branch) == []


@pytest.mark.parametrize("place", places.places(), ids=lambda place: place.name)
def test_a_services_tables_are_what_its_migrations_make(place: places.Place) -> None:
    if not place.is_written:
        pytest.skip(f"{place.name} has no application")
    assert lacking(place.name) == []


def lacking(branch: str) -> list[str]:
    """What `./crm revision BRANCH MESSAGE` would write, in short."""
    return [str(change)[:120] for change in migration.differences(branch)]


def _upgrade(url: str, answers: "multiprocessing.Queue[str]") -> None:
    answers.put(str(migration.upgrade(places.find("alpha").service(), url)))
