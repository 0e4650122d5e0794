"""Routes of imports: a CSV file in, a ledger of its rows out."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis.api import Api, Call
from chassis.errors import BadRequest
from chassis.i18n import lazy as _
from engines import listing
from engines.access import right
from leads import imports, queries, schemas, settings, sheets
from leads.definition_schemas import POLICIES
from leads.errors import UnreadableFile
from leads.models import Import
from leads.objects import SOURCES

api = Api("leads", tag="imports")
MAX_FILE = 16 * 1024 * 1024


class ImportQuery(Schema):
    encoding = fields.String(load_default="utf-8", validate=validate.OneOf(sheets.ENCODINGS))
    source = fields.String(load_default="import", validate=validate.OneOf(tuple(SOURCES)))
    policy = fields.String(load_default=None, validate=validate.OneOf(POLICIES))
    file_name = fields.String(load_default="", validate=validate.Length(max=200))


class RowsQuery(Schema):
    outcome = fields.String(load_default="", validate=validate.OneOf(("", "created", "updated", "skipped", "failed")))
    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**31 - 1))
    limit = fields.Integer(load_default=500, validate=validate.Range(1, 2000))


@api.post(
    "/imports", query=ImportQuery, answer=schemas.ImportOut, status=201, allow=right("lead", "import"), session="none",
    max_body=MAX_FILE, errors=[UnreadableFile],
)  # fmt: skip
def import_leads(call: Call) -> Any:
    """Take in a CSV file, as the body (text/csv) or as the part `file` of a form.

    The encoding is what the sender declares. Each row ends as created, updated, skipped or failed.
    """
    call.request.max_content_length = MAX_FILE
    part = call.request.files.get("file")
    content = part.read() if part else call.request.get_data()
    if not content:
        raise BadRequest(_("Send the file as the body or as the part “file”."))
    asked = dict(call.query)
    asked["file_name"] = asked["file_name"] or (part.filename if part else "") or ""
    job_id = imports.run(
        call.database, caller=call.caller, content=content, at_most=settings.of(call.settings).import_rows, **asked
    )
    with call.database.reading() as session:
        return session.get_one(Import, job_id)


@api.get("/imports", answer=schemas.ImportOut, page=queries.IMPORTS, query=listing.QUERY, allow=right("lead", "import"))
def list_imports(call: Call) -> Any:
    """Imports the caller may see."""
    return queries.imports(call)


@api.get("/imports/<id>", answer=schemas.ImportOut, allow=right("lead", "import"))
def read_import(call: Call, id: str) -> Any:
    """One import with its counts."""
    return queries.one_import(call.session, call.caller, id)


@api.get("/imports/<id>/rows", answer=schemas.ImportRows, query=RowsQuery, allow=right("lead", "import"))
def list_import_rows(call: Call, id: str) -> Any:
    """What became of each row, and why."""
    queries.one_import(call.session, call.caller, id)
    return {"items": queries.import_rows(call.session, id, **call.query)}
