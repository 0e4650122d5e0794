"""The company's working days: Monday to Friday, Chinese public holidays off, made-up days (调休) on; a company adds its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chinese_calendar import constants

from engines.conditions.context import company_zone

DAY = timedelta(days=1)
# Days off that the law fixes whatever the State Council adds to them; used for years not yet published.
_FIXED = frozenset(((1, 1), (5, 1), (10, 1), (10, 2), (10, 3)))
PUBLISHED_THROUGH = max(day.year for day in constants.holidays)


@dataclass(frozen=True)
class Workdays:
    """Which days the company works, in its time zone; `off` and `on` are its own exceptions, `on` wins."""

    zone: str
    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether people work on that day."""
        if day in self.on:
            return True
        if day in self.off:
            return False
        if day in constants.workdays:
            return True
        if day in constants.holidays or (day.year > PUBLISHED_THROUGH and (day.month, day.day) in _FIXED):
            return False
        return day.weekday() < 5

    def add(self, start: datetime, days: int) -> datetime:
        """The same time of day `days` working days after `start`; a start on a day off counts as the next working morning."""
        zone = ZoneInfo(self.zone)
        local = start.astimezone(zone)
        day, at = local.date(), local.time()
        if not self.is_working(day):
            day, at = _after(self, day, 1), time()
        return datetime.combine(_after(self, day, days), at, zone).astimezone(UTC)

    def between(self, start: datetime, end: datetime) -> int:
        """Working days after the day of `start` up to the day of `end`; 0 when `end` is not later."""
        zone = ZoneInfo(self.zone)
        day, last, count = start.astimezone(zone).date(), end.astimezone(zone).date(), 0
        while day < last:
            day += DAY
            count += self.is_working(day)
        return count

    def _next(self, day: date) -> date:
        for _ in range(400):
            day += DAY
            if self.is_working(day):
                return day
        return day  # a company that never works: better a day than no answer


@lru_cache(maxsize=4096)
def _after(days: Workdays, day: date, count: int) -> date:
    """The working day `count` working days after `day`; of the records given on one day, the same again and again."""
    for _ in range(count):
        day = days._next(day)
    return day


def workdays(*, off: Iterable[str] = (), on: Iterable[str] = (), zone: str | None = None) -> Workdays:
    """The working days with a company's own exceptions (ISO dates)."""
    return Workdays(
        zone or company_zone(), frozenset(map(date.fromisoformat, off)), frozenset(map(date.fromisoformat, on))
    )
