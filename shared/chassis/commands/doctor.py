"""`doctor`: looks at what the suite needs and says what to do about what is missing."""

import os
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from chassis import revisions
from chassis.places import places
from chassis.suite import databases, frontdoor
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder
from chassis.suite.ports import Ports, suggestion

FINE, NOTE, WRONG = "ok", "note", "WRONG"
Finding = tuple[str, str]
_DISK = 2 * 2**30
_CLOCK = 30.0


def run(options: Namespace) -> int:
    """Print a line per check; 1 when something keeps the suite from running."""
    folder = Folder(options.data)
    state = folder.read() if folder.is_running() else None
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "python": _python,
        "front door": _front_door,
        "data": lambda: _data(options.data),
        "ports": lambda: _ports(options.port, state.front if state else None),
        "databases": lambda: _databases(options, folder, state.environment if state else {}),
        "broker": lambda: _broker(options.bus or (state.environment.get("CRM_BUS_URL", "") if state else "")),
        "clock": lambda: _clock(options, state.environment if state else {}),
    }
    wrong = 0
    for name, look in checks.items():
        for verdict, text in look():
            wrong += verdict == WRONG
            print(f"{verdict:<6}{name:<12}{text}")
    print("nothing keeps the suite from running" if not wrong else f"{wrong} to mend")
    return 1 if wrong else 0


def _python() -> Iterator[Finding]:
    yield FINE, f"{sys.version.split()[0]} in {sys.prefix}"


def _front_door() -> Iterator[Finding]:
    try:
        yield FINE, frontdoor.binary()
    except SuiteError as problem:
        yield WRONG, str(problem)


def _data(path: Path) -> Iterator[Finding]:
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        yield WRONG, f"{existing} can't be written; choose another folder with --data"
        return
    free = shutil.disk_usage(existing).free
    if free < _DISK:
        yield WRONG, f"{free / 2**30:.1f} GiB free at {existing}; make room, at least {_DISK / 2**30:.0f} GiB"
    else:
        yield FINE, f"{path}, {free / 2**30:.0f} GiB free"


def _ports(front: int, running: int | None) -> Iterator[Finding]:
    if running is not None:
        yield FINE, f"a suite runs on this data, its front door at {running}"
        return
    taken = Ports(front).taken()
    if not taken:
        yield FINE, f"{front} and those that follow it are free"
        return
    listed = ", ".join(f"{port} ({use})" for port, use in taken)
    yield WRONG, f"taken: {listed}; use --port {suggestion(front) or '…'}"


def _databases(options: Namespace, folder: Folder, running: dict[str, str]) -> Iterator[Finding]:
    urls = {p.name: running.get(f"{p.prefix}_DATABASE_URL", "") for p in places()}
    if not all(urls.values()):
        try:
            urls = databases.urls(options.database, folder)
        except SuiteError as problem:
            yield WRONG, str(problem)
            return
    for place in places():
        try:
            stored = revisions.stored(urls[place.name])
        except OSError as problem:
            if "does not exist" not in str(problem):
                yield WRONG, f"{place.name}: {str(problem).splitlines()[0]}; is the server up, is the URL right?"
                continue
            stored = frozenset()
        wanted = revisions.code_heads(place.package_folder)
        if stored == wanted:
            yield FINE, f"{place.name}: at the newest revision"
        elif not stored:
            yield NOTE, f"{place.name}: empty; ./crm up makes and fills it"
        else:
            has = ", ".join(sorted(stored))
            yield NOTE, f"{place.name}: at {has}; ./crm up or ./crm migrate {place.name} brings it up to date"


def _broker(url: str) -> Iterator[Finding]:
    if not url:
        yield FINE, "none asked for: events are pulled from the services' logs"
        return
    parts = urlsplit(url)
    try:
        import amqp

        began = time.monotonic()
        connection = amqp.Connection(
            host=f"{parts.hostname}:{parts.port or 5672}",
            userid=parts.username or "guest",
            password=parts.password or "guest",
            virtual_host=parts.path.removeprefix("/") or "/",
            connect_timeout=5,
        )
        connection.connect()
        version = connection.server_properties.get("version", "")
        connection.close()
        yield FINE, f"RabbitMQ {version} answered in {(time.monotonic() - began) * 1000:.0f} ms"
    except (OSError, amqp.AMQPError) as problem:
        yield WRONG, f"{parts.hostname}:{parts.port or 5672}: {problem}; is it up, are user and vhost right?"


def _clock(options: Namespace, running: dict[str, str]) -> Iterator[Finding]:
    if time.time() < 1_700_000_000:
        yield WRONG, f"this machine thinks it is {time.ctime()}; set its clock"
        return
    url = options.database or running.get(f"{places()[0].prefix}_DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield FINE, time.strftime("%Y-%m-%d %H:%M:%S %Z")
        return
    try:
        server = float(revisions.query(_any_database(url), "SELECT extract(epoch FROM clock_timestamp())")[0][0])
    except OSError:
        yield NOTE, "PostgreSQL's clock can't be read"
        return
    apart = abs(server - time.time())
    verdict = FINE if apart < _CLOCK else WRONG
    yield (
        verdict,
        f"{apart:.1f} s between this machine and PostgreSQL" + ("" if apart < _CLOCK else "; set them by NTP"),
    )


def _any_database(url: str) -> str:
    return urlsplit(url)._replace(path="/postgres").geturl()
