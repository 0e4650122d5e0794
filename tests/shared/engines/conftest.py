"""One database a run and backend for tests that share many records; tests that write use the plugin's `database`."""

from collections.abc import Iterator
from typing import Any

import pytest

from chassis.db import Database
from chassis.testing import POSTGRESQL, require, tables_of
from tests.shared.engines import things


@pytest.fixture(scope="session")
def engines_database(database_kind: str, _templates: Any) -> Iterator[Database]:
    """The shared tables and that of things, which a module fills and empties."""
    every = [*tables_of(None), things.Base.metadata]
    if database_kind == "sqlite":
        made = Database(f"sqlite:///{_templates.sqlite('things', every)}", service="things")
    else:
        require("PostgreSQL", POSTGRESQL)
        made = Database(_templates.postgresql("things", every), service="things", pool_size=5)
    yield made
    made.close()
