"""What falls due in the directory and at log-in: absences that begin and end, and old rows."""

from datetime import timedelta

from sqlalchemy.orm import Session

from chassis import clock
from chassis.timers import Timer, Timers, arm, arm_once
from engines import kit_parts
from integration_gateway import guard, sessions
from integration_gateway.directory import absences
from integration_gateway.models import User

due = Timers()
kit_parts.join(due)
HOURLY = timedelta(hours=1)


def begin(session: Session) -> None:
    """Arm what recurs; done at every start."""
    arm_once(session, kind="log_in_upkeep", key="hourly", due_at=clock.now() + HOURLY)


@due("absence_edge")
def absence_edge(session: Session, timer: Timer) -> None:
    user = session.get(User, timer.payload["user_id"])
    if user is not None:
        absences.refresh(session, user)


@due("log_in_upkeep")
def log_in_upkeep(session: Session, timer: Timer) -> None:
    sessions.forget_old(session)
    guard.forget_old(session)
    arm(session, kind="log_in_upkeep", key="hourly", due_at=clock.now() + HOURLY)
