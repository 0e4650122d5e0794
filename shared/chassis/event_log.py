"""The event log of a service: one table that is outbox, feed and audit trail. Numbering gives it its order."""

import itertools
from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Select,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Connection

from chassis import archive, clock
from chassis.db import Base, Database, Id, UtcDateTime, is_sqlite
from chassis.ids import uuid7

BRANCH: dict[str, Any] = {"info": {"branch": "chassis"}}

LOG = Table(
    "event_log",
    Base.metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("sequence", BigInteger, unique=True),  # stays empty on SQLite, where the row id is the sequence
    Column("event_id", Id, nullable=False, unique=True),
    Column("type", String(120), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("aggregateversion", Integer, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("correlation_id", Id),
    Column("causation_id", Id),
    Column("depth", SmallInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("origin", String(120), nullable=False),
    Column("traceparent", String(60)),
    Column("data", Text, nullable=False),
    Column("personal", Text),  # {"data": {...}, "changes": {...}}: what erasure removes
    Column("changes", Text),  # {"column": [before, after]}
    Index("ix_event_log_unnumbered", "id", postgresql_where=text("sequence IS NULL")),
    Index("ix_event_log_subject", "subject", "id"),
    sqlite_autoincrement=True,
    **BRANCH,
)

STATE = Table(
    "event_log_state",
    Base.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Id, nullable=False),
    Column("epoch_from", BigInteger, nullable=False),  # last sequence that the previous epoch shares with this one
    Column("numbered", BigInteger, nullable=False),
    Column("published", BigInteger, nullable=False),
    **BRANCH,
)

EPOCHS = Table(
    "event_log_epochs",
    Base.metadata,
    Column("epoch", Id, primary_key=True),
    Column("epoch_from", BigInteger, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    **BRANCH,
)

INSERT = insert(LOG).inline()
_WRITTEN = [column.name for column in LOG.c if column.name not in ("id", "sequence")]
_PREPARED = str(INSERT.compile(dialect=psycopg.dialect(), column_keys=_WRITTEN))
_ENVELOPE = (
    LOG.c.event_id, LOG.c.type, LOG.c.subject, LOG.c.aggregateversion, LOG.c.time, LOG.c.correlation_id,
    LOG.c.causation_id, LOG.c.depth, LOG.c.actor, LOG.c.traceparent, LOG.c.data, LOG.c.personal,
)  # fmt: skip
_READ = {
    sqlite: select(position.label("sequence"), *_ENVELOPE)
    .where(position > bindparam("after"))
    .order_by(position)
    .limit(bindparam("limit"))
    for sqlite, position in ((True, LOG.c.id), (False, LOG.c.sequence))
}
_ALL = (
    LOG.c.event_id, LOG.c.type, LOG.c.subject, LOG.c.aggregateversion, LOG.c.time, LOG.c.correlation_id,
    LOG.c.causation_id, LOG.c.depth, LOG.c.actor, LOG.c.origin, LOG.c.traceparent, LOG.c.data, LOG.c.changes,
    LOG.c.personal,
)  # fmt: skip
NUMBER_AT_ONCE = 500
HANDED_BYTES = 16 * 1024  # of one event; what is larger is read from the log again
# Built once: the loops over the log run these hundreds of times a second.
_STATE = select(STATE)
_IS_SMALL = f"octet_length(log.data) + coalesce(octet_length(log.personal), 0) <= {HANDED_BYTES}"
_LARGE = ("data", "personal")
_PLAIN = [column.name for column in _ENVELOPE if column.name not in _LARGE]
# One statement that commits by itself. Where anybody else has numbered since, the state row is not as `expected` and
# nothing happens; while nothing waits, it is not locked. `slot` and `turn` bring the versions of a subject in order: the
# n-th of them by version takes the place of the n-th by id.
_NUMBER = f"""
WITH waiting AS MATERIALIZED (
    SELECT id, subject, aggregateversion, aggregateversion = 0 AS free FROM event_log
    WHERE sequence IS NULL ORDER BY id LIMIT {NUMBER_AT_ONCE}
), state AS MATERIALIZED (
    SELECT epoch FROM event_log_state
    WHERE numbered = %(expected)s AND EXISTS (SELECT FROM waiting) FOR UPDATE
), placed AS (
    SELECT id, subject, free, row_number() OVER (ORDER BY id) AS place,
        row_number() OVER (PARTITION BY subject, free ORDER BY id) AS slot,
        row_number() OVER (PARTITION BY subject, free ORDER BY aggregateversion, id) AS turn
    FROM waiting
), given AS (
    SELECT one.id, epoch, %(expected)s + other.place AS sequence FROM state, placed AS one
    JOIN placed AS other ON (other.subject, other.free, other.slot) = (one.subject, one.free, one.turn)
), moved AS (
    UPDATE event_log_state SET numbered = (SELECT max(sequence) FROM given) WHERE EXISTS (SELECT FROM given)
)
UPDATE event_log AS log SET sequence = given.sequence FROM given WHERE log.id = given.id
RETURNING log.sequence, given.epoch, {", ".join(f"log.{name}" for name in _PLAIN)},
    {", ".join(f"CASE WHEN {_IS_SMALL} THEN log.{name} END AS {name}" for name in _LARGE)}
"""  # noqa: S608 - our own names
PAGE_BYTES = 8 * 1024 * 1024  # a page ends here, so that big events cannot outlast the reader's time-out


def ensure_state(database: Database) -> None:
    """Create the state row (first epoch) when it is missing; safe to call from several processes."""
    with database.connection(write=True) as connection:
        if not is_sqlite(connection):
            connection.execute(text("SELECT pg_advisory_xact_lock(4242)"))
        if connection.execute(select(STATE.c.id)).first() is None:
            epoch = uuid7()
            connection.execute(insert(STATE).values(id=1, epoch=epoch, epoch_from=0, numbered=0, published=0))
            connection.execute(insert(EPOCHS).values(epoch=epoch, epoch_from=0, began_at=clock.now()))


def write(connection: Connection, row: dict[str, Any]) -> None:
    """Add one row made by `events.entry`; the statement every business save runs, so PostgreSQL's is kept as text."""
    if is_sqlite(connection):
        connection.execute(INSERT, row)
    else:
        connection.exec_driver_sql(_PREPARED, row)


def state(connection: Connection) -> Any:
    """The state row: epoch, epoch_from, numbered, published."""
    return connection.execute(_STATE).one()


def head(connection: Connection) -> int:
    """The last sequence that readers may see."""
    if is_sqlite(connection):
        return connection.execute(select(func.coalesce(func.max(LOG.c.id), 0))).scalar_one()
    return connection.execute(select(STATE.c.numbered)).scalar_one()


def unnumbered(connection: Connection) -> int:
    """Committed events that have no sequence yet (always 0 on SQLite)."""
    if is_sqlite(connection):
        return 0
    return connection.execute(select(func.count()).where(LOG.c.sequence.is_(None))).scalar_one()


def number(connection: Connection, *, expected: int | None = None) -> list[Any]:
    """Give committed rows the next gapless sequences, in order of version within a subject; returns the rows in order.

    A row that commits late simply gets a later number. Rows of one subject are ordered by their version: the record's
    row lock makes later versions commit later, so none can turn up after a higher one was numbered; those without a
    version keep their place. `expected` is the last sequence there was; read first if it is not known, and where it is
    another, nothing is numbered. A row has what `envelope` needs and its epoch; `data` is None where it is too large to be
    carried along.
    """
    if is_sqlite(connection):
        return []
    rows = connection.exec_driver_sql(_NUMBER, {"expected": head(connection) if expected is None else expected})
    return sorted(rows, key=lambda row: row.sequence)


def read(connection: Connection, *, after: int, limit: int, source: str, epoch: str) -> list[tuple[int, str, bytes]]:
    """Up to `limit` events after `after` as (sequence, type, CloudEvents JSON), and about PAGE_BYTES at most."""
    live = connection.execute(_READ[is_sqlite(connection)], {"after": after, "limit": limit})
    first = live.fetchone()
    rows: Iterable[Any] = itertools.chain([first] if first else [], live)
    if first and first.sequence > after + 1:
        old = itertools.takewhile(lambda row: row.sequence < first.sequence, archive.following(connection, after))
        rows = itertools.islice(itertools.chain(old, rows), limit)
    found, size = [], 0
    for row in rows:
        body = envelope(row, source=source, epoch=epoch)
        found.append((row.sequence, row.type, body))
        size += len(body)
        if size >= PAGE_BYTES:
            break
    live.close()
    return found


def full_rows(connection: Connection) -> Select[Any]:
    """The live log's rows with all an `archive.Row` holds; not ordered, not limited."""
    position = LOG.c.id if is_sqlite(connection) else LOG.c.sequence
    return select(position.label("sequence"), *_ALL)


def envelope(row: Any, *, source: str, epoch: str) -> bytes:
    """CloudEvents 1.0 JSON of a log row; the personal part travels as `data.personal`."""
    data = row.data
    if row.personal:
        private = orjson.loads(row.personal).get("data")
        if private:
            glue = "," if len(data) > 2 else ""
            data = f'{data[:-1]}{glue}"personal":{orjson.dumps(private).decode()}}}'
    body = {
        "specversion": "1.0",
        "id": row.event_id,
        "source": f"/{source}",
        "type": row.type,
        "subject": row.subject,
        "time": clock.iso(row.time),
        "datacontenttype": "application/json",
        "sequence": row.sequence,
        "epoch": epoch,
        "aggregateversion": row.aggregateversion,
        "correlationid": row.correlation_id,
        "causationid": row.causation_id,
        "depth": row.depth,
        "actor": row.actor,
        "traceparent": row.traceparent,
        "data": orjson.Fragment(data),
    }
    return orjson.dumps({name: value for name, value in body.items() if value is not None})


def epochs(connection: Connection) -> list[tuple[str, int]]:
    """This log's epochs, oldest first, each with the last sequence it shares with the one before."""
    rows = connection.execute(select(EPOCHS.c.epoch, EPOCHS.c.epoch_from).order_by(EPOCHS.c.epoch))
    return [(row.epoch, row.epoch_from) for row in rows]


def renew_epoch(connection: Connection) -> str:
    """Begin a new epoch after a restore: consumers that saw more than this log holds reconcile by event id."""
    epoch = uuid7()
    last = head(connection)
    published = connection.execute(select(STATE.c.published)).scalar()
    if published is None:  # no worker ever ran on it
        connection.execute(insert(STATE).values(id=1, epoch=epoch, epoch_from=last, numbered=0, published=0))
    else:
        values = {"epoch": epoch, "epoch_from": last, "published": min(published, last)}
        connection.execute(update(STATE).values(**values))
    connection.execute(insert(EPOCHS).values(epoch=epoch, epoch_from=last, began_at=clock.now()))
    return epoch


def renewal() -> tuple[str, str]:
    """`renew_epoch` for PostgreSQL as a script without parameters, and the epoch it begins."""
    epoch = uuid7()
    script = (
        "INSERT INTO public.event_log_epochs SELECT '{0}', numbered, now() FROM public.event_log_state;\n"
        "UPDATE public.event_log_state SET epoch_from = numbered, published = least(published, numbered), epoch = '{0}';\n"
    )
    return script.format(epoch), epoch
