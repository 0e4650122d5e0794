"""The revisions make exactly the tables the code declares, and can be undone, on both databases."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from chassis import migration, places
from chassis.db import Database
from chassis.testing import POSTGRESQL, _administer, require

NAMES = [place.name for place in places.places()]


@pytest.fixture
def url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    require("PostgreSQL", POSTGRESQL)
    name = f"crm_test_guard_{uuid.uuid4().hex[:8]}"
    _administer(f'CREATE DATABASE "{name}"')
    yield f"{POSTGRESQL}/{name}"
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("branch", [*migration.SHARED_BRANCHES, *NAMES])
def test_the_revisions_make_the_tables_of_the_code(branch):
    assert migration.differences(branch) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_branch_of_a_service_goes_up_down_and_up_again(name, url):
    place = places.find(name)
    service = place.service()
    assert migration.upgrade(service, url)
    for branch in (place.package, "engines", "chassis"):
        migration.downgrade(service, url, f"{branch}@base")
    database = Database(url)
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    assert migration.upgrade(service, url)
    assert migration.is_current(service, database)
    database.close()
