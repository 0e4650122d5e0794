"""Routes of followers: everybody for themselves, on what they may read."""

from typing import Any

from marshmallow import Schema, fields

from chassis import directory
from chassis.api import Api, Call
from chassis.errors import NotFound
from engines import followers
from engines.timeline_api.subjects import TAGS, PersonOut, SubjectIn, SubjectQuery, Subjects


class FollowersOut(Schema):
    items = fields.List(fields.Nested(PersonOut))
    following = fields.Boolean(metadata={"description": "whether the caller is among them"})


def mount(api: Api, subjects: Subjects) -> None:
    """Add /followers."""

    @api.get("/followers", query=SubjectQuery, answer=FollowersOut, allow=subjects, errors=[NotFound], tags=TAGS)
    def list_followers(call: Call) -> dict[str, Any]:
        """Who follows a record"""
        return _shown(call, call.query["subject_kind"], call.query["subject_id"])

    @api.put("/followers/me", body=SubjectIn, answer=FollowersOut, allow=subjects, errors=[NotFound], tags=TAGS)
    def follow(call: Call) -> dict[str, Any]:
        """Follow a record: be told of the changes one may see, at most every quarter of an hour"""
        kind, record_id = call.body["subject_kind"], call.body["subject_id"]
        subjects.record(call, kind, record_id)
        followers.follow(call.session, kind, record_id, call.caller.id)
        return _shown(call, kind, record_id)

    @api.delete("/followers/me", query=SubjectQuery, answer=FollowersOut, allow=subjects, errors=[NotFound], tags=TAGS)
    def unfollow(call: Call) -> dict[str, Any]:
        """Follow a record no more"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        subjects.record(call, kind, record_id)
        followers.unfollow(call.session, kind, record_id, call.caller.id)
        return _shown(call, kind, record_id)

    def _shown(call: Call, kind: str, record_id: str) -> dict[str, Any]:
        subjects.record(call, kind, record_id)
        ids = followers.of(call.session, kind, record_id)
        names = directory.names(call.session, ids)
        people = [{"id": person, "name": names.get(person, "")} for person in ids]
        return {"items": people, "following": call.caller.id in ids}
