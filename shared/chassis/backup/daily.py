"""The worker's daily backup to a local folder: once a day at a set time, made up for when the worker was away then."""

import logging
import threading
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from chassis import bus_metrics, clock
from chassis.backup import making, manifest
from chassis.service import Service
from chassis.settings import Settings, SettingsError, env_prefix

log = logging.getLogger(__name__)
LOOK_EVERY = 60.0
AFTER_FAILURE = 900.0


def back_up_daily(service: Service, settings: Settings, *, stopping: threading.Event) -> None:
    """Make a set in BACKUP_TO/<service> whenever one is due, and remove the oldest; until stopping."""
    pause = 0.0
    while not stopping.wait(pause):
        pause = LOOK_EVERY
        try:
            back_up_if_due(service, settings)
        except Exception:
            bus_metrics.BACKUP_FAILURES.inc()
            log.exception("the daily backup could not be made")
            pause = AFTER_FAILURE


def back_up_if_due(service: Service, settings: Settings) -> Path | None:
    """Make the set that is due, if there is one; returns its folder."""
    folder = Path(settings.backup_to).absolute() / service.name
    newest = max((made.made_at for _, made in manifest.sets(folder)), default=None)
    if newest is not None:
        bus_metrics.BACKUP_MADE.set(newest.timestamp())
    now = clock.now()
    if newest is not None and newest >= last_due(now, settings):
        return None
    made = making.make([(service, settings)], folder, now=now)
    bus_metrics.BACKUP_MADE.set(now.timestamp())
    gone = making.prune(folder, keep=settings.backup_keep)
    log.info("daily backup made", extra={"folder": str(made), "removed": len(gone)})
    return made


def last_due(now: datetime, settings: Settings) -> datetime:
    """The latest moment at or before `now` at which a backup was to be made."""
    try:
        at = time.fromisoformat(settings.backup_at)
    except ValueError:
        name = f"{env_prefix(settings.service)}_BACKUP_AT"
        raise SettingsError(f"{name}={settings.backup_at!r} is no time such as 02:30") from None
    local = now.astimezone(ZoneInfo(settings.time_zone))
    due = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return due if due <= local else due - timedelta(days=1)
