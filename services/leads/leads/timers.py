"""What falls due in the leads service: conversions without an answer, nightly scores, the age of waiting leads."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.events import publish
from chassis.service import Runtime
from chassis.settings import load
from chassis.timers import Timer, Timers, arm, arm_once
from engines import kit_parts
from engines.ownership import reclaiming
from engines.rules import falling_due
from leads import conversion, definitions, facts, metrics, rescoring
from leads.events import LeadChanged
from leads.lifecycle import OPEN
from leads.models import Behaviour, Lead
from leads.ownership import hand_overs
from leads.settings import Settings

due = Timers()
kit_parts.join(due)
due.include(reclaiming.due)
due.include(falling_due.due)
due.include(hand_overs)
RESCORE, WATCH = "rescore", "watch_unassigned"
AT_ONCE = 200
RESCORE_EVERY, WATCH_EVERY = timedelta(days=1), timedelta(minutes=1)


def begin(runtime: Runtime) -> None:
    """Arm what recurs, when the worker starts."""
    with runtime.database.transaction() as session:
        for kind in (RESCORE, WATCH):
            arm_once(session, kind=kind, key="all", due_at=clock.now())


@due(conversion.WAIT_TIMER)
def conversion_waits(session: Session, timer: Timer) -> None:
    conversion.ask_again(session, timer.key, wait_seconds=load(Settings, "leads").conversion_wait_seconds)


@due(RESCORE)
def rescore_decaying(session: Session, timer: Timer) -> None:
    """Score anew the open leads whose behaviour points decay, some at a time; the next night begins again."""
    after = timer.payload.get("after", "")
    recent = clock.now() - timedelta(days=120)
    ids = list(
        session.scalars(
            select(Behaviour.lead_id)
            .where(Behaviour.lead_id > after, Behaviour.at > recent)
            .group_by(Behaviour.lead_id)
            .order_by(Behaviour.lead_id)
            .limit(AT_ONCE)
        )
    )
    current = definitions.in_force(session)
    for lead in session.scalars(
        select(Lead).where(Lead.id.in_(ids), Lead.status.in_(OPEN), Lead.duplicate_of.is_(None))
    ):
        if rescoring.rescore(session, lead, current=current):
            publish(session, LeadChanged(lead, **facts.of(lead), what="scored"))
    more = len(ids) == AT_ONCE
    arm(
        session, kind=RESCORE, key="all", payload={"after": ids[-1]} if more else {},
        due_at=clock.now() + (timedelta(seconds=1) if more else RESCORE_EVERY),
    )  # fmt: skip


@due(WATCH)
def watch_unassigned(session: Session, timer: Timer) -> None:
    """Put number and age of leads without an owner where Prometheus reads them."""
    count, oldest = session.execute(
        select(func.count(), func.min(Lead.unassigned_since)).where(
            Lead.status == "new", Lead.owner_id.is_(None), Lead.duplicate_of.is_(None)
        )
    ).one()
    metrics.UNASSIGNED.set(count)
    metrics.UNASSIGNED_AGE.set((clock.now() - oldest).total_seconds() if oldest else 0)
    arm(session, kind=WATCH, key="all", due_at=clock.now() + WATCH_EVERY)
