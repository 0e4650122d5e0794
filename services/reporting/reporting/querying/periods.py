"""Periods and the buckets of a time axis, as calendar days of the company's zone and as the instants they begin at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chassis import clock
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from reporting.errors import QueryInvalid

GRAINS = ("day", "week", "month", "quarter", "year")
PRESETS = {
    "today": lazy("Today"),
    "last_7_days": lazy("Last 7 days"),
    "last_30_days": lazy("Last 30 days"),
    "this_month": lazy("This month"),
    "last_month": lazy("Last month"),
    "this_quarter": lazy("This quarter"),
    "last_90_days": lazy("Last 90 days"),
    "this_year": lazy("This year"),
    "last_12_months": lazy("Last 12 months"),
}
MAX_BUCKETS = 400
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """From a day to a day, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self, how: str) -> "Period":
        """What it is compared with: `previous`, of the same length, or `last_year`. Whole months stay whole months."""
        if how == "last_year":
            return Period(
                _months_on(self.first, -12), _months_on(self.last + timedelta(days=1), -12) - timedelta(days=1)
            )
        months = _whole_months(self)
        if months:
            first = _months_on(self.first, -months)
            return Period(first, self.first - timedelta(days=1))
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


@dataclass(frozen=True)
class Bucket:
    """One step of a time axis; `label` is its first day, `start` and `end` the instants it spans."""

    label: str
    first: date
    last: date
    start: datetime
    end: datetime


def period(asked: str | Mapping[str, Any] | None, zone: str) -> Period:
    """The period meant by a preset's name or {"from", "to"}; QueryInvalid otherwise."""
    today = clock.today(zone)
    if not asked:
        asked = "last_90_days"
    if isinstance(asked, str):
        if asked not in PRESETS:
            raise QueryInvalid(errors={"period": [_("Choose from: %(names)s", names=", ".join(PRESETS))]})
        return _preset(asked, today)
    first, last = asked["from"], asked["to"]
    if first > last or first.year < 1990 or last.year > 2200:
        raise QueryInvalid(errors={"period": [_("The period ends before it begins.")]})
    return Period(first, last)


def instant(day: date, zone: str) -> datetime:
    """The moment a day begins in the company's zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def buckets(of: Period, grain: str, zone: str) -> list[Bucket]:
    """The steps of `grain` that the period touches, cut at its ends."""
    made = []
    day = _start_of(of.first, grain)
    while day <= of.last:
        following = _following(day, grain)
        first, last = max(day, of.first), min(following - timedelta(days=1), of.last)
        made.append(Bucket(day.isoformat(), first, last, instant(first, zone), instant(last + timedelta(days=1), zone)))
        day = following
        if len(made) > MAX_BUCKETS:
            raise QueryInvalid(errors={"dimensions": [_("The period is too long for steps this short.")]})
    return made


def grain_for(of: Period) -> str:
    """Steps that make a readable axis."""
    return "day" if of.days <= 31 else "week" if of.days <= 120 else "month" if of.days <= 1100 else "quarter"


def _preset(name: str, today: date) -> Period:
    first_of_month = today.replace(day=1)
    if name == "today":
        return Period(today, today)
    if name in ("last_7_days", "last_30_days", "last_90_days"):
        return Period(today - timedelta(days=int(name.split("_")[1]) - 1), today)
    if name == "this_month":
        return Period(first_of_month, today)
    if name == "last_month":
        return Period(_months_on(first_of_month, -1), first_of_month - timedelta(days=1))
    if name == "this_quarter":
        return Period(_start_of(today, "quarter"), today)
    if name == "this_year":
        return Period(today.replace(month=1, day=1), today)
    return Period(_months_on(first_of_month, -11), today)


def _start_of(day: date, grain: str) -> date:
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[grain]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _following(day: date, grain: str) -> date:
    if grain in ("day", "week"):
        return day + timedelta(days=1 if grain == "day" else 7)
    return _months_on(day, _MONTHS[grain])


def _months_on(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    length = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, length))


def _whole_months(of: Period) -> int:
    """How many calendar months the period is made of, 0 when it is not."""
    after = of.last + timedelta(days=1)
    if of.first.day != 1 or after.day != 1:
        return 0
    return (after.year - of.first.year) * 12 + after.month - of.first.month
