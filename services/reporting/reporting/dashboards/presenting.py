"""Figures in the reader's words: units, changes and their meaning."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from chassis.i18n import gettext as _
from console import formats
from engines import money
from engines.objects import Field
from reporting.metrics.definition import Metric
from reporting.querying.labels import Labels
from reporting.settings import current

_STEPS = ((86400 * 2, 86400), (3600 * 2, 3600), (0, 60))


def text(metric: Metric, value: Any) -> str:
    """One figure with its unit."""
    if value is None:
        return "–"
    if metric.unit == "money":
        base = current().base_currency
        return formats.money(money.major(value, base), base, short=True)
    if metric.unit == "share":
        return formats.percent(value, digits=1)
    if metric.unit in ("seconds", "minutes"):
        return duration(value * (60 if metric.unit == "minutes" else 1))
    return formats.number(round(value, 2))


def duration(seconds: float) -> str:
    """4.5 days, 3.2 hours, 12 minutes: one decimal."""
    size = next(size for least, size in _STEPS if seconds >= least or size == 60)
    return f"{formats.number(round(seconds / size, 1))} {unit_word(size)}"


def unit_word(size: int) -> str:
    """What stretches of `size` seconds are called."""
    return {86400: _("days"), 3600: _("hours"), 60: _("minutes")}[size]


def scaled(metrics: Sequence[Metric], columns: Sequence[Sequence[Any]]) -> tuple[list[list[Any]], str]:
    """Columns of figures for a chart in one unit they share, and that unit as charts name it."""
    unit = metrics[0].unit
    if unit == "money":
        base = current().base_currency
        return [[None if v is None else float(money.major(v, base)) for v in column] for column in columns], base
    if unit == "share":
        return [list(column) for column in columns], "%"
    if unit in ("seconds", "minutes"):
        factor = 60 if unit == "minutes" else 1
        most = max((value * factor for column in columns for value in column if value is not None), default=0)
        size = next(size for least, size in _STEPS if most >= least or size == 60)
        return [
            [None if value is None else round(value * factor / size, 2) for value in column] for column in columns
        ], unit_word(size)
    return [list(column) for column in columns], ""


def change(metric: Metric, now: Any, before: Any) -> tuple[str, str]:
    """The change since the period before as text, and whether it is `good`, `bad` or neither."""
    if now is None or before is None or not (before or now):
        return "", ""
    if metric.unit == "share":
        moved = round((now - before) * 100, 1)
        words = _("%(n)s points", n=f"{moved:+.1f}")
    elif not before:
        return _("from nothing"), "good" if metric.good == "up" else "bad"
    else:
        moved = round((now - before) / abs(before) * 100, 1)
        words = f"{moved:+.1f}%"
    if not moved:
        return _("unchanged"), ""
    return words, "good" if (moved > 0) == (metric.good == "up") else "bad"


def cell(field: Field | None, value: Any, labels: Labels) -> str:
    """One value of a record in a list."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return formats.time(value)
    if isinstance(value, date):
        return formats.day(value)
    if field is None:
        return str(value)
    if field.kind == "money":
        return formats.money(money.major(value, field.currency), field.currency or "")
    if field.name.endswith("_seconds"):
        return duration(value)
    if field.kind in ("integer", "number"):
        return formats.number(value)
    return labels.of(field.name, value)
