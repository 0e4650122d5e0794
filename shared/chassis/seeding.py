"""Demo data: each service fills its own empty database, once, and removes all of it again when the company asks."""

from datetime import datetime

from marshmallow import Schema, fields
from sqlalchemy import Boolean, Integer, String, event, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import causation, changes, clock, event_log, i18n, unseeding
from chassis.causation import Cause, because
from chassis.db import Base, Database, Id, UtcDateTime
from chassis.events import Event, publish
from chassis.records import Record
from chassis.service import Service
from chassis.subscriptions import Received, Subscriptions

# Everything the demo causes carries this correlation id, through every service that answers one of its events.
DEMO = "01900000-0000-7000-8000-0000000de000"
_PEOPLE = "01900000-0000-7000-8000-0000000"  # how ids of the demo's people and departments begin; no clock makes such
on = Subscriptions()


class SeedRun(Base):
    """One row once it was decided whether this database holds demo data; the decision stays."""

    __tablename__ = "seed_run"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, default=1)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    demo: Mapped[bool] = mapped_column(Boolean)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DemoRecord(Base):
    """A record that came with the demo data or that an event of the demo data made."""

    __tablename__ = "demo_record"

    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)


class DemoDataLoaded(Event, type="{service}.demo_data.loaded.v1"):
    """A service filled its empty database with demo data; `records` counts them by kind."""

    records = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class DemoDataRemoved(Event, type="{service}.demo_data.removed.v1"):
    """A service removed its demo data: the ids by kind of record, those that hung on demo records included."""

    removed = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class RecordsRemoved(Event, type="{service}.records.removed.v1"):
    """Records were removed again, as when an import is undone: the ids by kind, of what hung on them too."""

    removed = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class Removed(Schema):
    """What a reader of DemoDataRemoved and RecordsRemoved takes of them."""

    removed = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict)


def decide(service: Service, database: Database, *, demo: bool) -> str:
    """Fill the database, or note that it stays without demo data; returns what came of it.

    "seeded", "empty" (as asked), "done before", "declined before" or "in use": demo data never mixes with a company's.
    """
    with database.transaction() as session:
        earlier = session.get(SeedRun, 1)
        if earlier is not None:
            return "done before" if earlier.demo else "declined before"
        if demo and is_in_use(session):
            return "in use"
        session.add(SeedRun(id=1, demo=demo))
        if demo and service.seed is not None:
            i18n.use("engines", "console", service.package)
            with because(Cause(origin="demo data", correlation_id=DEMO)):
                service.seed(session)
                _mark_announced(session)
                counted = select(DemoRecord.kind, func.count().label("n")).group_by(DemoRecord.kind)
                records = {row.kind: row.n for row in session.execute(counted)}
                publish(session, DemoDataLoaded(subject=f"demo_data/{service.name}", records=records))
        return "seeded" if demo else "empty"


def is_demo_person(id_: object) -> bool:
    """Whether this is the id of a person or department of the demo company."""
    return isinstance(id_, str) and id_.startswith(_PEOPLE)


def is_in_use(session: Session) -> bool:
    """Whether anything ever happened in this database."""
    return session.execute(select(event_log.LOG.c.id).limit(1)).first() is not None


@on("gateway.demo_data.removal_requested.v1", group="demo_data", kind="reaction")
def removal_requested(session: Session, received: Received) -> None:
    """Remove this service's demo records and what hangs on them; says so even when there is nothing to remove."""
    service = unseeding.service_of(session)
    run = session.get(SeedRun, 1, with_for_update=True)
    marked: dict[str, set[str]] = {}
    for row in session.scalars(select(DemoRecord)):
        marked.setdefault(row.kind, set()).add(row.id)
    if service.unseed is not None:
        service.unseed(session, marked)
    removed = unseeding.erase(session, service, marked)
    unseeding.forget_marks(session, DemoRecord)
    if run is not None and run.demo and run.removed_at is None:
        run.removed_at = clock.now()
    publish(session, DemoDataRemoved(subject=f"demo_data/{service.name}", removed=removed))


@on("*.records.removed.v1", group="demo_data", kind="reaction", reads=Removed, elsewhere=True)
@on("*.demo_data.removed.v1", group="demo_data", kind="reaction", reads=Removed, elsewhere=True)
def removed_elsewhere(session: Session, received: Received) -> None:
    """Let go of what is kept about another service's records that are gone: approvals of them, deliveries, read shares."""
    service = unseeding.service_of(session)
    if received.source == service.name:  # another group follows our own log
        return
    removed = unseeding.erase_subjects(session, service, received.data["removed"])
    if removed and ".demo_data." in received.type:
        publish(session, DemoDataRemoved(subject=f"demo_data/{service.name}", removed=removed))
    elif removed:
        publish(session, RecordsRemoved(subject=received.subject, removed=removed))


def _mark(session: Session, _context: object, _instances: object) -> None:
    """Note each record that is made because of the demo data."""
    if causation.current().correlation_id != DEMO:
        return
    for record in list(session.new):
        if isinstance(record, Record):
            changes.identify(record)
            session.add(DemoRecord(kind=record.__kind__, id=record.id))


def _mark_announced(session: Session) -> None:
    """Note the records that were written by statements of their own, by the first event about each."""
    session.flush()
    known = {(row.kind, row.id) for row in session.scalars(select(DemoRecord))}
    first = select(event_log.LOG.c.subject).where(event_log.LOG.c.aggregateversion == 1).distinct()
    for subject in session.scalars(first):
        kind, _slash, record_id = subject.partition("/")
        if (kind, record_id) not in known:
            session.add(DemoRecord(kind=kind, id=record_id))
    session.flush()


event.listen(Session, "before_flush", _mark)

__all__ = [
    "DEMO",
    "DemoDataLoaded",
    "DemoDataRemoved",
    "DemoRecord",
    "Removed",
    "SeedRun",
    "decide",
    "is_demo_person",
    "is_in_use",
    "on",
]
