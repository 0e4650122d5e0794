"""The worker's loop that carries deliveries out: claims what is due, calls out in threads, stores what came of it."""

import logging
import threading
from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from chassis import clock
from chassis.db import Database
from chassis.service import Runtime
from integration_gateway import deliveries
from integration_gateway.connectors import configured, settings
from integration_gateway.connectors.contract import Action, ConnectorError
from integration_gateway.connectors.models import Connector, ConnectorState, Delivery, DeliveryAttempt

log = logging.getLogger(__name__)

OUTCOMES = Counter("crm_deliveries_total", "Tries of deliveries", ["connector", "action", "outcome"])
SECONDS = Histogram(
    "crm_delivery_seconds", "Time of one try", ["connector", "action"], buckets=(0.05, 0.1, 0.5, 1, 5, 15, 60)
)
WAITING = Gauge("crm_deliveries_open", "Deliveries that are not done", ["connector", "state"])
PAUSED = Gauge(
    "crm_connector_paused", "1 while a connector rests because its system fails or asked for a pause", ["connector"]
)

LEASE = timedelta(minutes=10)  # longer than the slowest chain of calls
AT_ONCE = 4  # tries per connector at the same time: a partner that hangs cannot take all threads
THREADS = 12
FAILURES_TO_PAUSE = 5
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 600.0
MEASURE_SECONDS = 5.0
_in_hand: set[str] = set()  # deliveries this process is calling out for; they outlive a lost lease


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A delivery taken for one try; `look` because an earlier try may have taken effect."""

    delivery_id: str
    generation: int
    kind: str
    action: str
    payload: dict[str, Any]
    client: Any
    look: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a try came to."""

    seconds: float
    result: dict[str, Any] | None = None
    error: ConnectorError | None = None

    @property
    def name(self) -> str:
        if self.error is None:
            return "succeeded"
        return "uncertain" if self.error.uncertain else "failed"


def run_forever(runtime: Runtime) -> None:
    """Carry out deliveries until the worker stops; what is being sent then is finished."""
    recover(runtime.database)
    busy: Tally[str] = Tally()
    lock = threading.Lock()
    seen, measured = 0, 0.0

    def work(claim: Claim, connector_id: str) -> None:
        try:
            finish(runtime.database, claim, attempt(claim))
        except Exception:
            log.exception("delivery could not be finished", extra={"delivery": claim.delivery_id})
        finally:
            with lock:
                busy[connector_id] -= 1
            _in_hand.discard(claim.delivery_id)
            runtime.nudged.ring()

    with ThreadPoolExecutor(THREADS, thread_name_prefix="delivery") as pool:
        while not runtime.stopping.is_set():
            try:
                for connector_id in _connectors(runtime.database):
                    for claim in claim_due(runtime.database, connector_id, limit=AT_ONCE - busy[connector_id]):
                        with lock:
                            busy[connector_id] += 1
                        _in_hand.add(claim.delivery_id)
                        pool.submit(work, claim, connector_id)
                if clock.monotonic() > measured + MEASURE_SECONDS:
                    measured = clock.monotonic()
                    measure(runtime.database)
            except Exception:
                log.exception("deliveries could not be claimed")
            seen = runtime.nudged.wait(seen, 0.5)
            runtime.stopping.wait(0.05)


