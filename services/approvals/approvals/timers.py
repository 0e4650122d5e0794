"""What falls due in approvals."""

from sqlalchemy.orm import Session

from approvals import deadlines, hand_over, reminders
from chassis.timers import Timer, Timers
from engines import kit_parts

due = Timers()
kit_parts.join(due, tasks=False)
due.include(hand_over.due)


@due(deadlines.REMINDER)
def reminder(session: Session, timer: Timer) -> None:
    reminders.remind(session, timer.key)


@due(deadlines.DEADLINE)
def deadline(session: Session, timer: Timer) -> None:
    reminders.time_out(session, timer.key, times=int(timer.payload.get("times", 0)))
