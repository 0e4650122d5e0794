"""The event log as external systems read it: filtered to the records and fields the caller's role may see."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import event_log
from chassis.api import Api, Call
from chassis.audit import searching
from chassis.caller import Caller
from engines import access, objects
from engines.access.grants import ADMIN, granted
from engines.objects import Field, ObjectType

SCOPE = "events:read"
MAX_LIMIT = 500


class FeedQuery(Schema):
    after = fields.Integer(
        load_default=0, validate=validate.Range(0, 2**62), metadata={"description": "Sequence read last"}
    )
    limit = fields.Integer(load_default=MAX_LIMIT, validate=validate.Range(1, MAX_LIMIT))


class FeedOut(Schema):
    """`scanned_through` is what to ask `after` next, also where nothing was to be seen."""

    events = fields.List(fields.Dict(), metadata={"description": "CloudEvents 1.0, ascending by sequence"})
    scanned_through = fields.Integer()
    epoch = fields.String(metadata={"description": "Changes when the service was restored from a backup"})


class AuditQuery(Schema):
    actor = fields.String(load_default="", metadata={"description": "Id of who did it"})
    subject = fields.String(load_default="", metadata={"description": "kind/id of a record"})
    kind = fields.String(load_default="", metadata={"description": "Kind of record"})
    type = fields.String(
        load_default="", metadata={"description": "An event type, or its beginning with a dot: leads.lead."}
    )
    since = fields.AwareDateTime(load_default=None)
    until = fields.AwareDateTime(load_default=None)
    before = fields.Integer(
        load_default=None, validate=validate.Range(1, 2**62), metadata={"description": "Go on there"}
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MAX_LIMIT))


class AuditEntry(Schema):
    sequence = fields.Integer()
    id = fields.String()
    time = fields.AwareDateTime()
    type = fields.String()
    subject = fields.String()
    version = fields.Integer()
    actor = fields.String()
    origin = fields.String(metadata={"description": "How and from where"})
    correlation_id = fields.String(allow_none=True)
    changes = fields.Dict(metadata={"description": "Column: [before, after]"})


class AuditOut(Schema):
    """The latest first; `before` is what to ask for next, null at the end. A page may be short and yet go on."""

    items = fields.List(fields.Nested(AuditEntry))
    before = fields.Integer(allow_none=True)


def api(service: str, kinds: Sequence[ObjectType]) -> Api:
    """The route `GET /events` of a service; events about anything but these kinds are for administrators."""
    made = Api(service, tag="events")
    by_kind = {kind.kind: kind for kind in kinds if kind.model is not None}

    @made.get("/events", query=FeedQuery, answer=FeedOut, scope=SCOPE, allow=_is_somebody)
    def read_events(call: Call) -> Any:
        """The service's events after a sequence, as far as the caller may see them."""
        connection = call.session.connection()
        state = connection.execute(select(event_log.STATE)).first()
        if state is None:  # the worker has never run: nothing has its place in the log yet
            return {"events": [], "scanned_through": 0, "epoch": ""}
        rows = event_log.read(connection, source=service, epoch=state.epoch, **call.query)
        events = [orjson.loads(body) for _sequence, _type, body in rows]
        through = rows[-1][0] if rows else min(call.query["after"], event_log.head(connection))
        shown = events if ADMIN in call.caller.roles else _visible(call.session, call.caller, by_kind, events)
        return {"events": shown, "scanned_through": through, "epoch": state.epoch}

    @made.get("/audit", query=AuditQuery, answer=AuditOut, allow=access.right("audit", "read"))
    def search_audit(call: Call) -> Any:
        """Who did what when, for those with the right to read the audit trail."""
        asked = dict(call.query)
        before, limit = asked.pop("before"), asked.pop("limit")
        wanted = searching.Wanted(**asked)
        return searching.search(call.session.connection(), wanted, before=before, limit=limit)._asdict()

    return made


def _is_somebody(call: Call) -> bool:
    return call.caller.kind in ("user", "client")


def _visible(
    session: Session, caller: Caller, kinds: dict[str, ObjectType], events: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    asked: dict[str, set[str]] = defaultdict(set)
    for event in events:
        kind, _, subject_id = event["subject"].partition("/")
        asked[kind].add(subject_id)
    readable = {
        (name, found)
        for name in asked.keys() & kinds.keys()
        for found in session.scalars(
            select(kinds[name].model.id).where(
                kinds[name].model.id.in_(asked[name]), access.predicate_sql(session, caller, kinds[name])
            )
        )
    }
    hidden = {
        name: {field.column for field in kind.fields if field.name in granted(session, caller, name).hidden}
        for name, kind in kinds.items()
    }
    return [
        _redacted(session, caller, event, hidden)
        for event in events
        if tuple(event["subject"].split("/", 1)) in readable
    ]


def fields_of(kind: str) -> Sequence[Field]:
    """The fields of a kind by its name."""
    return next((each.fields for each in objects.every() if each.kind == kind), ())


def _redacted(
    session: Session, caller: Caller, event: dict[str, Any], hidden: Mapping[str, set[str]]
) -> dict[str, Any]:
    """Without the fields the caller may not read; with any rule on the kind, or a pool that hides something, without the
    personal part altogether. What an event carries of another kind's record (a contract its account's region) goes where
    it is `hidden` there."""
    kind = event["subject"].partition("/")[0]
    grant = granted(session, caller, kind)
    own = {field.column for field in fields_of(kind)}
    foreign = {column for other, columns in hidden.items() if other != kind for column in columns} - own
    data = {name: value for name, value in event["data"].items() if name not in foreign}
    if grant.hidden:  # events name columns, and carry copies of the record's parts
        columns = {field.column for field in fields_of(kind) if field.name in grant.hidden}
        data = {
            name: value
            for name, value in data.items()
            if name not in columns and (name == "personal" or not isinstance(value, dict | list))
        }
    private = data.pop("personal", None)
    data = access.mask_out(session, caller, kind, data)
    if private and not grant.hidden and not access.veils_of(session, caller, kind):
        data["personal"] = private
    return {**event, "data": data}
