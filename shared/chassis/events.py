"""Events: past-tense facts with a schema, written in the transaction that makes them true."""

from typing import Any, ClassVar

import orjson
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from chassis import changes, clock, event_log
from chassis.causation import MAX_DEPTH, current
from chassis.ids import uuid7
from chassis.loading import Dumper
from chassis.records import Record


class LoopDetected(Exception):
    """A chain of events caused each other more than MAX_DEPTH times; the message names the type."""


def personal(field: fields.Field[Any]) -> fields.Field[Any]:
    """Mark a field as personal data: kept in the erasable part of the log row."""
    field.metadata = {**field.metadata, "personal": True}
    return field


class Event:
    """Base of a service's events.

    Class attributes that are marshmallow fields make up the schema of its data; the docstring is its line in the event
    catalogue. `type` is `<service>.<noun>.<participle>.v<n>`; `{service}` in it is filled in when it is published.
    `record` gives subject, version and change set; without a record pass `subject` ("usage/2026-01-01T10").
    """

    type: ClassVar[str] = ""
    schema: ClassVar[Schema]
    dump: ClassVar[Dumper]
    personal_fields: ClassVar[frozenset[str]] = frozenset()
    _names: ClassVar[frozenset[str]] = frozenset()
    _required: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, type: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = dict(getattr(cls, "_declared", {}))
        for name in [name for name, value in vars(cls).items() if isinstance(value, fields.Field)]:
            declared[name] = cls.__dict__[name]
            delattr(cls, name)
        cls._declared = declared  # type: ignore[attr-defined]
        if type:
            cls.type = type
        cls.schema = Schema.from_dict(declared, name=cls.__name__)()
        cls.dump = Dumper(cls.schema)
        cls._names = frozenset(declared)
        cls._required = frozenset(name for name, field in declared.items() if field.required)
        cls.personal_fields = frozenset(n for n, field in declared.items() if field.metadata.get("personal"))

    def __init__(self, record: Record | None = None, *, subject: str = "", **data: Any):
        unknown, missing = data.keys() - self._names, self._required - data.keys()
        if unknown or missing:
            raise TypeError(f"{type(self).__name__}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        if record is None and not subject:
            raise TypeError(f"{type(self).__name__} needs a record or a subject")
        self.record = record
        self._subject = subject
        self.data = data

    @property
    def subject(self) -> str:
        return self._subject or f"{self.record.__kind__}/{self.record.id}"  # type: ignore[union-attr]


def publish(session: Session, event: Event) -> str:
    """Flush the change and write `event` to the log in the same transaction; returns the event's id.

    One INSERT; the worker numbers and publishes it after the commit. LoopDetected beyond MAX_DEPTH.
    """
    session.flush()
    changed: dict[str, Any] = {}
    private: dict[str, Any] = {}
    if event.record is not None:
        changed, private = changes.take(session, event.record)
    version = event.record.version if event.record is not None else 0
    row = entry(session, event, version=version, changed=changed, changed_personal=private)
    event_log.write(session.connection(), row)
    return str(row["event_id"])


def entry(
    session: Session,
    event: Event,
    *,
    version: int,
    changed: dict[str, Any],
    changed_personal: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The log row of `event`, for hot paths that change a record by statements of their own.

    Write it with `event_log.LOG` in the same transaction, with the version and the change set those statements make.
    """
    cause = current()
    if cause.depth > MAX_DEPTH:
        raise LoopDetected(event.type)
    data = event.dump(event.data)
    hidden = {name: data.pop(name) for name in event.personal_fields & data.keys()}
    private = ({"data": hidden} if hidden else {}) | ({"changes": changed_personal} if changed_personal else {})
    event_id = uuid7()
    service = session.info["database"].service
    session.info["published"] = True
    return {
        "event_id": event_id,
        "type": event.type.format(service=service) if "{" in event.type else event.type,
        "subject": event.subject,
        "aggregateversion": version,
        "time": clock.now(),
        "correlation_id": cause.correlation_id or event_id,
        "causation_id": cause.causation_id,
        "depth": cause.depth,
        "actor": cause.actor,
        "origin": cause.origin,
        "traceparent": cause.traceparent,
        "data": _json(data),
        "personal": _json(private) if private else None,
        "changes": _json(changed) if changed else None,
    }


def _json(value: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
