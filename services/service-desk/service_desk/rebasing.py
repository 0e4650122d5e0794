"""After a policy or calendar changed: open tickets are matched anew, some at a time; only running clocks move."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import SYSTEM
from chassis.timers import arm
from service_desk import clocks
from service_desk.definitions import REBASE_TIMER
from service_desk.lifecycle import ACTIVE
from service_desk.models import Ticket

AT_ONCE = 100


def step(session: Session, *, after: str = "") -> None:
    """Rebase the next AT_ONCE open tickets after the id `after`, and arm the rest."""
    found = session.scalars(
        select(Ticket)
        .where(Ticket.status.in_(ACTIVE), Ticket.id > after)
        .order_by(Ticket.id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for ticket in found:
        if clocks.rule(session, ticket, "sla_change", by=SYSTEM):
            clocks.settle(session, ticket)
    if len(found) == AT_ONCE:
        soon = clock.now() + timedelta(milliseconds=100)
        arm(session, kind=REBASE_TIMER, key="all", due_at=soon, payload={"after": found[-1].id})
