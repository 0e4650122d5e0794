"""Opportunities: entered, edited, moved through gates, won and lost, watched for standing still."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import SYSTEM, Caller
from chassis.changes import pending
from chassis.events import Event, publish
from chassis.i18n import gettext as _
from chassis.ids import uuid7
from chassis.timers import arm, cancel
from engines.numbering import next_number
from sales import events, facts, gates, metrics, moving, ownership, rates
from sales.errors import GateClosed, OpportunityClosed, UnknownReference, UnknownStage
from sales.models import Account, Contract, Opportunity, Pipeline, Quote, StageHistory
from sales.money import Amount
from sales.settings import current

Deal = Any  # an Opportunity, or its columns as moving.locked reads them
STALL_TIMER = "opportunity_stall"
_COLUMNS = tuple(column.key for column in Opportunity.__table__.columns)
_OWN_FIELDS = {"amount": "amount_minor"}


def create(
    session: Session,
    *,
    caller: Caller,
    account_id: str,
    name: str,
    amount: Amount | None = None,
    pipeline_id: str | None = None,
    stage: str | None = None,
    owner_id: str | None = None,
    department_id: str | None = None,
    **values: Any,
) -> Opportunity:
    """Enter a deal in the first stage of its pipeline (the default one), or in `stage` when it meets what that demands."""
    account = session.get(Account, account_id)
    if account is None:
        raise UnknownReference(errors={"account_id": [str(UnknownReference.title)]})
    pipeline = pipeline_for(session, pipeline_id)
    currency = amount.currency if amount else current().base_currency
    minor = amount.minor if amount else 0
    first = pipeline.stages[0]
    record = Opportunity(
        id=uuid7(),
        account_id=account_id,
        name=name,
        amount_minor=minor,
        currency=currency,
        base_minor=rates.to_base(session, minor, currency=currency),
        pipeline_id=pipeline.id,
        owner_id=owner_id or (caller.id if caller.is_person else account.owner_id),
        department_id=department_id or caller.department_id or account.department_id,
        created_by=caller.id,
        number=next_number(session, "opportunity"),
        region=values.pop("region", None) or account.region,
        done=values.pop("done", None) or [],
        documents=values.pop("documents", None) or [],
        **values,
    )
    _enter(record, first)
    session.add(record)
    if stage and stage != first["key"]:
        target = _stage(pipeline.stages, stage)
        _check_gate(session, record, pipeline.stages, target)
        _enter(record, target)
    entered = _history(record, from_stage=None, from_category=None, seconds=0, by=caller.id)
    session.add(StageHistory(opportunity_id=record.id, **entered))
    _watch(session, record, _stage(pipeline.stages, record.stage))
    publish(session, events.OpportunityCreated(record, **facts.opportunity(record, pipeline=pipeline.key)))
    return record


def edit(session: Session, record: Opportunity, *, amount: Amount | None = None, **values: Any) -> Opportunity:
    """Change fields without moving; a new amount is converted at today's rate."""
    if amount is not None:
        record.amount_minor, record.currency = amount
        record.base_minor = rates.to_base(session, amount.minor, currency=amount.currency)
    for name, value in values.items():
        setattr(record, name, value)
    return changed(session, record)


def changed(session: Session, record: Opportunity) -> Opportunity:
    """Say that the opportunity was edited; nothing is said when nothing changed."""
    if pending(session, record):
        publish(session, events.OpportunityChanged(record, **facts.opportunity(record, pipeline=_key(session, record))))
    return record


def move(
    session: Session,
    record: Deal,
    *,
    caller: Caller,
    pipeline: Any,
    to_stage: str,
    reason: str | None = None,
    loss_reason: str | None = None,
    loss_note: str | None = None,
) -> Deal:
    """Move a deal (of `moving.locked`) to a stage if it meets every demand on the way; GateClosed names all it lacks.

    Moving back is free. A lost opportunity may be taken up again; one won by an approved contract may not move.
    """
    target = _stage(pipeline.stages, to_stage)
    if to_stage == record.stage:
        return record
    if target["category"] == gates.LOST:
        record.loss_reason, record.loss_note = loss_reason or record.loss_reason, loss_note
    if record.category == gates.WON and _has_approved_contract(session, record):
        raise OpportunityClosed(stage=record.stage)
    _check_gate(session, record, pipeline.stages, target)
    return _moved(session, record, pipeline=pipeline, target=target, by=caller.id, reason=reason)


