"""What falls due in the service desk: marks of SLA clocks, closing of solved tickets, rebasing after a new policy."""

from sqlalchemy.orm import Session

from chassis.timers import Timer, Timers
from engines import kit_parts
from engines.rules import falling_due
from service_desk import clocks, hand_over, progress, rebasing
from service_desk.definitions import REBASE_TIMER

due = Timers()
kit_parts.join(due)
due.include(hand_over.due)
due.include(falling_due.due)


@due(clocks.TIMER)
def sla_mark(session: Session, timer: Timer) -> None:
    clocks.fire(session, timer.key)


@due(progress.CLOSE_TIMER)
def ticket_rests(session: Session, timer: Timer) -> None:
    progress.close_at_rest(session, timer.key)


@due(REBASE_TIMER)
def rebase(session: Session, timer: Timer) -> None:
    rebasing.step(session, after=timer.payload.get("after", ""))
