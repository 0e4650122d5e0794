"""What is set up here, as data: departments, roles and connectors. People come from a directory, secrets from nowhere."""

from typing import Any

from marshmallow import Schema, ValidationError, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import Caller
from chassis.configuration import Section, department_path
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from engines.forms import configuration as own_forms
from integration_gateway.connectors import configured
from integration_gateway.directory import departments, roles
from integration_gateway.models import Department, Role
from integration_gateway.schemas import RoleChange, RoleIn

_Department = Schema.from_dict({"head": fields.String(allow_none=True)})
_Connector = Schema.from_dict({"enabled": fields.Boolean(), "settings": fields.Dict(keys=fields.String())})


def sections() -> list[Section]:
    """The tree of departments, what roles may do, how connectors are set."""
    return [
        own_forms.section(),
        Section(name="department", shape=_Department(), export=_departments, apply=_put_department),
        Section(name="role", export=_roles, apply=_put_role),
        Section(name="connector", shape=_Connector(), export=_connectors, apply=_put_connector),
    ]


def _departments(session: Session) -> dict[str, dict[str, Any]]:
    """By path from the company down, so that a department comes after those above it."""
    known = directory.load(session, None)
    heads = {row.id: row.head_id for row in session.scalars(select(Department))}
    return {
        department_path(known, item): {"head": heads[item.id]}
        for item in known.departments.values()
        if item.id in heads
    }


def _put_department(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    known = directory.load(session, None)
    ids = {department_path(known, item): item.id for item in known.departments.values()}
    head, found = body.get("head"), ids.get(key)
    if found is not None:
        departments.change(session, session.get_one(Department, found), head_id=head)
        return
    above, _slash, name = key.rpartition("/")
    if above and above not in ids:
        raise Invalid(errors={"name": [_("There is no department %(path)s", path=above)]})
    departments.create(session, name=name, parent_id=ids.get(above), head_id=head, by=caller.id)


def _roles(session: Session) -> dict[str, dict[str, Any]]:
    return {
        row.key: {name: getattr(row, name) for name in RoleChange().fields if (row.key, name) != ("admin", "grants")}
        for row in session.scalars(select(Role))
    }


def _put_role(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    found = session.scalars(select(Role).where(Role.key == key)).first()
    try:
        (RoleChange().load(body) if found else RoleIn().load({**body, "key": key}))
    except ValidationError as error:
        raise Invalid(errors=error.normalized_messages()) from None
    if found is None:
        roles.create(session, key=key, by=caller.id, **body)
    else:
        roles.change(session, found, **body)


def _connectors(session: Session) -> dict[str, dict[str, Any]]:
    return {
        f"{row.kind} {row.name}": {"enabled": row.enabled, "settings": row.settings}
        for row in configured.listed(session)
    }


def _put_connector(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    """Change a connector, or set one up that needs no secret: secrets are in no file."""
    found = next((row for row in configured.listed(session) if f"{row.kind} {row.name}" == key), None)
    settings, enabled = body.get("settings") or {}, body.get("enabled") is not False
    if found is not None:
        configured.change(session, found, settings=settings, enabled=enabled)
        return
    kind, _space, name = key.partition(" ")
    configured.create(session, kind=kind, name=name, settings=settings, enabled=enabled)
