"""Recurring work every service has: the hourly usage summary, and dropping stored answers that are too old."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis import clock, idempotency, usage
from chassis.timers import Timer, Timers, arm, arm_once

due = Timers()


@due("usage_summary")
def summarise_usage(session: Session, timer: Timer) -> None:
    usage.summarise(session)
    arm(session, kind=timer.kind, key=timer.key, due_at=next_hour())


@due("forget_answers")
def forget_answers(session: Session, timer: Timer) -> None:
    idempotency.forget_old(session, clock.now())
    arm(session, kind=timer.kind, key=timer.key, due_at=next_hour())


def begin(session: Session) -> None:
    """Arm what is not armed yet; the worker calls it when it becomes active."""
    for kind in due.handlers:
        arm_once(session, kind=kind, key="hourly", due_at=next_hour())


def next_hour() -> datetime:
    """The next full hour."""
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