def close(session: Session, record: Deal, *, caller: Caller, pipeline: Any, category: str, **how: Any) -> Deal:
    """Move to the first stage of a category, won or lost, of the opportunity's pipeline."""
    target = next(stage for stage in pipeline.stages if stage["category"] == category)
    return move(session, record, caller=caller, pipeline=pipeline, to_stage=target["key"], **how)


def assign(session: Session, record: Opportunity, *, owner_id: str, caller: Caller, how: str = "hand") -> Opportunity:
    """Another owner, with the open tasks; he is told. UnknownPerson."""
    ownership.pass_on(session, record, owner_id=owner_id, caller=caller, label=record.name, how=how)
    return changed(session, record)


def win_by_contract(session: Session, opportunity_id: str, *, contract: Contract) -> None:
    """An approved contract makes its opportunity won, whatever the gates say; the default rule of the house."""
    record, pipeline = moving.locked(session, SYSTEM, opportunity_id)
    if record.category == gates.WON:
        return
    target = next(stage for stage in pipeline.stages if stage["category"] == gates.WON)
    record.amount_minor, record.currency = contract.amount_minor, contract.currency
    record.base_minor = contract.base_minor
    reason = _("Contract %(number)s was approved", number=contract.number or "")
    _moved(session, record, pipeline=pipeline, target=target, by="system", reason=reason, contract_id=contract.id)


def gate(session: Session, record: Deal, *, stages: list[dict[str, Any]], to_stage: str) -> gates.Missing:
    """What the opportunity still lacks for a stage; documents it holds as quotes and contracts count."""
    lack = gates.missing(
        stages,
        target=to_stage,
        values=_values(record),
        done=record.done or [],
        documents=[item["kind"] for item in record.documents or []],
    )
    if lack.documents and record.id:
        held = _held_documents(session, record.id)
        lack = gates.Missing(
            fields=lack.fields,
            checklist=lack.checklist,
            documents=[kind for kind in lack.documents if kind not in held],
        )
    return lack


def transitions(session: Session, record: Opportunity, *, pipeline: Pipeline) -> list[dict[str, Any]]:
    """Every other stage with whether it is open to the opportunity and what is missing."""
    answer = []
    for stage in pipeline.stages:
        if stage["key"] != record.stage:
            lack = gate(session, record, stages=pipeline.stages, to_stage=stage["key"])
            answer.append(
                {"stage": stage["key"], "name": stage["name"], "category": stage["category"], "allowed": not lack}
                | {"missing": lack.as_dict()}
            )
    return answer


def pipeline_for(session: Session, pipeline_id: str | None) -> Pipeline:
    """The named pipeline, or the default one."""
    query = select(Pipeline).where(Pipeline.id == pipeline_id if pipeline_id else Pipeline.is_default.is_(True))
    found = session.scalars(query.order_by(Pipeline.created_at).limit(1)).first()
    if found is None:
        raise UnknownReference(errors={"pipeline_id": [str(UnknownReference.title)]})
    return found


