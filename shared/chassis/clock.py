"""The one clock. Tests, rehearsals and simulations move its offset; nobody reads the machine's time elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_offset = timedelta()
_frozen = threading.local()


def now() -> datetime:
    """Aware UTC time, microseconds, with the offset applied (or the moment set by `at`)."""
    moment = getattr(_frozen, "moment", None)
    return moment if moment is not None else datetime.now(UTC) + _offset


def timestamp() -> float:
    """`now()` as Unix seconds."""
    return now().timestamp()


def shift(seconds: float) -> None:
    """Set the offset of the whole process to `seconds`."""
    global _offset
    _offset = timedelta(seconds=seconds)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Within the block this thread's clock stands at `moment`: replays take the time from the event."""
    before = getattr(_frozen, "moment", None)
    _frozen.moment = moment
    try:
        yield
    finally:
        _frozen.moment = before


def today(zone: str) -> date:
    """The company's calendar day."""
    return now().astimezone(ZoneInfo(zone)).date()


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z`, as every API and event writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Inverse of `iso`; ValueError when `text` is no aware ISO 8601 time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.astimezone(UTC)


monotonic = time.monotonic
