"""Routes of comments: whoever may read a record may comment on it."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, select

from chassis.api import Api, Call
from chassis.errors import NotFound
from chassis.paging import Paged
from engines import comments
from engines.comments import Comment
from engines.timeline_api.subjects import ID, LONG, TAGS, SubjectIn, SubjectQuery, Subjects

_PEOPLE = validate.Length(max=comments.MAX_MENTIONS)
_MENTIONS = {"description": "ids of people to tell, beside those named in the text by @name or @name(e-mail)"}


class RecordCommentIn(SubjectIn):
    text = fields.String(required=True, validate=validate.Length(1, LONG))
    mentions = fields.List(fields.String(validate=ID), load_default=list, validate=_PEOPLE, metadata=_MENTIONS)


class RecordCommentEdit(Schema):
    text = fields.String(required=True, validate=validate.Length(1, LONG))
    mentions = fields.List(fields.String(validate=ID), load_default=list, validate=_PEOPLE, metadata=_MENTIONS)


class RecordCommentOut(Schema):
    id = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    text = fields.String()
    mentions = fields.List(fields.String())
    unseen = fields.List(
        fields.String(), metadata={"description": "of those mentioned, who may not read the record and was not told"}
    )
    by = fields.String()
    created_at = fields.DateTime()
    changed_at = fields.DateTime(allow_none=True)


_COMMENTS = Paged(entity=Comment, sort={"created_at": Comment.created_at}, default="-created_at")


def mount(api: Api, subjects: Subjects) -> None:
    """Add /comments."""

    @api.post(
        "/comments",
        body=RecordCommentIn,
        answer=RecordCommentOut,
        status=201,
        allow=subjects,
        errors=[NotFound],
        tags=TAGS,
    )
    def add_comment(call: Call) -> Comment:
        """Comment on a record, and tell those mentioned who may read it"""
        subjects.record(call, call.body["subject_kind"], call.body["subject_id"])
        return comments.add(call.session, caller=call.caller, **call.body)

    @api.get(
        "/comments",
        page=_COMMENTS,
        query=SubjectQuery,
        answer=RecordCommentOut,
        allow=subjects,
        errors=[NotFound],
        tags=TAGS,
    )
    def list_comments(call: Call) -> Select[Any]:
        """Comments on a record, the latest first"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        subjects.record(call, kind, record_id)
        return select(Comment).where(Comment.subject_kind == kind, Comment.subject_id == record_id)

    @api.patch("/comments/<id>", body=RecordCommentEdit, answer=RecordCommentOut, allow=subjects, tags=TAGS)
    def edit_comment(call: Call, id: str) -> Comment:
        """Change a comment of one's own"""
        return comments.edit(call.session, subjects.part(call, Comment, id), caller=call.caller, **call.body)

    @api.delete("/comments/<id>", status=204, allow=subjects, tags=TAGS)
    def remove_comment(call: Call, id: str) -> None:
        """Take a comment of one's own away"""
        comments.remove(call.session, subjects.part(call, Comment, id), caller=call.caller)
