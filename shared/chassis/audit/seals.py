"""Seals over the event log: digests of its rows, chained over the gapless sequence, so that a change shows."""

import hashlib
import os
from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, LargeBinary, Table, insert, select
from sqlalchemy.engine import Connection

from chassis import clock
from chassis.archive import Row
from chassis.db import Base, Database, UtcDateTime
from chassis.event_log import BRANCH, LOG, full_rows

SEALS = Table(
    "event_seals",
    Base.metadata,
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("digests", LargeBinary, nullable=False),  # of each row from first to last, WIDTH bytes each
    Column("chain", LargeBinary, nullable=False),  # over the chain before, the bounds, the salt and the digests
    Column("sealed_at", UtcDateTime, nullable=False),
    **BRANCH,
)
WIDTH = 16
AT_ONCE = 500
BEGINNING = bytes(32)


def seal(database: Database) -> int:
    """Seal the numbered events after the last seal, AT_ONCE at most; returns how many.

    The hashing is done outside the writing transaction. Only the active worker seals, and the key refuses a second seal.
    """
    position = LOG.c.id if database.is_sqlite else LOG.c.sequence
    with database.connection() as connection:
        before = latest(connection)
        start, chain = (before.last, bytes(before.chain)) if before else (0, BEGINNING)
        query = full_rows(connection).where(position > start).order_by(position).limit(AT_ONCE)
        rows = [Row(*row) for row in connection.execute(query)]
    rows = [row for place, row in enumerate(rows, start + 1) if row.sequence == place]
    if not rows:
        return 0
    salt = os.urandom(WIDTH)
    digests = b"".join(digest(row, salt) for row in rows)
    first, last = rows[0].sequence, rows[-1].sequence
    chained = link(chain, first=first, last=last, salt=salt, digests=digests)
    with database.connection(write=True) as connection:
        connection.execute(
            insert(SEALS).values(
                last=last, first=first, salt=salt, digests=digests, chain=chained, sealed_at=clock.now()
            )
        )  # fmt: skip
    return len(rows)


def latest(connection: Connection) -> Any:
    """The last seal, None without any."""
    return connection.execute(select(SEALS).order_by(SEALS.c.last.desc()).limit(1)).first()


def digest(row: Row, salt: bytes) -> bytes:
    """Of all an event says but its personal part, which erasure may empty."""
    return hashlib.blake2b(orjson.dumps(row[:-1]), digest_size=WIDTH, key=salt).digest()


def link(chain: bytes, *, first: int, last: int, salt: bytes, digests: bytes) -> bytes:
    """The chain after one more seal."""
    bounds = first.to_bytes(8) + last.to_bytes(8)
    return hashlib.sha256(chain + bounds + salt + digests).digest()


def each(digests: bytes) -> Iterable[bytes]:
    """The digests of a seal one by one."""
    return (digests[start : start + WIDTH] for start in range(0, len(digests), WIDTH))
