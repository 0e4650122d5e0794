"""Brute force: failures are counted per account, address and client, and each lock lasts longer than the one before."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chassis import clock, networks
from chassis.events import publish
from integration_gateway.errors import TooManyAttempts
from integration_gateway.events import LogInLocked
from integration_gateway.models import LogInGuard

FIRST_LOCK = timedelta(seconds=5)
LONGEST_LOCK = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
WINDOW = timedelta(minutes=1)


@dataclass(frozen=True)
class Limit:
    """How many failures are free before the first lock, and how many attempts one window allows."""

    failures: int
    attempts: int


LIMITS = {"account": Limit(5, 30), "address": Limit(30, 120), "client": Limit(10, 600)}


def keys(*, account: str = "", client: str = "", address: str) -> list[str]:
    """What one attempt is counted under. An account counts whether or not it exists."""
    named = [f"account:{account.strip().lower()[:100]}"] if account else []
    named += [f"client:{client[:100]}"] if client else []
    return [*named, f"address:{networks.counted_as(address)}"]


def lock_time(failures: int, free: int) -> timedelta:
    """How long to wait after `failures` in a row: nothing up to `free`, then 5 s, doubling to 15 minutes."""
    if failures < free:
        return timedelta()
    return min(FIRST_LOCK * 2 ** min(failures - free, 20), LONGEST_LOCK)


def begin(session: Session, counted: list[str]) -> timedelta:
    """Count one attempt as failed before it is checked; returns how long the caller has to wait instead (0: go on).

    Counting first bounds what parallel guesses can try. A refused attempt is not counted: waiting it out is enough.
    """
    now = clock.now()
    rows = [_row(session, key, now) for key in sorted(counted)]
    waits = [_wait(row, now) for row in rows]
    if any(waits):
        return max(waits)
    for row in rows:
        row.attempts += 1
        row.failures += 1
        row.failed_at = now
        pause = lock_time(row.failures, _limit(row).failures)
        if pause:
            row.locked_until = now + pause
    return timedelta()


def begin_or_refuse(session: Session, counted: list[str]) -> None:
    """`begin`; TooManyAttempts with the time to wait."""
    wait = begin(session, counted)
    if wait:
        raise TooManyAttempts(retry_after=math.ceil(wait.total_seconds()))


def succeeded(session: Session, counted: list[str]) -> None:
    """The attempt was right: the account starts anew; the address gets back only what this attempt took."""
    taken_back(session, counted)
    for key in counted:
        if not key.startswith("address:"):
            row = _row(session, key, clock.now())
            row.failures, row.locked_until = 0, None


def taken_back(session: Session, counted: list[str]) -> None:
    """The attempt was neither right nor wrong: uncount it, and leave what earlier ones did."""
    now = clock.now()
    for key in sorted(counted):
        row = _row(session, key, now)
        row.failures = max(row.failures - 1, 0)
        if row.failures < _limit(row).failures:
            row.locked_until = None


def failed(session: Session, counted: list[str]) -> None:
    """The attempt was wrong, as counted: tell those who watch when it led to a lock."""
    now = clock.now()
    for key in sorted(counted):
        row = session.get(LogInGuard, key)
        if row is not None and row.locked_until and row.locked_until > now:
            _tell(session, row)


def forget_old(session: Session) -> None:
    """Drop counts that no longer matter."""
    session.execute(delete(LogInGuard).where(LogInGuard.failed_at < clock.now() - FORGOTTEN_AFTER))


def _limit(row: LogInGuard) -> Limit:
    return LIMITS[row.key.partition(":")[0]]


def _wait(row: LogInGuard, now: datetime) -> timedelta:
    if row.locked_until and row.locked_until > now:
        return row.locked_until - now
    if row.attempts >= _limit(row).attempts:
        return row.window_from + WINDOW - now
    return timedelta()


def _row(session: Session, key: str, now: datetime) -> LogInGuard:
    row = session.get(LogInGuard, key, with_for_update=True)
    if row is None:
        try:
            with session.begin_nested():
                session.add(LogInGuard(key=key, failed_at=now, window_from=now, failures=0, attempts=0))
        except IntegrityError:
            pass  # another attempt under the same key came first
        row = session.get_one(LogInGuard, key, with_for_update=True, populate_existing=True)
    if now - row.failed_at > FORGOTTEN_AFTER:
        row.failures = 0
    if now - row.window_from >= WINDOW:
        row.window_from, row.attempts = now, 0
    return row


def _tell(session: Session, row: LogInGuard) -> None:
    event = LogInLocked(
        subject=f"log_in/{row.key.partition(':')[0]}",
        key=row.key,
        failures=row.failures,
        locked_until=row.locked_until,
    )
    publish(session, event)
