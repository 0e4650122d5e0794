"""All six services in one process: seeded SQLite databases that follow each other's logs, and a browser for their pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from chassis import consumer, directory, event_log, i18n, places, replay, seeding, testing
from chassis.db import Base, Database
from chassis.service import Service
from chassis.subscriptions import Group, Received, received
from chassis.testing import Client
from chassis.web import build
from integration_gateway import demo_people, sessions, signing_keys, tokens
from integration_gateway.models import User
from tests.gateway.browser import Browser

ADMINISTRATOR = "lin.jing"
_ROUNDS = 12  # facts answered by facts; a suite that is still talking after so many is going in circles


@dataclass(eq=False)
class Together:
    """The services by public name, with database and web application of each."""

    services: dict[str, Service]
    databases: dict[str, Database]
    apps: dict[str, Any]

    def settle(self) -> None:
        """Let every service hear every log until nobody has anything new to say."""
        for _round in range(_ROUNDS):
            if not sum(self._hear(name) for name in self.services):
                return
        raise AssertionError("the services do not come to rest")

    def browser(self, language: str) -> dict[str, Browser]:
        """A browser per service, all in the administrator's session."""
        person = next(item for item in demo_people.load()["people"] if item["key"] == ADMINISTRATOR)
        first = Browser(self.apps["gateway"])
        entered = first.log_in(person["email"])
        assert entered.status_code == 303, entered.text
        made = {name: Browser(app) for name, app in self.apps.items()} | {"gateway": first}
        cookie = first.client.get_cookie("crm_session")
        assert cookie is not None
        for browser in made.values():
            browser.client.set_cookie("crm_session", cookie.value)
            browser.client.set_cookie("crm_locale", language)
        return made

    def client(self, name: str) -> Client:
        """The administrator with a Bearer token for one service."""
        person = next(item for item in demo_people.load()["people"] if item["key"] == ADMINISTRATOR)
        app = self.apps[name]
        client = Client(app, app.extensions["crm"].settings).as_user(person["id"])
        if name == "gateway":  # which believes in no keys but its own
            client.token = self._token(person["id"])
        return client

    def log(self, name: str) -> list[Received]:
        """The whole log of a service, numbered as its worker would have done by now."""
        with self.databases[name].connection(write=True) as connection:
            event_log.number(connection)
        with self.databases[name].connection() as connection:
            epoch = event_log.state(connection).epoch
            rows = event_log.read(connection, after=0, limit=1_000_000, source=name, epoch=epoch)
        return [received(orjson.loads(body)) for _sequence, _type, body in rows]

    def rebuild(self, name: str, group: Group) -> None:
        """Rebuild a projection from the logs, as `crm replay` does."""

        def read(source: str, after: int) -> list[Received]:
            return [event for event in self.log(source) if event.sequence > after][:1000]

        sources = sorted(group.sources(list(self.services)))
        report = replay.rebuild(self.databases[name], group, sources=sources, read=read, swap=True)
        assert not report.failed, report.failed

    def _token(self, user_id: str) -> str:
        """A Bearer token of a new session."""
        with self.databases["gateway"].transaction() as session:
            user = session.get_one(User, user_id)
            started = sessions.start(
                session, user, kind="api", second_factor=False, address="::1", agent="", lifetime=timedelta(hours=1)
            )
            return tokens.for_person(session, user, started).text

    def _hear(self, name: str) -> int:
        heard, everyone = 0, list(self.services)
        for source, groups in self.services[name].subscriptions.sources(everyone, own=name).items():
            events = self.log(source)
            for group in groups:
                heard += consumer.apply(self.databases[name], source=source, group=group, events=events).count
        directory.of(self.databases[name]).forget()
        return heard


@contextmanager
def running(folder: Path, urls: Callable[[str, list[Any]], str] | None = None) -> Iterator[Together]:
    """The whole suite with demo data, its databases in `folder`, or where `urls(name, tables)` says."""
    services = {place.name: place.service() for place in places.places()}
    for package in ("chassis", "engines"):
        testing.import_all(package)
    databases, apps = {}, {}
    for name, service in services.items():
        tables = [Base.metadata, service.metadata]
        url = urls(name, tables) if urls is not None else f"sqlite:///{folder / name}.db"
        databases[name] = database = Database(url, service=name)
        if urls is None:
            testing.create_tables(database, tables)
        event_log.ensure_state(database)
        settings = service.settings(service=name, database_url=url, data=str(folder), secret_key="only for tests")
        app = apps[name] = build(service, settings, database=database)
        app.config["PROPAGATE_EXCEPTIONS"] = False
    for app in apps.values():
        app.extensions["crm"].authenticator.jwks = signing_keys.OwnKeys(databases["gateway"])
    made = Together(services, databases, apps)
    i18n.use("engines", "console", *(service.package for service in services.values()))
    for name, service in services.items():
        seeding.decide(service, databases[name], demo=True)
    made.settle()
    yield made
    for database in databases.values():
        database.close()
