"""Every metric there is: the shipped ones, and those people made; with their references checked."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.i18n import gettext as _
from reporting.errors import MetricInvalid, UnknownMetric
from reporting.facts import FACTS
from reporting.metrics import shipped
from reporting.metrics.definition import Component, Metric, read
from reporting.models import MetricDefinition

MAX_DEPTH = 4


@cache
def shipped_metrics() -> Mapping[str, Metric]:
    """The shipped metrics by key."""
    return {body["key"]: read(body, shipped=True) for body in shipped.SHIPPED}


def metrics(session: Session) -> dict[str, Metric]:
    """All metrics by key, shipped ones first."""
    own = session.scalars(select(MetricDefinition).order_by(MetricDefinition.key)).all()
    return dict(shipped_metrics()) | {row.key: read(row.body | {"version": row.revision}) for row in own}


def wanted(known: Mapping[str, Metric], keys: Iterable[str]) -> list[Metric]:
    """The metrics of `keys`; UnknownMetric names the first that is none."""
    found = []
    for key in keys:
        if key not in known:
            raise UnknownMetric(errors={"metrics": [_("There is no metric %(key)s", key=key)]})
        found.append(known[key])
    return found


def components(known: Mapping[str, Metric], metric: Metric) -> list[Component]:
    """Everything the database is asked for one metric, its references included."""
    found = list(metric.components.values())
    for key in metric.needs:
        found += components(known, known[key])
    return list(dict.fromkeys(found))


def dimensions(known: Mapping[str, Metric], metric: Metric) -> list[str]:
    """Dimensions the metric may be grouped by: those that all its facts have."""
    facts = [FACTS[component.fact] for component in components(known, metric)]
    shared = (
        [name for name in facts[0].dimensions if all(name in item.dimensions for item in facts[1:])] if facts else []
    )
    return ["time", *shared] if facts and all(item.time for item in components(known, metric)) else shared


def check_references(known: Mapping[str, Metric], metric: Metric, depth: int = 0) -> None:
    """MetricInvalid when the metric refers to none, or through others to itself."""
    if depth > MAX_DEPTH:
        raise MetricInvalid(errors={"formula": [_("The metric refers to itself, or through too many others.")]})
    for key in metric.needs:
        if key not in known:
            raise MetricInvalid(errors={"formula": [_("There is no metric %(key)s", key=key)]})
        check_references(known, known[key], depth + 1)


def document(known: Mapping[str, Metric], metric: Metric) -> dict[str, Any]:
    """A metric as the API and the dictionary page show it."""
    return {
        "key": metric.key,
        "version": metric.version,
        "label": dict(metric.label),
        "description": dict(metric.description),
        "type": metric.type,
        "unit": metric.unit,
        "good": metric.good,
        "shipped": metric.shipped,
        "facts": sorted({component.fact for component in components(known, metric)}),
        "dimensions": dimensions(known, metric),
        "definition": dict(metric.body),
    }
