"""Filling one service with its demo data and taking all of it out again, as the event of the gateway asks."""

from sqlalchemy import func, select

from chassis import clock, seeding
from chassis.db import Database
from chassis.service import Service
from chassis.subscriptions import Received
from chassis.unseeding import _kinds


def filled(service: Service, database: Database) -> dict[str, int]:
    """Load the demo data; how many records of each kind there are."""
    assert seeding.decide(service, database, demo=True) == "seeded"
    return counted(service, database)


def emptied(service: Service, database: Database) -> dict[str, int]:
    """Remove the demo data; how many records of each kind are left."""
    event = Received(
        id="0", source="gateway", type="gateway.demo_data.removal_requested.v1", subject="demo_data/all",
        time=clock.now(), sequence=1, epoch="", aggregateversion=0, data={},
    )  # fmt: skip
    for _again in range(2):  # an event read twice changes nothing more
        with database.transaction() as session:
            seeding.removal_requested(session, event)
    return counted(service, database)


def counted(service: Service, database: Database) -> dict[str, int]:
    """Records by kind, empty kinds left out."""
    with database.reading() as session:
        found = {
            kind: session.scalar(select(func.count()).select_from(table)) for kind, table in _kinds(service).items()
        }
    return {kind: count for kind, count in found.items() if count}
