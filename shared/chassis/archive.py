"""Old months of the event log, compressed in chunks in the same database; feed, replay, proof and history read on in them."""

import hashlib
import lzma
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    LargeBinary,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection

from chassis import clock
from chassis.db import Base, Database, UtcDateTime, is_sqlite

INFO = {"branch": "chassis"}

CHUNKS = Table(
    "event_archive",
    Base.metadata,
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, nullable=False),
    Column("month", String(7), nullable=False),  # of its first event
    Column("body", LargeBinary, nullable=False),  # xz of JSON lines
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the body
    Column("archived_at", UtcDateTime, nullable=False),
    info=INFO,
)
SUBJECTS = Table(
    "event_archive_subjects",
    Base.metadata,
    Column("subject", String(100), primary_key=True),
    Column("last", BigInteger, ForeignKey("event_archive.last", ondelete="CASCADE"), primary_key=True),
    info=INFO,
)
AT_ONCE = 1000


class Row(NamedTuple):
    """An event as it stood in the log."""

    sequence: int
    event_id: str
    type: str
    subject: str
    aggregateversion: int
    time: datetime
    correlation_id: str | None
    causation_id: str | None
    depth: int
    actor: str
    origin: str
    traceparent: str | None
    data: str
    changes: str | None
    personal: str | None


class ArchiveDamaged(Exception):
    """A chunk that is not what was put there; the message names its sequences."""


def archive(database: Database, *, before: datetime, through: int) -> int:
    """Move the oldest events that happened before `before`, up to the sequence `through`, and return how many.

    Each chunk is packed, unpacked and compared before the rows go, in one transaction. The newest event always stays.
    """
    moved = 0
    while count := _archive_chunk(database, before=before, through=through):
        moved += count
    return moved


def following(connection: Connection, after: int) -> Iterator[Row]:
    """Archived events after the sequence `after`, chunk by chunk."""
    while True:
        chunk = connection.execute(select(CHUNKS).where(CHUNKS.c.last > after).order_by(CHUNKS.c.last).limit(1)).first()
        if chunk is None:
            return
        for row in unpack(chunk):
            if row.sequence > after:
                yield row
        after = chunk.last


def about(connection: Connection, subject: str) -> Iterator[Row]:
    """Archived events of one subject, the latest first."""
    chunks = (
        select(CHUNKS)
        .join(SUBJECTS, SUBJECTS.c.last == CHUNKS.c.last)
        .where(SUBJECTS.c.subject == subject)
        .order_by(CHUNKS.c.last.desc())
    )
    for chunk in connection.execute(chunks):
        yield from (row for row in reversed(unpack(chunk)) if row.subject == subject)


def backwards(connection: Connection, *, before: int | None = None, subject: str = "") -> Iterator[list[Row]]:
    """Archived events, the latest first, chunk by chunk: those that hold events before a sequence, or about a subject."""
    lasts = select(CHUNKS.c.last).order_by(CHUNKS.c.last.desc())
    if before is not None:
        lasts = lasts.where(CHUNKS.c.first < before)
    if subject:
        lasts = lasts.join(SUBJECTS, SUBJECTS.c.last == CHUNKS.c.last).where(SUBJECTS.c.subject == subject)
    for last in connection.execute(lasts).scalars().all():
        yield unpack(connection.execute(select(CHUNKS).where(CHUNKS.c.last == last)).one())[::-1]


def unpack(chunk: Any) -> list[Row]:
    """The events of a chunk; ArchiveDamaged when it is not what was put there."""
    try:
        if hashlib.sha256(chunk.body).digest() != bytes(chunk.digest):
            raise ArchiveDamaged(f"the archived events {chunk.first} to {chunk.last} were changed")
        lines = lzma.decompress(chunk.body).splitlines()
        return [
            Row(**(dict(zip(Row._fields, values, strict=True)) | {"time": clock.parse(values[5])}))
            for values in map(orjson.loads, lines)
        ]
    except (lzma.LZMAError, ValueError, TypeError) as problem:
        raise ArchiveDamaged(f"the archived events {chunk.first} to {chunk.last} can't be read: {problem}") from None


def pack(rows: list[Row]) -> bytes:
    """The body of a chunk."""
    return lzma.compress(b"\n".join(orjson.dumps(tuple(row)) for row in rows), preset=4)


def empty_personal(connection: Connection, event_ids: frozenset[str], subjects: frozenset[str]) -> int:
    """Remove the personal part of archived events with these ids; `subjects` are what they are about."""
    chunks = select(SUBJECTS.c.last).where(SUBJECTS.c.subject.in_(subjects)).distinct()
    return _empty(connection, chunks, lambda row: row.event_id in event_ids)


def empty_about(connection: Connection, subjects: frozenset[str], needles: Sequence[str]) -> int:
    """Remove the personal part of archived events about these subjects, or that say one of the needles."""

    def is_meant(row: Row) -> bool:
        return row.subject in subjects or any(needle in row.data or needle in str(row.personal) for needle in needles)

    return _empty(connection, select(CHUNKS.c.last), is_meant)


def _empty(connection: Connection, chunks: Select[Any], is_meant: Callable[[Row], bool]) -> int:
    emptied = 0
    for last in connection.execute(chunks).scalars().all():
        chunk = connection.execute(select(CHUNKS).where(CHUNKS.c.last == last).with_for_update()).one()
        rows = unpack(chunk)
        bare = [row._replace(personal=None) if row.personal and is_meant(row) else row for row in rows]
        changed = sum(before is not after for before, after in zip(rows, bare, strict=True))
        if changed:
            body = pack(bare)
            digest = hashlib.sha256(body).digest()
            connection.execute(update(CHUNKS).where(CHUNKS.c.last == last).values(body=body, digest=digest))
        emptied += changed
    return emptied


def _archive_chunk(database: Database, *, before: datetime, through: int) -> int:
    from chassis.event_log import LOG, full_rows, head

    with database.connection(write=True) as connection:
        position = LOG.c.id if is_sqlite(connection) else LOG.c.sequence
        done = connection.execute(select(func.coalesce(func.max(CHUNKS.c.last), 0))).scalar_one()
        end = min(through, head(connection) - 1)
        query = full_rows(connection).where(position > done, position <= end).order_by(position).limit(AT_ONCE)
        rows: list[Row] = []
        for found in connection.execute(query.with_for_update()):
            row = Row(*found)
            if row.time >= before or row.sequence != done + len(rows) + 1:
                break
            rows.append(row)
        if not rows:
            return 0
        body = pack(rows)
        last = rows[-1].sequence
        chunk = {
            "first": rows[0].sequence, "last": last, "month": rows[0].time.strftime("%Y-%m"), "body": body,
            "digest": hashlib.sha256(body).digest(), "archived_at": clock.now(),
        }  # fmt: skip
        connection.execute(insert(CHUNKS).values(**chunk))
        stored = connection.execute(select(CHUNKS).where(CHUNKS.c.last == last)).one()
        if unpack(stored) != rows:
            raise ArchiveDamaged(f"the events {rows[0].sequence} to {last} were not stored as they are")
        subjects = sorted({row.subject for row in rows})
        connection.execute(insert(SUBJECTS), [{"subject": subject, "last": last} for subject in subjects])
        connection.execute(delete(LOG).where(position > done, position <= last))
    return len(rows)
