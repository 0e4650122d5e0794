"""Deliveries: each action in an outside system is done once, however often it is tried; none blocks another or is lost.

Claimed by conditional update, called outside any transaction, the result stored after. What an action's success means
to us is said by its `when_done` handler, in the same transaction as the result.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from chassis import clock
from chassis.errors import Conflict, Invalid
from chassis.events import publish
from chassis.i18n import lazy
from chassis.ids import uuid7
from integration_gateway.connectors.configured import kind_of
from integration_gateway.connectors.events import DeliveryFailed, NotificationRequested
from integration_gateway.connectors.models import Connector, Delivery, DeliveryAttempt
from integration_gateway.models import User

OPEN = ("pending", "sending", "uncertain")
STATES = (*OPEN, "succeeded", "failed", "cancelled")
PERSON_ERASED = "The person's data was erased"  # said in the reader's language where it is shown
LONGEST_DELAY = 3600.0
_BEYOND = timedelta(seconds=1.5 * LONGEST_DELAY)  # no try of ours is set so far ahead: the clock was set back since
Handler = Callable[[Session, Delivery], None]
_when_done: dict[tuple[str, str], Handler] = {}


class NotOpen(Conflict):
    code, title = "delivery_not_open", lazy("The delivery is being sent or is over")


def when_done(kind: str, action: str) -> Callable[[Handler], Handler]:
    """Register what happens here when an action of a kind of connector has succeeded."""

    def register(handler: Handler) -> Handler:
        _when_done[kind, action] = handler
        return handler

    return register


def enqueue(
    session: Session,
    *,
    connector: Connector,
    action: str,
    key: str,
    payload: dict[str, Any],
    subject: str = "",
    after: Delivery | None = None,
) -> Delivery:
    """Order an action; the same key again returns the delivery there is. It waits until `after` has succeeded."""
    found = session.scalar(select(Delivery).where(Delivery.connector_id == connector.id, Delivery.key == key))
    if found is not None:
        return found
    try:
        loaded = kind_of(connector.kind).actions[action].payload().load(payload)
    except ValidationError as error:
        raise Invalid(errors={"payload": error.messages}) from None
    waits = after is not None and after.state != "succeeded"
    delivery = Delivery(
        id=uuid7(),
        connector_id=connector.id,
        action=action,
        key=key,
        payload=loaded,
        subject=subject,
        state="pending",
        after_id=after.id if after else None,
        next_at=None if waits else clock.now(),
    )
    session.add(delivery)
    session.flush()
    return delivery


def is_due() -> ColumnElement[bool]:
    """What is to be carried out now. A partner that asks for a longer rest is kept by its connector's pause."""
    now = clock.now()
    return Delivery.state.in_(OPEN) & ((Delivery.next_at <= now) | (Delivery.next_at > now + _BEYOND))


def delay(attempts: int) -> float:
    """Seconds until the next try: doubling from two, at most an hour, a quarter of it left to chance."""
    return min(2.0**attempts, LONGEST_DELAY) * random.uniform(0.75, 1.25)


