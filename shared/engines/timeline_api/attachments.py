"""Routes of files: sent as multipart/form-data, read back so that no browser runs anything of them."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from chassis.api import Api, Call
from chassis.errors import NotFound, TooLarge
from engines.attachments import keeping, serving
from engines.attachments.models import Attachment, Blob
from engines.timeline_api.subjects import TAGS, SubjectQuery, Subjects

_OVERHEAD = 64 * 1024  # of a multipart body beyond its file


class FileOut(Schema):
    id = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    name = fields.String()
    media_type = fields.String(metadata={"description": "read from the content"})
    size = fields.Integer()
    sha256 = fields.String()
    by = fields.String()
    created_at = fields.DateTime()


class FileList(Schema):
    items = fields.List(fields.Nested(FileOut))


def document(attachment: Attachment, blob: Blob) -> dict[str, Any]:
    """A file as it is told to programs."""
    names = ("id", "subject_kind", "subject_id", "name", "by", "created_at")
    return {name: getattr(attachment, name) for name in names} | {
        "media_type": blob.media_type, "size": blob.size, "sha256": blob.sha256,
    }  # fmt: skip


def mount(api: Api, subjects: Subjects) -> None:
    """Add /attachments."""

    @api.post(
        "/attachments",
        query=SubjectQuery,
        answer=FileOut,
        status=201,
        allow=subjects,
        session="none",
        errors=[NotFound, TooLarge, keeping.TooManyFiles],
        tags=TAGS,
    )
    def add_attachment(call: Call) -> dict[str, Any]:
        """Attach a file to a record

        The body is multipart/form-data with the file as `file`. Sending the same content again stores it once.
        """
        call.request.max_content_length = call.settings.max_upload + _OVERHEAD
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        return document(*serving.take_in(call, kind, record_id, call.request.files.get("file")))

    @api.get("/attachments", query=SubjectQuery, answer=FileList, allow=subjects, errors=[NotFound], tags=TAGS)
    def list_attachments(call: Call) -> dict[str, Any]:
        """Files of a record, the latest first"""
        kind, record_id = call.query["subject_kind"], call.query["subject_id"]
        subjects.record(call, kind, record_id)
        return {"items": [document(*pair) for pair in keeping.of(call.session, kind, record_id)]}

    @api.get("/attachments/<id>/content", answer=None, allow=subjects, session="none", tags=TAGS)
    def read_attachment(call: Call, id: str) -> Response:
        """The content of a file"""
        return serving.content(call, id)

    @api.delete("/attachments/<id>", status=204, allow=subjects, tags=TAGS)
    def remove_attachment(call: Call, id: str) -> None:
        """Take a file off its record: who attached it may"""
        keeping.remove(call.session, subjects.part(call, Attachment, id, "write"), caller=call.caller)
