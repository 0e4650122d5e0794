"""The route of a record's whole timeline."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis.api import Api, Call
from chassis.errors import NotFound
from engines import history
from engines.timeline_api.activities import ActivityOut
from engines.timeline_api.attachments import FileOut, document
from engines.timeline_api.comments import RecordCommentOut
from engines.timeline_api.subjects import TAGS, SubjectQuery, Subjects
from engines.timeline_api.tasks import RecordTaskOut


class TimelineQuery(SubjectQuery):
    kinds = fields.String(
        load_default="", metadata={"description": f"Comma-separated, of {', '.join(history.KINDS)}; empty: all"}
    )
    limit = fields.Integer(load_default=30, validate=validate.Range(1, 200))
    cursor = fields.String(load_default="")


class TimelineChangeOut(Schema):
    field = fields.String()
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class TimelineEntryOut(Schema):
    """`kind` says which of the parts is there; a change has `event`, `label` and `changes`."""

    id = fields.String()
    kind = fields.String(validate=validate.OneOf(history.KINDS))
    at = fields.DateTime()
    by = fields.String()
    event = fields.String()
    label = fields.Dict(keys=fields.String(), values=fields.String())
    changes = fields.List(fields.Nested(TimelineChangeOut))
    activity = fields.Nested(ActivityOut, allow_none=True)
    comment = fields.Nested(RecordCommentOut, allow_none=True)
    attachment = fields.Nested(FileOut, allow_none=True)
    task = fields.Nested(RecordTaskOut, allow_none=True)


class TimelineOut(Schema):
    items = fields.List(fields.Nested(TimelineEntryOut))
    next_cursor = fields.String(allow_none=True)


def mount(api: Api, subjects: Subjects) -> None:
    """Add /timeline."""

    @api.get("/timeline", query=TimelineQuery, answer=TimelineOut, allow=subjects, errors=[NotFound], tags=TAGS)
    def read_timeline(call: Call) -> dict[str, Any]:
        """All that happened with a record, newest first: activities, comments, files, tasks done, and its changes"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        subjects.record(call, kind, record_id)
        wanted = frozenset(part for part in call.query["kinds"].split(",") if part) or frozenset(history.KINDS)
        page = history.page(
            call.session, call.caller, subjects.kept(call, kind), record_id, limit=call.query["limit"],
            cursor=call.query["cursor"], kinds=wanted,
        )  # fmt: skip
        contents = history.blobs(call.session, page.entries)
        return {"items": [_shown(entry, contents) for entry in page.entries], "next_cursor": page.next_cursor or None}


def _shown(entry: history.Entry, contents: dict[str, Any]) -> dict[str, Any]:
    item = entry.item
    if entry.kind == "attachment":
        item = document(item, contents[item.blob_id])
    parts = {} if entry.kind == "change" else {entry.kind: item}
    return {
        "id": entry.id, "kind": entry.kind, "at": entry.at, "by": entry.by, "event": entry.event, "label": entry.label,
        "changes": entry.changes, **parts,
    }  # fmt: skip