def recover(database: Database) -> int:
    """What a worker that died was sending becomes uncertain at once; returns how many. Only the active worker calls it.

    What this process still has in hand from before it lost the lease is left to end, or to its lease.
    """
    with database.transaction() as session:
        lost = session.execute(
            update(Delivery)
            .where(Delivery.state == "sending", Delivery.id.not_in(list(_in_hand)))
            .values(state="uncertain", next_at=clock.now())
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        return len(lost.all())


def claim_due(database: Database, connector_id: str, *, limit: int) -> list[Claim]:
    """Take up to `limit` due deliveries of one connector, as far as its rate and its breaker allow."""
    if limit <= 0:
        return []
    with database.transaction() as session:
        connector = session.get(Connector, connector_id)
        state = session.get(ConnectorState, connector_id, with_for_update=True)
        if connector is None or state is None or not connector.enabled:
            return []
        spec = configured.kind_of(connector.kind)
        if state.paused_until is not None and state.paused_until > clock.now():
            return []
        _fill(state, rate=spec.rate, burst=spec.burst)
        probing = state.paused_until is not None and state.failures >= FAILURES_TO_PAUSE
        allowed = min(limit, int(state.tokens), 1 if probing else limit)
        due = session.scalars(
            select(Delivery)
            .where(Delivery.connector_id == connector_id, deliveries.is_due())
            .order_by(Delivery.next_at, Delivery.id)
            .limit(allowed)
        ).all()
        claims = [claim for item in due if (claim := _claim(session, connector, item)) is not None]
        state.tokens -= len(claims)
        return claims


def attempt(claim: Claim) -> Outcome:
    """Call out, with no transaction open. Whatever goes wrong becomes an Outcome."""
    action: Action = configured.kind_of(claim.kind).actions[claim.action]
    began = clock.monotonic()
    try:
        found = action.find(claim.client, claim.payload) if claim.look and action.find else None
        result = found if found is not None else action.run(claim.client, claim.payload)
        return Outcome(seconds=clock.monotonic() - began, result=result)
    except ConnectorError as error:
        return Outcome(seconds=clock.monotonic() - began, error=error)
    except Exception as error:  # a fault of ours: visible with the delivery, not only in a log
        log.exception("delivery failed unexpectedly", extra={"delivery": claim.delivery_id})
        text = f"{type(error).__name__}: {error}"
        return Outcome(seconds=clock.monotonic() - began, error=ConnectorError(text, code="unexpected", uncertain=True))


def finish(database: Database, claim: Claim, outcome: Outcome) -> None:
    """Store what came of a try and what follows from it; nothing when the delivery was claimed anew meanwhile."""
    OUTCOMES.labels(claim.kind, claim.action, outcome.name).inc()
    SECONDS.labels(claim.kind, claim.action).observe(outcome.seconds)
    with database.transaction() as session:
        delivery = session.get(Delivery, claim.delivery_id, with_for_update=True)
        _note(session, claim, outcome)
        if delivery is None or delivery.generation != claim.generation or delivery.state != "sending":
            return
        state = session.get(ConnectorState, delivery.connector_id, with_for_update=True)
        assert state is not None
        if outcome.error is None:
            state.failures, state.paused_until, state.pause_reason = 0, None, ""
            deliveries.succeed(session, delivery, outcome.result or {})
            return
        _judge(session, delivery, state, outcome.error)


def measure(database: Database) -> None:
    """Set the gauges of open deliveries and pauses."""
    with database.reading() as session:
        names = {one.id: one.kind for one in session.scalars(select(Connector))}
        found = Tally(
            {(names[key], state): number for key, state, number in deliveries.counts(session) if key in names}
        )
        paused = {row.connector_id: row.paused_until for row in session.scalars(select(ConnectorState))}
    for key, name in names.items():
        for state in (*deliveries.OPEN, "failed"):
            WAITING.labels(name, state).set(found[name, state])
        until = paused.get(key)
        PAUSED.labels(name).set(1 if until is not None and until > clock.now() else 0)


def _connectors(database: Database) -> list[str]:
    """Enabled connectors with something due."""
    due = select(Delivery.id).where(Delivery.connector_id == Connector.id, deliveries.is_due())
    with database.reading() as session:
        return list(session.scalars(select(Connector.id).where(Connector.enabled, due.exists())))


def _claim(session: Session, connector: Connector, delivery: Delivery) -> Claim | None:
    look = delivery.state != "pending"
    claimed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.generation == delivery.generation, Delivery.state == delivery.state)
        .values(
            state="sending",
            generation=Delivery.generation + 1,
            attempts=Delivery.attempts + 1,
            next_at=clock.now() + LEASE,
        )
        .returning(Delivery.generation)
        .execution_options(synchronize_session=False)
    ).first()
    if claimed is None:
        return None
    session.add(
        DeliveryAttempt(delivery_id=delivery.id, generation=claimed.generation, started_at=clock.now(), looked=look)
    )
    return Claim(
        delivery_id=delivery.id,
        generation=claimed.generation,
        kind=connector.kind,
        action=delivery.action,
        payload=delivery.payload,
        client=configured.client(connector),
        look=look,
    )


def _fill(state: ConnectorState, *, rate: float, burst: int) -> None:
    """Refill the token bucket for the time that passed."""
    passed = max((clock.now() - state.filled_at).total_seconds(), 0.0)
    state.tokens = min(state.tokens + passed * rate, float(burst))
    state.filled_at = clock.now()


def _note(session: Session, claim: Claim, outcome: Outcome) -> None:
    attempt = session.get(DeliveryAttempt, (claim.delivery_id, claim.generation))
    if attempt is not None:
        attempt.seconds, attempt.outcome = outcome.seconds, outcome.name
        attempt.code = outcome.error.code[:60] if outcome.error else ""
        attempt.error = str(outcome.error)[:2000] if outcome.error else None


def _judge(session: Session, delivery: Delivery, state: ConnectorState, error: ConnectorError) -> None:
    """A failed try: give up, or try again later; and whether the whole connector should rest."""
    text = str(error)[:2000]
    if error.permanent:
        state.failures = 0  # the system answered, only this delivery is wrong
        deliveries.give_up(session, delivery, error=text, permanent=True)
        return
    if error.retry_after is not None:
        configured.pause(state, seconds=error.retry_after, reason=text)
        delivery.attempts -= 1  # being asked to wait is no failure of the delivery
    else:
        _count_failure(state, text)
    if delivery.attempts >= settings.current().delivery_attempts:
        deliveries.give_up(session, delivery, error=text, permanent=False)
        return
    deliveries.fall_back(session, delivery, error=text, uncertain=error.uncertain, wait=error.retry_after)


def _count_failure(state: ConnectorState, reason: str) -> None:
    """The circuit breaker: after some failures in a row the connector rests, longer each time, then one try probes."""
    state.failures += 1
    if state.failures >= FAILURES_TO_PAUSE:
        more = state.failures - FAILURES_TO_PAUSE
        configured.pause(state, seconds=min(FIRST_PAUSE * 2.0**more, LONGEST_PAUSE), reason=reason)
