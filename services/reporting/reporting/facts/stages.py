"""Pipelines and their stages in board order, and which stages each opportunity has reached.

Reached counts once per deal and stage, at the first time it stood there or beyond: a stage that was skipped counts as
reached, a second visit does not. A lost deal has reached what it had reached before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, String, and_, case, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from chassis.db import UtcDateTime
from engines.access.sight import READER
from reporting.models import Opportunity, Stage, StageInterval

_STEPS = "reporting.steps"


@dataclass(frozen=True)
class Step:
    """A stage as figures know it; `label` is a {"zh", "en"} pair or the key."""

    pipeline: str
    stage: str
    place: int
    label: Mapping[str, str] | str
    category: str


def steps(session: Session) -> dict[str, list[Step]]:
    """Pipeline → its open stages and the won one, in board order.

    A pipeline that sales never announced is ordered by the probabilities its deals had. Asked once per reading session: a
    dashboard needs them for most of its tiles.
    """
    kept: dict[str, Any] = session.info if READER in session.info else {}
    if _STEPS not in kept:
        kept[_STEPS] = _steps(session)
    found: dict[str, list[Step]] = kept[_STEPS]
    return found


def _steps(session: Session) -> dict[str, list[Step]]:
    known: dict[str, list[Step]] = {}
    rows = session.execute(
        select(Stage).where(Stage.place.is_not(None)).order_by(Stage.pipeline, Stage.place)
    ).scalars()
    for stage in rows:
        known.setdefault(stage.pipeline, []).append(
            Step(stage.pipeline, stage.stage, stage.place or 0, stage.label or stage.stage, stage.category or "open")
        )
    stays = StageInterval
    seen = session.execute(
        select(
            stays.pipeline,
            stays.stage,
            func.max(stays.category).label("category"),
            func.max(stays.probability).label("p"),
        )
        .where(stays.pipeline.not_in(list(known)))
        .group_by(stays.pipeline, stays.stage)
    ).all()
    for place, row in enumerate(
        sorted(seen, key=lambda row: (row.pipeline, row.category == "won", row.p or 0, row.stage))
    ):
        known.setdefault(row.pipeline, []).append(
            Step(row.pipeline or "", row.stage or "", place, row.stage or "", row.category or "open")
        )
    return {pipeline: [step for step in found if step.category != "lost"] for pipeline, found in known.items()}


def labels(session: Session) -> tuple[dict[str, Any], dict[str, Any]]:
    """Labels of stages and of pipelines by key; the same key in two pipelines reads as in the first."""
    stage_labels: dict[str, Any] = {}
    pipeline_labels: dict[str, Any] = {}
    for row in session.execute(select(Stage).order_by(Stage.pipeline.desc(), Stage.place)).scalars():
        stage_labels.setdefault(row.stage, row.label or row.stage)
        pipeline_labels.setdefault(row.pipeline, row.pipeline_label or row.pipeline)
    return stage_labels, pipeline_labels


def order(session: Session) -> list[str]:
    """Stage keys of all pipelines, each in its place, shortest pipeline first."""
    pipelines: Sequence[list[Step]] = sorted(steps(session).values(), key=len)
    return list(dict.fromkeys(step.stage for pipeline in pipelines for step in pipeline))


def chosen(known: Mapping[str, Sequence[Step]], wanted: str) -> str:
    """The wanted pipeline if there is such a one, else the shortest; empty when there is none at all."""
    return wanted if wanted in known else min(known, key=lambda key: (len(known[key]), key), default="")


def reach(session: Session) -> Any:
    """One row per opportunity and stage it reached: when first, and when it first went beyond (empty: not yet).

    Each deal's stays are read once, into a column per place of the board, and the columns laid out as rows again: a join
    of stays with stages would be many times as long.
    """
    known = steps(session)
    height = max((len(found) for found in known.values()), default=0)
    if not height:
        return _laid_out(_pivot({}, 1), {}, 0).where(literal(1) == 0).subquery("stage_reach")
    deals = _pivot(known, height)
    return union_all(*(_laid_out(deals, known, place) for place in range(height))).subquery("stage_reach")


def _pivot(known: Mapping[str, Sequence[Step]], height: int) -> Any:
    """Deals with `r0`, `r1` …: when each first stood in that place or a later one of its pipeline."""
    stay, deal = StageInterval.__table__.c, Opportunity.__table__.c
    rungs = [
        (and_(stay.pipeline == step.pipeline, stay.stage == step.stage), literal(place, Integer()))
        for found in known.values()
        for place, step in enumerate(found)
    ]
    place = case(*rungs) if rungs else null().cast(Integer)
    reached = (
        select(
            stay.opportunity_id.label("id"),
            *(func.min(case((place >= k, stay.entered_at))).label(f"r{k}") for k in range(height)),
        )
        .group_by(stay.opportunity_id)
        .subquery()
    )
    return (
        select(
            reached.c.id, *(reached.c[f"r{k}"] for k in range(height)), deal.pipeline, deal.number, deal.name,
            deal.created_at, deal.base_minor, deal.owner_id, deal.department_id, deal.region, deal.source,
        )
        .join_from(reached, Opportunity.__table__, deal.id == reached.c.id)
        .cte("deals")
    )  # fmt: skip


def _laid_out(deals: Any, known: Mapping[str, Sequence[Step]], place: int) -> Any:
    """The deals that reached one place, as rows."""
    here = [(pipeline, found[place]) for pipeline, found in known.items() if place < len(found)]
    stage = [(deals.c.pipeline == pipeline, literal(step.stage, String())) for pipeline, step in here]
    category = [(deals.c.pipeline == pipeline, literal(step.category, String())) for pipeline, step in here]
    beyond = deals.c.get(f"r{place + 1}")
    return select(
        deals.c.id.label("opportunity_id"), deals.c.pipeline,
        (case(*stage) if stage else null().cast(String)).label("stage"),
        (case(*category) if category else null().cast(String)).label("category"),
        literal(place, Integer()).label("place"), deals.c[f"r{place}"].label("reached_at"),
        (null().cast(UtcDateTime) if beyond is None else beyond).label("advanced_at"),
        deals.c.number, deals.c.name, deals.c.created_at, deals.c.base_minor, deals.c.owner_id, deals.c.department_id,
        deals.c.region, deals.c.source,
    ).where(deals.c[f"r{place}"].is_not(None))  # fmt: skip
