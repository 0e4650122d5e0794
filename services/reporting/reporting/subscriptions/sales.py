"""Facts of opportunities and their stays in stages; accounts and pipelines as dimensions."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chassis.subscriptions import Received, Subscriptions
from reporting.models import Account, Opportunity, Stage, StageInterval
from reporting.projecting import fields_of, put
from reporting.subscriptions.reading import day, reads

on = Subscriptions()
TABLES = [Opportunity, StageInterval, Account, Stage]
GROUP: dict[str, Any] = {"group": "selling_facts", "kind": "projection", "tables": TABLES, "batch": True}
STATE = (
    "number", "name", "account_id", "lead_id", "pipeline", "probability", "forecast_category", "amount_minor",
    "currency", "base_minor", "owner_id", "department_id", "region", "source", "close_date",
)  # fmt: skip
STAY = ("pipeline", "category", "probability", "base_minor", "owner_id", "department_id", "region", "source")
ENTERED = (
    "stage", "category", "stage_entered_at", "closed_at", "closed_base_minor", "closed_owner_id", "closed_department_id",
)  # fmt: skip
ACCOUNT = ("number", "name", "tier", "industry", "region", "owner_id", "department_id")
_TEXTS = (
    "number name account_id lead_id pipeline category forecast_category currency owner_id department_id region source "
    "close_date"
)
_NUMBERS = "probability amount_minor base_minor"
OpportunityState = reads(required="opportunity_id to_stage", texts=_TEXTS, integers=_NUMBERS)
Lost = reads(required="opportunity_id to_stage", texts=_TEXTS + " loss_reason", integers=_NUMBERS)
AccountState = reads(required="account_id", texts=" ".join(ACCOUNT))
Pipeline = reads(
    required="key",
    name=fields.Raw(load_default=None, allow_none=True),
    stages=fields.List(fields.Dict(), load_default=list),
)


@on("sales.opportunity.created.v1", reads=OpportunityState, **GROUP)
def opportunity_created(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    put(
        session,
        Opportunity,
        [{"id": event.data["opportunity_id"], "created_at": event.time} for event in events],
        earliest=["created_at"],
    )
    _entered(session, events)


@on("sales.opportunity.moved.v1", reads=OpportunityState, **GROUP)
def opportunity_moved(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    _entered(session, events)


@on("sales.opportunity.changed.v1", reads=OpportunityState, **GROUP)
@on("sales.opportunity.won.v1", reads=OpportunityState, **GROUP)
@on("sales.opportunity.stalled.v1", reads=OpportunityState, **GROUP)
def opportunity_state(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)


@on("sales.opportunity.lost.v1", reads=Lost, **GROUP)
def opportunity_lost(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    rows = [
        fields_of(event, ["loss_reason"], id=event.data["opportunity_id"], loss_seq=event.sequence) for event in events
    ]
    put(session, Opportunity, rows, latest={"loss_seq": ["loss_reason"]})


@on("sales.account.created.v1", reads=AccountState, **GROUP)
@on("sales.account.changed.v1", reads=AccountState, **GROUP)
@on("sales.account.tier_changed.v1", reads=AccountState, **GROUP)
def account_state(session: Session, events: Sequence[Received]) -> None:
    rows = [fields_of(event, ACCOUNT, id=event.data["account_id"], state_seq=event.sequence) for event in events]
    put(session, Account, rows, latest={"state_seq": ACCOUNT})


@on("sales.pipeline.saved.v1", reads=Pipeline, **GROUP)
def pipeline_saved(session: Session, events: Sequence[Received]) -> None:
    """Stages in board order; one that was taken out keeps its label and loses its place."""
    columns = ["place", "label", "pipeline_label", "probability", "category"]
    for event in events:
        pipeline, stages = event.data["key"], event.data["stages"]
        rows = [
            {
                "pipeline": pipeline,
                "stage": stage["key"],
                "place": place,
                "label": stage.get("name"),
                "pipeline_label": event.data["name"],
                "probability": stage.get("probability"),
                "category": stage.get("category"),
                "seq": event.sequence,
            }
            for place, stage in enumerate(stages)
        ]
        put(session, Stage, rows, latest={"seq": columns})
    _drop_places(session, {event.data["key"] for event in events})


def _drop_places(session: Session, pipelines: set[str]) -> None:
    for pipeline in pipelines:
        newest = select(func.max(Stage.seq)).where(Stage.pipeline == pipeline).scalar_subquery()
        session.execute(update(Stage).where(Stage.pipeline == pipeline, Stage.seq < newest).values(place=None))


def _state(session: Session, events: Sequence[Received]) -> None:
    rows = [
        fields_of(event, STATE, id=event.data["opportunity_id"], state_seq=event.sequence)
        | {"close_date": day(event.data["close_date"])}
        for event in events
    ]
    put(session, Opportunity, rows, latest={"state_seq": STATE})


def _entered(session: Session, events: Sequence[Received]) -> None:
    """The deal stands in a new stage: its present stage, who is credited with a closing, and one more stay."""
    put(session, Opportunity, [_standing(event) for event in events], latest={"stage_seq": ENTERED})
    stays = [
        fields_of(
            event, STAY, opportunity_id=event.data["opportunity_id"], seq=event.sequence, stage=event.data["to_stage"],
            entered_at=event.time,
        )
        for event in events
    ]  # fmt: skip
    put(session, StageInterval, stays)
    for event in events:
        _join_neighbours(session, event.data["opportunity_id"], event.sequence)


def _standing(event: Received) -> dict[str, Any]:
    data, closed = event.data, event.data["category"] in ("won", "lost")
    return {
        "id": data["opportunity_id"],
        "stage": data["to_stage"],
        "category": data["category"],
        "stage_entered_at": event.time,
        "closed_at": event.time if closed else None,
        "closed_base_minor": data["base_minor"] if closed else None,
        "closed_owner_id": data["owner_id"] if closed else None,
        "closed_department_id": data["department_id"] if closed else None,
        "stage_seq": event.sequence,
    }


def _join_neighbours(session: Session, opportunity_id: str, seq: int) -> None:
    """A stay ends when the next begins, whichever of the two was heard of first."""
    mine = StageInterval.opportunity_id == opportunity_id
    near = select(StageInterval.seq, StageInterval.entered_at).where(mine)
    after = session.execute(near.where(StageInterval.seq > seq).order_by(StageInterval.seq).limit(1)).first()
    before = session.execute(near.where(StageInterval.seq < seq).order_by(StageInterval.seq.desc()).limit(1)).first()
    entered = session.execute(near.where(StageInterval.seq == seq)).one().entered_at
    for place, left_at in ((before and before.seq, entered), (seq, after and after.entered_at)):
        if place is not None:
            stay = update(StageInterval).where(mine, StageInterval.seq == place)
            session.execute(stay.values(left_at=left_at).execution_options(synchronize_session=False))
