"""Waking the worker right after a commit: a datagram to its internal port (SQLite) or a coalesced NOTIFY (PostgreSQL).

A lost nudge costs nothing but time: the loops look by themselves once a second.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable

import psycopg

from chassis.db import NOTICE_DEATH, Database

log = logging.getLogger(__name__)
GATHER = 0.005  # seconds per commit told of until the next nudge: under load one tells of many
LONGEST_GATHER = 0.03


class Nudger:
    """The sending side, in processes that are not the active worker. Call it after a commit; it never blocks."""

    def __init__(self, database: Database, *, host: str, port: int):
        self._database = database
        self._address = (host, port)
        self._event = threading.Event()
        self._untold = 0  # commits since the last nudge, about
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def __call__(self) -> None:
        if self._database.is_sqlite:
            self._datagram()
            return
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._notify_forever, name="nudge", daemon=True)
                    self._thread.start()
        self._untold += 1
        self._event.set()

    def _datagram(self) -> None:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.sendto(b"!", self._address)
        except OSError:
            log.debug("nudge not sent", exc_info=True)

    def _notify_forever(self) -> None:
        connection: psycopg.Connection | None = None
        statement = f"NOTIFY {channel(self._database.service)}"
        while True:
            self._event.wait()
            self._event.clear()
            told, self._untold = self._untold, 0
            try:
                if connection is None or connection.closed:
                    connection = connect(self._database)
                    connection.execute("SET synchronous_commit = off")  # nothing of a nudge has to be kept
                connection.execute(statement)
                time.sleep(min(LONGEST_GATHER, GATHER * told))  # commits until then are told by one more
            except psycopg.Error:
                log.debug("nudge not sent", exc_info=True)
                connection = None


def listen(database: Database, *, host: str, port: int, wake: Callable[[], None], stopping: threading.Event) -> None:
    """The worker's side: call `wake` for every nudge until stopping. Rebuilds what breaks."""
    while not stopping.is_set():
        try:
            (_listen_datagrams if database.is_sqlite else _listen_notify)(database, host, port, wake, stopping)
        except (OSError, psycopg.Error):
            log.debug("listening for nudges broke", exc_info=True)
            stopping.wait(0.5)


def channel(service: str) -> str:
    return "crm_" + service.replace("-", "_")


def connect(database: Database) -> psycopg.Connection:
    """A bare psycopg connection in autocommit to the service's database."""
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True, **NOTICE_DEATH)


def _listen_datagrams(
    database: Database, host: str, port: int, wake: Callable[[], None], stopping: threading.Event
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((host, port))
        receiver.settimeout(1.0)
        while not stopping.is_set():
            try:
                receiver.recv(16)
            except TimeoutError:
                continue
            wake()


def _listen_notify(
    database: Database, host: str, port: int, wake: Callable[[], None], stopping: threading.Event
) -> None:
    with connect(database) as connection:
        connection.execute(f"LISTEN {channel(database.service)}")
        while not stopping.is_set():
            for _ in connection.notifies(timeout=1.0, stop_after=1):
                wake()
