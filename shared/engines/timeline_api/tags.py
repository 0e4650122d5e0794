"""Routes of tags: the list of a kind, and those of a record."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis.api import Api, Call
from chassis.errors import Conflict, NotFound
from engines import access, tags
from engines.timeline_api.subjects import ID, TAGS, Subjects

_NAME = validate.Length(1, tags.MAX_NAME)
_COLOUR = validate.OneOf(tags.COLOURS)


class TagQuery(Schema):
    kind = fields.String(required=True)
    archived = fields.Boolean(load_default=False, metadata={"description": "also those no longer offered"})


class TagIn(Schema):
    kind = fields.String(required=True)
    name = fields.String(required=True, validate=_NAME)
    colour = fields.String(load_default="", validate=validate.OneOf(("", *tags.COLOURS)))


class TagEdit(Schema):
    name = fields.String(validate=_NAME, metadata={"description": "another tag's name merges the two"})
    colour = fields.String(validate=_COLOUR)
    archived = fields.Boolean()


class TagOut(Schema):
    id = fields.String()
    kind = fields.String()
    name = fields.String()
    colour = fields.String()
    archived = fields.Boolean()


class TagList(Schema):
    items = fields.List(fields.Nested(TagOut))


class RecordTagsIn(Schema):
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True, validate=ID)
    tags = fields.List(fields.String(validate=_NAME), required=True, validate=validate.Length(max=tags.MAX_TAGS))


class RecordTagsOut(Schema):
    tags = fields.List(fields.String())


def mount(api: Api, subjects: Subjects) -> None:
    """Add /tags and /record-tags."""

    @api.get("/tags", query=TagQuery, answer=TagList, allow=subjects, errors=[NotFound], tags=TAGS)
    def list_tags(call: Call) -> dict[str, Any]:
        """Tags of a kind of record"""
        kept = subjects.kept(call, call.query["kind"])
        access.require_right(call.session, call.caller, kept.kind.kind, "read")
        return {"items": tags.listed(call.session, kept.kind.kind, archived=call.query["archived"])}

    @api.post("/tags", body=TagIn, answer=TagOut, status=201, allow=subjects, errors=[NotFound, Conflict], tags=TAGS)
    def add_tag(call: Call) -> tags.Tag:
        """Add a tag to the list of a kind"""
        _may_manage(call, call.body["kind"])
        return tags.define(call.session, by=call.caller.id, **call.body)

    @api.patch("/tags/<kind>/<id>", body=TagEdit, answer=TagOut, allow=subjects, tags=TAGS)
    def edit_tag(call: Call, kind: str, id: str) -> tags.Tag:
        """Rename, colour, archive or merge a tag; its records follow in the background"""
        _may_manage(call, kind)
        return tags.change(call.session, tags.get(call.session, kind, id), **call.body)

    @api.delete("/tags/<kind>/<id>", status=204, allow=subjects, tags=TAGS)
    def remove_tag(call: Call, kind: str, id: str) -> None:
        """Take a tag off the list and off all records"""
        _may_manage(call, kind)
        tags.remove(call.session, tags.get(call.session, kind, id))

    @api.put("/record-tags", body=RecordTagsIn, answer=RecordTagsOut, allow=subjects, errors=[NotFound], tags=TAGS)
    def tag_record(call: Call) -> dict[str, Any]:
        """Give a record exactly these tags"""
        kind, record_id = call.body["subject_kind"], call.body["subject_id"]
        record = subjects.record(call, kind, record_id, "write", lock=True)
        access.check_edit(call.session, call.caller, kind, {"tags": call.body["tags"]})
        return {"tags": tags.put(call.session, record, caller=call.caller, names=call.body["tags"])}

    def _may_manage(call: Call, kind: str) -> None:
        """A tag's change reaches every record, whoever owns it: it takes the right to change many."""
        tags.require_manager(call.session, call.caller, subjects.kept(call, kind))
