"""Connectors as configured: checked against their kind's schema, secrets apart, clients kept open."""

import threading
from datetime import timedelta
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.db import Database
from chassis.errors import Invalid, NotFound
from chassis.events import publish
from chassis.i18n import gettext as _
from chassis.ids import uuid7
from integration_gateway.connectors.contract import Connector as Kind
from integration_gateway.connectors.contract import ConnectorError, Health
from integration_gateway.connectors.events import ConnectorChanged
from integration_gateway.connectors.models import Connector, ConnectorState
from integration_gateway.connectors.registry import KINDS

KEPT = "********"  # what a form sends for a secret that stays as it is
_clients: dict[str, tuple[int, Any]] = {}
_lock = threading.Lock()


def create(
    session: Session, *, kind: str, name: str, settings: dict[str, Any], enabled: bool = True, **more: Any
) -> Connector:
    """Set up a connector; Invalid names each wrong setting."""
    spec = kind_of(kind)
    plain, secret = _split(spec, _checked(spec, settings))
    connector = Connector(
        id=more.pop("id", None) or uuid7(),
        kind=kind,
        name=name,
        enabled=enabled,
        settings=plain,
        secrets=secret,
        **more,
    )
    session.add(connector)
    session.flush()
    session.add(ConnectorState(connector_id=connector.id, tokens=float(spec.burst), filled_at=clock.now()))
    _tell(session, connector)
    return connector


def change(
    session: Session,
    connector: Connector,
    *,
    name: str | None = None,
    enabled: bool | None = None,
    settings: dict[str, Any] | None = None,
) -> Connector:
    """Change a connector; a secret given as KEPT or not at all stays. Switching on lifts a pause."""
    if settings is not None:
        spec = kind_of(connector.kind)
        before = opened(connector)
        given = {key: value for key, value in settings.items() if not (key in spec.secret_fields() and value == KEPT)}
        connector.settings, connector.secrets = _split(spec, _checked(spec, before | given))
    if name is not None:
        connector.name = name
    if enabled is not None:
        connector.enabled = enabled
    state = state_of(session, connector)
    state.paused_until, state.failures, state.pause_reason = None, 0, ""
    _tell(session, connector)
    return connector


def get(session: Session, connector_id: str) -> Connector:
    """One connector, by id or by kind where there is one of that kind; NotFound otherwise."""
    found = session.get(Connector, connector_id)
    if found is None and connector_id in KINDS:
        found = session.scalar(select(Connector).where(Connector.kind == connector_id).order_by(Connector.id).limit(1))
    if found is None:
        raise NotFound()
    return found


def listed(session: Session) -> list[Connector]:
    """All connectors, by kind and name."""
    return list(session.scalars(select(Connector).order_by(Connector.kind, Connector.name)))


def with_capability(session: Session, capability: str) -> Connector | None:
    """The enabled connector that can do this; the oldest where there are several."""
    kinds = [kind for kind, spec in KINDS.items() if capability in spec.capabilities]
    wanted = select(Connector).where(Connector.kind.in_(kinds), Connector.enabled)
    return session.scalar(wanted.order_by(Connector.id).limit(1))


def of_name(session: Session, kind: str, name: str) -> Connector | None:
    """The enabled connector of a kind with this name; the oldest where there are several."""
    wanted = select(Connector).where(Connector.kind == kind, Connector.name == name, Connector.enabled)
    return session.scalar(wanted.order_by(Connector.id).limit(1))


def kind_of(kind: str) -> Kind:
    """The plug-in; Invalid for a kind that does not exist."""
    if kind not in KINDS:
        raise Invalid(errors={"kind": [_("There is no such kind of connector")]})
    return KINDS[kind]


def state_of(session: Session, connector: Connector) -> ConnectorState:
    state = session.get(ConnectorState, connector.id)
    assert state is not None, "made together with the connector"
    return state


def opened(connector: Connector) -> dict[str, Any]:
    """All settings, secrets included. Never to be shown or logged."""
    return connector.settings | orjson.loads(connector.secrets)


def shown(connector: Connector) -> dict[str, Any]:
    """Settings as people may see them: whether a secret is set, not which."""
    secrets = {key: KEPT if value else "" for key, value in orjson.loads(connector.secrets).items()}
    return connector.settings | secrets


def client(connector: Connector) -> Any:
    """The open client of a connector; a new one after each change of its settings."""
    with _lock:
        version, found = _clients.get(connector.id, (0, None))
        if found is None or version != connector.version:
            found = kind_of(connector.kind).open(opened(connector))
            _clients[connector.id] = connector.version, found
        return found


def check_health(database: Database, connector_id: str) -> Health:
    """Ask the system whether it works with our settings, and remember the answer. Calls out: no open transaction."""
    with database.reading() as session:
        connector = get(session, connector_id)
        probe, spec = client(connector), kind_of(connector.kind)
    try:
        health = spec.health(probe)
    except ConnectorError as error:
        health = Health(ok=False, detail=str(error)[:500], facts={"code": error.code})
    with database.transaction() as session:
        state = session.get(ConnectorState, connector.id)
        if state is not None:
            state.healthy, state.health_detail, state.checked_at = health.ok, health.detail[:500], clock.now()
    return health


def dry_run(session: Session, connector: Connector, *, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The request an action would send; nothing is sent and nothing stored."""
    spec = kind_of(connector.kind).actions.get(action)
    if spec is None:
        raise Invalid(errors={"action": [_("This connector has no such action")]})
    try:
        return spec.draft(client(connector), spec.payload().load(payload))
    except ValidationError as error:
        raise Invalid(errors={"payload": error.messages}) from None
    except ConnectorError as error:
        raise Invalid(str(error)) from None


def pause(state: ConnectorState, *, seconds: float, reason: str) -> None:
    """Let a connector rest; its deliveries wait and no try is counted."""
    state.paused_until = clock.now() + timedelta(seconds=seconds)
    state.pause_reason = reason[:300]


def _checked(spec: Kind, settings: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(spec.settings().load(settings))
    except ValidationError as error:
        raise Invalid(errors={"settings": error.messages}) from None


def _split(spec: Kind, settings: dict[str, Any]) -> tuple[dict[str, Any], str]:
    hidden = spec.secret_fields()
    plain = {key: value for key, value in settings.items() if key not in hidden}
    return plain, orjson.dumps({key: settings.get(key, "") for key in sorted(hidden)}).decode()


def _tell(session: Session, connector: Connector) -> None:
    session.flush()
    publish(
        session,
        ConnectorChanged(
            connector, connector_id=connector.id, kind=connector.kind, name=connector.name, enabled=connector.enabled
        ),
    )
