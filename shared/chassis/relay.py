"""The worker's two loops over its own log: numbering (never waits for the broker) and publishing (may)."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy import BigInteger, bindparam, select, text, update

from chassis import bus_metrics, clock, event_log
from chassis.db import Database
from chassis.rabbit import BrokerAway, Publisher

log = logging.getLogger(__name__)
WINDOW = 500
POLL = 1.0  # seconds; the net under lost nudges
GATHER = 0.008  # seconds from one pass to the next, so that under load many events share a pass and its commit
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


def number_forever(database: Database, *, nudged: Wake, numbered: Wake, stopping: threading.Event) -> None:
    """Give committed events their sequence as soon as a nudge comes; rings `numbered` for feed and publisher."""
    seen = 0
    while not stopping.is_set():
        seen = nudged.wait(seen, POLL)
        try:
            count = 1
            while count:
                with database.connection(write=True) as connection:
                    count = event_log.number(connection)
                if count or database.is_sqlite:
                    bus_metrics.NUMBERED.inc(count)
                    numbered.ring()
                if 0 < count < event_log.NUMBER_AT_ONCE:
                    stopping.wait(GATHER)
        except Exception:
            log.exception("numbering failed")
            stopping.wait(0.5)


def publish_forever(
    database: Database, *, connect: Callable[[], Publisher], numbered: Wake, stopping: threading.Event
) -> None:
    """Send numbered events to the broker in confirmed windows and move the mark; a broken connection is made anew."""
    seen, publisher = 0, None
    while not stopping.is_set():
        try:
            if publisher is None:
                publisher = connect()
                bus_metrics.BROKER_UP.labels("publish").set(1)
            if not publish_window(database, publisher):
                before, seen = seen, numbered.wait(seen, POLL)
                if before == seen:
                    publisher.beat()
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


def publish_window(database: Database, publisher: Publisher) -> int:
    """Publish the next window after the mark, wait for all confirms, move the mark; returns how many were sent."""
    with database.connection() as connection:
        state = event_log.state(connection)
        rows = event_log.read(
            connection, after=state.published, limit=WINDOW, source=database.service, epoch=state.epoch
        )
    if not rows:
        bus_metrics.UNPUBLISHED_AGE.set(0)
        bus_metrics.UNPUBLISHED.set(0)
        return 0
    publisher.publish(rows, epoch=state.epoch)
    with database.connection(write=True) as connection:
        if not database.is_sqlite:  # a mark lost in a crash means sending again, which is no harm
            connection.execute(_NO_WAIT)
        connection.execute(_MARK, {"in_epoch": state.epoch, "to": rows[-1][0]})
    bus_metrics.PUBLISHED.inc(len(rows))
    return len(rows)


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
