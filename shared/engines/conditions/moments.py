"""Days, weeks, months and offsets from now in the company's time zone, as bounds that memory and SQL both use."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from engines.conditions.language import Bounds, Moment, Offset, Window

if TYPE_CHECKING:
    from engines.conditions.context import Context

FIRST = datetime(1, 1, 2, tzinfo=UTC)  # a day inside the range of datetime, so that every zone can show it
FINAL = datetime(9999, 12, 30, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_OFFSET = re.compile(r"([+-]?)(\d{1,4})(min|h|d|w|mo|q|y)")
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def parse_offset(text: object, *, signed: bool = True) -> Offset | None:
    """`-7d`, `+1mo`, `30min` (min h d w mo q y, up to 9999); None when `text` is none."""
    found = _OFFSET.fullmatch(text) if isinstance(text, str) else None
    if found is None or (found[1] and not signed):
        return None
    return Offset(int(found[2]) * (-1 if found[1] == "-" else 1), found[3])


def canonical(moment: date | datetime | str) -> str:
    """How custom fields store a date (2026-08-01) or time (UTC, always microseconds): text that sorts as time does."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
    return moment if isinstance(moment, str) else moment.isoformat()


def clamp(moment: datetime) -> datetime:
    """`moment` in UTC, moved into the range every zone can show."""
    return min(max(moment, FIRST), FINAL).astimezone(UTC)


def day_start(day: date, zone: tzinfo) -> datetime:
    """The first instant of `day`; where a clock change swallows midnight, the instant it would have been."""
    if not FIRST.date() < day < FINAL.date():
        return FIRST if day < FINAL.date() else FINAL
    return datetime.combine(day, time(), zone).astimezone(UTC)


def shift(moment: datetime, offset: Offset, zone: tzinfo) -> datetime:
    """`moment` moved by `offset`: minutes and hours are exact, days and longer keep the local time of day."""
    if offset.unit in {"min", "h"}:
        step = timedelta(minutes=offset.count) if offset.unit == "min" else timedelta(hours=offset.count)
        return clamp(moment.astimezone(UTC) + step)
    local = moment.astimezone(zone)
    day = shift_day(local.date(), offset)
    if not FIRST.date() < day < FINAL.date():
        return day_start(day, zone)
    return datetime.combine(day, local.time(), zone).astimezone(UTC)


def shift_day(day: date, offset: Offset) -> date:
    """`day` moved by calendar units; the 31st becomes the month's last day, the range ends at years 1 and 9999."""
    try:
        if offset.unit in {"d", "w"}:
            return day + timedelta(days=offset.count * (7 if offset.unit == "w" else 1))
        months = day.year * 12 + day.month - 1 + offset.count * _MONTHS[offset.unit]
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return date.max if offset.count > 0 else date.min


def period(name: str, day: date) -> tuple[date, date]:
    """First day of the day, week (from Monday), month, quarter or year around `day`, and of the one after."""
    if name in {"day", "week"}:
        first = day if name == "day" else day - timedelta(days=day.weekday())
        return first, first + timedelta(days=1 if name == "day" else 7)
    size = _PERIOD_MONTHS[name]
    first = date(day.year, (day.month - 1) // size * size + 1, 1)
    return first, shift_day(first, Offset(size, "mo"))


def bounds(node: Window, context: "Context") -> Bounds:
    """What the field must satisfy now; worked out once per context."""
    found = context.memo.get(node)
    if found is None:
        found = (_day_bounds if node.field.kind == "date" else _time_bounds)(node.op, node.values, context)
        if node.field.json_key and found is not None:
            found = tuple((op, canonical(moment)) for op, moment in found)
        context.memo[node] = found
    return found


def exact_bounds(op: str, low: date | datetime, high: date | datetime) -> Bounds:
    """Bounds of an operator for the half-open interval [low, high) its value stands for."""
    if op in {"eq", "between"}:
        return (("ge", low), ("lt", high))
    return {"lt": (("lt", low),), "le": (("lt", high),), "gt": (("ge", high),), "ge": (("ge", low),)}[op]


def instant(moment: datetime) -> tuple[datetime, datetime]:
    """The interval a single instant stands for."""
    return clamp(moment), clamp(moment) + _TICK


def _time_bounds(op: str, values: tuple[Moment, ...], context: "Context") -> Bounds:
    now, zone = context.now, context.zone
    if op == "before_now":
        return (("lt", now),)
    if op == "after_now":
        return (("gt", now),)
    if op == "within_last":
        back = Offset(-values[0].count, values[0].unit)  # type: ignore[union-attr]
        return (("ge", shift(now, back, zone)), ("le", now))
    if op == "within_next":
        return (("ge", now), ("le", shift(now, values[0], zone)))  # type: ignore[arg-type]
    if op in {"this", "last"}:
        first, after = _named(op, values[0], context)
        return (("ge", day_start(first, zone)), ("lt", day_start(after, zone)))
    spans = [_span(value, context) for value in values]
    return exact_bounds(op, spans[0][0], spans[-1][1])


def _span(value: Moment, context: "Context") -> tuple[datetime, datetime]:
    if isinstance(value, Offset):
        return instant(shift(context.now, value, context.zone))
    if isinstance(value, datetime):
        return instant(value)
    after = shift_day(value, Offset(1, "d"))
    return day_start(value, context.zone), day_start(after, context.zone)


def _day_bounds(op: str, values: tuple[Moment, ...], context: "Context") -> Bounds:
    today = context.today
    if op == "before_now":
        return (("lt", today),)
    if op == "after_now":
        return (("gt", today),)
    if op == "within_last":
        return (("ge", shift_day(today, Offset(-values[0].count, values[0].unit))), ("le", today))  # type: ignore[union-attr]
    if op == "within_next":
        return (("ge", today), ("le", shift_day(today, values[0])))  # type: ignore[arg-type]
    if op in {"this", "last"}:
        first, after = _named(op, values[0], context)
        return (("ge", first), ("lt", after))
    days = [shift_day(today, value) if isinstance(value, Offset) else value for value in values]
    return (("ge", days[0]), ("le", days[1])) if op == "between" else ((op, days[0]),)


def _named(op: str, name: object, context: "Context") -> tuple[date, date]:
    first, after = period(str(name), context.today)
    return (first, after) if op == "this" else period(str(name), first - timedelta(days=1))
