"""How many people use the suite, where Prometheus reads it. Only totals leave the database."""

import logging
from datetime import timedelta

from prometheus_client import Gauge
from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.service import Runtime
from reporting.models import Usage

log = logging.getLogger(__name__)
ACTIVE = Gauge("crm_active_users", "People with at least one action in the window that ends today", ["window"])
WINDOWS = {"1d": 1, "7d": 7, "28d": 28}
EVERY = 60.0


def watch(runtime: Runtime) -> None:
    """Renew the gauges once a minute; runs in the active worker."""
    while not runtime.stopping.is_set():
        try:
            with runtime.database.reading() as session:
                for window, people in active(session, zone=runtime.settings.time_zone).items():
                    ACTIVE.labels(window).set(people)
        except Exception:
            log.exception("active users could not be counted")
        runtime.stopping.wait(EVERY)


def active(session: Session, *, zone: str) -> dict[str, int]:
    """Window → people active in it."""
    today = clock.today(zone)
    return {
        window: session.scalar(
            select(func.count(distinct(Usage.user_id))).where(
                Usage.day > today - timedelta(days=days), Usage.day <= today
            )
        )
        or 0
        for window, days in WINDOWS.items()
    }
