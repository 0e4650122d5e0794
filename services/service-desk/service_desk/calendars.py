"""The calendar that is shipped: Chinese working days with public holidays and 调休, as the State Council published them."""

from datetime import date
from typing import Any

from chinese_calendar import constants

HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)
# Days off that the law fixes whatever the State Council adds to them; used for years not yet published.
_FIXED = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))


def chinese(first: int, last: int) -> dict[str, Any]:
    """Definition of a calendar from the year `first` to `last`, 9:00–12:00 and 13:30–18:00 in Shanghai.

    `published_through` is the last year with an official notice; for later ones only the fixed days are off, and pages
    call them provisional.
    """
    published = max(day.year for day in constants.holidays)
    years = range(first, last + 1)
    holidays = {day for day in constants.holidays if day.year in years and day not in constants.workdays}
    holidays |= {date(year, month, day) for year in years if year > published for month, day in _FIXED}
    return {
        "timezone": "Asia/Shanghai",
        "business_hours": WEEK,
        "holidays": [day.isoformat() for day in sorted(holidays)],
        "overrides": {day.isoformat(): HOURS for day in sorted(constants.workdays) if day.year in years},
        "published_through": min(published, last),
        "source": "chinesecalendar",
    }


def provisional(body: dict[str, Any], year: int) -> bool:
    """Whether the calendar's holidays of a year are a guess."""
    through = body.get("published_through")
    return through is not None and year > through
