"""One value of a field between text and the form an API body has it in; the declared notation decides, nothing is guessed."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis import i18n
from chassis.i18n import gettext as _
from engines.objects import Field, Label
from engines.transfer.dialect import Dialect

Read = Callable[[str], Any]
Write = Callable[[Any], str]
_SPLIT = re.compile(r"(?<!\\)[;；、,，|\n]")
_MARKS = re.compile(r"([;；、,，|\n\\])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TIMES = {"": 0, "元": 0, "千": 3, "k": 3, "万": 4, "w": 4, "百万": 6, "m": 6, "亿": 8}
_AMOUNT = re.compile(
    r"^([A-Za-z]{3}|[¥￥$€£])?\s*([-+]?[\d.,'\s]*\d)\s*(元|千|k|万|w|百万|m|亿)?\s*([A-Za-z]{3})?$", re.IGNORECASE
)
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_DAY = re.compile(r"^(\d{1,4})\s*[-/.年 ]\s*(\d{1,2})\s*[-/.月 ]\s*(\d{1,4})\s*日?(?:[T ]+(.*))?$")
_CLOCK = re.compile(r"^(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})(?:\.\d+)?)?秒?\s*(Z|[+-]\d{2}:?\d{2})?$")
_TRUE = frozenset(("true", "yes", "y", "1", "是", "对", "√", "x", "on"))
_FALSE = frozenset(("false", "no", "n", "0", "否", "不", "off"))


def reader(field: Field, dialect: Dialect, zone: str) -> Read:
    """A function from a cell's text to the value a body has; it raises ValueError with the sentence for a person."""
    if field.kind in ("choice", "choices"):
        known, labels = _choices(field.choices), _labels(field.choices)
        one = lambda text: _choice(text, known, labels)  # noqa: E731
        return one if field.kind == "choice" else lambda text: [one(part) for part in split(text)]
    if field.kind == "texts":
        return split
    if field.kind == "integer":
        return lambda text: _integer(text, dialect)
    if field.kind in ("number", "percent"):
        return lambda text: _plain(_number(text.removesuffix("%").removesuffix("％"), dialect))
    if field.kind == "money":
        return lambda text: money(text, dialect, field.currency or "CNY")
    if field.kind == "boolean":
        return _boolean
    if field.kind == "date":
        return lambda text: _date(text, dialect).isoformat()
    if field.kind == "datetime":
        return lambda text: _moment(text, dialect, zone)
    return str


def writer(field: Field, zone: str) -> Write:
    """A function from a value of a body (or column) to a cell's text, in the notation `reader` takes in any dialect."""
    if field.kind == "choice":
        labels = _labels(field.choices)
        return lambda value: labels.get(value, str(value))
    if field.kind in ("choices", "texts"):
        labels = _labels(field.choices)
        return lambda value: join(labels.get(each, each) for each in value)
    if field.kind == "money":
        base = field.currency or "CNY"
        return lambda value: _money_text(value, base)
    if field.kind == "boolean":
        yes, no = _("yes"), _("no")
        return lambda value: yes if value else no
    if field.kind in ("number", "percent", "integer"):
        return _figure
    if field.kind == "date":
        return lambda value: value.isoformat() if isinstance(value, date) else str(value)
    if field.kind == "datetime":
        there = ZoneInfo(zone)
        return lambda value: _clock(value, there)
    return str


def split(text: str) -> list[str]:
    """The parts of a list in one cell; a mark that belongs to a part has a backslash before it."""
    parts = (_ESCAPED.sub(r"\1", part).strip() for part in _SPLIT.split(text))
    return [part for part in parts if part]


def join(parts: Any) -> str:
    """A list in one cell."""
    return "; ".join(_MARKS.sub(r"\\\1", str(part)) for part in parts)


def money(text: str, dialect: Dialect, currency: str) -> dict[str, str]:
    """`¥1,234.50`, `12.5万`, `99 USD` as an amount with its currency."""
    found = _AMOUNT.match(text.strip())
    if found is None:
        raise ValueError(_("“%(text)s” is no amount.", text=text[:60]))
    number = _number(found[2], dialect).scaleb(_TIMES[(found[3] or "").lower()])
    named = found[4] or (_SIGNS.get(found[1], "") if found[1] and len(found[1]) == 1 else found[1]) or currency
    return {"amount": _plain(number), "currency": named.upper()}


