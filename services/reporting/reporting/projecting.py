"""Writing facts so that neither order nor repetition of events matters.

A row is filled by several events, perhaps of several services. Columns are taken in groups: `latest` columns belong to
the event with the highest sequence, `first` columns to the one with the lowest, `earliest` times are minima. Each rule
is commutative and idempotent, so any interleaving of the logs ends in the same row.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis.db import is_sqlite
from chassis.subscriptions import Received

Groups = Mapping[str, Sequence[str]]  # stamp column → the columns it vouches for


def put(
    session: Session,
    model: Any,
    rows: Iterable[Mapping[str, Any]],
    *,
    latest: Groups | None = None,
    first: Groups | None = None,
    earliest: Sequence[str] = (),
) -> None:
    """Insert or merge `rows`, which all have the key and the same columns."""
    found = [dict(row) for row in rows]
    if not found:
        return
    statement = _statement(is_sqlite(session), model.__table__, _frozen(latest), _frozen(first), tuple(earliest))
    session.execute(statement, found)


def fields_of(event: Received, names: Iterable[str], **more: Any) -> dict[str, Any]:
    """The named data of an event, None for what it does not say, and further columns."""
    return {name: event.data.get(name) for name in names} | more


def _frozen(groups: Groups | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((stamp, tuple(columns)) for stamp, columns in (groups or {}).items())


@lru_cache(maxsize=256)
def _statement(sqlite_dialect: bool, table: Table, latest: Any, first: Any, earliest: tuple[str, ...]) -> Any:
    dialect: Any = sqlite if sqlite_dialect else postgresql
    made = dialect.insert(table)
    given = made.excluded
    changes: dict[str, ColumnElement[Any]] = {}
    for groups, wins in ((latest, _newer), (first, _older)):
        for stamp, names in groups:
            better = wins(table.c[stamp], given[stamp])
            for name in (*names, stamp):
                changes[name] = case((better, given[name]), else_=table.c[name])
    for name in earliest:
        changes[name] = case((_older(table.c[name], given[name]), given[name]), else_=table.c[name])
    keys = [column.name for column in table.primary_key]
    if not changes:
        return made.on_conflict_do_nothing(index_elements=keys)
    return made.on_conflict_do_update(index_elements=keys, set_=changes)


def _newer(held: Any, given: Any) -> ColumnElement[bool]:
    return given > func.coalesce(held, -1)


def _older(held: Any, given: Any) -> ColumnElement[bool]:
    return and_(given.is_not(None), or_(held.is_(None), given < held))
