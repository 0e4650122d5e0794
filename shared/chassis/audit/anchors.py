"""Daily anchors of a log's chain, kept where its database cannot reach: in a folder, and in other services' logs."""

import logging
import os
import threading
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
from marshmallow import Schema, fields
from sqlalchemy import BigInteger, Column, String, Table, func, insert, select
from sqlalchemy.orm import Session

from chassis import archive, bus_metrics, clock, event_log
from chassis.audit import seals
from chassis.db import Base, Database, Id, UtcDateTime
from chassis.events import Event, publish
from chassis.relay import Wake
from chassis.settings import Settings
from chassis.subscriptions import Received, Subscriptions

log = logging.getLogger(__name__)
WITNESS = "gateway"  # it follows every service, and every service follows it
SEAL_EVERY = 1.0
UPKEEP_EVERY = 60.0

ANCHORS = Table(
    "audit_anchors",
    Base.metadata,
    Column("source", String(40), primary_key=True),
    Column("chain", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("epoch", Id, nullable=False),
    Column("anchored_at", UtcDateTime, nullable=False),
    info={"branch": "chassis"},
)


class _Anchor(Event):
    """What is said of an anchor."""

    sequence = fields.Integer(required=True)
    chain = fields.String(required=True)
    epoch = fields.String(required=True)
    anchored_at = fields.AwareDateTime(required=True)


class AuditAnchored(_Anchor, type="{service}.audit.anchored.v1"):
    """The chain over the service's event log stood at this value at this sequence."""


class AuditWitnessed(_Anchor, type="{service}.audit.witnessed.v1"):
    """The service took down another service's anchor, so that its own log holds it too."""

    source = fields.String(required=True)


class AnchorSeen(Schema):
    sequence = fields.Integer(required=True)
    chain = fields.String(required=True)
    epoch = fields.String(required=True)
    anchored_at = fields.AwareDateTime(required=True)


def subscriptions(service: str) -> Subscriptions:
    """How `service` witnesses: the gateway all the others, each of them the gateway."""
    on = Subscriptions()
    heard = "*" if service == WITNESS else WITNESS

    @on(f"{heard}.audit.anchored.v1", group="audit", kind="reaction", reads=AnchorSeen)
    def witness(session: Session, event: Received) -> None:
        if event.source == service or _has(session, event.source, event.data["chain"]):
            return
        _keep(session, event.source, event.data)
        subject = f"anchor/{event.source}-{event.data['sequence']}"
        publish(session, AuditWitnessed(subject=subject, source=event.source, **event.data))

    return on


def anchor(database: Database, settings: Settings) -> bool:
    """Anchor the chain once a day, the first time on the day after the log's first event; True when it was done now."""
    today = clock.now().astimezone(ZoneInfo(settings.time_zone)).date()
    with database.reading() as session:
        top = seals.latest(session.connection())
        since = session.scalar(select(func.max(ANCHORS.c.anchored_at)).where(ANCHORS.c.source == settings.service))
        since = since or session.scalar(select(event_log.LOG.c.time).order_by(event_log.LOG.c.id).limit(1))
        if top is None or since is None or since.astimezone(ZoneInfo(settings.time_zone)).date() >= today:
            return False
        epoch = event_log.state(session.connection()).epoch
        if _has(session, settings.service, bytes(top.chain).hex()):
            return False
    facts = {"sequence": top.last, "chain": bytes(top.chain).hex(), "epoch": epoch, "anchored_at": clock.now()}
    _append(file_of(settings), facts)  # first: a second line for the same anchor does no harm, a missing one would
    with database.transaction() as session:
        _keep(session, settings.service, facts)
        publish(session, AuditAnchored(subject=f"anchor/{settings.service}-{top.last}", **facts))
    return True


def file_of(settings: Settings) -> Path:
    """Where the service's anchors are appended, a JSON object per line."""
    folder = Path(settings.anchors).absolute() if settings.anchors else settings.data_path / "anchors"
    return folder / f"{settings.service}.jsonl"


def keep_sealing(database: Database, settings: Settings, *, numbered: Wake, stopping: threading.Event) -> None:
    """Seal what was numbered about once a second, anchor daily and archive old months; until stopping."""
    seen, next_upkeep = 0, 0.0
    while not stopping.is_set():
        try:
            while seals.seal(database) and not stopping.is_set():
                pass
            if clock.monotonic() >= next_upkeep:
                next_upkeep = clock.monotonic() + UPKEEP_EVERY
                anchor(database, settings)
                archive_months(database, settings)
        except Exception:
            bus_metrics.SEAL_FAILURES.inc()
            log.exception("sealing the event log failed")
            stopping.wait(UPKEEP_EVERY)
        seen = numbered.wait(seen, UPKEEP_EVERY)
        stopping.wait(SEAL_EVERY)  # many events, one seal


def archive_months(database: Database, settings: Settings) -> int:
    """Archive sealed events of months that ended `archive_after_months` ago or earlier; returns how many."""
    if settings.archive_after_months <= 0:
        return 0
    with database.connection() as connection:
        top = seals.latest(connection)
        published = event_log.state(connection).published if settings.bus_url else None
    if top is None:
        return 0
    through = top.last if published is None else min(top.last, published)
    moved = archive.archive(database, before=first_kept(settings), through=through)
    if moved:
        log.info("events archived", extra={"count": moved})
    return moved


def first_kept(settings: Settings) -> datetime:
    """The beginning of the oldest month that stays in the live log, in the company's zone."""
    now = clock.now().astimezone(ZoneInfo(settings.time_zone))
    months = now.year * 12 + now.month - 1 - settings.archive_after_months
    return now.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _has(session: Session, source: str, chain: str) -> bool:
    known = select(ANCHORS.c.source).where(ANCHORS.c.source == source, ANCHORS.c.chain == chain)
    return session.execute(known).first() is not None


def _keep(session: Session, source: str, facts: dict[str, object]) -> None:
    session.execute(insert(ANCHORS).values(source=source, **facts))


def _append(file: Path, facts: dict[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.open("ab") as stream:
        stream.write(orjson.dumps(facts, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
        stream.flush()
        os.fsync(stream.fileno())
