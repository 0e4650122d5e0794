"""Two small services on the real chassis: `post` books parcels, `shop` counts arrivals. Processes of the backbone's benches."""

import os
import sys

from marshmallow import Schema, fields
from sqlalchemy import Column, Integer, MetaData, Table, Text, bindparam, event, insert, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from chassis import clock, event_log, nudge, worker
from chassis.db import NAMING, Database, Id, dumps
from chassis.events import Event, entry
from chassis.ids import uuid7
from chassis.records import Record
from chassis.service import Service
from chassis.settings import Settings, load
from chassis.subscriptions import Received, Subscriptions
from chassis.timers import Timers
from tests.bench.peers import courier


class Tables(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Parcel(Record, Tables):
    """The sender's record."""

    __tablename__ = "parcels"
    __kind__ = "parcel"
    label: Mapped[str] = mapped_column(Text)
    receiver: Mapped[str | None]


ARRIVALS = Table(
    "arrivals",
    Tables.metadata,
    Column("id", Id, primary_key=True),
    Column("label", Text, nullable=False),
    Column("times", Integer, nullable=False),
)


class ParcelSent(Event, type="post.parcel.sent.v1"):
    """A parcel left."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    receiver = fields.String()


class Sent(Schema):
    id = fields.String(required=True)
    label = fields.String(required=True)


on = Subscriptions()
ARRIVE = text(
    "INSERT INTO arrivals (id, label, times) SELECT id, label, 1"
    " FROM json_to_recordset(CAST(:rows AS json)) AS arrived (id text, label text)"
    " ON CONFLICT (id) DO UPDATE SET times = arrivals.times + 1, label = excluded.label"
)  # of a run of events, each with a parcel of its own


@on("post.parcel.sent.v1", group="arrivals", kind="projection", reads=Sent, tables=[ARRIVALS], batch=True)
def arrived(session: Session, events: list[Received]) -> None:
    rows = [item.data for item in events]
    session.info["arrived"] = [row["id"] for row in rows]
    session.connection().execute(ARRIVE, {"rows": dumps(rows)})


SERVICES = {
    "post": Service(
        name="post", package="tests.bench", settings=Settings, metadata=Tables.metadata, subscriptions=Subscriptions(),
        timers=Timers(),
    ),
    "shop": Service(
        name="shop", package="tests.bench", settings=Settings, metadata=Tables.metadata, subscriptions=on, timers=Timers()
    ),
}  # fmt: skip


_BOOK = insert(Parcel.__table__).values(
    {column.name: bindparam(f"parcel_{column.name}", type_=column.type) for column in Parcel.__table__.c}
)
_BOOK_AND_TELL = event_log.INSERT.add_cte(_BOOK.cte("booked"))


def book(database: Database, label: str) -> str:
    """One business transaction, a parcel and its event, in one statement as the services' hot writes do (sales.moving)."""
    with database.transaction() as session:
        now = clock.now()
        row = {
            "id": uuid7(), "number": None, "external_ids": {}, "version": 1, "created_at": now, "updated_at": now,
            "created_by": None, "owner_id": None, "department_id": None, "tags": [], "custom": {}, "label": label,
            "receiver": "somebody",
        }  # fmt: skip
        fact = ParcelSent(subject=f"parcel/{row['id']}", id=row["id"], label=label, receiver="somebody")
        changed = {"label": [None, label], "receiver": [None, "somebody"]}
        values = {f"parcel_{name}": value for name, value in row.items()} | entry(
            session, fact, version=1, changed=changed
        )
        session.connection().execute(_BOOK_AND_TELL, values)
        return str(row["id"])


def _send() -> None:
    """The web process's part: book what the bench orders, waking the worker after each commit as the chassis does."""
    settings = load(Settings, "post")
    database = Database(settings.database, service="post")
    database.on_events.append(nudge.Nudger(database, host=settings.host, port=settings.internal_port))
    courier.sell(lambda: (lambda parcel: parcel.update(id=book(database, parcel["label"])), lambda parcel: None))


def _note_commits() -> None:
    """Tell the bench when effects were committed."""

    @event.listens_for(Session, "after_commit")
    def _committed(session: Session) -> None:
        for parcel_id in session.info.pop("arrived", ()):
            courier.handled(parcel_id)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        _send()
    else:
        if "BENCH_TIMES" in os.environ:
            _note_commits()
        worker.run(SERVICES[sys.argv[1]], load(Settings, sys.argv[1]))
