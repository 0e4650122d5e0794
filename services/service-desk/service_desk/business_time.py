"""Business time: a calendar's open segments as a table of UTC seconds with running sums, so that adding hours is a look-up.

Holidays beat overrides (调休 workdays, shifts), overrides beat the weekday, breaks are subtracted. A deadline that uses a
segment up exactly lands on its closing instant. Whole seconds; wall times are resolved per date, so DST is right.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEAR_SECONDS = 366 * 86_400
MAX_YEARS = 60  # a deadline further away than this means the calendar is never open
HORIZON = MAX_YEARS * YEAR_SECONDS
MAX_DOUBLINGS = 7  # of a table that begins with a year or more, until it reaches HORIZON
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT = datetime.fromtimestamp
Span = tuple[time | None, time | None]  # local wall times; None stands for 24:00


class NeverOpen(Exception):
    """The calendar has no open time within MAX_YEARS of the moment asked for."""


@dataclass(frozen=True)
class Calendar:
    """Opening hours of one version of a business calendar; make it with `calendar`."""

    timezone: str
    week: tuple[tuple[Span, ...], ...]  # seven days from Monday
    holidays: frozenset[date]
    overrides: Mapping[date, tuple[Span, ...]]
    breaks: Mapping[date, tuple[Span, ...]]
    _table: "_Table" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", _Table(self))

    def add(self, start: datetime, seconds: int) -> datetime:
        """The instant `seconds` open seconds after `start`; 0 gives the first open instant at or after it."""
        since = start - _EPOCH
        epoch = since.days * 86_400 + since.seconds
        first, last, starts, ends, shifts, sums = self._table.held
        if seconds > 0 and epoch >= first:  # nearly every call: two searches, and no call in Python
            place = bisect_right(starts, epoch) - 1
            end = ends[place]
            target = (epoch if epoch < end else end) + shifts[place] + seconds
            if target <= last:
                return _AT(target - shifts[bisect_left(sums, target)], UTC)
        if seconds < 0:
            return self.subtract(start, -seconds)
        return _moment(self._table.add(epoch, seconds))

    def subtract(self, end: datetime, seconds: int) -> datetime:
        """The latest instant with `seconds` open seconds up to `end`; 0 gives the last open instant at or before it."""
        return _moment(self._table.subtract(_epoch(end), seconds))

    def between(self, start: datetime, end: datetime) -> int:
        """Open seconds from `start` to `end`; negative when `end` is earlier."""
        first, last = _epoch(start), _epoch(end)
        self._table.cover(min(first, last), max(first, last))
        return self._table.elapsed(last) - self._table.elapsed(first)

    def is_open(self, moment: datetime) -> bool:
        """Whether the calendar is open then; the closing instant itself is closed."""
        return self._table.is_open(_epoch(moment))

    def periods(self, start: datetime, *, forward: bool, count: int) -> list[tuple[datetime, datetime]]:
        """The next `count` open segments from `start` (cut at it), or the last ones before it, nearest first."""
        found = self._table.periods(_epoch(start), forward=forward, count=count)
        return [(_moment(opening), _moment(closing)) for opening, closing in found]

    def add_days(self, start: datetime, days: int) -> datetime:
        """Move over `days` open days (negative: back) and keep the local time where that day is open then.

        Where it is not, the first open instant after it (going back: the last one before it).
        """
        zone = ZoneInfo(self.timezone)
        local = start.astimezone(zone)
        day, step, left = local.date(), (DAY if days >= 0 else -DAY), abs(days)
        limit = MAX_YEARS * 366
        while left or (days and not self.segments_of(day)):
            day += step
            limit -= 1
            if limit < 0:
                raise NeverOpen(self.timezone)
            left -= bool(self.segments_of(day)) and left > 0
        moment = datetime.combine(day, local.timetz()).astimezone(UTC)
        if self.is_open(moment) or not days:
            return moment
        return self.add(moment, 0) if days > 0 else self.subtract(moment, 0)

    def segments_of(self, day: date) -> list[tuple[int, int]]:
        """Open segments of one local day as UTC epoch seconds, ascending and disjoint."""
        if day in self.holidays:
            return []
        spans = self.overrides[day] if day in self.overrides else self.week[day.weekday()]
        zone = ZoneInfo(self.timezone)
        segments = _merged((_instant(day, opening, zone), _instant(day, closing, zone)) for opening, closing in spans)
        for opening, closing in self.breaks.get(day, ()):
            segments = list(_without(segments, _instant(day, opening, zone), _instant(day, closing, zone)))
        return [(opening, closing) for opening, closing in segments if opening < closing]

    def why_closed(self, day: date) -> str | None:
        """`holiday`, `weekday` or None when the day has open time: what an explanation says of it."""
        if day in self.holidays:
            return "holiday"
        return None if self.segments_of(day) else "weekday"


def calendar(definition: Mapping[str, Any]) -> Calendar:
    """Build a calendar from its definition as data (shape: the `calendars` resource in the API reference).

    KeyError, ValueError or TypeError say what does not fit; api schemas check it before.
    """
    return Calendar(
        timezone=ZoneInfo(definition["timezone"]).key,
        week=tuple(_spans(definition.get("business_hours", {}).get(name, ())) for name in WEEKDAYS),
        holidays=frozenset(date.fromisoformat(day) for day in definition.get("holidays", ())),
        overrides={date.fromisoformat(day): _spans(spans) for day, spans in definition.get("overrides", {}).items()},
        breaks=_breaks(definition.get("breaks", ())),
    )


_Held = tuple[int, int, list[int], list[int], list[int], list[int]]


class _Table:
    """Open segments of a stretch of time with the open seconds before each; grows by years on demand."""

    def __init__(self, source: Calendar):
        self._source = source
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._sums: list[int] = []  # open seconds through the end of each segment
        # For look-ups without a call, replaced as one: from when on and up to which open second every segment is whole,
        # the lists above, and what each segment's moments lack to the open seconds through them.
        self.held: _Held = (HORIZON * 1000, 0, [], [], [], [])
        self._low = self._high = None  # type: date | None
        self._from = self._to = 0  # what is covered, epoch seconds

    def add(self, start: int, seconds: int) -> int:
        self.cover(start, start + YEAR_SECONDS)
        for _ in range(MAX_DOUBLINGS):
            if seconds == 0:
                place = bisect_right(self._ends, start)
                if place < len(self._ends):
                    return max(start, self._starts[place])
            else:
                target = self.elapsed(start) + seconds
                place = bisect_left(self._sums, target)
                if place < len(self._sums):
                    return self._ends[place] - (self._sums[place] - target)
            self.cover(start, min(self._further, start + HORIZON))
        raise NeverOpen(self._source.timezone)

    def subtract(self, end: int, seconds: int) -> int:
        self.cover(end - YEAR_SECONDS, end)
        for _ in range(MAX_DOUBLINGS):
            place = bisect_left(self._starts, end) - 1
            if seconds == 0 and place >= 0:
                return min(end, self._ends[place])
            target = self.elapsed(end) - seconds
            if seconds and target >= 0 and self._sums:
                place = bisect_right(self._sums, target)
                return self._ends[place] - (self._sums[place] - target)
            self.cover(max(self._earlier, end - HORIZON), end)
        raise NeverOpen(self._source.timezone)

    def elapsed(self, moment: int) -> int:
        """Open seconds from the table's beginning to `moment`, which must be covered."""
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return 0
        return self._sums[place] - max(0, self._ends[place] - moment)

    def is_open(self, moment: int) -> bool:
        self.cover(moment, moment)
        place = bisect_right(self._starts, moment) - 1
        return place >= 0 and moment < self._ends[place]

    def periods(self, start: int, *, forward: bool, count: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        self.cover(start, start)
        for _ in range(MAX_DOUBLINGS):
            if forward:
                place = bisect_right(self._ends, start)
                found = list(zip(self._starts[place : place + count], self._ends[place : place + count], strict=True))
                found = [(max(opening, start), closing) for opening, closing in found]
            else:
                place = bisect_left(self._starts, start)
                first = max(0, place - count)
                found = list(zip(self._starts[first:place], self._ends[first:place], strict=True))[::-1]
                found = [(opening, min(closing, start)) for opening, closing in found]
            if len(found) == count:
                break
            if forward:
                self.cover(start, min(self._further, start + HORIZON))
            else:
                self.cover(max(self._earlier, start - HORIZON), start)
        return found

    @property
    def _further(self) -> int:
        return self._to + max(YEAR_SECONDS, self._to - self._from)

    @property
    def _earlier(self) -> int:
        return self._from - max(YEAR_SECONDS, self._to - self._from)

    def cover(self, first: int, last: int) -> None:
        """Make sure the table holds every segment from `first` to `last`."""
        if self._low is not None and self._from <= first and last <= self._to:
            return
        low = _day(first - 2 * 86_400) if self._low is None else min(self._low, _day(first - 2 * 86_400))
        high = _day(last + YEAR_SECONDS) if self._high is None else max(self._high, _day(last + 2 * 86_400))
        segments = [
            segment
            for place in range((high - low).days)
            for segment in self._source.segments_of(low + timedelta(days=place))
        ]
        segments.sort()
        total, sums = 0, []
        for opening, closing in segments:
            total += closing - opening
            sums.append(total)
        self._starts, self._ends, self._sums = [s for s, _ in segments], [e for _, e in segments], sums
        self._low, self._high = low, high
        self._from, self._to = (int(datetime.combine(day, time(), UTC).timestamp()) for day in (low + DAY, high - DAY))
        shifts = [through - closing for through, closing in zip(self._sums, self._ends, strict=True)]
        first, whole = bisect_left(self._starts, self._from), bisect_right(self._ends, self._to)
        if first < whole:
            self.held = (self._starts[first], sums[whole - 1], self._starts, self._ends, shifts, self._sums)


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


@lru_cache(maxsize=4096)
def _day(epoch: int) -> date:
    return datetime.fromtimestamp(epoch, UTC).date()


def _instant(day: date, wall: time | None, zone: ZoneInfo) -> int:
    """UTC epoch of a local wall time: one that does not exist means one gap later, an ambiguous one its first occurrence."""
    local = datetime.combine(day + DAY, time()) if wall is None else datetime.combine(day, wall)
    return int(local.replace(tzinfo=zone, fold=0).timestamp())


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending, with spans that overlap or touch the other way round made one, so that no second counts twice."""
    found: list[tuple[int, int]] = []
    for opening, closing in sorted(spans):
        if found and opening < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], closing))
        else:
            found.append((opening, closing))
    return found


def _without(segments: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    for opening, closing in segments:
        if opening < start:
            yield opening, min(closing, start)
        if closing > end:
            yield max(opening, end), closing


def _wall(text: str) -> time | None:
    return None if text == "24:00" else time.fromisoformat(text)


def _spans(pairs: Sequence[Sequence[str]]) -> tuple[Span, ...]:
    return tuple((_wall(opening), _wall(closing)) for opening, closing in pairs)


def _breaks(rows: Sequence[Sequence[str]]) -> dict[date, tuple[Span, ...]]:
    found: dict[date, tuple[Span, ...]] = {}
    for day, opening, closing in rows:
        key = date.fromisoformat(day)
        found[key] = (*found.get(key, ()), (_wall(opening), _wall(closing)))
    return found
