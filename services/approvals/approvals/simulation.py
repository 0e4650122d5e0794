"""Trying a flow before it is published: the route of one request, and of past ones; nothing is stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import queries, routes, words
from approvals.blocks import Shape
from approvals.directory_people import surroundings
from approvals.flow import Surroundings
from approvals.routes import Route
from approvals.state import new_state
from approvals.subjects import SubjectKind, clean, missing
from chassis import clock, directory, i18n
from engines.conditions import fields_used
from engines.explain import DecisionRow

_EXAMPLES = 20


@dataclass(frozen=True)
class Sample:
    """One request to try a flow on; `before` is the route it took, empty for an invented one."""

    subject: Mapping[str, Any]
    initiator: str
    instance_id: str | None = None
    before: tuple[str, ...] = ()


def preview(
    session: Session,
    *,
    body: Mapping[str, Any],
    kind: SubjectKind,
    key: str,
    snapshot: Mapping[str, Any],
    initiator: str,
) -> dict[str, Any]:
    """The route one request would take now: steps with people and why, branches with why, how long by experience."""
    around = surroundings(session, kind)
    route = routes.trace(body, new_state(initiator=initiator, subject=clean(kind, snapshot)), around)
    names = directory.names(session, route.people)
    hours = queries.usual_hours(session, key)
    locale = i18n.current()
    stops = [
        {
            "node": stop["node"],
            "name": stop["name"],
            "type": stop["type"],
            "mode": stop["mode"],
            "skipped": stop["skipped"],
            "people": [
                {
                    "user_id": person,
                    "name": names.get(person, person),
                    "why": words.person_why(session, stop["why"], person)[locale],
                }
                for person in stop["people"]
            ],
            "due_at": stop["due_at"],
            "usual_hours": hours.get(stop["node"]),
        }
        for stop in route.stops
    ]
    explained = words.route_steps(session, route, Shape(body), kind)
    return {
        "route": stops,
        "outcome": route.outcome,
        "usual_hours": round(sum(stop["usual_hours"] or 0 for stop in stops), 2),
        "missing": missing(kind, clean(kind, snapshot), _needed(body)),
        "steps": [{"text": step.read(locale), "data": dict(step.data)} for step in explained],
    }


def simulate(
    session: Session, *, body: Mapping[str, Any], kind: SubjectKind, key: str, samples: Sequence[Sample]
) -> dict[str, Any]:
    """Routes and load of all samples if everybody approved: what would change, and what could not be used."""
    around = surroundings(session, kind)
    shape, needed = Shape(body), _needed(body)
    taken: Counter[tuple[str, ...]] = Counter()
    load: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    empty: Counter[str] = Counter()
    changed: list[dict[str, Any]] = []
    unusable: list[dict[str, Any]] = []
    for sample in samples:
        gone = missing(kind, sample.subject, needed)
        lacking.update(gone)
        if gone and len(unusable) < _EXAMPLES:
            unusable.append({"instance_id": sample.instance_id, "fields": gone})
        route = _trace(body, sample, around)
        taken[route.nodes] += 1
        load.update(route.people)
        empty.update(stop["node"] for stop in route.stops if not stop["people"])
        if sample.instance_id and sample.before != route.nodes:
            changed.append(
                {"instance_id": sample.instance_id, "before": list(sample.before), "after": list(route.nodes)}
            )
    names, hours = directory.names(session, load), queries.usual_hours(session, key)
    return {
        "tried": len(samples),
        "routes": [
            {
                "nodes": list(nodes),
                "names": [dict(shape.node(node)["name"]) for node in nodes],
                "count": times,
                "usual_hours": round(sum(hours.get(node, 0) for node in nodes), 2),
            }
            for nodes, times in taken.most_common()
        ],
        "load": [
            {"user_id": user, "name": names.get(user, user), "tasks": times} for user, times in load.most_common()
        ],
        "would_change": len(changed),
        "changes": changed[:_EXAMPLES],
        "found_nobody": dict(empty),
        "missing_fields": dict(lacking),
        "missing_in": unusable,
    }


def given(kind: SubjectKind, records: Sequence[Mapping[str, Any]], *, initiator: str) -> list[Sample]:
    """Samples typed into the request: `{"snapshot": {…}, "requested_by": …}`."""
    return [Sample(clean(kind, record["snapshot"]), record.get("requested_by") or initiator) for record in records]


def past(
    session: Session, kind: SubjectKind, key: str, *, since: datetime, until: datetime | None, limit: int
) -> list[Sample]:
    """Requests of a flow in a period, with the values they had then and the route that followed from them."""
    rows = session.execute(
        select(DecisionRow.subject, DecisionRow.inputs, DecisionRow.outcome)
        .where(DecisionRow.kind == "route", DecisionRow.rule == key)
        .where(DecisionRow.at >= since, DecisionRow.at <= (until or clock.now()))
        .order_by(DecisionRow.id.desc())
        .limit(limit)
    )
    made = []
    for row in rows:
        inputs = dict(row.inputs)
        initiator = inputs.pop("initiator", None) or "system"
        route = tuple((row.outcome or {}).get("route", ()))
        made.append(Sample(clean(kind, inputs), initiator, row.subject.partition("/")[2], route))
    return made


def _trace(body: Mapping[str, Any], sample: Sample, around: Surroundings) -> Route:
    return routes.trace(body, new_state(initiator=sample.initiator, subject=dict(sample.subject)), around)


def _needed(body: Mapping[str, Any]) -> set[str]:
    """Fields the conditions of a flow look at."""
    found: set[str] = set()
    for place in Shape(body).places.values():
        for item in place.node.get("branches", ()):
            found |= fields_used(item.get("when") or {})
    return found
