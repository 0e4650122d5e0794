"""How current the figures are: when each service's log was last taken in."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.cursors import CURSORS

FACT_GROUPS = (
    "lead_facts", "selling_facts", "money_facts", "service_facts", "approval_facts", "activity_facts", "usage_facts",
    "record_access",
)  # fmt: skip


def watermarks(session: Session) -> dict[str, datetime]:
    """Service → when its latest event came into the figures; the slowest group of facts counts."""
    query = (
        select(CURSORS.c.source, func.min(CURSORS.c.updated_at).label("at"))
        .where(CURSORS.c.group_name.in_(FACT_GROUPS), CURSORS.c.position > 0)
        .group_by(CURSORS.c.source)
        .order_by(CURSORS.c.source)
    )
    return {row.source: row.at for row in session.execute(query)}
