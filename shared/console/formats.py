"""Amounts, numbers, dates and phone numbers as the reader's language and the company's zone write them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, dates, numbers
from flask import current_app

from chassis import clock, i18n
from engines.money import major

LOCALES = {"zh": Locale("zh", "CN", "Hans"), "en": Locale("en", "GB")}


def locale() -> Locale:
    """Babel's locale for the language of this request."""
    return LOCALES[i18n.current()]


def zone() -> ZoneInfo:
    """The company's time zone."""
    return ZoneInfo(current_app.extensions["console"].time_zone)


def money(value: Any, currency: str = "CNY", *, short: bool = False) -> str:
    """`{"amount": "1234.50", "currency": "CNY"}`, a decimal string or a Decimal; `short` gives ¥12.3万 or ¥123K."""
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        value, currency = value.get("amount"), value.get("currency") or currency
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if short and abs(amount) >= 10_000:
        text = numbers.format_compact_currency(amount, currency, locale=locale(), fraction_digits=1)
    else:
        text = numbers.format_currency(amount, currency, locale=locale(), currency_digits=not short)
    return text.replace("CN¥", "¥")


def minor_money(minor: int | None, currency: str = "CNY", *, short: bool = False) -> str:
    """An amount in minor units (fen, cents)."""
    if minor is None:
        return ""
    return money(major(minor, currency), currency, short=short)


def number(value: Any) -> str:
    """With the language's separators; text that is no number stays as it is."""
    if value is None or value == "":
        return ""
    try:
        return numbers.format_decimal(Decimal(str(value)), locale=locale())
    except InvalidOperation:
        return str(value)


def percent(value: Any, *, digits: int = 0) -> str:
    """A share of 1: 0.5 → 50 %."""
    if value is None or value == "":
        return ""
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return numbers.format_percent(Decimal(str(value)), pattern, locale=locale())


def moment(value: datetime | str | None) -> datetime | None:
    """An aware time in the company's zone from a time or ISO text; one without a zone is already in it."""
    if not value:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(zone()) if value.tzinfo else value.replace(tzinfo=zone())


def day(value: date | datetime | str | None) -> str:
    """A date, without a time."""
    if isinstance(value, datetime) or (isinstance(value, str) and len(value) > 10):
        value = moment(value)
    elif isinstance(value, str):
        value = date.fromisoformat(value) if value else None
    return dates.format_date(value, "medium", locale=locale()) if value else ""


def short_day(value: date | datetime | str | None) -> str:
    """A date where space is short: without the year when it is this one."""
    found = moment(value) if isinstance(value, datetime) else value
    found = date.fromisoformat(found[:10]) if isinstance(found, str) and found else found
    if not found or found.year != moment(clock.now()).year:  # type: ignore[union-attr]
        return day(value)
    return dates.format_date(found, "M月d日" if i18n.current() == "zh" else "d MMM", locale=locale())  # type: ignore[arg-type]


def time(value: datetime | str | None) -> str:
    """Date and time to the minute."""
    found = moment(value)
    if found is None:
        return ""
    pattern = "y年M月d日 HH:mm" if i18n.current() == "zh" else "d MMM y, HH:mm"
    return dates.format_datetime(found, pattern, locale=locale(), tzinfo=zone())


def relative(value: datetime | str | None) -> str:
    """ "3 hours ago", "in 2 days"; beyond four weeks the date."""
    found = moment(value)
    if found is None:
        return ""
    distance = found - clock.now()
    if abs(distance) > timedelta(days=28):
        return day(found)
    return dates.format_timedelta(distance, add_direction=True, locale=locale(), threshold=0.95)


def iso(value: datetime | date | str | None) -> str:
    """For `datetime` attributes of <time> and for inputs."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else (value or "")


def local_input(value: datetime | str | None) -> str:
    """What <input type=datetime-local> takes: the company zone's wall clock."""
    found = moment(value)
    return found.strftime("%Y-%m-%dT%H:%M") if found else ""


def phone(value: str | None) -> str:
    """An E.164 number as people read it: national for the mainland, international for others."""
    try:
        parsed = phonenumbers.parse(value or "", None)
    except phonenumbers.NumberParseException:
        return value or ""
    if parsed.country_code == 86:
        national = str(parsed.national_number)
        if len(national) == 11 and national.startswith("1"):
            return f"{national[:3]} {national[3:7]} {national[7:]}"
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def initials(name: str | None) -> str:
    """For an avatar: 王小明 → 小明's last two, Anna Smith → AS."""
    name = (name or "").strip()
    if not name:
        return "?"
    if any("\u4e00" <= char <= "\u9fff" for char in name):
        return name[-2:] if len(name) > 2 else name[-1:]
    parts = name.split()
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()


def or_as_typed(shown: Callable[[Any], str]) -> Callable[[Any], str]:
    """The same, but text that is no time stays as it was typed: a form that is refused shows it again."""

    def filtered(value: Any) -> str:
        try:
            return shown(value)
        except ValueError:
            return str(value)

    return filtered


def typed_number(value: Any) -> Any:
    """A number as people type it, without the zeros its column fills up with; anything else as it is."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    return format(value.normalize(), "f")


FILTERS = {
    "money": money, "minor_money": minor_money, "number": number, "percent": percent, "day": or_as_typed(day),
    "short_day": or_as_typed(short_day), "time": or_as_typed(time), "relative": or_as_typed(relative), "iso": iso,
    "local_input": or_as_typed(local_input), "typed_number": typed_number, "phone": phone, "initials": initials,
}  # fmt: skip
