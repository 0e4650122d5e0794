"""A seventh subscriber that hears everything and writes down each event it applies, with no uniqueness to help it.

`python -m tests.faults.witness` with the suite's environment; its settings begin with WITNESS_.
"""

import sys

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert
from sqlalchemy.orm import Session

from chassis import event_log, places, worker
from chassis.db import NAMING, Base, Database, Id
from chassis.events import Event
from chassis.service import Service
from chassis.settings import Settings, load
from chassis.subscriptions import Received, Subscriptions
from chassis.timers import Timers

NAME = "witness"
METADATA = MetaData(naming_convention=NAMING)
SEEN = Table(
    "witness_seen",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("source", String(40), nullable=False),
    Column("epoch", Id, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("subject", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    sqlite_autoincrement=True,
)


def note(session: Session, events: list[Received]) -> None:
    rows = [
        {
            "source": event.source,
            "epoch": event.epoch,
            "sequence": event.sequence,
            "event_id": event.id,
            "subject": event.subject,
            "version": event.aggregateversion,
        }
        for event in events
    ]
    session.connection().execute(insert(SEEN), rows)


def service() -> Service:
    """The declaration, listening to every type that any service publishes."""
    on = Subscriptions()
    for type_ in sorted(_types()):
        on(type_, group=NAME, kind="reaction", batch=True)(note)
    return Service(name=NAME, package="faults", settings=Settings, metadata=METADATA, subscriptions=on, timers=Timers())


def prepare(url: str) -> None:
    """Its tables, made without revisions: it lives as long as one run of the faults."""
    service()
    for package in ("chassis.cursors", "chassis.parked", "chassis.timers", "chassis.idempotency", "chassis.directory"):
        __import__(package)
    database = Database(url, service=NAME)
    with database.connection(write=True) as connection:
        Base.metadata.create_all(connection)
        METADATA.create_all(connection)
    event_log.ensure_state(database)
    database.close()


def _types() -> set[str]:
    names = [place.name for place in places.places()]
    for place in places.places():
        place.service()
    found, todo = set(), [Event]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.type:
            found |= {kind.type.format(service=name) for name in names}
    return found


def main() -> int:
    declared = service()
    worker.run(declared, load(Settings, NAME))
    return 0


if __name__ == "__main__":
    sys.exit(main())
