"""What falls due in sales."""

from sqlalchemy.orm import Session

from chassis.timers import Timer, Timers
from engines import kit_parts
from engines.ownership import reclaiming
from engines.rules import falling_due
from sales import hand_over, opportunities, quotes, receivables, stalls

due = Timers()
kit_parts.join(due)
due.include(reclaiming.due)
due.include(falling_due.due)
due.include(hand_over.due)


@due(opportunities.STALL_TIMER)
def opportunity_stall(session: Session, timer: Timer) -> None:
    stalls.check(session, timer.key)


@due(receivables.DUE_TIMER)
def receivable_due(session: Session, timer: Timer) -> None:
    receivables.call_in(session, timer.key)


@due(quotes.EXPIRY_TIMER)
def quote_expiry(session: Session, timer: Timer) -> None:
    quotes.expire(session, timer.key)
