"""The edge of files, the same for API and pages: within the access of the record, outside any transaction, sandboxed."""

import threading
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from flask import Flask, Response, current_app
from werkzeug.datastructures import FileStorage

from chassis.api import Call
from chassis.causation import Cause, because
from chassis.errors import Invalid, NotFound
from chassis.i18n import lazy as _
from engines import record_kit
from engines.attachments import keeping, sniffing, storage
from engines.attachments.models import Attachment, Blob

SANDBOX = "sandbox; default-src 'none'"
_stores: WeakKeyDictionary[Flask, storage.Store] = WeakKeyDictionary()
_opening = threading.Lock()


def store_of(app: Any) -> storage.Store:
    """The app's store, opened once."""
    flask: Flask = app._get_current_object() if hasattr(app, "_get_current_object") else app
    with _opening:
        if flask not in _stores:
            _stores[flask] = storage.of(flask.extensions["crm"].settings)
        return _stores[flask]


def take_in(call: Call, kind: str, record_id: str, file: FileStorage | None) -> tuple[Attachment, Blob]:
    """Attach an uploaded file to a record the caller may write to; refused before a byte is stored where he may not."""
    with call.database.reading() as session:
        record_kit.of(session, kind).record(session, call.caller, record_id, "write")
    if file is None or not file.filename:
        raise Invalid(errors={"file": [_("Choose a file.")]})
    with keeping.received(file.stream, file.filename, limit=call.settings.max_upload) as found:  # type: ignore[arg-type]
        blob = keeping.store(call.database, store_of(current_app), found)
        cause = Cause(actor=call.caller.id, origin=f"upload {call.request.remote_addr or ''}")
        with because(cause), call.database.transaction() as session:
            record_kit.of(session, kind).record(session, call.caller, record_id, "write")
            attachment = keeping.attach(
                session, blob, caller=call.caller, subject_kind=kind, subject_id=record_id, name=found.name,
                limit=call.settings.attachment_limit,
            )  # fmt: skip
            blob = session.get_one(Blob, attachment.blob_id)
    return attachment, blob


def content(call: Call, attachment_id: str, *, inline: bool = False) -> Response:
    """A file's content in pieces, for whoever may read its record. Only pictures may be shown in a page (`inline`)."""
    with call.database.reading() as session:
        attachment = session.get(Attachment, attachment_id)
        if attachment is None:
            raise NotFound()
        kept = record_kit.of(session, attachment.subject_kind)
        kept.record(session, call.caller, attachment.subject_id)
        blob = session.get_one(Blob, attachment.blob_id)
    shown = inline and blob.media_type in sniffing.PICTURES
    answer = Response(store_of(current_app).read(blob.key), mimetype=blob.media_type, direct_passthrough=True)
    answer.headers["Content-Length"] = str(blob.size)
    answer.headers["Content-Disposition"] = disposition(attachment.name, "inline" if shown else "attachment")
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def disposition(name: str, how: str) -> str:
    """A Content-Disposition with the name in both notations of RFC 6266."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
