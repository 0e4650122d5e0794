"""Applying a source's events to a handler group: effects and cursor move in one transaction, so nothing counts twice."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chassis import bus_metrics, changes, clock, cursors, parked
from chassis.causation import Cause, because
from chassis.db import Database, is_transient
from chassis.subscriptions import Group, NotYet, Received, Subscription

log = logging.getLogger(__name__)
BATCH = 50


class EpochChanged(Exception):
    """The events belong to another epoch than the cursor: ask the source's feed what that means."""


@dataclass(frozen=True)
class Applied:
    """Where the cursor stands now; `gap` is True when the next event given lies beyond a hole."""

    position: int
    gap: bool
    count: int


def apply(database: Database, *, source: str, group: Group, events: Sequence[Received]) -> Applied:
    """Apply `events` (ascending, of one source and epoch) to `group` and move its cursor.

    At or below the cursor: skipped. A hole: applied up to it, `gap` says so. The whole batch runs in one transaction;
    when a handler raises it is run again with a savepoint per event, and what failed is parked.
    """
    with bus_metrics.HANDLER_SECONDS.labels(group.name).time():
        try:
            return _attempt(database, source=source, group=group, events=events, careful=False)
        except EpochChanged:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            return _attempt(database, source=source, group=group, events=events, careful=True)


def _attempt(database: Database, *, source: str, group: Group, events: Sequence[Received], careful: bool) -> Applied:
    with database.transaction() as session:
        connection = session.connection()
        lazily = group.kind == "projection" or not group.hears(events)
        row = cursors.lock(connection, source=source, group=group.name, lazily=lazily)
        if row.epoch and any(event.epoch != row.epoch for event in events):
            raise EpochChanged(source)
        fresh = [event for event in events if event.sequence > row.position]
        run = [event for place, event in enumerate(fresh, row.position + 1) if event.sequence == place]
        if run:
            todo = _unseen(session, run, source=source, group=group, contested=row.contested)
            _handle(session, todo, source=source, group=group, careful=careful)
            cursors.advance(
                connection,
                source=source,
                group=group.name,
                position=run[-1].sequence,
                epoch=run[-1].epoch,
                ids=[event.id for event in run],
            )
    bus_metrics.DUPLICATES.labels(source, group.name).inc(len(events) - len(fresh))
    bus_metrics.APPLIED.labels(source, group.name).inc(len(run))
    if run:
        bus_metrics.END_TO_END.labels(source).observe(max(0.0, clock.timestamp() - run[-1].time.timestamp()))
    return Applied(run[-1].sequence if run else row.position, len(run) < len(fresh), len(run))


def _unseen(
    session: Session, run: Sequence[Received], *, source: str, group: Group, contested: int
) -> Sequence[Received]:
    """Drop what was applied in an earlier epoch under the same id; only looked up where that can be."""
    if run[0].sequence > contested:
        return run
    seen = cursors.remembered(session.connection(), source=source, group=group.name)
    return [event for event in run if event.id.replace("-", "") not in seen]


def _handle(session: Session, events: Sequence[Received], *, source: str, group: Group, careful: bool) -> None:
    work = [(found, event) for event in events if (found := group.match(event.type)) is not None]
    if not work:
        return
    blocked = parked.blocked_subjects(session, source=source, group=group.name)
    start = 0
    while start < len(work):
        subscription, event = work[start]
        if event.subject in blocked:
            parked.park(session, event, group=group.name, error=None)
            start += 1
            continue
        end = start + 1
        if subscription.batch and not careful:
            while end < len(work) and work[end][0] is subscription and work[end][1].subject not in blocked:
                end += 1
        batch = [item for _, item in work[start:end]]
        if careful:
            if not _handle_carefully(session, subscription, event, group=group):
                blocked.add(event.subject)
        else:
            call(session, subscription, batch, group=group)
        start = end


def _handle_carefully(session: Session, subscription: Subscription, event: Received, *, group: Group) -> bool:
    try:
        with session.begin_nested():
            call(session, subscription, [event], group=group)
            changes.refuse_unpublished(session)  # at the commit it would take the whole batch with it, for ever
        return True
    except Exception as error:
        changes.forget(session)
        if is_transient(error):
            raise
        if not isinstance(error, NotYet):
            bus_metrics.FAILURES.labels(group.name, event.type).inc()
            log.warning("handler failed", extra={"event_id": event.id, "type": event.type}, exc_info=error)
        parked.park(session, event, group=group.name, error=error)
        return False


def call(session: Session, subscription: Subscription, events: Sequence[Received], *, group: Group) -> None:
    """Run one handler with the event's cause; a projection's clock stands at the event's time."""
    loaded = [subscription.load(event) for event in events]
    last = loaded[-1]
    cause = Cause(
        actor=last.actor,
        origin=f"event {last.type}",
        correlation_id=last.correlation_id,
        causation_id=last.id,
        depth=last.depth + 1,
        traceparent=last.traceparent,
    )
    with ExitStack() as stack:
        stack.enter_context(because(cause))
        if group.kind == "projection":
            stack.enter_context(clock.at(last.time))
        subscription.handle(session, loaded if subscription.batch else last)
