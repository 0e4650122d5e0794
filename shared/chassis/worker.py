"""A service's worker process: takes the lease, then numbers, publishes, follows, retries and fires timers until SIGTERM."""

import functools
import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from chassis import (
    bus_metrics,
    clock,
    directory,
    event_log,
    feed,
    i18n,
    internal,
    keys,
    logs,
    nudge,
    parked,
    relay,
    timers,
    vault,
)
from chassis.audit import anchors
from chassis.backup import daily
from chassis.db import Database
from chassis.follower import Follower
from chassis.lease import Lease
from chassis.rabbit import Consumer, Names, Publisher
from chassis.service import Runtime, Service
from chassis.settings import Settings

log = logging.getLogger(__name__)
STAND_BY = 0.3  # seconds between tries for the lease
CHECK_LEASE = 2.0
SWITCH = 0.001  # seconds a loop that an event has woken waits at most for one that computes
JOIN = 15.0
RETRY_PAUSE = 0.05  # seconds at least from one look at what is parked to the next, however much arrives


class Worker:
    """Everything one worker process runs. `run` blocks; `stop` may be called from a signal handler or another thread."""

    def __init__(self, service: Service, settings: Settings, *, database: Database | None = None):
        self._service = service
        self._settings = settings
        vault.unlock(settings)
        i18n.use("engines", "console", service.package)
        self.database = database or Database(settings.database, service=service.name)
        self._stopping = threading.Event()
        self._nudged = relay.Wake()
        self._numbered = relay.Wake()
        self._arrived = relay.Wake()  # something was applied: what waits for a reference may go on
        self._active = False
        self._away = False
        self._threads: list[threading.Thread] = []
        self._followed: dict[str, Follower] = {}

    def stop(self) -> None:
        """Finish what is in hand and return from `run`."""
        self._stopping.set()
        for wake in (self._nudged, self._numbered, self._arrived):
            wake.ring()

    def run(self) -> None:
        """Serve the internal port and, whenever the lease is ours, all loops; returns after `stop`."""
        settings = self._settings
        event_log.ensure_state(self.database)
        self.database.on_events.append(self._nudged.ring)
        server = internal.serve(
            internal.InternalPort(
                self.database,
                numbered=self._numbered,
                authorise=functools.partial(_is_service, settings),
                ready=self._ready,
                stopping=self._stopping,
            ),
            host=settings.host,
            port=settings.internal_port,
        )
        try:
            while not self._stopping.is_set():
                self._run_as_active()
        finally:
            internal.stop(server)
            self.database.close()

    def _ready(self) -> dict[str, Any]:
        return {"ready": not self._stopping.is_set(), "service": self._service.name, "active": self._active}

    def _run_as_active(self) -> None:
        lease = Lease(self.database)
        while not self._acquired(lease):
            if self._stopping.wait(STAND_BY):
                return
        self._active = True
        bus_metrics.ACTIVE.set(1)
        stopping = threading.Event()
        try:
            for name, loop in self._loops(stopping).items():
                thread = threading.Thread(target=loop, name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
            log.info("worker is active")
            while not self._stopping.wait(CHECK_LEASE):
                if not lease.held():
                    log.error("lease lost")
                    break
        finally:
            stopping.set()
            for wake in (self._nudged, self._numbered, self._arrived):
                wake.ring()
            self._finish()
            self._active = False
            bus_metrics.ACTIVE.set(0)
            lease.release()

    def _acquired(self, lease: Lease) -> bool:
        try:
            taken = lease.acquire()
        except SQLAlchemyError as error:
            if not self._away:  # said once, not three times a second
                log.warning("no database, the lease waits", extra={"reason": type(error).__name__})
            self._away = True
            return False
        self._away = False
        return taken

    def _finish(self) -> None:
        """Wait for the loops to finish what is in hand; one that only waits for a feed has nothing in hand."""
        deadline = clock.monotonic() + JOIN
        for thread in self._threads:
            follower = self._followed.get(thread.name)
            while thread.is_alive() and clock.monotonic() < deadline and not (follower and follower.polling):
                thread.join(0.05)
        self._threads.clear()

    def _loops(self, stopping: threading.Event) -> dict[str, Callable[[], None]]:
        database, settings, service = self.database, self._settings, self._service
        runtime = Runtime(database, settings, stopping, self._nudged)
        partial = functools.partial
        loops: dict[str, Callable[[], None]] = {
            "nudges": partial(
                nudge.listen,
                database,
                host=settings.host,
                port=settings.internal_port,
                wake=self._nudged.ring,
                stopping=stopping,
            ),
            "timers": partial(timers.run_forever, database, service.timers, nudged=self._nudged, stopping=stopping),
            "parked": partial(self._retry_parked, stopping),
            "measures": partial(self._measure, stopping),
        }
        names = Names(settings.bus_namespace)
        fresh = relay.Fresh() if settings.bus_url else None
        loops["numbering"] = partial(
            relay.number_forever,
            database,
            nudged=self._nudged,
            numbered=self._numbered,
            fresh=fresh,
            stopping=stopping,
        )
        if fresh is not None:
            loops["publishing"] = partial(
                relay.publish_forever,
                database,
                connect=partial(Publisher, settings.bus_url, names),
                numbered=self._numbered,
                fresh=fresh,
                stopping=stopping,
            )
        self._followed = {f"follow {name}": item for name, item in self._followers(names, stopping).items()}
        for name, follower in self._followed.items():
            loops[name] = follower.run
        loops["sealing"] = partial(anchors.keep_sealing, database, settings, numbered=self._numbered, stopping=stopping)
        if settings.backup_to:
            loops["backups"] = partial(daily.back_up_daily, service, settings, stopping=stopping)
        for loop in service.loops:
            loops[loop.__module__] = partial(_keep_up, loop, runtime)
        return loops

    def _followers(self, names: Names, stopping: threading.Event) -> dict[str, Follower]:
        settings = self._settings
        places = feed.locations(settings)
        followers = {}
        for source, groups in self._service.subscriptions.sources(list(places), own=self._service.name).items():
            if source not in places:
                log.warning("no feed is known for a source", extra={"source": source})
                continue
            connect = None
            if settings.bus_url:
                connect = functools.partial(
                    Consumer, settings.bus_url, names, consumer=self._service.name, source=source
                )
            followers[source] = Follower(
                self.database,
                source=source,
                groups=groups,
                feed=feed.FeedClient(places[source], token=keys.service_tokens(settings, source)),
                connect=connect,
                stopping=stopping,
                after_apply=self._arrived.ring,
                on_contact=self._directory_heard if "directory" in {group.name for group in groups} else None,
            )
        return followers

    def _directory_heard(self) -> None:
        with self.database.transaction() as session:
            directory.heard(session)

    def _retry_parked(self, stopping: threading.Event) -> None:
        seen = 0
        while not stopping.wait(RETRY_PAUSE):
            before, seen = seen, self._arrived.wait(seen, 0.5)
            try:
                parked.retry_due(self.database, self._service.subscriptions.groups, hurry=before != seen)
            except Exception:
                log.exception("retrying parked events failed")
                stopping.wait(1.0)

    def _measure(self, stopping: threading.Event) -> None:
        while not stopping.wait(5.0):
            try:
                relay.measure(self.database, publishing=bool(self._settings.bus_url))
                with self.database.reading() as session:
                    parked.measure(session)
            except Exception:
                log.exception("measuring failed")


def _keep_up(loop: Callable[[Runtime], None], runtime: Runtime) -> None:
    """Run a service's own loop; one that breaks is begun again, for nobody would notice that it is gone."""
    while not runtime.stopping.is_set():
        try:
            loop(runtime)
            return
        except Exception:
            log.exception("a loop broke and begins again", extra={"loop": loop.__module__})
            runtime.stopping.wait(2.0)


def _is_service(settings: Settings, header: str) -> bool:
    scheme, _, token = header.partition(" ")
    try:
        return scheme == "Bearer" and bool(keys.verify_service_token(settings, token))
    except keys.TokenRefused as error:
        log.warning("feed refused", extra={"reason": str(error)})
        return False


def run(service: Service, settings: Settings) -> None:
    """The worker process: until SIGTERM or Ctrl-C."""
    logs.configure(settings)
    clock.begin(settings.clock_offset, settings.clock_offset_file)
    worker = Worker(service, settings)
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()  # a full collection over all that was imported would hold every loop up for tens of milliseconds
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: worker.stop())
    worker.run()
