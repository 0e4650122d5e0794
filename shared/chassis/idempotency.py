"""Idempotency-Key: the answer of a POST is kept with its effect, so that a repeated request gets it again."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, String, Table, delete, func, insert, select
from sqlalchemy.orm import Session

from chassis import clock, metrics
from chassis.db import Base, Json, UtcDateTime, is_sqlite
from chassis.errors import Conflict, Invalid
from chassis.i18n import lazy as _

KEPT = timedelta(hours=24)
TABLE = Table(
    "idempotency",
    Base.metadata,
    Column("digest", String(64), primary_key=True),  # of caller, route and key
    Column("request", String(64), nullable=False),  # digest of the body
    Column("status", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    info={"branch": "chassis"},
)

_in_flight: set[str] = set()
_lock = threading.Lock()


class KeyReused(Invalid):
    code, title = "idempotency_key_reused", _("This Idempotency-Key was used for a different request")


class InProgress(Conflict):
    code, title = "request_in_progress", _("The first request with this Idempotency-Key is still being answered")


@dataclass(frozen=True)
class Asked:
    """A request with an Idempotency-Key."""

    digest: str
    request: str


@dataclass(frozen=True)
class Stored:
    """The answer of the first request."""

    status: int
    headers: dict[str, str]
    answer: bytes


def asked(key: str | None, *, caller: str, route: str, body: bytes) -> Asked | None:
    """Read the header; Invalid unless it is 1 to 255 printable ASCII characters."""
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Invalid(errors={"Idempotency-Key": [_("1 to 255 printable ASCII characters")]})
    return Asked(hashlib.sha256(f"{caller}\n{route}\n{key}".encode()).hexdigest(), hashlib.sha256(body).hexdigest())


@contextmanager
def alone(request: Asked | None) -> Iterator[None]:
    """InProgress while another thread of this process answers the same key."""
    if request is None:
        yield
        return
    with _lock:
        if request.digest in _in_flight:
            raise InProgress()
        _in_flight.add(request.digest)
    try:
        yield
    finally:
        with _lock:
            _in_flight.discard(request.digest)


def wait(session: Session, request: Asked) -> None:
    """Wait until the first request of this key is through, where its answer is wanted rather than InProgress."""
    if not is_sqlite(session):  # there, whoever writes is alone already
        session.execute(select(func.pg_advisory_xact_lock(_number(request))))


def find(session: Session, request: Asked) -> Stored | None:
    """The first request's answer; KeyReused if that had another body, InProgress if another process is at it now."""
    lock = func.pg_try_advisory_xact_lock(_number(request))
    if not is_sqlite(session) and not session.execute(select(lock)).scalar_one():
        raise InProgress()
    known = TABLE.c.digest == request.digest
    row: Any = session.execute(select(TABLE).where(known)).first()
    if row is None:
        return None
    if row.created_at < clock.now() - KEPT:
        session.execute(delete(TABLE).where(known))
        return None
    if row.request != request.request:
        raise KeyReused()
    metrics.REPLAYED.inc()
    return Stored(row.status, row.headers, row.answer)


def keep(session: Session, request: Asked, stored: Stored) -> None:
    """Keep the answer in the transaction of its effect."""
    session.execute(
        insert(TABLE).values(
            digest=request.digest, request=request.request, status=stored.status, headers=stored.headers,
            answer=stored.answer, created_at=clock.now(),
        )
    )  # fmt: skip


def _number(request: Asked) -> int:
    return int.from_bytes(bytes.fromhex(request.digest[:16]), signed=True)


def forget_old(session: Session, now: datetime) -> None:
    """Drop answers older than 24 hours."""
    session.execute(delete(TABLE).where(TABLE.c.created_at < now - KEPT))
