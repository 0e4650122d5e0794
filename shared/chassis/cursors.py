"""Where each handler group stands in each source's log, and the ids it applied lately (to survive a new epoch)."""

from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from chassis import clock
from chassis.db import Base, Id, UtcDateTime, is_sqlite

CURSORS = Table(
    "event_cursors",
    Base.metadata,
    Column("source", String(40), primary_key=True),
    Column("group_name", String(60), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("epoch", Id, nullable=False),
    Column("contested", BigInteger, nullable=False),  # up to here an id may have been applied in an earlier epoch
    Column("updated_at", UtcDateTime, nullable=False),
    info={"branch": "chassis"},
)

APPLIED = Table(
    "event_applied",
    Base.metadata,
    Column("source", String(40), primary_key=True),
    Column("group_name", String(60), primary_key=True),
    Column("epoch", Id, primary_key=True),
    Column("last", BigInteger, primary_key=True),  # sequence of the batch's last event
    Column("ids", LargeBinary, nullable=False),  # the batch's event ids, 16 bytes each
    info={"branch": "chassis"},
)
KEEP = 50_000  # sequences whose ids are remembered behind the cursor
# Built once: every batch of events runs them.
_MINE = (CURSORS.c.source == bindparam("of_source"), CURSORS.c.group_name == bindparam("of_group"))
_LOCK = select(CURSORS).where(*_MINE).with_for_update()
_LOCK_LAZILY = _LOCK.add_columns(func.set_config("synchronous_commit", "off", True).label("setting"))
_ADVANCE = (
    update(CURSORS)
    .where(*_MINE)
    .values(
        position=bindparam("to", type_=BigInteger()),
        epoch=bindparam("in_epoch", type_=Id),
        updated_at=bindparam("now", type_=UtcDateTime()),
    )
)
_REMEMBER = insert(APPLIED).values(
    {column.name: bindparam(f"kept_{column.name}", type_=column.type) for column in APPLIED.c}
)
_ADVANCE_AND_REMEMBER = _REMEMBER.add_cte(_ADVANCE.cte("advanced"))


def lock(connection: Connection, *, source: str, group: str, lazily: bool = False) -> Any:
    """The cursor row, locked for this transaction; made on first use.

    `lazily`: the commit does not wait for PostgreSQL's disk. What a crash takes then, it takes together with the cursor, and
    the log brings it again; only for effects that nobody acts upon outside (projections), or where there are none.
    """
    which = {"of_source": source, "of_group": group}
    row = connection.execute(_LOCK_LAZILY if lazily and not is_sqlite(connection) else _LOCK, which).first()
    if row is None:
        values = {"position": 0, "epoch": "", "contested": 0, "updated_at": clock.now()}
        connection.execute(insert(CURSORS).values(source=source, group_name=group, **values))
        row = connection.execute(_LOCK, which).one()
    return row


def peek(connection: Connection, *, source: str, groups: list[str]) -> dict[str, Any]:
    """Cursor rows of `groups` by name, without a lock."""
    query = select(CURSORS).where(CURSORS.c.source == source, CURSORS.c.group_name.in_(groups))
    return {row.group_name: row for row in connection.execute(query)}


def advance(connection: Connection, *, source: str, group: str, position: int, epoch: str, ids: list[str]) -> None:
    """Move the cursor to `position` and remember the ids applied on the way."""
    moved = {"of_source": source, "of_group": group, "to": position, "in_epoch": epoch, "now": clock.now()}
    packed = b"".join(bytes.fromhex(item.replace("-", "")) for item in ids)
    kept = {
        "kept_source": source,
        "kept_group_name": group,
        "kept_epoch": epoch,
        "kept_last": position,
        "kept_ids": packed,
    }
    if ids and not is_sqlite(connection):
        connection.execute(_ADVANCE_AND_REMEMBER, moved | kept)
    else:
        connection.execute(_ADVANCE, moved)
        if ids:
            connection.execute(_REMEMBER, kept)
    if ids and position % 64 == 0:
        here = (APPLIED.c.source == source, APPLIED.c.group_name == group)
        connection.execute(delete(APPLIED).where(*here, APPLIED.c.last < position - KEEP))


def rewind(connection: Connection, *, row: Any, epoch: str, shared: int | None, head: int) -> int:
    """Enter a new epoch: go back to what both epochs share; returns how many applied events the source lost.

    `shared` is None when the source does not know our epoch (it was restored twice from backups older than that): then
    everything whose id is remembered is compared anew.
    """
    if shared is None:
        position, lost = _forgotten(connection, row), max(0, row.position - head)
    else:
        position = min(row.position, shared)
        lost = row.position - position
    connection.execute(
        update(CURSORS)
        .where(CURSORS.c.source == row.source, CURSORS.c.group_name == row.group_name)
        .values(position=position, epoch=epoch, contested=max(row.position, row.contested), updated_at=clock.now())
    )
    return lost


def _forgotten(connection: Connection, row: Any) -> int:
    """The last sequence whose id is no longer remembered."""
    mine = (APPLIED.c.source == row.source, APPLIED.c.group_name == row.group_name)
    starts = select(func.min(APPLIED.c.last - func.length(APPLIED.c.ids) / 16)).where(*mine)
    found = connection.execute(starts).scalar()
    return row.position if found is None else min(row.position, int(found))


def remembered(connection: Connection, *, source: str, group: str) -> set[str]:
    """Hex ids (without dashes) applied lately."""
    query = select(APPLIED.c.ids).where(APPLIED.c.source == source, APPLIED.c.group_name == group)
    return {
        packed[start : start + 16].hex()
        for (packed,) in connection.execute(query)
        for start in range(0, len(packed), 16)
    }