def _money_text(value: Any, base: str) -> str:
    if isinstance(value, Mapping):
        amount, currency = value["amount"], value["currency"]
        return _plain(Decimal(amount)) if currency == base else f"{_plain(Decimal(amount))} {currency}"
    return _figure(value)


def _figure(value: Any) -> str:
    return str(value) if isinstance(value, int) else _plain(Decimal(str(value)))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(text: str, dialect: Dialect) -> Decimal:
    bare = re.sub(r"[\s']", "", text)
    bare = bare.replace(".", "").replace(",", ".") if dialect.decimal == "," else bare.replace(",", "")
    try:
        found = Decimal(bare)
        if not found.is_finite() or abs(found.adjusted()) > 30:
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError(_("“%(text)s” is no number.", text=text[:60])) from None
    return found


def _integer(text: str, dialect: Dialect) -> int:
    number = _number(text, dialect)
    if number != number.to_integral_value():
        raise ValueError(_("“%(text)s” is no whole number.", text=text[:60]))
    return int(number)


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(_("“%(text)s” is neither yes nor no.", text=text[:60]))


def _date(text: str, dialect: Dialect) -> date:
    found = _DAY.match(text.strip())
    if found is None and re.fullmatch(r"\d{8}", text.strip()) and dialect.date_order == "ymd":
        found = _DAY.match(f"{text.strip()[:4]}-{text.strip()[4:6]}-{text.strip()[6:]}")
    if found is None or (found[4] and not _CLOCK.match(found[4].strip())):
        raise ValueError(_("“%(text)s” is no date.", text=text[:60]))
    parts = (found[1], found[2], found[3])
    if len(parts[0]) == 4:  # a year that stands first cannot be anything else
        year, month, day = parts
    elif dialect.date_order == "ymd":
        raise ValueError(_("“%(text)s” is no date in the order year, month, day.", text=text[:60]))
    elif dialect.date_order == "dmy":
        day, month, year = parts
    else:
        month, day, year = parts
    if len(year) != 4:
        raise ValueError(_("“%(text)s”: write the year with four digits.", text=text[:60]))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError(_("“%(text)s” is no day of the calendar.", text=text[:60])) from None


def _moment(text: str, dialect: Dialect, zone: str) -> str:
    day = _date(text, dialect)
    rest = _DAY.match(text.strip())
    found = _CLOCK.match((rest[4] or "0:00").strip()) if rest else None
    if found is None:
        raise ValueError(_("“%(text)s” is no time.", text=text[:60]))
    there: Any = ZoneInfo(dialect.zone or zone)
    if found[4]:
        there = datetime.strptime(found[4].replace("Z", "+0000"), "%z").tzinfo
    try:
        moment = datetime(day.year, day.month, day.day, int(found[1]), int(found[2]), int(found[3] or 0), tzinfo=there)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise ValueError(_("“%(text)s” is no time.", text=text[:60])) from None


def _clock(value: Any, zone: ZoneInfo) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")


def known_zone(name: str) -> bool:
    """Whether there is such a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _choice(text: str, known: Mapping[str, str], labels: Mapping[str, str]) -> str:
    found = known.get(text.strip().lower())
    if found is None:
        allowed = ", ".join([labels.get(key, key) for key in dict.fromkeys(known.values())][:30])
        raise ValueError(_("“%(text)s” is not one of: %(choices)s", text=text[:60], choices=allowed))
    return found


def _choices(choices: Any) -> dict[str, str]:
    """Every way a choice may be written, by its key."""
    if not isinstance(choices, Mapping):
        return {str(key).lower(): str(key) for key in choices}
    found = {text.lower(): key for key, label in choices.items() for text in _texts(label)}
    return found | {str(key).lower(): key for key in choices}


def _labels(choices: Any) -> dict[Any, str]:
    if not isinstance(choices, Mapping):
        return {}
    return {key: i18n.pick(label) or key for key, label in choices.items()}


def _texts(label: Label | Any) -> list[str]:
    return [str(text) for text in label.values()] if isinstance(label, Mapping) else [str(label)]


def zone(name: str) -> ZoneInfo:
    """The time zone of this name."""
    return ZoneInfo(name)