def _moved(
    session: Session,
    record: Deal,
    *,
    pipeline: Any,
    target: Mapping[str, Any],
    by: str,
    reason: str | None = None,
    contract_id: str | None = None,
) -> Deal:
    before, category, since = record.stage, record.category, record.stage_entered_at
    _enter(record, target)
    if category == gates.OPEN and target["category"] != gates.OPEN:
        record.last_stage = before
    seconds = max(int((record.stage_entered_at - since).total_seconds()), 0)
    _watch(session, record, target)
    data = facts.opportunity(record, pipeline=pipeline.key, from_stage=before)
    subject = f"opportunity/{record.id}"
    told: list[Event] = [events.OpportunityMoved(subject=subject, **data, seconds_in_stage=seconds)]
    if target["category"] == gates.WON:
        told.append(events.OpportunityWon(subject=subject, **data, contract_id=contract_id))
    elif target["category"] == gates.LOST:
        lost = {"last_stage": record.last_stage, "loss_reason": record.loss_reason or "other"}
        told.append(events.OpportunityLost(subject=subject, **(data | lost)))
    row = _history(record, from_stage=before, from_category=category, seconds=seconds, by=by, reason=reason)
    moving.write(session, record, move=row, events=told)
    metrics.MOVES.labels(target["category"]).inc()
    return record


def _enter(record: Deal, stage: Mapping[str, Any]) -> None:
    now = clock.now()
    record.stage, record.category, record.probability = stage["key"], stage["category"], stage["probability"]
    record.forecast_category = gates.forecast_category(stage)
    record.stage_entered_at, record.stalled = now, False
    record.closed_at = None if stage["category"] == gates.OPEN else now
    if stage["category"] == gates.OPEN:
        record.loss_reason = record.loss_note = None


def _check_gate(session: Session, record: Deal, stages: list[dict[str, Any]], target: Mapping[str, Any]) -> None:
    places = [stage["key"] for stage in stages]
    back = record.category == gates.OPEN == target["category"] and places.index(target["key"]) < places.index(
        record.stage
    )
    if back:
        return
    lack = gate(session, record, stages=stages, to_stage=target["key"])
    if lack:
        metrics.REFUSED_MOVES.inc()
        raise GateClosed(stage=record.stage, next_stage=target["key"], missing=lack.as_dict())


def _watch(session: Session, record: Deal, stage: Mapping[str, Any]) -> None:
    """Keep one timer per open opportunity. It looks again when it rings, so a move seldom has to touch it."""
    if stage["category"] != gates.OPEN:
        if record.stall_check_at is not None:
            cancel(session, kind=STALL_TIMER, key=record.id)
            record.stall_check_at = None
        return
    due = record.stage_entered_at + timedelta(days=stage.get("max_days") or current().stall_days)
    if record.stall_check_at is None or record.stall_check_at > due or record.stall_check_at <= record.stage_entered_at:
        record.stall_check_at = due
        arm(session, kind=STALL_TIMER, key=record.id, due_at=due)


def _history(
    record: Deal, *, from_stage: str | None, from_category: str | None, seconds: int, by: str, reason: str | None = None
) -> dict[str, Any]:
    return {
        "from_stage": from_stage,
        "to_stage": record.stage,
        "from_category": from_category,
        "to_category": record.category,
        "at": record.stage_entered_at,
        "seconds": seconds,
        "by": by,
        "reason": reason,
    }


def _stage(stages: list[dict[str, Any]], key: str) -> Mapping[str, Any]:
    found = gates.stage_of(stages, key)
    if found is None:
        raise UnknownStage(errors={"stage": [str(UnknownStage.title)]})
    return found


def _values(record: Deal) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in _COLUMNS}
    values |= {name: values[column] for name, column in _OWN_FIELDS.items()}
    return values | {f"custom.{name}": value for name, value in (record.custom or {}).items()}


def _held_documents(session: Session, opportunity_id: str) -> set[str]:
    quote = exists().where(Quote.opportunity_id == opportunity_id)
    contract = exists().where(Contract.opportunity_id == opportunity_id)
    row = session.execute(select(quote.label("quote"), contract.label("contract"))).one()
    return {kind for kind, held in row._mapping.items() if held}


def _has_approved_contract(session: Session, record: Deal) -> bool:
    approved = Contract.status.in_(("approved", "active", "completed"))
    return bool(session.scalar(select(exists().where(Contract.opportunity_id == record.id, approved))))


def _key(session: Session, record: Opportunity) -> str:
    return session.get_one(Pipeline, record.pipeline_id).key
