"""Making, changing and removing own metrics and dashboards; each is checked as a whole before it is kept."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import Conflict
from chassis.events import publish
from chassis.i18n import gettext as _
from chassis.ids import uuid7
from engines import access
from reporting.dashboards import boards
from reporting.dashboards import definition as board_definition
from reporting.errors import KeyTaken
from reporting.events import DefinitionPublished
from reporting.metrics import catalogue
from reporting.metrics import definition as metric_definition
from reporting.models import Dashboard, MetricDefinition


def create_metric(session: Session, *, caller: Caller, body: Mapping[str, Any]) -> MetricDefinition:
    """A new metric; its key is nobody else's."""
    known = catalogue.metrics(session)
    metric = metric_definition.read(body)
    if metric.key in known:
        raise KeyTaken(key=metric.key)
    catalogue.check_references(known | {metric.key: metric}, metric)
    record = MetricDefinition(id=uuid7(), key=metric.key, body=dict(metric.body), revision=1, **_owned(caller))
    session.add(record)
    publish(session, DefinitionPublished(record, kind="metric", key=record.key, definition_version=1, active=True))
    return record


def change_metric(session: Session, *, caller: Caller, key: str, body: Mapping[str, Any]) -> MetricDefinition:
    """A new version of an own metric. What already uses it must go on working with it."""
    record = _own(session, caller, MetricDefinition, key, "edit")
    known = catalogue.metrics(session)
    metric = metric_definition.read({**body, "key": key})
    catalogue.check_references(known | {key: metric}, metric)
    record.body, record.revision = dict(metric.body), record.revision + 1
    publish(
        session, DefinitionPublished(record, kind="metric", key=key, definition_version=record.revision, active=True)
    )
    return record


def remove_metric(session: Session, *, caller: Caller, key: str) -> None:
    """Remove an own metric that no other metric and no dashboard uses."""
    record = _own(session, caller, MetricDefinition, key, "delete")
    users = [metric.key for metric in catalogue.metrics(session).values() if key in metric.needs]
    for other in session.scalars(select(Dashboard)):
        users += [other.key for tile in other.body["tiles"] if key in tile["metrics"]]
    if users:
        raise Conflict(_("Still used by: %(names)s", names=", ".join(dict.fromkeys(users))))
    _remove(session, record, "metric", record.revision)


def create_dashboard(session: Session, *, caller: Caller, body: Mapping[str, Any], shared: bool) -> Dashboard:
    """A new dashboard."""
    board = board_definition.read(body, catalogue.metrics(session))
    taken = select(Dashboard.id).where(Dashboard.key == board.key)
    if board.key in boards.shipped_boards() or session.scalars(taken).first():
        raise KeyTaken(key=board.key)
    _check_share(session, caller, shared)
    record = Dashboard(id=uuid7(), key=board.key, body=dict(board.body), shared=shared, **_owned(caller))
    session.add(record)
    publish(session, DefinitionPublished(record, kind="dashboard", key=record.key, definition_version=1, active=True))
    return record


def change_dashboard(session: Session, *, caller: Caller, key: str, body: Mapping[str, Any], shared: bool) -> Dashboard:
    """Other tiles, another name, shared or not."""
    record = _own(session, caller, Dashboard, key, "edit")
    board = board_definition.read({**body, "key": key}, catalogue.metrics(session))
    if shared != record.shared:
        _check_share(session, caller, shared)
    record.body, record.shared = dict(board.body), shared
    session.flush()
    publish(
        session, DefinitionPublished(record, kind="dashboard", key=key, definition_version=record.version, active=True)
    )
    return record


def remove_dashboard(session: Session, *, caller: Caller, key: str) -> None:
    """Remove an own dashboard."""
    record = _own(session, caller, Dashboard, key, "delete")
    _remove(session, record, "dashboard", record.version)


def version_of(session: Session, model: Any, key: str) -> int:
    """The version an If-Match is held against: a metric's revision, a dashboard's version; 0 where there is none."""
    column = model.revision if model is MetricDefinition else model.version
    return session.scalars(select(column).where(model.key == key)).first() or 0


def _own(session: Session, caller: Caller, model: Any, key: str, action: str) -> Any:
    """The record of that key for changing; NotFound for shipped ones too, which nobody changes."""
    found = session.scalars(select(model.id).where(model.key == key)).first()
    return access.get(session, caller, model, found or "", action, lock=True)


def _owned(caller: Caller) -> dict[str, Any]:
    return {"owner_id": caller.id, "department_id": caller.department_id, "created_by": caller.id}


def _check_share(session: Session, caller: Caller, shared: bool) -> None:
    if shared:
        access.require_right(session, caller, "dashboard", "share")


def _remove(session: Session, record: Any, kind: str, version: int) -> None:
    session.delete(record)
    publish(session, DefinitionPublished(record, kind=kind, key=record.key, definition_version=version, active=False))
