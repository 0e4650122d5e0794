"""Tokens: what a log-in or a client's secret is exchanged for. Claims and checks are chassis.auth's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from chassis import auth, clock
from integration_gateway import signing_keys
from integration_gateway.models import ApiClient, LogInSession, User

CLIENT_TOKEN_TIME = timedelta(minutes=10)
IDLE_TIME = timedelta(hours=2)  # a page cookie not renewed by use ends after this
SERVICES = ("leads", "sales", "service-desk", "approvals", "reporting", "gateway")


@dataclass(frozen=True)
class Token:
    """A signed token and how many seconds it holds."""

    text: str
    seconds: int


def for_pages(session: Session, user: User, started: LogInSession) -> Token:
    """The cookie of a page session: ends after two idle hours, or with the session."""
    seconds = min(IDLE_TIME, started.expires_at - clock.now()).total_seconds()
    text = auth.sign_session(
        signing_keys.current(session),
        user_id=user.id,
        session_id=started.id,
        epoch=user.epoch,
        csrf=started.csrf,
        seconds=seconds,
    )
    return Token(text, int(seconds))


def for_person(session: Session, user: User, started: LogInSession) -> Token:
    """A Bearer token for a person's own programs; every service takes it."""
    seconds = (started.expires_at - clock.now()).total_seconds()
    text = auth.sign_access(
        signing_keys.current(session),
        subject=user.id,
        kind="user",
        audience=auth.EVERYWHERE,
        seconds=seconds,
        epoch=user.epoch,
        session_id=started.id,
    )
    return Token(text, int(seconds))


def for_client(session: Session, client: ApiClient, *, scopes: Iterable[str], audience: list[str]) -> Token:
    """A short Bearer token for a machine, for the services in `audience` only."""
    seconds = CLIENT_TOKEN_TIME.total_seconds()
    text = auth.sign_access(
        signing_keys.current(session),
        subject=client.id,
        kind="client",
        audience=audience,
        seconds=seconds,
        session_id=client_session(client),
        roles=client.roles,
        scope=" ".join(sorted(scopes)),
        name=client.name,
        networks=client.allowed_networks,
    )
    return Token(text, int(seconds))


def client_session(client: ApiClient) -> str:
    """What all tokens of the client's present epoch carry as session id, so that one event revokes them all."""
    return f"{client.id}:{client.epoch}"


def audience_of(scopes: Iterable[str]) -> list[str]:
    """The services that scopes like `leads:write` name; all of them for one that names none (`events:read`)."""
    named = {scope.partition(":")[0] for scope in scopes}
    return sorted(named) if named and named <= set(SERVICES) else list(SERVICES)
