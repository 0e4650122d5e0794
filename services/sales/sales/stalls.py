"""Opportunities that stand still: found by one timer each, told to the owner, later to the manager."""

from datetime import timedelta

from sqlalchemy.orm import Session

from chassis import clock
from chassis.events import publish
from chassis.timers import arm
from sales import events, facts, gates, metrics, notices
from sales.models import Opportunity, Pipeline
from sales.opportunities import STALL_TIMER
from sales.settings import current


def check(session: Session, opportunity_id: str) -> None:
    """Look whether the opportunity has overstayed; if it moved meanwhile, look again when its new stage is over.

    The first alert marks it stalled and goes to the owner; from the second on, STALL_ESCALATION_DAYS later, the manager
    hears of it too, until it moves.
    """
    record = session.get(Opportunity, opportunity_id, with_for_update=True)
    if record is None or record.category != gates.OPEN:
        return
    pipeline = session.get_one(Pipeline, record.pipeline_id)
    stage = gates.stage_of(pipeline.stages, record.stage) or {}
    due = record.stage_entered_at + timedelta(days=stage.get("max_days") or current().stall_days)
    now = clock.now()
    if due > now:
        record.stall_check_at = due
    else:
        days = (now - record.stage_entered_at).days
        notices.opportunity_stalled(session, record, days=days, escalated=record.stalled)
        if not record.stalled:
            metrics.STALLED.inc()
        record.stalled = True
        record.stall_check_at = now + timedelta(days=current().stall_escalation_days)
    arm(session, kind=STALL_TIMER, key=record.id, due_at=record.stall_check_at)
    data = facts.opportunity(record, pipeline=pipeline.key)
    if record.stalled:
        publish(session, events.OpportunityStalled(record, **data, days=(now - record.stage_entered_at).days))
    else:
        publish(session, events.OpportunityChanged(record, **data))
