"""All six services backed up at one moment while people work, and put back into a place where nothing was."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from chassis import clock, event_log, i18n, migration, places, seeding
from chassis.backup import making, restoring
from chassis.caller import SYSTEM
from chassis.db import Base, Database
from chassis.replay import fingerprint
from chassis.service import Service
from leads import capture
from leads.models import Lead

OF_THE_LOG = ("event_log_state", "event_log_epochs")  # which the restored place begins anew


def settings_of(service: Service, folder: Path) -> Any:
    return service.settings(service=service.name, data=str(folder), secret_key="only for tests")


def hashes(service: Service, database: Database) -> dict[str, tuple[int, str]]:
    tables = [table for data in (Base.metadata, service.metadata) for table in data.sorted_tables]
    with database.reading() as session:
        return {table.name: fingerprint(session, table) for table in tables if table.name not in OF_THE_LOG}


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[dict[str, tuple[Service, Database]]]:
    made = {}
    i18n.use("engines", "console", *(place.service().package for place in places.places()))
    for place in places.places():
        service = place.service()
        url = settings_of(service, tmp_path / "live").database
        (tmp_path / "live").mkdir(exist_ok=True)
        migration.upgrade(service, url)
        made[service.name] = service, Database(url, service=service.name)
        event_log.ensure_state(made[service.name][1])
        seeding.decide(service, made[service.name][1], demo=True)
    yield made
    for _service, database in made.values():
        database.close()


def test_the_whole_suite_is_backed_up_while_it_is_written_to_and_comes_back_the_same(
    suite: dict[str, tuple[Service, Database]], tmp_path: Path
) -> None:
    stop, written = threading.Event(), []

    def work() -> None:
        while not stop.is_set():
            with suite["leads"][1].transaction() as session:
                found = capture.capture(session, caller=SYSTEM, name="在职", company="忙碌公司", policy="allow")
            written.append(found.lead.id)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        sources = [(service, settings_of(service, tmp_path / "live")) for service, _database in suite.values()]
        made = making.make(sources, tmp_path / "sets", now=clock.now())
    finally:
        stop.set()
        worker.join()
    assert written, "somebody worked meanwhile"
    for name, (service, live) in suite.items():
        plan = restoring.plan(service, settings_of(service, tmp_path / "fresh"), made)
        done = restoring.restore(plan)
        database = Database(plan.settings.database, service=name)
        try:
            if name != "leads":
                assert hashes(service, database) == hashes(service, live), name
            with database.connection() as connection, live.connection() as before:
                assert event_log.head(connection) == done.sequence
                assert event_log.state(connection).epoch != event_log.state(before).epoch
                columns = [event_log.LOG.c.id, event_log.LOG.c.event_id, event_log.LOG.c.data]
                kept = connection.execute(select(*columns).order_by(event_log.LOG.c.id)).all()
                assert kept == before.execute(select(*columns).order_by(event_log.LOG.c.id)).all()[: len(kept)]
            if name == "leads":
                with database.reading() as session:
                    leads = session.scalar(select(func.count()).select_from(Lead))
                    told = [row.event_id for row in kept]
                assert leads is not None
                assert leads <= len(told), "no lead without its event"
        finally:
            database.close()
