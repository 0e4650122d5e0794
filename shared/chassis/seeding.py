"""Demo data: each service fills its own empty database, once."""

from datetime import datetime

from sqlalchemy import Boolean, Integer, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, event_log, i18n
from chassis.db import Base, Database, UtcDateTime
from chassis.service import Service


class SeedRun(Base):
    """One row once it was decided whether this database holds demo data; the decision stays."""

    __tablename__ = "seed_run"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, default=1)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    demo: Mapped[bool] = mapped_column(Boolean)


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
            service.seed(session)
        return "seeded" if demo else "empty"


def is_in_use(session: Session) -> bool:
    """Whether anything ever happened in this database."""
    return session.execute(select(event_log.LOG.c.id).limit(1)).first() is not None
