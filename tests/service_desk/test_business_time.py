"""Business time against the shared cases and against a slow, obvious reference."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_desk import calendars
from service_desk.business_time import WEEKDAYS, Calendar, NeverOpen, calendar

_BESIDE = Path(__file__).parents[3] / "shared" / "cases" / "business_time_cases.json"
CASES = json.loads((_BESIDE if _BESIDE.exists() else Path(__file__).parent / "business_time_cases.json").read_text())
CALENDARS = {name: calendar(definition) for name, definition in CASES["calendars"].items()}


MINUTE = timedelta(minutes=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def outcome(case: dict[str, Any], hours: Calendar) -> Any:
    match case["op"]:
        case "add":
            return hours.add(moment(case["start"]), case["seconds"])
        case "subtract":
            return hours.subtract(moment(case["start"]), case["seconds"])
        case "between":
            return hours.between(moment(case["start"]), moment(case["end"]))
        case "is_open":
            return hours.is_open(moment(case["at"]))
        case "periods":
            forward = case["direction"] == "after"
            return [list(pair) for pair in hours.periods(moment(case["start"]), forward=forward, count=case["count"])]
        case "add_days" | "subtract_days":
            return hours.add_days(moment(case["start"]), case["days"] if case["op"] == "add_days" else -case["days"])
    raise AssertionError(case["op"])


def expected(case: dict[str, Any]) -> Any:
    match case["op"]:
        case "between":
            return case["seconds"]
        case "is_open":
            return case["open"]
        case "periods":
            return [[moment(opening), moment(closing)] for opening, closing in case["segments"]]
    return moment(case["end"])


@pytest.mark.parametrize(
    "case", [case for case in CASES["cases"] if not case.get("implementation_defined")], ids=lambda case: case["id"]
)
def test_a_shared_case(case: dict[str, Any]) -> None:
    hours = CALENDARS[case["calendar"]]
    result, wanted = outcome(case, hours), expected(case)
    if case.get("boundary") in ("any", "next_open") and result != wanted:
        wanted_open = hours.add(result, 0)  # the case lets a deadline on the closing instant land on the next opening
        assert hours.between(result, wanted) == 0
        assert wanted_open == hours.add(wanted, 0)
    else:
        assert result == wanted


openings = st.sampled_from(sorted(CALENDARS)).map(CALENDARS.__getitem__)
moments = st.integers(0, 3 * 365 * 86_400).map(lambda s: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


@settings(deadline=None)
@given(openings, moments, st.integers(1, 200 * 3600), st.integers(1, 200 * 3600))
def test_adding_is_additive_and_between_is_its_inverse(hours: Calendar, start: datetime, a: int, b: int) -> None:
    try:
        once, twice = hours.add(start, a + b), hours.add(hours.add(start, a), b)
    except NeverOpen:
        return
    assert once == twice
    assert hours.between(start, once) == a + b
    assert hours.between(once, start) == -(a + b)
    assert hours.between(hours.subtract(once, a + b), once) == a + b


def counted(definition: dict[str, Any], start: datetime, end: datetime) -> int:
    """Open seconds by going through every local day's minutes: slow and obvious."""
    zone = ZoneInfo(definition["timezone"])
    day, last, total = start.astimezone(zone).date(), end.astimezone(zone).date(), 0
    while day <= last:
        is_holiday = day.isoformat() in definition.get("holidays", ())
        spans = definition.get("overrides", {}).get(day.isoformat())
        if spans is None:
            spans = definition.get("business_hours", {}).get(WEEKDAYS[day.weekday()], ())
        shut = [(since, until) for on, since, until in definition.get("breaks", ()) if on == day.isoformat()]
        midnight = datetime.combine(day, time(), zone).astimezone(UTC)
        next_midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        minute = midnight
        while minute < next_midnight and not is_holiday:
            wall = minute.astimezone(zone).strftime("%H:%M")
            within = any(since <= wall < until for since, until in spans)
            if within and not any(since <= wall < until for since, until in shut):
                total += max(0, int((min(minute + MINUTE, end) - max(minute, start)).total_seconds()))
            minute += MINUTE
        day += timedelta(days=1)
    return total


# on the days the clocks change, wall times are not one to one with minutes: those days are the shared cases' business
ordinary = [name for name, body in CASES["calendars"].items() if body["timezone"] in ("Etc/UTC", "Asia/Shanghai")]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(ordinary), moments, st.integers(0, 4 * 86_400))
def test_elapsed_time_agrees_with_counting_minutes(name: str, start: datetime, length: int) -> None:
    end = start + timedelta(seconds=length)
    assert CALENDARS[name].between(start, end) == counted(CASES["calendars"][name], start, end)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(["2026-02-14", "2026-09-27", "2026-10-01", "2026-12-30"]), st.integers(0, 6 * 86_400))
def test_the_shipped_chinese_calendar_agrees_with_counting_minutes(day: str, length: int) -> None:
    body = calendars.chinese(2026, 2027)
    start = datetime.fromisoformat(f"{day}T00:30:00+08:00")
    end = start + timedelta(seconds=length)
    assert calendar(body).between(start, end) == counted(body, start, end)


def test_the_shipped_calendar_knows_holidays_and_made_up_days_and_says_which_years_are_a_guess() -> None:
    body = calendars.chinese(2025, 2027)
    hours = calendar(body)
    assert hours.why_closed(date(2026, 10, 1)) == "holiday"
    assert hours.is_open(moment("2026-10-10T10:00:00+08:00"))  # a Saturday worked for the National Day week
    assert not hours.is_open(moment("2026-10-10T12:30:00+08:00"))  # and it has its lunch break
    assert hours.why_closed(date(2026, 10, 17)) == "weekday"
    assert not calendars.provisional(body, 2026)
    assert calendars.provisional(body, 2027)
    assert hours.why_closed(date(2027, 1, 1)) == "holiday"


def test_spans_that_overlap_count_once() -> None:
    hours = calendar({"timezone": "Etc/UTC", "business_hours": {"mon": [["09:00", "12:00"], ["11:00", "14:00"]]}})
    assert hours.between(moment("2026-03-02T00:00:00Z"), moment("2026-03-03T00:00:00Z")) == 5 * 3600


def test_a_calendar_that_never_opens_says_so() -> None:
    with pytest.raises(NeverOpen):
        calendar({"timezone": "Asia/Shanghai", "business_hours": {}}).add(datetime(2026, 1, 1, tzinfo=UTC), 60)
