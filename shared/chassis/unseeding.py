"""Removing records with everything that hangs on them, by the tables' own references."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table, delete, select, tuple_, update
from sqlalchemy.orm import Session

from chassis import timers
from chassis.db import Base
from chassis.records import Record

if TYPE_CHECKING:
    from chassis.service import Service

CHUNK = 400
_services: dict[str, "Service"] = {}


def know(service: "Service") -> None:
    """Remember a service of this process, whose records an event may ask to remove."""
    _services[service.name] = service


def service_of(session: Session) -> "Service":
    """The service whose database the session writes to."""
    return _services[session.info["database"].service]


def erase(session: Session, service: "Service", marked: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Delete the marked records (kind → ids) and what hangs on them; returns the ids of all that is gone.

    They are given by kind of record, and by the table's name for what is no record. A row that must refer to a deleted
    one goes with it; one that may do without keeps its place and loses the reference. Activities, tasks, decisions,
    shares and timers of the records go too.
    """
    kinds = _kinds(service)
    doomed: dict[Table, set[str]] = {kinds[kind]: set(ids) for kind, ids in marked.items() if kind in kinds and ids}
    return _erase(session, service, kinds, doomed)


def erase_subjects(session: Session, service: "Service", removed: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Delete what this service keeps about records of another one; answers as `erase`. Projections follow by themselves."""
    doomed: dict[Table, set[str]] = {}
    _subjects(session, _tables(service), removed, doomed)
    return _erase(session, service, _kinds(service), doomed)


def _erase(
    session: Session, service: "Service", kinds: Mapping[str, Table], doomed: dict[Table, set[str]]
) -> dict[str, list[str]]:
    session.flush()
    tables = _tables(service)
    _spread(session, tables, doomed)
    own = {kind: sorted(doomed[table]) for kind, table in kinds.items() if doomed.get(table)}
    _subjects(session, tables, own, doomed)
    _spread(session, tables, doomed)
    _timers(session, {one for ids in doomed.values() for one in ids})
    _delete(session, tables, doomed)
    names = {table: kind for kind, table in kinds.items()}
    return {names.get(table, table.name): sorted(ids) for table, ids in doomed.items() if ids}


def referring(session: Session, service: "Service", kind: str, ids: Sequence[str]) -> dict[str, set[str]]:
    """Records of this service that refer to these and would do without: erasing these leaves them behind, by kind."""
    kinds = _kinds(service)
    found: dict[str, set[str]] = {}
    for name, table in kinds.items():
        for column in _references([table], kinds[kind]):
            for part in _parts(ids) if column.nullable else ():
                found.setdefault(name, set()).update(session.scalars(select(table.c.id).where(column.in_(part))))
    return {name: rows for name, rows in found.items() if rows}


def forget_marks(session: Session, marks: type[Base]) -> None:
    """Empty the table of marks: what it named is gone or was kept as the company's own."""
    session.execute(delete(marks))


def _tables(service: "Service") -> list[Table]:
    """All tables of the service's database that no projection owns, referring ones after those they refer to."""
    projected = {
        table for group in service.subscriptions.groups.values() if group.kind == "projection" for table in group.tables
    }
    found = [*Base.metadata.sorted_tables, *service.metadata.sorted_tables]
    return [table for table in found if table not in projected]


def _kinds(service: "Service") -> dict[str, Table]:
    """The table of each kind of record this service owns."""
    found: dict[str, Table] = {}
    waiting = list(Record.__subclasses__())
    while waiting:
        model: Any = waiting.pop()
        waiting += model.__subclasses__()
        if getattr(model, "__table__", None) is not None and model.metadata is service.metadata:
            found[model.__kind__] = model.__table__
    return found


def _spread(session: Session, tables: Sequence[Table], doomed: dict[Table, set[str]]) -> None:
    """Add the rows that must refer to doomed ones, until there are no more."""
    waiting = [(table, set(ids)) for table, ids in doomed.items()]
    while waiting:
        table, ids = waiting.pop()
        for column in _references(tables, table):
            if column.nullable or "id" not in column.table.c:
                continue
            owner = column.table
            found = {row for part in _parts(ids) for row in session.scalars(select(owner.c.id).where(column.in_(part)))}
            fresh = found - doomed.get(owner, set())
            if fresh:
                doomed.setdefault(owner, set()).update(fresh)
                waiting.append((owner, fresh))


def _subjects(
    session: Session, tables: Sequence[Table], removed: Mapping[str, Sequence[str]], doomed: dict[Table, set[str]]
) -> None:
    """Doom or delete the rows about removed records: those with a subject_kind and subject_id, or a subject "kind/id"."""
    pairs = [(kind, one) for kind, ids in removed.items() for one in ids]
    for table in tables:
        for part in _parts(pairs):
            if {"subject_kind", "subject_id"} <= set(table.c.keys()):
                about = tuple_(table.c.subject_kind, table.c.subject_id).in_(part)
            elif "subject" in table.c and table.name != "event_log":
                about = table.c.subject.in_([f"{kind}/{one}" for kind, one in part])
            else:
                break
            if "id" in table.c:
                doomed.setdefault(table, set()).update(session.scalars(select(table.c.id).where(about)))
            else:
                session.execute(delete(table).where(about))


def _delete(session: Session, tables: Sequence[Table], doomed: Mapping[Table, set[str]]) -> None:
    for table in reversed(tables):
        for part in _parts(doomed.get(table, ())):
            for column in _references(tables, table):
                if column.nullable:
                    session.execute(update(column.table).where(column.in_(part)).values({column: None}))
                elif "id" not in column.table.c:
                    session.execute(delete(column.table).where(column.in_(part)))
            session.execute(delete(table).where(table.c.id.in_(part)))
    session.expire_all()


def _references(tables: Sequence[Table], table: Table) -> Iterator[Column[Any]]:
    """Columns that refer to `table` by its id."""
    for other in tables:
        for column in other.c:
            if any(key.column is table.c.get("id") for key in column.foreign_keys):
                yield column


def _timers(session: Session, ids: set[str]) -> None:
    """Nothing falls due for a record that is gone; keys are ids or begin with one."""
    due = timers.TABLE
    gone = [
        row.id
        for row in session.execute(select(due.c.id, due.c.key, due.c.payload))
        if not ids.isdisjoint(row.key.replace("/", ":").split(":")) or not ids.isdisjoint(_texts(row.payload))
    ]
    for part in _parts(gone):
        session.execute(delete(due).where(due.c.id.in_(part)))


def _texts(payload: Any) -> set[str]:
    return {value for value in (payload or {}).values() if isinstance(value, str)}


def _parts(found: Iterable[Any]) -> Iterator[list[Any]]:
    everything = list(found)
    for start in range(0, len(everything), CHUNK):
        yield everything[start : start + CHUNK]
