"""Following one source: batches from the broker where there is one, and the source's feed for everything else."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any

from chassis import bus_metrics, clock, consumer, cursors
from chassis.db import Database
from chassis.feed import FeedClient, FeedUnavailable, Page
from chassis.rabbit import BrokerAway, Consumer
from chassis.subscriptions import Group, Received

log = logging.getLogger(__name__)
AUDIT_EVERY = 1.5  # seconds between looks at the feed while the broker is silent
FIRST_AUDIT = 0.2
RECONNECT_AFTER = 1.0
CONNECT_PATIENCE = 0.5  # seconds a connection may take before the feed is read meanwhile
CONTACT_EVERY = 20.0
PASS_OVER_EVERY = 1.0  # seconds; what no handler of a group waits for is passed over together
PASS_OVER = 500  # and at the latest when there are so many
LONG_POLL = 15.0
PULL_LIMIT = 500


class HoleInLog(Exception):
    """The source's own log lacks an event: nothing after it may be applied, and a person must hear of it."""


class Follower:
    """Applies one source's log to the handler groups that follow it; run `run` in a thread of its own."""

    def __init__(
        self,
        database: Database,
        *,
        source: str,
        groups: list[Group],
        feed: FeedClient,
        connect: Callable[[], Consumer] | None,
        stopping: threading.Event,
        after_apply: Callable[[], None],
        on_contact: Callable[[], None] | None = None,
    ):
        self._database = database
        self._source = source
        self._groups = groups
        self._feed = feed
        self._connect = connect
        self._stopping = stopping
        self._after_apply = after_apply
        self._on_contact = (
            on_contact  # called about every CONTACT_EVERY seconds while nothing of the source is left to apply
        )
        self._next_contact = 0.0
        self._queue: Consumer | None = None
        self._opening: Future[Consumer] | None = None
        self._next_connect = 0.0
        self._next_audit = 0.0
        self._ahead: tuple[int, str, Future[Page]] | None = None  # the page after (position, epoch), being read
        self._aside: dict[str, list[Received]] = {group.name: [] for group in groups}
        self._next_passing = 0.0
        self.polling = False  # waiting for the feed, nothing in hand
        self._away = False

    def run(self) -> None:
        """Until stopping; any failure is logged and begun again after a moment."""
        while not self._stopping.is_set():
            try:
                self._step()
            except FeedUnavailable as error:
                self._ahead = None
                self._note_away(error)
                self._stopping.wait(0.5)
            except Exception:
                self._ahead = None
                log.exception("following failed", extra={"source": self._source})
                self._stopping.wait(1.0)
        try:
            self._pass_over()
        except Exception:  # the feed has it
            log.warning("not all was passed over at the end", extra={"source": self._source}, exc_info=True)
        self._drop_queue()
        if self._opening is not None:
            self._opening.add_done_callback(_close_opened)

    def _step(self) -> None:
        if self._connect is None:
            self._pull(wait=LONG_POLL, why="transport")
            return
        if self._queue is None and clock.monotonic() >= self._next_connect:
            self._open_queue()
        if self._queue is None:
            self._pull(wait=1.0, why="broker away")
            return
        try:
            self._consume(self._queue)
        except BrokerAway as error:
            log.warning("broker away, pulling", extra={"source": self._source, "reason": str(error)})
            self._drop_queue()

    def _open_queue(self) -> None:
        """Connect on a thread of its own: a broker that answers nothing must not keep us from pulling."""
        if self._opening is None:
            self._opening = Future()
            threading.Thread(target=_fulfil, args=(self._opening, self._connect), daemon=True).start()
        opening = self._opening
        if not wait([opening], timeout=CONNECT_PATIENCE).done:
            return
        self._opening = None
        try:
            self._queue = opening.result()
            self._next_audit = clock.monotonic() + FIRST_AUDIT  # what is queued comes from the queue
            bus_metrics.BROKER_UP.labels(f"consume {self._source}").set(1)
        except BrokerAway as error:
            bus_metrics.BROKER_UP.labels(f"consume {self._source}").set(0)
            log.info("no broker", extra={"source": self._source, "reason": str(error)})
            self._next_connect = clock.monotonic() + RECONNECT_AFTER

    def _drop_queue(self) -> None:
        if self._queue is not None:
            self._queue.close()
        self._queue = None
        self._next_connect = clock.monotonic() + RECONNECT_AFTER
        bus_metrics.BROKER_UP.labels(f"consume {self._source}").set(0)

    def _consume(self, queue: Consumer) -> None:
        patience = max(0.0, min(1.0, self._next_audit - clock.monotonic()))
        events, tag = queue.batch(size=consumer.BATCH, timeout=patience)
        if tag:
            self._next_audit = clock.monotonic() + AUDIT_EVERY
            self._apply_delivered(events)
            queue.ack(tag)
            if len(events) < consumer.BATCH:
                self._note_contact()
        if not tag or clock.monotonic() >= self._next_passing:
            self._pass_over()
        if not tag and clock.monotonic() >= self._next_audit:
            self._next_audit = 0.0 if self._audit() else clock.monotonic() + AUDIT_EVERY

    def _audit(self) -> bool:
        """Ask the silent source whether the broker kept something back; True when there is more to pull.

        While its feed is away, what is in the queue goes on.
        """
        try:
            return self._pull(wait=0.0, why="audit")
        except FeedUnavailable as error:
            self._note_away(error)
            return False

    def _apply_delivered(self, events: list[Received]) -> None:
        """Apply what the broker delivered; where it is not simply the next ones, the feed has the last word."""
        for group in self._groups:
            aside = self._aside[group.name]
            aside.extend(events)
            if group.hears(events) or len(aside) >= PASS_OVER:
                self._apply_aside(group)
        self._after_apply()

    def _pass_over(self) -> None:
        """Move the cursors of groups that wait for nothing of what came lately.

        Until then their cursors stand behind; what a crash keeps from being passed over is a gap, and pulled.
        """
        self._next_passing = clock.monotonic() + PASS_OVER_EVERY
        for group in self._groups:
            if self._aside[group.name]:
                self._apply_aside(group)

    def _apply_aside(self, group: Group) -> None:
        aside, self._aside[group.name] = self._aside[group.name], []
        events = sorted({event.sequence: event for event in aside}.values(), key=lambda event: event.sequence)
        if not events:
            return
        try:
            done = consumer.apply(self._database, source=self._source, group=group, events=events)
        except consumer.EpochChanged:
            self._pull(wait=0.0, why="epoch")
            return
        self._observe(group, done.position, max(events[-1].sequence, done.position))
        if done.gap:
            bus_metrics.GAPS.labels(self._source).inc()
            self._pull_group(group, through=events[-1].sequence)

    def _pull(self, *, wait: float, why: str) -> bool:
        """One page from the feed, after the slowest group's cursor, applied to every group that needs it.

        Returns whether the source has more beyond it.
        """
        with self._database.reading() as session:
            rows = cursors.peek(session.connection(), source=self._source, groups=[g.name for g in self._groups])
        positions = {g.name: rows[g.name].position if g.name in rows else 0 for g in self._groups}
        self.polling = wait > 0
        known = {row.epoch for row in rows.values() if row.epoch}
        epoch = known.pop() if len(known) == 1 else ""  # without one the source tells its whole lineage
        page = self._read(after=min(positions.values()), wait=wait, epoch=epoch)
        self.polling = False
        if self._away:
            log.info("feed is back", extra={"source": self._source})
            self._away = False
        if self._stopping.is_set():
            return False
        stale = [g for g in self._groups if g.name in rows and rows[g.name].epoch not in ("", page.epoch)]
        if stale:
            self._enter_epoch(page, stale)
            return True
        if page.events:
            bus_metrics.PULLED.labels(self._source, why).inc(len(page.events))
            for group in self._groups:
                self._apply_page(group, page)
            self._after_apply()
        for group in self._groups:
            self._observe(group, max(positions[group.name], page.scanned_through), page.head)
        more = bool(page.events) and page.scanned_through < page.head
        if not more:
            self._note_contact()
        return more

    def _read(self, *, after: int, wait: float, epoch: str) -> Page:
        """The page that was asked for ahead, if it is the one wanted; begins to ask for the next where there is one."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (after, epoch):
            page = ahead[2].result()
        else:
            page = self._feed.read(after=after, limit=PULL_LIMIT, wait=wait, epoch=epoch)
        if page.events and page.scanned_through < page.head:
            asking: Future[Page] = Future()
            ask = partial(self._feed.read, after=page.scanned_through, limit=PULL_LIMIT, epoch=page.epoch)
            threading.Thread(target=_fulfil, args=(asking, ask), name="read ahead", daemon=True).start()
            self._ahead = (page.scanned_through, page.epoch, asking)
        return page

    def _note_away(self, error: FeedUnavailable) -> None:
        if not self._away:  # said once, not twice a second
            log.warning("feed away", extra={"source": self._source, "reason": str(error)})
        self._away = True

    def _note_contact(self) -> None:
        """All that the source had said is applied here."""
        if self._on_contact is not None and clock.monotonic() >= self._next_contact:
            self._on_contact()
            self._next_contact = clock.monotonic() + CONTACT_EVERY

    def _pull_group(self, group: Group, *, through: int) -> None:
        """Fill a hole up to `through` from the feed."""
        while not self._stopping.is_set():
            with self._database.reading() as session:
                row = cursors.peek(session.connection(), source=self._source, groups=[group.name]).get(group.name)
            position = row.position if row else 0
            if position >= through:
                return
            page = self._feed.read(after=position, limit=PULL_LIMIT)
            if not page.events:
                return
            bus_metrics.PULLED.labels(self._source, "gap").inc(len(page.events))
            self._apply_page(group, page)

    def _apply_page(self, group: Group, page: Page) -> None:
        size = consumer.BATCH if group.hears(page.events) else PULL_LIMIT
        for start in range(0, len(page.events), size):
            chunk = page.events[start : start + size]
            try:
                done = consumer.apply(self._database, source=self._source, group=group, events=chunk)
            except consumer.EpochChanged:
                self._enter_epoch(page, [group])
                return
            if done.gap:
                raise HoleInLog(f"{group.name} needs {done.position + 1} of {self._source}, its feed has no such event")
            if self._stopping.is_set():
                return

    def _enter_epoch(self, page: Page, groups: list[Group]) -> None:
        bus_metrics.EPOCHS.labels(self._source).inc()
        with self._database.transaction() as session:
            for group in groups:
                row = cursors.lock(session.connection(), source=self._source, group=group.name)
                if row.epoch == page.epoch:
                    continue
                shared = page.shared_with(row.epoch)
                lost = cursors.rewind(session.connection(), row=row, epoch=page.epoch, shared=shared, head=page.head)
                bus_metrics.LOST_BY_SOURCE.labels(self._source).inc(lost)
                if lost:
                    log.error(
                        "the source was restored and lost events that were applied here",
                        extra={"source": self._source, "group": group.name, "count": lost},
                    )

    def _observe(self, group: Group, position: int, head: int) -> None:
        bus_metrics.LAG.labels(self._source, group.name).set(max(0, head - position))


def _fulfil(opening: "Future[Any]", connect: Callable[[], Any]) -> None:
    try:
        opening.set_result(connect())
    except Exception as error:
        opening.set_exception(error)


def _close_opened(opening: "Future[Consumer]") -> None:
    """A connection that came too late for anybody to use it."""
    if opening.exception() is None:
        opening.result().close()
