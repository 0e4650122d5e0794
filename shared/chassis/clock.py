"""The one clock. Tests, rehearsals and simulations move its offset; nobody reads the machine's time elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_LOOK = 0.1  # seconds between looks at a file of the offset
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


def begin(offset: float, file: str) -> None:
    """Set a process's offset at its start; with a `file` follow what that holds, so that running processes jump."""
    shift(offset)
    if file:
        _read_offset(Path(file))
        threading.Thread(target=_follow, args=(Path(file),), name="clock", daemon=True).start()


def _follow(file: Path) -> None:
    while True:
        time.sleep(_LOOK)
        _read_offset(file)


def _read_offset(file: Path) -> None:
    with suppress(OSError, ValueError):
        shift(float(file.read_text()))


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
