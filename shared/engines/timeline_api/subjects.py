"""The record a request is about, and what the schemas of all routes share."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from chassis.api import Call
from engines import access, record_kit
from engines.record_kit import Kept, P

ID = validate.Length(1, 36)
LONG = 20_000
TAGS = ["timeline"]


class SubjectIn(Schema):
    subject_kind = fields.String(required=True, validate=validate.Length(1, 60))
    subject_id = fields.String(required=True, validate=ID)


class SubjectQuery(Schema):
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True, validate=ID)


class PersonOut(Schema):
    id = fields.String()
    name = fields.String()


class Subjects:
    """The kinds of records a service keeps a timeline for; as `allow=` it asks for reading any of them."""

    def __init__(self, service: str):
        self.service = service

    def __call__(self, call: Call) -> bool:
        kinds = record_kit.kinds_of(self.service)
        return any(access.has_right(call.database, call.caller, item.kind.kind, "read") for item in kinds) or (
            call.caller.is_person  # a read share may open a record to somebody without any right on its kind
        )

    def record(self, call: Call, kind: str, record_id: str, action: str = "read", *, lock: bool = False) -> Any:
        """The record behind a subject; NotFound or Forbidden as for the record itself."""
        return self.found(call.session, call, kind, record_id, action, lock=lock)

    def found(
        self, session: Session, call: Call, kind: str, record_id: str, action: str = "read", *, lock: bool = False
    ) -> Any:
        """The same in a session of the route's own."""
        return record_kit.of(session, kind).record(session, call.caller, record_id, action, lock=lock)

    def part(self, call: Call, model: type[P], id_: str, action: str = "read") -> P:
        """An activity, a comment, a file … of a record, within the access to that record; NotFound."""
        return record_kit.part(call.session, call.caller, model, id_, action)

    def kept(self, call: Call, kind: str) -> Kept:
        """What the service declared for a kind."""
        return record_kit.of(call.session, kind)
