"""The two funnels of a pipeline, beside each other and never mixed: of a cohort, and of what stands where now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import NotFound
from engines import conditions
from reporting.facts import FACTS, stages
from reporting.metrics import expressions
from reporting.querying import scope
from reporting.querying.periods import Period, instant
from reporting.querying.rows import Rows
from reporting.settings import current


@dataclass
class Rung:
    """One stage: deals of the cohort that reached it, shares of all and of the stage before, mean days to get there.

    `now`, `now_minor` are deals and amount that stand in the stage at this moment, whatever their cohort.
    """

    stage: str
    label: Any
    reached: int
    of_all: float | None
    of_previous: float | None
    days: float | None
    now: int
    now_minor: int


@dataclass
class Funnel:
    """A pipeline's rungs in board order; the cohort are the deals created in `period`."""

    pipeline: str
    pipelines: dict[str, Any]
    period: Period
    within_days: int
    rungs: list[Rung]


def funnel(
    session: Session,
    *,
    caller: Caller,
    pipeline: str,
    period: Period,
    condition: Mapping[str, Any],
    within_days: int = 0,
) -> Funnel:
    """Deals created in the period and the stages they reached, within `within_days` of creation (0: at any time)."""
    known = stages.steps(session)
    _labels, pipelines = stages.labels(session)
    if pipeline and pipeline not in known:
        raise NotFound()
    chosen = stages.chosen(known, pipeline)
    if not chosen:
        return Funnel("", {}, period, within_days, [])
    reached = _reached(session, caller, chosen, period, condition, within_days)
    standing = _standing(session, caller, chosen, condition)
    top = reached.get(known[chosen][0].stage, (0, None))[0] if known[chosen] else 0
    rungs = []
    before: int | None = None
    for step in known[chosen]:
        count, days = reached.get(step.stage, (0, None))
        now, minor = standing.get(step.stage, (0, 0))
        rungs.append(Rung(step.stage, step.label, count, _share(count, top), _share(count, before), days, now, minor))
        before = count
    return Funnel(chosen, {key: pipelines.get(key, key) for key in known}, period, within_days, rungs)


def _reached(
    session: Session, caller: Caller, pipeline: str, period: Period, condition: Mapping[str, Any], within_days: int
) -> dict[str, tuple[int, float | None]]:
    fact = FACTS["stage_reach"]
    rows = Rows(session, fact)
    zone = current().time_zone
    took = expressions.Seconds(rows["created_at"], rows["reached_at"])
    where = [*_filters(session, caller, fact, rows, condition), rows["pipeline"] == pipeline]
    where += [rows["created_at"] >= instant(period.first, zone)]
    where += [rows["created_at"] < instant(period.last + timedelta(days=1), zone)]
    if within_days:
        where.append(took <= within_days * 86400)
    query = select(rows["stage"], func.count(), func.avg(took)).select_from(rows.table).where(*where)
    found = session.execute(query.group_by(rows["stage"])).all()
    return {stage: (count, None if mean is None else round(float(mean) / 86400, 2)) for stage, count, mean in found}


def _standing(
    session: Session, caller: Caller, pipeline: str, condition: Mapping[str, Any]
) -> dict[str, tuple[int, int]]:
    fact = FACTS["opportunity"]
    rows = Rows(session, fact)
    where = [
        *_filters(session, caller, fact, rows, condition),
        rows["pipeline"] == pipeline,
        rows["category"] == "open",
    ]
    query = select(rows["stage"], func.count(), func.sum(rows["base_minor"])).select_from(rows.table).where(*where)
    found = session.execute(query.group_by(rows["stage"])).all()
    return {stage: (count, int(minor or 0)) for stage, count, minor in found}


def _filters(session: Session, caller: Caller, fact: Any, rows: Rows, condition: Mapping[str, Any]) -> list[Any]:
    conditions.check(condition, fact.object)
    context = conditions.Context(caller=caller, zone=current().time_zone)
    asked = conditions.to_sql(condition, fact.object, context, rows)
    return [scope.restriction(session, caller, fact, rows, drill=False), asked]


def _share(part: int, whole: int | None) -> float | None:
    return round(part / whole, 6) if whole else None
