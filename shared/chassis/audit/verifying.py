"""Proof that an event log is what it was: rows against seals, seals against each other, the chain against its anchors."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from chassis import archive, clock, cursors, event_log
from chassis.archive import ArchiveDamaged, Row
from chassis.audit import seals
from chassis.audit.anchors import ANCHORS
from chassis.audit.seals import SEALS
from chassis.db import is_sqlite


@dataclass(frozen=True)
class Anchor:
    """The chain as it was at a sequence, and who says so."""

    sequence: int
    chain: str
    epoch: str
    anchored_at: datetime
    witness: str


@dataclass(frozen=True)
class Seen:
    """How far another service had applied this log, in which epoch."""

    service: str
    position: int
    epoch: str


@dataclass
class Verdict:
    """What was found: `break_at` is the first sequence that is not what it was, with the reason; None if all is well."""

    events: int = 0
    sealed: int = 0
    anchors: int = 0
    break_at: int | None = None
    reason: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.break_at is None


class _Break(Exception):
    def __init__(self, sequence: int, reason: str):
        super().__init__(reason)
        self.sequence = sequence


def verify(connection: Connection, *, anchors: Iterable[Anchor] = (), seen: Iterable[Seen] = ()) -> Verdict:
    """Walk the whole log, archived months included. `anchors` and `seen` are what others know of it."""
    verdict = Verdict()
    try:
        chains = _walk(connection, verdict)
        _check_anchors(connection, verdict, chains, anchors)
        _check_readers(connection, verdict, seen)
    except _Break as found:
        verdict.break_at, verdict.reason = found.sequence, str(found)
    except ArchiveDamaged as found:
        verdict.break_at, verdict.reason = verdict.events + 1, str(found)
    return verdict


def own_anchors(connection: Connection, source: str, *, witness: str) -> list[Anchor]:
    """What the database of `witness` holds of `source`'s anchors."""
    rows = connection.execute(select(ANCHORS).where(ANCHORS.c.source == source).order_by(ANCHORS.c.sequence))
    return [Anchor(row.sequence, row.chain, row.epoch, row.anchored_at, witness) for row in rows]


def anchors_in(file: Path) -> list[Anchor]:
    """The anchors in a file of `anchors.file_of`; none when there is no file."""
    if not file.exists():
        return []
    lines = [orjson.loads(line) for line in file.read_bytes().splitlines() if line]
    return [
        Anchor(line["sequence"], line["chain"], line["epoch"], clock.parse(line["anchored_at"]), str(file))
        for line in lines
    ]


def seen_by(connection: Connection, source: str, *, service: str) -> list[Seen]:
    """How far `service` has applied the log of `source`."""
    table = cursors.CURSORS
    rows = connection.execute(select(table.c.position, table.c.epoch).where(table.c.source == source))
    return [Seen(service, row.position, row.epoch) for row in rows]


def _walk(connection: Connection, verdict: Verdict) -> dict[int, str]:
    """Compare every row with its seal; returns the chain at the end of each seal."""
    chain, chains = seals.BEGINNING, {}
    rows = _rows(connection)
    row = next(rows, None)
    for found in connection.execute(select(SEALS).order_by(SEALS.c.last)).yield_per(100):
        expected = verdict.events + 1
        digests = list(seals.each(bytes(found.digests)))
        if found.first != expected:
            raise _Break(expected, f"the seal of the events from {expected} on is missing")
        for sequence, digest in enumerate(digests, found.first):
            if row is None or row.sequence > sequence:
                raise _Break(sequence, f"event {sequence} is missing")
            if seals.digest(row, bytes(found.salt)) != digest:
                raise _Break(sequence, f"event {sequence} ({row.type}, {row.subject}) was changed")
            verdict.events += 1
            row = next(rows, None)
        linked = seals.link(
            chain, first=found.first, last=found.last, salt=bytes(found.salt), digests=bytes(found.digests)
        )
        if linked != bytes(found.chain) or found.last != verdict.events:
            raise _Break(found.first, f"the seal of the events {found.first} to {found.last} was changed")
        chain, chains[found.last] = linked, linked.hex()
    verdict.sealed = verdict.events
    while row is not None:
        if row.sequence != verdict.events + 1:
            raise _Break(verdict.events + 1, f"event {verdict.events + 1} is missing")
        verdict.events += 1
        row = next(rows, None)
    given = _given(connection)
    if given > verdict.events:
        raise _Break(verdict.events + 1, f"the events {verdict.events + 1} to {given} were cut off")
    return chains


def _rows(connection: Connection) -> Iterator[Row]:
    yield from archive.following(connection, 0)
    after = connection.execute(select(func.coalesce(func.max(archive.CHUNKS.c.last), 0))).scalar_one()
    position = event_log.LOG.c.id if is_sqlite(connection) else event_log.LOG.c.sequence
    query = event_log.full_rows(connection).order_by(position).limit(1000)
    while page := connection.execute(query.where(position > after)).all():
        yield from (Row(*row) for row in page)
        after = page[-1].sequence


def _given(connection: Connection) -> int:
    """The last sequence that was ever given, by the database's own count."""
    if is_sqlite(connection):
        return int(connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'")).scalar() or 0)
    return int(connection.execute(select(event_log.STATE.c.numbered)).scalar() or 0)


def _check_anchors(connection: Connection, verdict: Verdict, chains: dict[int, str], anchors: Iterable[Anchor]) -> None:
    lineage = event_log.epochs(connection)
    for anchor in sorted(anchors, key=lambda item: item.sequence):
        shared = _shared(lineage, anchor.epoch)
        when = f"{anchor.anchored_at:%Y-%m-%d}, {anchor.witness}"
        if shared is None or anchor.sequence > shared:
            verdict.notes.append(
                f"the anchor of {when} stands at {anchor.sequence}, which a restore took back; compare with the backups"
            )
            continue
        if chains.get(anchor.sequence) != anchor.chain:
            raise _Break(
                min(anchor.sequence, verdict.events + 1),
                f"the chain up to event {anchor.sequence} is not the one that was anchored ({when})",
            )
        verdict.anchors += 1


def _check_readers(connection: Connection, verdict: Verdict, seen: Iterable[Seen]) -> None:
    epoch = connection.execute(select(event_log.STATE.c.epoch)).scalar()
    for reader in seen:
        if reader.epoch == epoch and reader.position > verdict.events:
            raise _Break(
                verdict.events + 1, f"{reader.service} has applied events up to {reader.position}: the tail was cut off"
            )


def _shared(lineage: list[tuple[str, int]], epoch: str) -> int | None:
    names: list[Any] = [name for name, _ in lineage]
    if epoch not in names:
        return None
    return min((start for _, start in lineage[names.index(epoch) + 1 :]), default=2**62)
