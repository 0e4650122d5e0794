"""Kinds whose values are dates and times; stored as text that sorts as time does."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from marshmallow import fields as shapes

from chassis import clock
from chassis.i18n import lazy as _
from engines.conditions import moments
from engines.fields.kind import Kind, Notation, Spec, Wrong, is_empty
from engines.fields.world import World

_DAY = re.compile(r"(\d{1,4})[-/.年](\d{1,2})[-/.月](\d{1,4})日?")


class Date(Kind):
    name, label, family, icon = "date", {"zh": "日期", "en": "Date"}, "times", "calendar"
    options = {"earliest": shapes.Date(), "latest": shapes.Date()}
    stored, widget = "date", "date"
    may_be_unique = True

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        try:
            found = date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else None
        except ValueError:
            found = None
        if found is None:
            raise Wrong(_("Must be a date such as 2026-08-01."))
        return self._within(spec, found)

    def _within(self, spec: Spec, found: date) -> str:
        first, last = spec.options.get("earliest"), spec.options.get("latest")
        if first and found.isoformat() < first:
            raise Wrong(_("Must not be before %(day)s.", day=first))
        if last and found.isoformat() > last:
            raise Wrong(_("Must not be after %(day)s.", day=last))
        return found.isoformat()

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return self._within(spec, day_of(text.strip(), notation)) if text.strip() else None

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return day_text(date.fromisoformat(stored), notation) if stored else ""

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class DateTime(Kind):
    name, label, family, icon = "datetime", {"zh": "日期时间", "en": "Date and time"}, "times", "clock"
    stored, widget = "datetime", "datetime"

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        try:
            found = datetime.fromisoformat(given) if isinstance(given, str) and len(given) <= 40 else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise Wrong(_("Must be a time with zone such as 2026-08-01T09:00:00Z."))
        return _stored(found)

    def dump(self, spec: Spec, stored: Any) -> Any:
        return clock.iso(clock.parse(stored)) if isinstance(stored, str) else None

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        if not text.strip():
            return None
        day, _space, rest = text.strip().replace("T", " ", 1).partition(" ")
        zone = moment_zone(notation, world)
        if re.search(r"(Z|[+-]\d\d:?\d\d)$", rest):
            return self.load(spec, f"{day_of(day, notation).isoformat()}T{rest.strip()}", world)
        return _stored(datetime.combine(day_of(day, notation), time_of(rest.strip() or "00:00"), zone))

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        if not stored:
            return ""
        local = clock.parse(stored).astimezone(moment_zone(notation, world))
        exact = local.strftime("%H:%M:%S") + (f".{local.microsecond:06}" if local.microsecond else "")
        return f"{day_text(local.date(), notation)} {exact}"

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class Time(Kind):
    """A time of day, without a date or zone: 09:30."""

    name, label, family, icon = "time", {"zh": "时间", "en": "Time of day"}, "times", "clock-hour-4"
    stored, widget = "time", "time"

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        if not isinstance(given, str):
            raise Wrong(_("Must be a time of day such as 09:30."))
        return time_of(given.strip()).strftime("%H:%M")

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}


def day_of(text: str, notation: Notation) -> date:
    """A day written in the order the file declares; four digits of a year are needed. Wrong."""
    found = _DAY.fullmatch(text)
    if found:
        parts = dict(zip(notation.date, found.groups(), strict=True))
        try:
            if len(parts["y"]) == 4:
                return date(int(parts["y"]), int(parts["m"]), int(parts["d"]))
        except ValueError:
            pass
    raise Wrong(
        _(
            "Not a date in the order %(order)s.",
            order="-".join({"y": "YYYY", "m": "MM", "d": "DD"}[each] for each in notation.date),
        )
    )


def day_text(day: date, notation: Notation) -> str:
    """A day in the order the file declares."""
    if notation.date == "ymd":
        return day.isoformat()
    parts = {"y": f"{day.year:04}", "m": f"{day.month:02}", "d": f"{day.day:02}"}
    return "/".join(parts[each] for each in notation.date)


def time_of(text: str) -> time:
    """A time of day: 9:30, 09:30, 09:30:15. Wrong."""
    found = re.fullmatch(r"(\d{1,2})[:：](\d{2})(?:[:：](\d{2})(?:\.(\d{1,6}))?)?", text)
    try:
        if found:
            hour, minute, second, part = found.groups()
            return time(int(hour), int(minute), int(second or 0), int((part or "0").ljust(6, "0")))
    except ValueError:
        pass
    raise Wrong(_("Must be a time of day such as 09:30."))


def moment_zone(notation: Notation, world: World) -> Any:
    """The zone of times that name none."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(notation.zone) if notation.zone else world.zone


def _stored(moment: datetime) -> str:
    try:
        return moments.canonical(moments.clamp(moment.astimezone(UTC)))
    except OverflowError:
        raise Wrong(_("Must be a time with zone such as 2026-08-01T09:00:00Z.")) from None
