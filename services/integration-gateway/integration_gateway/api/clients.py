"""API clients and signing keys."""

from typing import Any

from chassis.api import Api, Call
from engines import access
from engines.access import right
from engines.listing import QUERY, paged, rows
from integration_gateway import clients, signing_keys
from integration_gateway.directory import delegation
from integration_gateway.errors import AdministratorOnly, ClientTaken, ExceedsOwn, UnknownRole
from integration_gateway.models import ApiClient
from integration_gateway.objects import API_CLIENT
from integration_gateway.schemas import ClientChange, ClientIn, ClientOut, ClientWithSecret, KeyOut, RotateIn

api = Api("gateway", tag="clients")


@api.get(
    "/api-clients",
    answer=ClientOut,
    allow=right("api_client", "read"),
    page=paged(API_CLIENT),
    query=QUERY,
)
def list_clients(call: Call) -> Any:
    """Machine clients; secrets are never among the answers."""
    return rows(call, API_CLIENT)


@api.post(
    "/api-clients",
    body=ClientIn,
    answer=ClientWithSecret,
    status=201,
    allow=right("api_client", "create"),
    errors=[ClientTaken, UnknownRole, AdministratorOnly, ExceedsOwn],
)
def create_client(call: Call) -> Any:
    """Make a client. Its secret is in this answer and nowhere else."""
    delegation.check_client(call.session, call.caller, None, call.body)
    client, secret = clients.create(call.session, by=call.caller.id, **call.body)
    return _with_secret(call, client, secret)


@api.get("/api-clients/<id>", answer=ClientOut, allow=right("api_client", "read"))
def read_client(call: Call, id: str) -> Any:
    """One client."""
    return access.get(call.session, call.caller, ApiClient, id)


@api.patch(
    "/api-clients/<id>",
    body=ClientChange,
    answer=ClientOut,
    allow=right("api_client", "edit"),
    errors=[UnknownRole, AdministratorOnly, ExceedsOwn],
)
def change_client(call: Call, id: str) -> Any:
    """Change a client; other scopes, roles or switching it off end the tokens it holds."""
    client = access.get(call.session, call.caller, ApiClient, id, "edit")
    delegation.check_client(call.session, call.caller, client, call.body)
    return clients.change(call.session, client, **call.body)


@api.post("/api-clients/<id>/secret", answer=ClientWithSecret, allow=right("api_client", "edit"))
def renew_secret(call: Call, id: str) -> Any:
    """A new secret; the old one and all tokens stop working."""
    client = access.get(call.session, call.caller, ApiClient, id, "edit")
    delegation.check_client(call.session, call.caller, client, {})
    return _with_secret(call, client, clients.renew_secret(call.session, client))


@api.delete("/api-clients/<id>", status=204, allow=right("api_client", "delete"))
def remove_client(call: Call, id: str) -> Any:
    """Remove a client."""
    clients.remove(call.session, access.get(call.session, call.caller, ApiClient, id, "delete"))


@api.post("/signing-keys/rotate", body=RotateIn, answer=KeyOut, allow=right("signing_key", "edit"))
def rotate_keys(call: Call) -> Any:
    """Sign with a new key from now on; `compromised` withdraws the old ones, which logs everybody out."""
    return signing_keys.rotate(call.session, compromised=call.body["compromised"])


def _with_secret(call: Call, client: ApiClient, secret: str) -> dict[str, Any]:
    call.session.flush()
    call.headers["Cache-Control"] = "no-store"
    fields = ClientWithSecret().dump_fields
    return {name: getattr(client, name) for name in fields if name != "client_secret"} | {"client_secret": secret}
