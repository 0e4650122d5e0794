"""Routes of connectors, their deliveries and the contact checks."""

from typing import Any

from sqlalchemy import select

from chassis.api import Api, Call
from chassis.errors import NotFound
from chassis.paging import Paged
from engines import access
from engines.access import right
from integration_gateway import contacts_sync, deliveries
from integration_gateway.connectors import configured, schemas
from integration_gateway.connectors.models import Connector, ContactCheck, Delivery
from integration_gateway.connectors.registry import KINDS

api = Api("gateway", tag="connectors")


@api.get("/connector-kinds", answer=schemas.KindsOut, allow=right("connector", "read"))
def list_kinds(call: Call) -> dict[str, Any]:
    """Kinds of connectors with their settings, actions and mappings."""
    return {"items": [_kind(one) for one in KINDS]}


@api.get("/connectors", answer=schemas.ConnectorsOut, allow=right("connector", "read"))
def list_connectors(call: Call) -> dict[str, Any]:
    """Configured connectors; secrets are never among the answers."""
    readable = access.readable(call.session, call.caller, Connector)
    return {"items": list(call.session.scalars(readable.order_by(Connector.kind, Connector.name)))}


@api.post(
    "/connectors", body=schemas.ConnectorIn, answer=schemas.ConnectorOut, status=201, allow=right("connector", "create")
)
def create_connector(call: Call) -> Connector:
    """Set up a connector."""
    return configured.create(call.session, created_by=call.caller.id, **call.body)


@api.get("/connectors/<id>", answer=schemas.ConnectorOut, allow=right("connector", "read"))
def read_connector(call: Call, id: str) -> Connector:
    """One connector."""
    return access.get(call.session, call.caller, Connector, id)


@api.patch(
    "/connectors/<id>", body=schemas.ConnectorChange, answer=schemas.ConnectorOut, allow=right("connector", "edit")
)
def change_connector(call: Call, id: str) -> Connector:
    """Change a connector, or switch it on or off; its deliveries wait while it is off."""
    return configured.change(call.session, access.get(call.session, call.caller, Connector, id, "edit"), **call.body)


@api.post("/connectors/<id>/health", answer=schemas.HealthOut, allow=right("connector", "administer"), session="none")
def check_connector(call: Call, id: str) -> Any:
    """Ask the system whether it works with these settings."""
    with call.database.reading() as session:
        connector = access.get(session, call.caller, Connector, id)
    return configured.check_health(call.database, connector.id)


@api.post(
    "/connectors/<id>/dry-run",
    body=schemas.DryRunIn,
    answer=schemas.DryRunOut,
    allow=right("connector", "administer"),
    session="read",
)
def dry_run(call: Call, id: str) -> dict[str, Any]:
    """The request an action would send; nothing is sent."""
    connector = access.get(call.session, call.caller, Connector, id)
    return {"request": configured.dry_run(call.session, connector, **call.body)}


@api.post(
    "/connectors/<id>/deliveries",
    body=schemas.DeliveryOrder,
    answer=schemas.DeliveryOut,
    status=202,
    allow=right("connector", "administer"),
)
def order_delivery(call: Call, id: str) -> Delivery:
    """Order an action by hand; the same key again answers the delivery there is."""
    connector = access.get(call.session, call.caller, Connector, id)
    configured.dry_run(call.session, connector, action=call.body["action"], payload=call.body["payload"])
    return deliveries.enqueue(call.session, connector=connector, **call.body)


@api.post(
    "/connectors/<id>/contact-checks",
    body=schemas.CheckIn,
    answer=schemas.CheckOut,
    status=202,
    allow=right("connector", "administer"),
)
def ask_for_check(call: Call, id: str) -> ContactCheck:
    """Compare the directory with the platform's contacts; the report is there when `done_at` is set."""
    connector = access.get(call.session, call.caller, Connector, id)
    return contacts_sync.ask(call.session, connector, apply=call.body["apply"])


@api.get(
    "/connectors/<id>/contact-checks",
    answer=schemas.CheckOut,
    allow=right("connector", "administer"),
    page=Paged(entity=ContactCheck, sort={"asked_at": ContactCheck.asked_at}, default="-asked_at"),
)
def list_checks(call: Call, id: str) -> Any:
    """Comparisons of contacts, newest first."""
    connector = access.get(call.session, call.caller, Connector, id)
    return select(ContactCheck).where(ContactCheck.connector_id == connector.id)


@api.get(
    "/deliveries",
    query=schemas.DeliveryQuery,
    answer=schemas.DeliveryOut,
    allow=right("delivery", "read"),
    page=Paged(
        entity=Delivery, sort={"created_at": Delivery.created_at, "next_at": Delivery.next_at}, default="-created_at"
    ),
)
def list_deliveries(call: Call) -> Any:
    """Deliveries of all connectors."""
    wanted = {name: call.query[name] for name in ("connector_id", "state", "subject") if call.query.get(name)}
    return select(Delivery).filter_by(**wanted)


@api.get("/deliveries/<id>", answer=schemas.DeliveryDetail, allow=right("delivery", "read"))
def read_delivery(call: Call, id: str) -> dict[str, Any]:
    """One delivery with every try."""
    delivery = _delivery(call, id)
    shown = {name: getattr(delivery, name) for name in schemas.DeliveryDetail().fields if name != "tries"}
    return shown | {"tries": deliveries.attempts_of(call.session, delivery)}


@api.post(
    "/deliveries/<id>/retry", answer=schemas.DeliveryOut, allow=right("delivery", "retry"), errors=[deliveries.NotOpen]
)
def retry_delivery(call: Call, id: str) -> Delivery:
    """Try now, whatever its state of waiting; an uncertain one is looked for first."""
    return deliveries.retry(call.session, _delivery(call, id))


@api.post(
    "/deliveries/<id>/replay",
    answer=schemas.DeliveryOut,
    status=201,
    allow=right("delivery", "replay"),
    errors=[deliveries.NotOpen],
)
def replay_delivery(call: Call, id: str) -> Delivery:
    """Do a finished delivery again as a new one."""
    return deliveries.replay(call.session, _delivery(call, id))


@api.post(
    "/deliveries/<id>/cancel",
    answer=schemas.DeliveryOut,
    allow=right("delivery", "cancel"),
    errors=[deliveries.NotOpen],
)
def cancel_delivery(call: Call, id: str) -> Delivery:
    """Give up a delivery that is not done, and what waits for it."""
    return deliveries.cancel(call.session, _delivery(call, id))


def _delivery(call: Call, id: str) -> Delivery:
    found = call.session.get(Delivery, id)
    if found is None:
        raise NotFound()
    return found


def _kind(kind: str) -> dict[str, Any]:
    spec = KINDS[kind]
    return {
        "kind": kind,
        "title": spec.title,
        "capabilities": sorted(spec.capabilities),
        "settings": schemas.described(spec.settings, hidden=spec.secret_fields()),
        "actions": [
            {"name": name, "title": action.doc, "payload": {"fields": schemas.described(action.payload)}}
            for name, action in spec.actions.items()
        ],
        "mappings": spec.mappings,
    }
