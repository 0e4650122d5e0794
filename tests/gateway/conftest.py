"""The gateway with its demo company, and clients that are really logged in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chassis import auth, directory
from chassis.db import Database
from chassis.service import Service
from chassis.testing import Client
from integration_gateway import demo_people, logging_in, seed, tokens
from integration_gateway.models import LogInSession, User

PASSWORD = demo_people.load()["password"]
PLACE = logging_in.Place(address="10.0.0.7", agent="tests", kind="api", lifetime=timedelta(hours=8))


@pytest.fixture(scope="session")
def service() -> Service:
    from integration_gateway.app import SERVICE

    return SERVICE


@pytest.fixture
def company(database: Database) -> dict[str, Any]:
    """The demo company in the database: people by key, each with id and e-mail."""
    with database.transaction() as session:
        seed.run(session)
    directory.of(database).forget()
    return {person["key"]: person for person in demo_people.load()["people"]}


@pytest.fixture
def log_in(database: Database, company: dict[str, Any]) -> Callable[..., logging_in.Entered]:
    """`log_in("zhang.wei")`: through the front, with password and code."""

    def enter(key: str, password: str = PASSWORD, **given: Any) -> logging_in.Entered:
        place = given.pop("place", PLACE)
        return logging_in.log_in(database, email=company[key]["email"], password=password, place=place, **given)

    return enter


@pytest.fixture
def as_(app: Any, settings: Any, database: Database, log_in: Callable[..., Any]) -> Callable[[str], Client]:
    """`as_("lin.jing").get(…)`: the API as a person of the demo company, with a Bearer token from a log-in."""

    def client(key: str) -> Client:
        entered = log_in(key)
        with database.transaction() as session:
            user, started = session.get(User, entered.user_id), session.get(LogInSession, entered.session_id)
            token = tokens.for_person(session, user, started).text
        return Client(app, settings, token)

    return client


def cookie_of(answer: Any) -> str | None:
    """The session cookie an answer sets."""
    for line in answer.headers.getlist("Set-Cookie"):
        name, _equals, rest = line.partition("=")
        if name == auth.COOKIE:
            return rest.partition(";")[0]
    return None
