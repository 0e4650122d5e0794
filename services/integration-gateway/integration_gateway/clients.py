"""Machine clients: made with a secret shown once, renewed, switched off; and their tokens (RFC 6749 §4.4)."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis import clock, networks
from chassis.events import publish
from integration_gateway import sessions, tokens
from integration_gateway.directory import roles, users
from integration_gateway.errors import ClientTaken
from integration_gateway.events import ApiClientChanged
from integration_gateway.models import ApiClient

_NOBODY = hashlib.sha256(b"no client has this secret").hexdigest()


class TokenRefused(Exception):
    """An OAuth error: `error` is a code of RFC 6749 §5.2 (or RFC 8707), `status` the HTTP status to answer with."""

    def __init__(self, error: str, description: str, status: int = 400):
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


def create(
    session: Session,
    *,
    name: str,
    client_id: str | None = None,
    secret: str | None = None,
    by: str | None = None,
    **values: Any,
) -> tuple[ApiClient, str]:
    """Make a client; returns it with its secret, which is stored only as a digest and never shown again."""
    client_id = client_id or f"crm-{secrets.token_hex(6)}"
    if session.scalar(select(exists().where(ApiClient.client_id == client_id))):
        raise ClientTaken()
    secret = secret or new_secret()
    client = ApiClient(
        client_id=client_id, name=name, secret_digest=digest(secret), created_by=by, **_checked(session, values)
    )
    client.epoch = 1
    session.add(client)
    tell(session, client)
    return client, secret


def change(session: Session, client: ApiClient, **values: Any) -> ApiClient:
    """Change a client; tokens handed out before die when it may do less or is switched off."""
    values = _checked(session, values)
    before = client.active, tuple(client.scopes), tuple(client.roles)
    for field, value in values.items():
        setattr(client, field, value)
    if before != (client.active, tuple(client.scopes), tuple(client.roles)):
        _end_tokens(session, client)
    tell(session, client)
    return client


def renew_secret(session: Session, client: ApiClient) -> str:
    """A new secret; the old one and every token got with it stop working."""
    secret = new_secret()
    client.secret_digest = digest(secret)
    _end_tokens(session, client)
    tell(session, client)
    return secret


def remove(session: Session, client: ApiClient) -> None:
    """Remove a client for good; its tokens die with it."""
    sessions.revoke(session, session_id=tokens.client_session(client))
    client.active = False
    session.flush()
    session.delete(client)
    tell(session, client)


def by_client_id(session: Session, client_id: str) -> ApiClient | None:
    """The client that calls itself `client_id`."""
    return session.scalar(select(ApiClient).where(ApiClient.client_id == client_id))


def is_right(client: ApiClient | None, secret: str) -> bool:
    """Whether the secret is this client's; takes as long when there is no client."""
    stored = client.secret_digest if client is not None else _NOBODY
    return hmac.compare_digest(stored, digest(secret)) and client is not None


def grant(
    session: Session, client: ApiClient, *, scope: str, audience: Iterable[str], address: str
) -> tuple[tokens.Token, list[str]]:
    """A token for an authenticated client: for the scopes asked for, or all it has. TokenRefused says why not."""
    if not client.active or (client.expires_at is not None and client.expires_at <= clock.now()):
        raise TokenRefused("invalid_client", "The client is switched off or has expired", 401)
    lists = [client.allowed_networks, *roles.networks_of(session, client.roles)]
    if not networks.allowed(address, lists):
        raise TokenRefused("unauthorized_client", "The client may not be used from this network", 403)
    wanted = scope.split() or client.scopes
    if not wanted or not set(wanted) <= set(client.scopes):
        raise TokenRefused("invalid_scope", "The client has no such scope")
    services = sorted(set(audience)) or tokens.audience_of(wanted)
    if not set(services) <= set(tokens.SERVICES):
        raise TokenRefused("invalid_target", "There is no such service")
    return tokens.for_client(session, client, scopes=wanted, audience=services), sorted(wanted)


def new_secret() -> str:
    """256 random bits behind a prefix that secret scanners can find."""
    return f"crm_secret_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """What is stored: the secret is random, so a plain digest cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tell(session: Session, client: ApiClient) -> None:
    """Publish the client as it is now."""
    publish(
        session,
        ApiClientChanged(
            client,
            client_id=client.client_id,
            active=client.active,
            scopes=client.scopes,
            roles=client.roles,
            epoch=client.epoch,
        ),
    )


def _end_tokens(session: Session, client: ApiClient) -> None:
    sessions.revoke(session, session_id=tokens.client_session(client))
    client.epoch += 1


def _checked(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    if "roles" in values:
        values["roles"] = users.known_roles(session, values["roles"])
    if "allowed_networks" in values:
        values["allowed_networks"] = [networks.parse(text) for text in values["allowed_networks"]]
    if "scopes" in values:
        values["scopes"] = sorted(set(values["scopes"]))
    return values
