"""Whatever a company sets up in any service leaves as a document, and a fresh installation set up from it is the same."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from chassis import configuration, directory, event_log, i18n, migration, places, seeding
from chassis.configuration import Names, Refused
from chassis.db import Database
from chassis.service import Service
from chassis.suite.errors import SuiteError

PLACES = [place.name for place in places.places()]
PEOPLE = {
    "01900000-0000-7000-8000-00000000a004": "huang@qiming.example",
    "01900000-0000-7000-8000-00000000a006": "zhang@qiming.example",
}


def made(service: Service, folder: Path, *, demo: bool) -> Database:
    """A database of the service with two people, and demo data if asked."""
    url = f"sqlite:///{folder / f'{service.name}-{demo}.db'}"
    migration.upgrade(service, url)
    database = Database(url, service=service.name)
    i18n.use("engines", "console", service.package)
    seeding.decide(service, database, demo=demo)
    if service.name != places.LOG_IN:
        with database.transaction() as session:
            for id, email in PEOPLE.items():
                directory.store_user(session, version="1", user_id=id, name=email, email=email, active=True)
    return database


def export(service: Service, database: Database) -> dict[str, dict[str, Any]]:
    with database.reading() as session:
        return configuration.exported(session, service.configuration(), Names(directory.load(session, None)))


def events(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(event_log.LOG)).scalar_one()


@pytest.fixture(params=PLACES)
def service(request: pytest.FixtureRequest) -> Service:
    return places.find(request.param).service()


@pytest.fixture
def furnished(service: Service, tmp_path: Path) -> Iterator[Database]:
    database = made(service, tmp_path, demo=True)
    yield database
    database.close()


def test_a_fresh_installation_set_up_from_an_export_exports_the_same(service, furnished, tmp_path):
    document = export(service, furnished)
    assert document, "a service has nothing to set up"
    if service.name == places.LOG_IN:
        for body in document["department"].values():
            body["head"] = None  # people come from a directory, not from here
    fresh = made(service, tmp_path, demo=False)
    with fresh.transaction() as session:
        configuration.apply(session, service.configuration(), document)
    assert export(service, fresh) == document
    before = events(fresh)
    with fresh.transaction() as session:
        again = configuration.apply(session, service.configuration(), document)
    assert {change.kind for change in again} <= {"same"}
    assert events(fresh) == before
    fresh.close()


def test_one_body_that_does_not_hold_keeps_the_whole_part_out(service, furnished, tmp_path):
    document = export(service, furnished)
    wrong: dict[str, Any] = deepcopy(document)
    wrong[next(reversed(document))] = {"no such kind": {"settings": 7, "body": {"nonsense": 1}, "currency": "nothing"}}
    before = events(furnished)
    with pytest.raises(Refused, match="no such kind"), furnished.transaction() as session:
        configuration.apply(session, service.configuration(), wrong)
    assert export(service, furnished) == document
    assert events(furnished) == before


def test_people_and_departments_go_by_name(tmp_path):
    leads = places.find("leads").service()
    database = made(leads, tmp_path, demo=True)
    document = export(leads, database)
    named = str(document["assignment_rules"])
    assert "person:huang@qiming.example" in named
    assert not any(id in named for id in PEOPLE)
    document["assignment_rules"] = {
        key: orjson.loads(orjson.dumps(body).replace(b"huang@", b"nobody@"))
        for key, body in document["assignment_rules"].items()
    }
    with pytest.raises(Refused, match=r"assignment_rules\..*person:nobody@qiming\.example is not known here"):
        with database.transaction() as session:
            configuration.apply(session, leads.configuration(), document)
    database.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "is no YAML"), ("services: {}", "does not begin with"), ("- 1", "does not begin with"),
        ("format: crm-configuration/1\nservices: {leads: [1]}", "leads must hold"),
        ("format: crm-configuration/1\nservices: {leads: {scoring_model: {a: 1}}}", "leads must hold"),
        ("format: crm-configuration/1\nservices: 7", "services must hold"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_configuration_is_refused_with_the_reason(content, said, tmp_path):
    from chassis.commands.configuration import read

    file = tmp_path / "setup.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SuiteError, match=said):
        read(file)


def test_what_is_written_reads_back_as_it_was(tmp_path):
    from chassis.commands.configuration import FORMAT, dump, read

    body = {
        "zh": "是：“是”\n第二行",
        "on": "2026-01-01",
        "yes": "no",
        "rate": "7.10",
        "none": None,
        "many": [1, {"a": True}],
    }
    file = tmp_path / "setup.yml"
    file.write_text(dump({"format": FORMAT, "services": {"leads": {"form": {"a": body}}}}), encoding="utf-8")
    assert read(file) == {"leads": {"form": {"a": body}}}