def succeed(session: Session, delivery: Delivery, result: dict[str, Any]) -> None:
    """Store the result, let what waits for it go, and do what it means to us."""
    delivery.state, delivery.result, delivery.error = "succeeded", result, None
    delivery.next_at, delivery.done_at = None, clock.now()
    session.flush()
    session.execute(
        update(Delivery)
        .where(Delivery.after_id == delivery.id, Delivery.state == "pending", Delivery.next_at.is_(None))
        .values(next_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    connector = session.get(Connector, delivery.connector_id)
    handler = _when_done.get((connector.kind, delivery.action)) if connector else None
    if handler is not None:
        handler(session, delivery)


def fall_back(session: Session, delivery: Delivery, *, error: str, uncertain: bool, wait: float | None) -> None:
    """Try again later."""
    delivery.state = "uncertain" if uncertain else "pending"
    delivery.error, delivery.error_permanent = error, False
    seconds = wait if wait is not None else delay(delivery.attempts)
    delivery.next_at = clock.now() + timedelta(seconds=seconds)


def give_up(session: Session, delivery: Delivery, *, error: str, permanent: bool) -> None:
    """Stop trying and tell the administrators; the delivery stays where it can be seen and retried."""
    delivery.state, delivery.error, delivery.error_permanent = "failed", error, permanent
    delivery.next_at, delivery.done_at = None, clock.now()
    connector = session.get(Connector, delivery.connector_id)
    assert connector is not None
    publish(
        session,
        DeliveryFailed(
            subject=f"delivery/{delivery.id}",
            delivery_id=delivery.id,
            connector_id=connector.id,
            system=connector.kind,
            action=delivery.action,
            attempts=delivery.attempts,
            error=error[:500],
            permanent=permanent,
            about=delivery.subject,
        ),
    )
    _tell_administrators(session, connector, delivery, error)


def retry(session: Session, delivery: Delivery) -> Delivery:
    """Try again now, from a fresh count; NotOpen while it is being sent or after it succeeded."""
    if delivery.state not in {"pending", "uncertain", "failed"}:
        raise NotOpen()
    # A failed one may have taken effect after all (its last try uncertain), so it is looked for first.
    delivery.state = "uncertain" if delivery.attempts else "pending"
    delivery.attempts, delivery.next_at, delivery.done_at = 0, clock.now(), None
    return delivery


def replay(session: Session, delivery: Delivery) -> Delivery:
    """Do a finished delivery again as a new one, for a partner that lost it; documents are still looked for first."""
    if delivery.state in OPEN:
        raise NotOpen()
    again = Delivery(
        id=uuid7(),
        connector_id=delivery.connector_id,
        action=delivery.action,
        key=f"{delivery.key[:150]}#replay-{uuid7()}",
        payload=delivery.payload,
        subject=delivery.subject,
        state="pending",
        next_at=clock.now(),
    )
    session.add(again)
    session.flush()
    return again


def cancel(session: Session, delivery: Delivery) -> Delivery:
    """Give up on purpose what is not being sent, and what waits for it; what took effect there stays."""
    if delivery.state not in {"pending", "uncertain", "failed"}:
        raise NotOpen()
    delivery.state, delivery.next_at, delivery.done_at = "cancelled", None, clock.now()
    for follower in session.scalars(
        select(Delivery).where(Delivery.after_id == delivery.id, Delivery.state == "pending")
    ):
        cancel(session, follower)
    return delivery


def end_with_person(session: Session, row: Any) -> dict[str, Any]:
    """The values of a delivery whose person is erased: an open one is cancelled, with what waits for it, and says why."""
    if row.state not in (*OPEN, "failed"):
        return {"error": row.error} if row.error == PERSON_ERASED else {}
    waiting = select(Delivery).where(Delivery.after_id == row.id, Delivery.state == "pending")
    for follower in session.scalars(waiting):
        follower.error = PERSON_ERASED
        cancel(session, follower)
    session.flush()
    return {
        "state": "cancelled", "next_at": None, "done_at": clock.now(), "error": PERSON_ERASED,
        "generation": row.generation + 1,  # an answer that is still under way changes nothing
    }  # fmt: skip


def attempts_of(session: Session, delivery: Delivery) -> list[DeliveryAttempt]:
    """All tries, oldest first."""
    mine = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery.id)
    return list(session.scalars(mine.order_by(DeliveryAttempt.generation)))


def counts(session: Session) -> list[tuple[str, str, int]]:
    """(connector id, state, how many) of everything not succeeded or cancelled."""
    rows = (
        select(Delivery.connector_id, Delivery.state, func.count())
        .where(Delivery.state.in_(("pending", "sending", "uncertain", "failed")))
        .group_by(Delivery.connector_id, Delivery.state)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(rows)]


def _tell_administrators(session: Session, connector: Connector, delivery: Delivery, error: str) -> None:
    people = session.execute(select(User.id, User.roles).where(User.active))
    administrators = [row.id for row in people if "admin" in row.roles]
    if not administrators:
        return
    publish(
        session,
        NotificationRequested(
            subject=f"delivery/{delivery.id}",
            to=administrators,
            key="delivery_failed",
            title={
                "zh": f"{connector.name}：{delivery.subject or delivery.action} 未送达",
                "en": f"{connector.name}: {delivery.subject or delivery.action} could not be delivered",
            },
            text={"zh": error[:300], "en": error[:300]},
            link=f"/gateway/deliveries/{delivery.id}",
        ),
    )
