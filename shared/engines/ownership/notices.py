"""What people are told about their records: soon taken back, taken back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from chassis.i18n import both
from engines.conditions.context import company_zone
from engines.notifications import notify
from engines.ownership.definitions import Pool
from engines.ownership.ownable import Ownable


def warn(session: Session, kind: Ownable, record: Any, *, at: datetime, pool: Pool) -> None:
    """The owner hears when the record goes back to the pool unless he does something."""
    when = at.astimezone(ZoneInfo(company_zone())).strftime("%Y-%m-%d %H:%M")
    notify(
        session,
        to=[record.owner_id],
        key=f"{kind.name}_reclaim_ahead",
        title=both("%(name)s goes back to the pool on %(at)s", name=kind.label(record), at=when),
        text=both("Its page says why and what keeps it with you."),
        link=kind.link(record),
        subject=f"{kind.name}/{record.id}",
    )


def pool_name(pool: Pool) -> Mapping[str, str]:
    """The pool in both languages, its key where nobody named it."""
    title = dict(pool.title)
    return {name: title.get(name) or pool.key for name in ("zh", "en")}


def reason(title: Mapping[str, str], key: str) -> str:
    """A rule as the reason of a change of owner, in the company's own words."""
    return title.get("zh") or title.get("en") or key
