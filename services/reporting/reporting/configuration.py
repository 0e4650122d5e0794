"""What is set up here, as data: a company's own metrics, and the dashboards it shares."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.configuration import Section
from engines.forms import configuration as own_forms
from reporting import definitions
from reporting.models import Dashboard, MetricDefinition


def sections() -> list[Section]:
    """Metrics first: dashboards show them."""
    return [
        own_forms.section(),
        Section(name="metric", export=_metrics, apply=_put_metric),
        Section(name="dashboard", export=_dashboards, apply=_put_dashboard),
    ]


def _metrics(session: Session) -> dict[str, dict[str, Any]]:
    return {row.key: _without_key(row.body) for row in session.scalars(select(MetricDefinition))}


def _put_metric(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    if session.scalars(select(MetricDefinition.id).where(MetricDefinition.key == key)).first():
        definitions.change_metric(session, caller=caller, key=key, body=body)
    else:
        definitions.create_metric(session, caller=caller, body={**body, "key": key})


def _dashboards(session: Session) -> dict[str, dict[str, Any]]:
    shared = select(Dashboard).where(Dashboard.shared)
    return {row.key: _without_key(row.body) for row in session.scalars(shared)}


def _put_dashboard(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    if session.scalars(select(Dashboard.id).where(Dashboard.key == key)).first():
        definitions.change_dashboard(session, caller=caller, key=key, body=body, shared=True)
    else:
        definitions.create_dashboard(session, caller=caller, body={**body, "key": key}, shared=True)


def _without_key(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "key"}
