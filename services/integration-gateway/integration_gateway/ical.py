"""A person's work as an iCalendar document (RFC 5545): one event per thing with a time, with its reminders."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from chassis.i18n import pick
from integration_gateway.models import WorkItem

LENGTH = timedelta(minutes=30)
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def calendar(items: Iterable[WorkItem], *, name: str, address: str, categories: dict[str, str]) -> str:
    """The calendar of the open items; links are made complete with `address`, the suite's own."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//CRM suite//My work//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"NAME:{text(name)}", f"X-WR-CALNAME:{text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M",
    ]  # fmt: skip
    for item in items:
        if item.due_at is not None:
            lines += _event(item, address=address, category=categories.get(item.kind, item.kind))
    lines.append("END:VCALENDAR")
    return "".join(folded(line) for line in lines)


def _event(item: WorkItem, *, address: str, category: str) -> list[str]:
    assert item.due_at is not None
    title = pick(item.title) or item.subject
    link = address.rstrip("/") + item.link if item.link.startswith("/") else ""
    changed = item.changed_at or item.created_at
    lines = [
        "BEGIN:VEVENT",
        f"UID:{item.task_id}@{item.source}.crm",
        f"DTSTAMP:{moment(changed)}",
        f"LAST-MODIFIED:{moment(changed)}",
        f"DTSTART:{moment(item.due_at)}",
        f"DTEND:{moment(item.due_at + LENGTH)}",
        f"SUMMARY:{text(title)}",
        f"CATEGORIES:{text(category)}",
        "TRANSP:TRANSPARENT",
        *([f"URL:{link}", f"DESCRIPTION:{text(link)}"] if link else []),
        *_alarm(title, "TRIGGER:PT0S"),
    ]
    if item.remind_at is not None:
        lines += _alarm(title, f"TRIGGER;VALUE=DATE-TIME:{moment(item.remind_at)}")
    return [*lines, "END:VEVENT"]


def _alarm(title: str, trigger: str) -> Sequence[str]:
    return ("BEGIN:VALARM", "ACTION:DISPLAY", trigger, f"DESCRIPTION:{text(title)}", "END:VALARM")


def moment(at: datetime) -> str:
    """A time in UTC as iCalendar writes it."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def text(value: str) -> str:
    """A text value, escaped; control characters have no place in one."""
    return "".join(char for char in value.translate(_ESCAPED) if char >= " " or char == "\t")


def folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, never cut within a character."""
    pieces, piece, size = [], "", 0
    for char in line:
        width = len(char.encode())
        if size + width > 75:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + char, size + width
    return "\r\n".join([*pieces, piece]) + "\r\n"
