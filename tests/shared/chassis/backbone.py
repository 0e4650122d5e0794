"""Two small services and the wiring between them, for the tests of the event backbone."""

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from marshmallow import Schema, fields
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from chassis import event_log, internal, relay
from chassis.db import NAMING, Base, Database, Id
from chassis.events import Event, personal, publish
from chassis.feed import FeedClient
from chassis.follower import Follower
from chassis.rabbit import Consumer, Names, Publisher
from chassis.records import Record
from chassis.subscriptions import NotYet, Received, Subscriptions

POSTGRES = "postgresql://postgres@127.0.0.1:5432"
AMQP = "amqp://guest:guest@127.0.0.1:5672//"


class Tables(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Parcel(Record, Tables):
    """The producer's record."""

    __tablename__ = "parcels"
    __kind__ = "parcel"
    label: Mapped[str] = mapped_column()
    receiver: Mapped[str | None] = mapped_column(info={"personal": True})


class Arrival(Tables):
    """The consumer's projection: one row per parcel, how often it was counted and in which order."""

    __tablename__ = "arrivals"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    label: Mapped[str]
    receiver: Mapped[str | None]
    times: Mapped[int]
    version: Mapped[int]


class ParcelSent(Event, type="post.parcel.sent.v1"):
    """A parcel left."""

    parcel_id = fields.String(required=True)
    label = fields.String(required=True)
    receiver = personal(fields.String(allow_none=True))


class ParcelRelabelled(Event, type="post.parcel.relabelled.v1"):
    """A parcel got another label."""

    parcel_id = fields.String(required=True)
    label = fields.String(required=True)


class Sent(Schema):
    parcel_id = fields.String(required=True)
    label = fields.String(required=True)
    receiver = fields.String(allow_none=True)


class Poison(Exception):
    """What the test handlers raise on purpose."""


def subscriptions(
    *, kind: str = "projection", poison: Callable[[Received], bool] = lambda event: False
) -> Subscriptions:
    """The consumer's handlers; `poison` says which events its handler cannot take."""
    on = Subscriptions()

    @on("post.parcel.sent.v1", group="arrivals", kind=kind, reads=Sent, tables=[Arrival])
    def arrived(session: Session, event: Received) -> None:
        if poison(event):
            raise Poison(event.data["label"])
        row = session.get(Arrival, event.data["parcel_id"])
        if row is None:
            row = Arrival(id=event.data["parcel_id"], times=0, label="", version=0, receiver=None)
            session.add(row)
        row.times += 1
        row.label, row.receiver, row.version = event.data["label"], event.data.get("receiver"), event.aggregateversion

    @on("post.parcel.relabelled.v1", group="arrivals", kind=kind)
    def relabelled(session: Session, event: Received) -> None:
        if poison(event):
            raise Poison(event.data["label"])
        row = session.get(Arrival, event.data["parcel_id"])
        if row is None:
            raise NotYet("the parcel has not arrived")
        assert row.version < event.aggregateversion, "out of order"
        row.label, row.version = event.data["label"], event.aggregateversion

    return on


def send(database: Database, label: str, receiver: str | None = None) -> str:
    """One business transaction of the producer: a parcel and its event."""
    with database.transaction() as session:
        parcel = Parcel(label=label, receiver=receiver)
        session.add(parcel)
        session.flush()
        publish(session, ParcelSent(parcel, parcel_id=parcel.id, label=label, receiver=receiver))
        return parcel.id


def relabel(database: Database, parcel_id: str, label: str) -> None:
    with database.transaction() as session:
        parcel = session.get(Parcel, parcel_id, with_for_update=True)
        assert parcel is not None
        parcel.label = label
        publish(session, ParcelRelabelled(parcel, parcel_id=parcel_id, label=label))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], *, seconds: float = 15.0) -> Any:
    """Wait for `condition` to be truthy; fails loudly after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)
    return value


def arrivals(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(Arrival)).scalar_one()


@contextlib.contextmanager
def databases(dialect: str, folder: Path, names: tuple[str, ...]) -> Iterator[list[Database]]:
    """One fresh database per service name, dropped at the end."""
    suffix = uuid.uuid4().hex[:8]
    urls = [
        f"sqlite:///{folder}/{name}.db" if dialect == "sqlite" else f"{POSTGRES}/crm_test_{name}_{suffix}"
        for name in names
    ]
    if dialect != "sqlite":
        with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as admin:
            for url in urls:
                admin.execute(f'CREATE DATABASE "{url.rpartition("/")[2]}"')
    made = [Database(url, service=name) for url, name in zip(urls, names, strict=True)]
    try:
        for database in made:
            Base.metadata.create_all(database.engine)
            Tables.metadata.create_all(database.engine)
            event_log.ensure_state(database)
        yield made
    finally:
        for database in made:
            database.close()
        if dialect != "sqlite":
            with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as admin:
                for url in urls:
                    admin.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')


class Producer:
    """The producer's worker loops and internal port, on real threads and a real socket."""

    def __init__(self, database: Database, *, names: Names | None = None):
        self.database = database
        self.stopping = threading.Event()
        self.threads: list[threading.Thread] = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        nudged, numbered = relay.Wake(), relay.Wake()
        fresh = relay.Fresh() if names else None
        database.on_events.append(nudged.ring)
        self.server = internal.serve(
            internal.InternalPort(
                database,
                numbered=numbered,
                authorise=lambda header: header == "Bearer test",
                ready=lambda: {"ready": True},
                stopping=self.stopping,
            ),
            host="127.0.0.1",
            port=self.port,
        )
        shared = {"numbered": numbered, "fresh": fresh, "stopping": self.stopping}
        self._start(relay.number_forever, database, nudged=nudged, **shared)
        if names:
            self._start(
                relay.publish_forever,
                database,
                connect=lambda: Publisher(AMQP, names),
                **shared,
            )

    def _start(self, loop: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        thread = threading.Thread(target=loop, args=args, kwargs=kwargs, daemon=True)
        thread.start()
        self.threads.append(thread)

    def close(self) -> None:
        self.stopping.set()
        internal.stop(self.server)
        for thread in self.threads:
            thread.join(5)


@contextlib.contextmanager
def following(
    database: Database,
    on: Subscriptions,
    *,
    url: str,
    names: Names | None = None,
    on_contact: Callable[[], None] | None = None,
    connect: Callable[[], Consumer] | None = None,
) -> Iterator[threading.Event]:
    """The consumer follows the producer within the block; `connect` stands in for the broker of `names`."""
    stopping = threading.Event()
    if names:
        connect = partial(Consumer, AMQP, names, consumer=database.service, source="post")
    follower = Follower(
        database,
        source="post",
        groups=list(on.groups.values()),
        feed=FeedClient(url, token=lambda: "test"),
        connect=connect,
        stopping=stopping,
        after_apply=lambda: None,
        on_contact=on_contact,
    )
    thread = threading.Thread(target=follower.run, daemon=True)
    thread.start()
    try:
        yield stopping
    finally:
        stopping.set()
        deadline = time.monotonic() + 5
        while thread.is_alive() and not follower.polling and time.monotonic() < deadline:
            thread.join(0.02)


def backend_missing(port: int) -> bool:
    """Whether a real backend is hidden or away; in CI that is a failure of its own, see chassis.testing."""
    if os.environ.get("CRM_TEST_NO_SERVERS") == "1":
        return True
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) != 0
