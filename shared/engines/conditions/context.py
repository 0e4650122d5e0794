"""What a condition is evaluated for: the caller, the moment, the company's zone and, on events, the change set."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from chassis import clock
from chassis.caller import SYSTEM, Caller
from chassis.settings import Settings, load


@cache
def company_zone() -> str:
    """The company's time zone, CRM_TIME_ZONE: one installation has one, whatever the service."""
    return load(Settings, "crm").time_zone


class Context:
    """One evaluation, or many at the same moment: make one per request or batch, since it keeps worked-out windows.

    `changes` is a change set, {column: [before, after]}; conditions on events read it.
    """

    __slots__ = ("caller", "changes", "memo", "now", "team", "today", "zone")

    def __init__(
        self,
        *,
        caller: Caller = SYSTEM,
        now: datetime | None = None,
        zone: str | tzinfo | None = None,
        changes: Mapping[str, Sequence[Any]] | None = None,
    ):
        self.caller = caller
        self.team = frozenset(caller.team_ids)
        self.now = (now or clock.now()).astimezone(UTC)
        self.zone = zone if isinstance(zone, tzinfo) else ZoneInfo(zone or company_zone())
        self.today: date = self.now.astimezone(self.zone).date()
        self.changes = changes or {}
        self.memo: dict[object, Any] = {}
