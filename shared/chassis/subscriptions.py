"""What a service listens to: one short handler per event type, gathered in handler groups with a cursor each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from marshmallow import Schema
from sqlalchemy import Table

from chassis import clock
from chassis.loading import Loader


class NotYet(Exception):
    """Something this event refers to has not arrived from another source; it waits, and is no poison."""


@dataclass(frozen=True, slots=True)
class Received:
    """An event as a handler sees it; `data` is loaded by the handler's schema, personal fields merged in."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int
    epoch: str
    aggregateversion: int
    data: dict[str, Any]
    actor: str = "system"
    correlation_id: str | None = None
    depth: int = 0
    traceparent: str | None = None
    private: frozenset[str] = frozenset()  # names of the personal fields in `data`

    @property
    def subject_id(self) -> str:
        return self.subject.partition("/")[2]

    def with_data(self, data: dict[str, Any]) -> "Received":
        """The same event with other data; `dataclasses.replace` takes twice as long, and every event comes by here."""
        return Received(
            self.id, self.source, self.type, self.subject, self.time, self.sequence, self.epoch, self.aggregateversion,
            data, self.actor, self.correlation_id, self.depth, self.traceparent, self.private,
        )  # fmt: skip


def received(body: dict[str, Any]) -> Received:
    """Read a CloudEvents JSON object as the feed and the broker deliver it; KeyError or ValueError if it is none."""
    data = dict(body["data"])
    private = data.pop("personal", {})
    return Received(
        id=body["id"],
        source=body["source"].removeprefix("/"),
        type=body["type"],
        subject=body["subject"],
        time=clock.parse(body["time"]),
        sequence=int(body["sequence"]),
        epoch=body["epoch"],
        aggregateversion=body.get("aggregateversion", 0),
        data=data | private,
        actor=body.get("actor", "system"),
        correlation_id=body.get("correlationid"),
        depth=body.get("depth", 0),
        traceparent=body.get("traceparent"),
        private=frozenset(private),
    )


@dataclass(frozen=True)
class Subscription:
    """One handler: `pattern` is an event type, or one with `*` for the service (`*.task.created.v1`) and the noun too."""

    pattern: str
    handle: Callable[..., None]
    reads: Schema | None
    batch: bool
    elsewhere: bool = False  # hears other services only

    @cached_property
    def _loader(self) -> Loader | None:
        return Loader(self.reads) if self.reads is not None else None

    def load(self, event: Received) -> Received:
        """The event with only the declared fields, validated; marshmallow.ValidationError when it does not fit."""
        return event if self._loader is None else event.with_data(self._loader(event.data))


@dataclass
class Group:
    """Handlers that share a cursor and a transaction. `tables` are what a projection owns and may rebuild."""

    name: str
    kind: str
    tables: list[Table] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    _by_type: dict[str, Subscription | None] = field(default_factory=dict)

    def match(self, type_: str) -> Subscription | None:
        """The handler for an event type, None when the group skips it."""
        if type_ not in self._by_type:
            _service, _, fact = type_.partition(".")
            wanted = (type_, f"*.{fact}", f"*.*.{fact.partition('.')[2]}")
            found = [item for item in self.subscriptions if item.pattern in wanted]
            self._by_type[type_] = found[0] if found else None
        return self._by_type[type_]

    def hears(self, events: Iterable[Received]) -> bool:
        """Whether any of `events` is one that a handler waits for."""
        return any(self.match(event.type) is not None for event in events)

    def sources(self, everyone: Iterable[str], *, own: str = "") -> set[str]:
        """Names of the services whose logs this group follows in the service `own`."""
        found: set[str] = set()
        for item in self.subscriptions:
            head = item.pattern.partition(".")[0]
            found |= (set(everyone) if head == "*" else {head}) - ({own} if item.elsewhere else set())
        return found


class Subscriptions:
    """Registry filled by the decorator; `@on("leads.lead.captured.v1", group="facts", kind="projection")`."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}

    def __call__(
        self,
        pattern: str,
        *,
        group: str,
        kind: str,
        reads: type[Schema] | None = None,
        tables: Sequence[Any] = (),
        batch: bool = False,
        elsewhere: bool = False,
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Subscribe a handler(session, event), with batch=True handler(session, events) for a run of such events.

        kind "projection": its tables may be rebuilt from the logs, and it writes nothing else and publishes nothing;
        kind "reaction": its effects happen once and are never re-run. `tables` takes mapped classes or Tables.
        `elsewhere`: only other services' events are meant, so that a service need not follow its own log for them.
        """
        if kind not in ("projection", "reaction"):
            raise TypeError(f"kind of {pattern} must be projection or reaction")

        def register(handle: Callable[..., None]) -> Callable[..., None]:
            entry = self.groups.setdefault(group, Group(group, kind))
            if entry.kind != kind or any(item.pattern == pattern for item in entry.subscriptions):
                raise TypeError(f"{pattern} clashes with what group {group} already has")
            for table in tables:
                table = getattr(table, "__table__", table)
                if table not in entry.tables:
                    entry.tables.append(table)
            entry.subscriptions.append(Subscription(pattern, handle, reads() if reads else None, batch, elsewhere))
            return handle

        return register

    def include(self, other: "Subscriptions") -> None:
        """Add the groups of another registry (the chassis's or an engine's)."""
        for name, group in other.groups.items():
            if self.groups.get(name, group) is not group:
                raise TypeError(f"group {name} is declared twice")
            self.groups[name] = group

    def sources(self, everyone: Sequence[str], *, own: str) -> dict[str, list[Group]]:
        """Each source service with the groups of the service `own` that follow it; `everyone` is all services."""
        result: dict[str, list[Group]] = {}
        for group in self.groups.values():
            for source in sorted(group.sources(everyone, own=own)):
                result.setdefault(source, []).append(group)
        return result
