"""The worker's two loops over its own log: numbering (never waits for the broker) and publishing (may)."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, bindparam, select, text, update

from chassis import bus_metrics, clock, event_log
from chassis.db import Database
from chassis.rabbit import BrokerAway, Publisher

log = logging.getLogger(__name__)
WINDOW = 500
POLL = 1.0  # seconds; the net under lost nudges
GATHER = 0.004  # seconds per event of a pass until the next one: the more there is to do, the more share one commit
LONGEST_GATHER = 0.04
HANDED = 1000  # numbered events at most that wait in memory to be published
_NO_WAIT = text("SET LOCAL synchronous_commit = off")
_MARK = (
    update(event_log.STATE)
    .where(event_log.STATE.c.epoch == bindparam("in_epoch"), event_log.STATE.c.published < bindparam("to"))
    .values(published=bindparam("to", type_=BigInteger()))
)


class Wake:
    """A wake-up that many threads can wait for; each waiter sees every ring it has not seen yet."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def ring(self) -> None:
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, seen: int, timeout: float) -> int:
        """Return at the first ring after `seen`, or after `timeout` seconds; gives the count to pass next time."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != seen, timeout)
            return self._count


class Fresh:
    """Events just numbered, handed to the publishing loop so that it need not read what was in memory a moment ago."""

    def __init__(self) -> None:
        self._rows: deque[Any] = deque()
        self.head = 0  # the last sequence that was handed over, or left to the log

    def put(self, rows: list[Any]) -> None:
        """Hand over what `event_log.number` gave; what is too much is left to the log."""
        if len(self._rows) < HANDED:
            self._rows.extend(rows)
        self.head = rows[-1].sequence

    def take(self, *, after: int) -> list[Any]:
        """Up to a window of those that follow `after` without a hole; none where the log must be read."""
        taken: list[Any] = []
        while self._rows and len(taken) < WINDOW:
            row = self._rows[0]
            if row.sequence > after + 1 or (row.sequence == after + 1 and row.data is None):
                break
            self._rows.popleft()
            if row.sequence == after + 1:
                taken.append(row)
                after = row.sequence
        return taken


def number_forever(
    database: Database, *, nudged: Wake, numbered: Wake, fresh: Fresh | None, stopping: threading.Event
) -> None:
    """Give committed events their sequence as soon as a nudge comes; rings `numbered` for feed and publisher.

    `fresh` takes what is to be published, where there is a broker.
    """
    seen, head = 0, None
    while not stopping.is_set():
        seen = nudged.wait(seen, POLL)
        try:
            while rows := _number(database, head):
                head = rows[-1].sequence
                if fresh is not None:
                    fresh.put(rows)
                numbered.ring()
                bus_metrics.NUMBERED.inc(len(rows))
                if len(rows) < event_log.NUMBER_AT_ONCE:
                    stopping.wait(min(LONGEST_GATHER, GATHER * len(rows)))
                    break  # whatever was committed meanwhile has rung
            else:
                head = None  # nothing waited, or somebody else has numbered: the next pass looks
            if database.is_sqlite:
                numbered.ring()
        except Exception:
            head = None
            log.exception("numbering failed")
            stopping.wait(0.5)


def _number(database: Database, head: int | None) -> list[Any]:
    if database.is_sqlite:
        return []
    with database.at_once() as connection:
        return event_log.number(connection, expected=head)


def publish_forever(
    database: Database, *, connect: Callable[[], Publisher], numbered: Wake, fresh: Fresh, stopping: threading.Event
) -> None:
    """Send numbered events to the broker in confirmed windows and move the mark; a broken connection is made anew."""
    seen, publisher, position, behind = 0, None, 0, True
    while not stopping.is_set():
        try:
            if publisher is None:
                publisher, behind = connect(), True
                bus_metrics.BROKER_UP.labels("publish").set(1)
            if behind:
                position, sent = publish_window(database, publisher)
                behind = sent > 0
            elif rows := fresh.take(after=position):
                position = _publish_fresh(database, publisher, rows)
            elif position < fresh.head:
                behind = True
            else:
                before, seen = seen, numbered.wait(seen, POLL)
                if before == seen:
                    publisher.beat()
                behind = database.is_sqlite or before == seen
        except BrokerAway as error:
            log.warning("broker away, publishing waits", extra={"reason": str(error)})
            bus_metrics.PUBLISH_FAILURES.inc()
            bus_metrics.BROKER_UP.labels("publish").set(0)
            _close(publisher)
            publisher = None
            stopping.wait(1.0)
        except Exception:
            log.exception("publishing failed")
            _close(publisher)
            publisher = None
            stopping.wait(1.0)
    _close(publisher)


def publish_window(database: Database, publisher: Publisher) -> tuple[int, int]:
    """Publish the next window after the mark from the log; returns where the mark stands then, and how many were sent."""
    with database.connection() as connection:
        state = event_log.state(connection)
        rows = event_log.read(
            connection, after=state.published, limit=WINDOW, source=database.service, epoch=state.epoch
        )
    if not rows:
        bus_metrics.UNPUBLISHED_AGE.set(0)
        bus_metrics.UNPUBLISHED.set(0)
        return state.published, 0
    _publish(database, publisher, rows, epoch=state.epoch)
    return rows[-1][0], len(rows)


def _publish_fresh(database: Database, publisher: Publisher, rows: list[Any]) -> int:
    epoch, source = rows[0].epoch, database.service
    events = [(row.sequence, row.type, event_log.envelope(row, source=source, epoch=epoch)) for row in rows]
    _publish(database, publisher, events, epoch=epoch)
    return int(rows[-1].sequence)


def _publish(database: Database, publisher: Publisher, events: list[tuple[int, str, bytes]], *, epoch: str) -> None:
    """Send, wait for all confirms, move the mark."""
    publisher.publish(events, epoch=epoch)
    with database.connection(write=True) as connection:
        if not database.is_sqlite:  # a mark lost in a crash means sending again, which is no harm
            connection.execute(_NO_WAIT)
        connection.execute(_MARK, {"in_epoch": epoch, "to": events[-1][0]})
    bus_metrics.PUBLISHED.inc(len(events))


def measure(database: Database, *, publishing: bool) -> None:
    """Refresh the gauges of what waits to be numbered and, where there is a broker, published."""
    with database.connection() as connection:
        state = event_log.state(connection)
        head = event_log.head(connection)
        bus_metrics.UNNUMBERED.set(event_log.unnumbered(connection))
        if not publishing:
            return
        bus_metrics.UNPUBLISHED.set(head - state.published)
        if head > state.published:
            position = event_log.LOG.c.id if database.is_sqlite else event_log.LOG.c.sequence
            oldest = connection.execute(select(event_log.LOG.c.time).where(position == state.published + 1)).scalar()
            bus_metrics.UNPUBLISHED_AGE.set((clock.now() - oldest).total_seconds() if oldest else 0)


def _close(publisher: Publisher | None) -> None:
    if publisher is not None:
        publisher.close()
