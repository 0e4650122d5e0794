"""The worker's internal port: event feed with long poll, metrics, health. Never behind the front door."""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson
import waitress.server
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis import bus_metrics, clock, event_log
from chassis.db import Database
from chassis.relay import Wake

MAX_LIMIT = 1000
MAX_WAIT = 30.0
THREADS = 24  # each follower of this service holds one while it polls


def feed_page(database: Database, *, after: int, limit: int, known: str = "") -> tuple[bytes, str | None]:
    """A page of the log as JSON {events, scanned_through, head, epoch, epochs}, and the epoch if there is no news.

    A reader that asks beyond the head has seen a log that a restore has cut: it must learn of the new epoch at once. One
    that does not know the epoch gets the log's epochs, to find out how far its own is shared.
    """
    with database.connection() as connection:
        state = event_log.state(connection)
        rows = event_log.read(connection, after=after, limit=limit, source=database.service, epoch=state.epoch)
        events = b",".join(body for _, _, body in rows)
        whole = bool(rows) and len(rows) < limit and len(events) < event_log.PAGE_BYTES
        head = rows[-1][0] if whole else event_log.head(connection)
        lineage = event_log.epochs(connection) if known != state.epoch else []
    scanned = rows[-1][0] if rows else min(after, head)
    tail = {"scanned_through": scanned, "head": head, "epoch": state.epoch, "epochs": lineage}
    return b'{"events":[' + events + b"]," + orjson.dumps(tail)[1:], None if rows or after > head else state.epoch


class InternalPort:
    """WSGI application of the internal port; `authorise` checks the Authorization header, `ready` gives the parts."""

    def __init__(
        self,
        database: Database,
        *,
        numbered: Wake,
        authorise: Callable[[str], bool],
        ready: Callable[[], dict[str, Any]],
        stopping: threading.Event,
    ):
        self._database = database
        self._numbered = numbered
        self._authorise = authorise
        self._ready = ready
        self._stopping = stopping

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        routes = {"/events": self._events, "/metrics": self._metrics, "/healthz": self._health, "/readyz": self._health}
        handle = routes.get(environ["PATH_INFO"])
        status, kind, body = handle(environ) if handle else ("404 Not Found", "text/plain", b"not found\n")
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    def _events(self, environ: dict[str, Any]) -> tuple[str, str, bytes]:
        if not self._authorise(environ.get("HTTP_AUTHORIZATION", "")):
            bus_metrics.FEED_REQUESTS.labels("refused").inc()
            return "401 Unauthorized", "text/plain", b"a service token is needed\n"
        query = parse_qs(environ.get("QUERY_STRING", ""))
        try:
            after = int(query.get("after", ["0"])[0])
            limit = max(1, min(MAX_LIMIT, int(query.get("limit", ["500"])[0])))
            wait = max(0.0, min(MAX_WAIT, float(query.get("wait", ["0"])[0])))
        except ValueError:
            return "400 Bad Request", "text/plain", b"after, limit and wait are numbers\n"
        asked = query.get("epoch", [""])[0]
        body, waiting_in = feed_page(self._database, after=after, limit=limit, known=asked)
        known = asked or waiting_in  # a reader from another epoch must learn of this one at once
        deadline, seen = clock.monotonic() + wait, -1
        while (
            waiting_in
            and waiting_in == known
            and not self._stopping.is_set()
            and (left := deadline - clock.monotonic()) > 0
        ):
            seen = self._numbered.wait(seen, min(left, 1.0))
            body, waiting_in = feed_page(self._database, after=after, limit=limit, known=asked)
        bus_metrics.FEED_REQUESTS.labels("answered").inc()
        return "200 OK", "application/json", body

    def _metrics(self, environ: dict[str, Any]) -> tuple[str, str, bytes]:
        return "200 OK", CONTENT_TYPE_LATEST, generate_latest()

    def _health(self, environ: dict[str, Any]) -> tuple[str, str, bytes]:
        parts = self._ready()
        fine = environ["PATH_INFO"] == "/healthz" or bool(parts.get("ready"))
        return "200 OK" if fine else "503 Service Unavailable", "application/json", orjson.dumps(parts)


def serve(application: InternalPort, *, host: str, port: int) -> Any:
    """Start serving in a thread; returns the server for `stop`."""
    server = waitress.server.create_server(
        application, host=host, port=port, threads=THREADS, ident=None, channel_timeout=60, asyncore_use_poll=True
    )
    threading.Thread(target=server.run, name="internal port", daemon=True).start()
    return server


def stop(server: Any) -> None:
    """End serving: first the threads, then the sockets. A thread that outlived them would write into a reused descriptor."""
    server.task_dispatcher.shutdown(timeout=5)
    if not server.task_dispatcher.threads:
        server.close()
