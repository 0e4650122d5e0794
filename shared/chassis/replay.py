"""Rebuilding projections from the event logs, beside the live tables; compare (`--verify`) or swap in."""

import hashlib
import heapq
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Table, delete, insert, select, text
from sqlalchemy.orm import Session

from chassis import cursors, feed, keys, parked
from chassis.consumer import call
from chassis.db import Base, Database
from chassis.feed import FeedClient
from chassis.service import Service
from chassis.settings import Settings
from chassis.subscriptions import Group, NotYet, Received

log = logging.getLogger(__name__)
SCHEMA = "crm_replay"
CHUNK = 500
Reader = Callable[[str, int], list[Received]]  # (source, after) → the next events, [] at the end


@dataclass
class TableReport:
    """One table live and rebuilt: row counts and SHA-256 over its rows in key order."""

    table: str
    live_rows: int
    rebuilt_rows: int
    equal: bool


@dataclass
class Report:
    """What a replay of one handler group found; `equal` is what `--verify` answers."""

    group: str
    events: int
    failed: list[str] = field(default_factory=list)
    tables: list[TableReport] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.failed and all(item.equal for item in self.tables)


def replay(service: Service, settings: Settings, *, source: str | None = None, verify: bool = False) -> list[Report]:
    """Rebuild every projection that follows `source` (all, without one). With `verify` nothing live is changed."""
    database = Database(settings.database, service=service.name)
    places = feed.locations(settings)
    clients = {name: FeedClient(url, token=keys.service_tokens(settings, name)) for name, url in places.items()}

    def read(name: str, after: int) -> list[Received]:
        return clients[name].read(after=after, limit=1000).events

    reports = []
    for group in service.subscriptions.groups.values():
        sources = sorted(group.sources(list(clients)) & clients.keys())
        if group.kind == "projection" and (source is None or source in sources):
            reports.append(rebuild(database, group, sources=sources, read=read, swap=not verify))
    database.close()
    return reports


def rebuild(database: Database, group: Group, *, sources: list[str], read: Reader, swap: bool) -> Report:
    """Replay `sources` into shadow tables of `group`, then compare with the live ones, and swap if asked.

    The end is taken under the live cursors' locks, so both sides have seen exactly the same events. Events that are
    parked live are left out, for they have no live effect either.
    """
    report = Report(group.name, 0)
    with _shadow(database, group) as shadow:
        positions = dict.fromkeys(sources, 0)
        with database.reading() as session:
            limits = _positions(session, group, sources)
        _play(shadow, group, _merged(read, positions, limits), report, skip=_parked(database, group))
        with database.transaction() as session:
            for name in sources:
                cursors.lock(session.connection(), source=name, group=group.name)
            limits = _positions(session, group, sources)
            _play(shadow, group, _merged(read, positions, limits), report, skip=_parked(database, group))
            with shadow.reading() as rebuilt:
                report.tables = [_compare(session, rebuilt, table) for table in group.tables]
                if swap and not report.failed:
                    _swap(session, rebuilt, group)
    return report


def fingerprint(session: Session, table: Table) -> tuple[int, str]:
    """Row count and SHA-256 of a table's rows in primary key order."""
    digest, count = hashlib.sha256(), 0
    keys_first = sorted(table.c, key=lambda column: column.name)
    for row in session.execute(select(*keys_first).order_by(*table.primary_key)).yield_per(CHUNK):
        digest.update(orjson.dumps(list(row), default=str))
        count += 1
    return count, digest.hexdigest()


@contextmanager
def _shadow(database: Database, group: Group) -> Iterator[Database]:
    if database.is_sqlite:
        path = Path(f"{database.url.database}.replay")
        path.unlink(missing_ok=True)
        shadow = Database(f"sqlite:///{path}", service=database.service)
    else:
        with database.connection(write=True) as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        shadow = Database(database.url.render_as_string(hide_password=False), service=database.service, schema=SCHEMA)
    try:
        for metadata in {table.metadata for table in group.tables} | {Base.metadata}:
            metadata.create_all(shadow.engine)
        yield shadow
    finally:
        shadow.close()
        if database.is_sqlite:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{database.url.database}.replay{suffix}").unlink(missing_ok=True)
        else:
            with database.connection(write=True) as connection:
                connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))


def _positions(session: Session, group: Group, sources: list[str]) -> dict[str, int]:
    found = {name: cursors.peek(session.connection(), source=name, groups=[group.name]) for name in sources}
    return {name: rows[group.name].position if rows else 0 for name, rows in found.items()}


def _merged(read: Reader, positions: dict[str, int], limits: dict[str, int]) -> Iterator[Received]:
    """The sources' events up to `limits`, oldest first; moves `positions` on."""

    def stream(name: str) -> Iterator[Received]:
        while positions[name] < limits[name]:
            page = [event for event in read(name, positions[name]) if event.sequence <= limits[name]]
            if not page:
                return
            positions[name] = page[-1].sequence
            yield from page

    return heapq.merge(*(stream(name) for name in positions), key=lambda event: (event.time, event.id))


def _parked(database: Database, group: Group) -> set[str]:
    with database.reading() as session:
        return {row.event_id for row in parked.listing(session) if row.group_name == group.name}


def _play(shadow: Database, group: Group, events: Iterator[Received], report: Report, *, skip: set[str]) -> None:
    waiting: list[Received] = []
    chunk: list[Received] = []
    for event in events:
        chunk.append(event)
        if len(chunk) == CHUNK:
            waiting += _apply(shadow, group, chunk, report, skip)
            chunk = []
    waiting += _apply(shadow, group, chunk, report, skip)
    while waiting:
        left = _apply(shadow, group, waiting, report, skip)
        if len(left) == len(waiting):
            report.failed += [f"{event.type} {event.id}: its reference never came" for event in left]
            return
        waiting = left


def _apply(shadow: Database, group: Group, events: list[Received], report: Report, skip: set[str]) -> list[Received]:
    waiting = []
    with shadow.transaction() as session:
        for event in events:
            subscription = group.match(event.type)
            if subscription is None or event.id in skip:
                continue
            try:
                with session.begin_nested():
                    call(session, subscription, [event], group=group)
                report.events += 1
            except NotYet:
                waiting.append(event)
            except Exception as error:
                log.warning("replay: handler failed", extra={"event_id": event.id}, exc_info=error)
                report.failed.append(f"{event.type} {event.id}: {type(error).__name__}: {error}")
    return waiting


def _compare(live: Session, rebuilt: Session, table: Table) -> TableReport:
    (live_rows, live_hash), (rows, rows_hash) = fingerprint(live, table), fingerprint(rebuilt, table)
    return TableReport(table.name, live_rows, rows, live_hash == rows_hash)


def _swap(live: Session, rebuilt: Session, group: Group) -> None:
    order = [table for table in group.tables[0].metadata.sorted_tables if table in group.tables]
    for table in reversed(order):
        live.execute(delete(table))
    for table in order:
        rows: Any = rebuilt.execute(select(table)).mappings()
        for part in rows.partitions(CHUNK):
            live.execute(insert(table), [dict(row) for row in part])
