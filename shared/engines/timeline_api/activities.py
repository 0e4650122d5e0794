"""Routes of activities."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, select

from chassis.api import Api, Call
from chassis.errors import NotFound
from chassis.paging import Paged
from engines import timeline
from engines.timeline import ACTIVITY_KINDS, Activity
from engines.timeline_api.subjects import ID, LONG, TAGS, SubjectIn, SubjectQuery, Subjects

_MINUTES = validate.Range(0, 60 * 24 * 31)


class ParticipantIn(Schema):
    id = fields.String(validate=ID, metadata={"description": "of a colleague"})
    name = fields.String(validate=validate.Length(1, 120), metadata={"description": "of anybody else"})


class ActivityEdit(Schema):
    kind = fields.String(validate=validate.OneOf(ACTIVITY_KINDS))
    text = fields.String(validate=validate.Length(1, LONG))
    at = fields.AwareDateTime()
    duration_minutes = fields.Integer(allow_none=True, validate=_MINUTES)
    participants = fields.List(fields.Nested(ParticipantIn), validate=validate.Length(max=50))


class ActivityIn(SubjectIn):
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    text = fields.String(required=True, validate=validate.Length(1, LONG))
    at = fields.AwareDateTime(load_default=None, allow_none=True)
    duration_minutes = fields.Integer(load_default=None, allow_none=True, validate=_MINUTES)
    participants = fields.List(fields.Nested(ParticipantIn), load_default=list, validate=validate.Length(max=50))
    next_step = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "becomes a task of who logs this, due at next_at"},
    )
    next_at = fields.AwareDateTime(load_default=None, allow_none=True)


class ParticipantOut(Schema):
    id = fields.String()
    name = fields.String()


class ActivityOut(Schema):
    id = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    kind = fields.String()
    text = fields.String()
    at = fields.DateTime()
    by = fields.String()
    duration_minutes = fields.Integer(allow_none=True)
    participants = fields.List(fields.Nested(ParticipantOut), allow_none=True)
    next_step = fields.String(allow_none=True)
    next_at = fields.DateTime(allow_none=True)
    changed_at = fields.DateTime(allow_none=True)


_ACTIVITIES = Paged(entity=Activity, sort={"at": Activity.at}, default="-at")


def mount(api: Api, subjects: Subjects) -> None:
    """Add /activities."""

    @api.post(
        "/activities", body=ActivityIn, answer=ActivityOut, status=201, allow=subjects, errors=[NotFound], tags=TAGS
    )
    def log_activity(call: Call) -> Activity:
        """Log a call, visit, mail, meeting or note on a record"""
        kind, record_id = call.body["subject_kind"], call.body["subject_id"]
        record = subjects.record(call, kind, record_id, "write")
        activity = timeline.log_activity(call.session, caller=call.caller, **call.body)
        after = subjects.kept(call, kind).after_activity
        if after is not None:
            after(call.session, call.caller, record, activity)
        return activity

    @api.get(
        "/activities",
        page=_ACTIVITIES,
        query=SubjectQuery,
        answer=ActivityOut,
        allow=subjects,
        errors=[NotFound],
        tags=TAGS,
    )
    def list_activities(call: Call) -> Select[Any]:
        """Activities of a record, the latest first"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        subjects.record(call, kind, record_id)
        return select(Activity).where(Activity.subject_kind == kind, Activity.subject_id == record_id)

    @api.patch("/activities/<id>", body=ActivityEdit, answer=ActivityOut, allow=subjects, tags=TAGS)
    def edit_activity(call: Call, id: str) -> Activity:
        """Correct an activity of one's own"""
        return timeline.edit_activity(
            call.session, subjects.part(call, Activity, id, "write"), caller=call.caller, **call.body
        )

    @api.delete("/activities/<id>", status=204, allow=subjects, tags=TAGS)
    def remove_activity(call: Call, id: str) -> None:
        """Take an activity of one's own away"""
        timeline.remove_activity(call.session, subjects.part(call, Activity, id, "write"), caller=call.caller)
