"""Routes of transfer, the same in every service: imports step by step, saved mappings, templates, exports."""

from collections.abc import Sequence
from typing import Any

from flask import Response, stream_with_context
from marshmallow import Schema, fields, validate

from chassis import clock, i18n
from chassis.api import Api, Call
from chassis.errors import BadRequest, NotFound
from chassis.i18n import lazy as _
from chassis.paging import Paged
from engines import access, listing
from engines.access import right
from engines.transfer import exporting, intake, ledger, mappings, plans, reading, verification
from engines.transfer.declaring import OUTCOMES, Transferable, kinds_of
from engines.transfer.errors import NotReady, UnreadableFile
from engines.transfer.models import Import

_OVERHEAD = 64 * 1024
_KIND = fields.String(required=True, validate=validate.Length(1, 60))


class ImportOut(Schema):
    id = fields.String()
    version = fields.Integer()
    kind = fields.String()
    file_name = fields.String()
    size = fields.Integer()
    format = fields.String()
    status = fields.String(metadata={"description": "draft, queued, running, done, stopped, failed, undoing, undone …"})
    dry_run = fields.Boolean()
    plan = fields.Dict()
    total = fields.Integer(allow_none=True, metadata={"description": "Rows of the file, once it was read through"})
    rows = fields.Integer(metadata={"description": "Rows settled = created + updated + skipped + failed"})
    created = fields.Integer()
    updated = fields.Integer()
    skipped = fields.Integer()
    failed = fields.Integer()
    undone = fields.Integer()
    kept = fields.Integer()
    problem = fields.Dict(allow_none=True)
    created_by = fields.String()
    created_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


class BringQuery(Schema):
    kind = _KIND
    file_name = fields.String(load_default="file", validate=validate.Length(1, 200))


class StartIn(Schema):
    dry_run = fields.Boolean(load_default=False)


class RowsQuery(Schema):
    outcome = fields.String(load_default="", validate=validate.OneOf(("", *OUTCOMES)))
    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**31 - 1))
    limit = fields.Integer(load_default=500, validate=validate.Range(1, 2000))


class RowOut(Schema):
    line = fields.Integer()
    outcome = fields.String()
    record_id = fields.String(allow_none=True)
    reason = fields.Dict(allow_none=True)
    undo = fields.String()
    kept_because = fields.Dict(allow_none=True)


class Rows(Schema):
    items = fields.List(fields.Nested(RowOut))


class PreviewOut(Schema):
    headings = fields.List(fields.String())
    columns = fields.List(fields.Dict(), metadata={"description": "What a column may go to"})
    rows = fields.List(fields.Dict(), metadata={"description": "The first rows: line, cells, body, errors"})
    problems = fields.Dict(metadata={"description": "What does not fit in the plan, by place"})


class CheckedOut(Schema):
    line = fields.Integer()
    year = fields.Integer()
    record_id = fields.String(allow_none=True)
    changed_since = fields.Boolean()
    agrees = fields.Boolean()
    fields_ = fields.List(fields.Dict(), data_key="fields", attribute="compared")


class Verified(Schema):
    items = fields.List(fields.Nested(CheckedOut))


class MappingOut(Schema):
    kind = fields.String()
    name = fields.String()
    plan = fields.Dict()
    saved_by = fields.String()
    saved_at = fields.AwareDateTime()


class Mappings(Schema):
    items = fields.List(fields.Nested(MappingOut))


class SaveMapping(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 80))


class ApplyMapping(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 80))


class ExportQuery(Schema):
    filter = fields.String(load_default="", metadata={"description": "Condition as JSON, as of the list"})
    q = fields.String(load_default="", validate=validate.Length(max=200))
    sort = fields.String(load_default="", validate=validate.Length(max=200))
    columns = fields.String(load_default="", metadata={"description": "Comma-separated fields; empty: all"})


def api(service: str) -> Api:
    """The routes of a service, for every kind it declared."""
    made = Api(service, tag="transfer")
    kinds = kinds_of(service)
    _mount_imports(made, kinds)
    _mount_steps(made, kinds)
    _mount_outcomes(made, kinds)
    _mount_mappings(made, kinds)
    for kind in kinds:
        _mount_export(made, kind)
    return made


def may_import(kinds: Sequence[Transferable]) -> Any:
    """`allow=` for whoever may take in files of one of these kinds."""

    def allow(call: Call) -> bool:
        return any(access.has_right(call.database, call.caller, kind.name, "import") for kind in kinds if kind.takes)

    return allow


def _kind(call: Call, kinds: Sequence[Transferable], name: str) -> Transferable:
    kind = next((item for item in kinds if item.name == name and item.takes), None)
    if kind is None:
        raise NotFound()
    access.require_right(call.database, call.caller, kind.name, "import")
    return kind


def _mount_imports(api: Api, kinds: Sequence[Transferable]) -> None:
    allow = may_import(kinds)
    paged = Paged(entity=Import, sort={"created_at": Import.created_at}, default="-created_at")

    @api.post(
        "/imports", query=BringQuery, answer=ImportOut, status=201, allow=allow, session="none",
        errors=[UnreadableFile, NotFound],
    )  # fmt: skip
    def bring_file(call: Call) -> Any:
        """Bring a CSV or XLSX file of one kind of record

        As the part `file` of a form, or as the body. Nothing is taken in yet: the answer suggests a plan, which a person
        or program confirms with PUT …/plan.
        """
        kind = _kind(call, kinds, call.query["kind"])
        call.request.max_content_length = call.settings.import_megabytes * 1024 * 1024 + _OVERHEAD
        part = call.request.files.get("file")
        if part is None and call.request.mimetype == "multipart/form-data":
            raise BadRequest(_("Send the file as the body or as the part “file”."))
        stream, name = (part.stream, part.filename) if part else (call.request.stream, call.query["file_name"])
        try:
            job_id = intake.bring(call.database, call.settings, caller=call.caller, kind=kind, stream=stream, name=name)
        finally:
            stream.close()
        with call.database.reading() as session:
            return intake.find(session, call.caller, job_id)

    @api.get("/imports", answer=ImportOut, page=paged, allow=allow)
    def list_imports(call: Call) -> Any:
        """Imports the caller may see"""
        return intake.all_of(call.session, call.caller)

    @api.get("/imports/<id>", answer=ImportOut, allow=allow)
    def read_import(call: Call, id: str) -> Any:
        """One import: its plan, how far it is, its counts"""
        return intake.find(call.session, call.caller, id)

    @api.put("/imports/<id>/plan", body=plans.PlanIn, answer=ImportOut, allow=allow, session="none")
    def declare_plan(call: Call, id: str) -> Any:
        """Declare how the file is read, which column is which field, and what is done with its rows"""
        with call.database.reading() as session:
            intake.find(session, call.caller, id)
        with intake.source(call.database, call.settings, id) as path:
            headings = reading.header(path, call.body.dialect)
        with call.database.transaction() as session:
            job = intake.find(session, call.caller, id, lock=True)
            return intake.declare(session, job, caller=call.caller, plan=call.body, headings=tuple(headings))

    @api.get("/imports/<id>/preview", answer=PreviewOut, allow=allow, session="none")
    def preview_import(call: Call, id: str) -> Any:
        """The first rows as the plan reads them, with what is wrong in them"""
        with call.database.reading() as session:
            job = intake.find(session, call.caller, id)
            kind = _kind(call, kinds, job.kind)
            with intake.source(call.database, call.settings, id) as path:
                return ledger.preview(session, call.caller, kind, job, path)


def _mount_steps(api: Api, kinds: Sequence[Transferable]) -> None:
    allow = may_import(kinds)

    @api.post("/imports/<id>/start", body=StartIn, answer=ImportOut, status=202, allow=allow, errors=[NotReady])
    def start_import(call: Call, id: str) -> Any:
        """Let the worker take the file in, or try it: a dry run keeps nothing but its ledger"""
        job = intake.find(call.session, call.caller, id, lock=True)
        return intake.start(call.session, job, caller=call.caller, **call.body)

    @api.post("/imports/<id>/stop", answer=ImportOut, allow=allow, errors=[NotReady])
    def stop_import(call: Call, id: str) -> Any:
        """Stop after the rows in hand"""
        return intake.stop(call.session, intake.find(call.session, call.caller, id, lock=True))

    @api.post("/imports/<id>/undo", answer=ImportOut, status=202, allow=allow, errors=[NotReady])
    def undo_import(call: Call, id: str) -> Any:
        """Take back what the import did; records somebody worked on since stay, and the rows say which"""
        return intake.undo(call.session, intake.find(call.session, call.caller, id, lock=True), caller=call.caller)

    @api.delete("/imports/<id>/file", status=204, allow=allow, errors=[NotReady])
    def remove_import_file(call: Call, id: str) -> None:
        """Remove the file; the ledger stays"""
        intake.remove_file(call.session, intake.find(call.session, call.caller, id, lock=True))


def _mount_outcomes(api: Api, kinds: Sequence[Transferable]) -> None:
    allow = may_import(kinds)

    @api.get("/imports/<id>/rows", answer=Rows, query=RowsQuery, allow=allow)
    def list_import_rows(call: Call, id: str) -> Any:
        """What became of each row, and why"""
        job = intake.find(call.session, call.caller, id)
        return {"items": ledger.rows(call.session, job, **call.query)}

    @api.get("/imports/<id>/rejected.<form>", allow=allow, session="none")
    def rejected_rows(call: Call, id: str, form: str) -> Response:
        """The failed rows as a file with the reasons in a last column; mended, it can be brought again"""
        if form not in exporting.FORMS:
            raise NotFound()
        with call.database.reading() as session:
            job = intake.find(session, call.caller, id)
            session.expunge(job)
        pieces = ledger.rejected(call.database, call.settings, job, form=form, locale=i18n.current())
        return attachment(pieces, f"rejected-{id[-6:]}", form)

    @api.get("/imports/<id>/verification", answer=Verified, allow=allow, session="none")
    def verify_import(call: Call, id: str) -> Any:
        """Thirty records of the three latest years, drawn by chance, field by field against the source"""
        with call.database.reading(call.caller) as session:
            job = intake.find(session, call.caller, id)
            kind = _kind(call, kinds, job.kind)
            with intake.source(call.database, call.settings, id) as path:
                found = verification.report(session, call.caller, kind, job, path)
        return {
            "items": [
                {**vars(item), "agrees": item.agrees, "compared": [vars(each) for each in item.fields]}
                for item in found
            ]
        }


def _mount_mappings(api: Api, kinds: Sequence[Transferable]) -> None:
    allow = may_import(kinds)

    @api.get("/import-mappings/<kind>", answer=Mappings, allow=allow)
    def list_mappings(call: Call, kind: str) -> Any:
        """Saved mappings of a kind of record"""
        return {"items": mappings.of_kind(call.session, _kind(call, kinds, kind).name)}

    @api.post("/imports/<id>/mapping", body=SaveMapping, answer=MappingOut, status=201, allow=allow)
    def save_mapping(call: Call, id: str) -> Any:
        """Save the import's plan under a name, by heading"""
        job = intake.find(call.session, call.caller, id)
        return mappings.save(call.session, job, caller=call.caller, name=call.body["name"])

    @api.post("/imports/<id>/apply", body=ApplyMapping, answer=ImportOut, allow=allow, errors=[NotReady])
    def apply_mapping(call: Call, id: str) -> Any:
        """Use a saved mapping for this file, as far as its headings are the same"""
        job = intake.find(call.session, call.caller, id, lock=True)
        return mappings.apply(call.session, job, name=call.body["name"])

    @api.delete("/import-mappings/<kind>/<name>", status=204, allow=allow)
    def delete_mapping(call: Call, kind: str, name: str) -> None:
        """Delete a saved mapping"""
        mappings.delete(call.session, _kind(call, kinds, kind).name, name, caller=call.caller)

    @api.get("/import-templates/<kind>.<form>", allow=allow)
    def import_template(call: Call, kind: str, form: str) -> Response:
        """An empty file with a column for everything that can be taken in"""
        found = _kind(call, kinds, kind)
        if form not in exporting.FORMS:
            raise NotFound()
        return attachment(list(exporting.template(call.session, call.caller, found, form=form)), found.resource, form)


def _mount_export(api: Api, kind: Transferable) -> None:
    def export(call: Call, form: str) -> Response:
        if form not in exporting.FORMS:
            raise NotFound()
        return exported(call, kind, form, **call.query)

    export.__name__ = f"export_{kind.resource.replace('-', '_')}"
    export.__doc__ = (
        f"The {kind.resource.replace('-', ' ')} of a list as a CSV or XLSX file, written while they are read"
    )
    api.get(f"/{kind.resource}/export.<form>", query=ExportQuery, allow=right(kind.name, "export"), session="none")(
        export
    )


def exported(call: Call, kind: Transferable, form: str, *, filter: str, q: str, sort: str, columns: str) -> Response:
    """The answer with a file of what a list shows."""
    wanted = exporting.Wanted(
        columns=[name for name in columns.split(",") if name], q=q, sort=sort, form=form,
        filter=listing.read_filter(filter) if filter else None,
    )  # fmt: skip
    pieces = exporting.pieces(call.database, caller=call.caller, kind=kind, wanted=wanted, locale=i18n.current())
    return attachment(pieces, kind.resource, form)


def attachment(pieces: Any, name: str, form: str) -> Response:
    """A file that is written while it is sent, or a small one that is there as a list."""
    body = pieces if isinstance(pieces, list) else stream_with_context(iter(pieces))
    made = Response(body, content_type=exporting.FORMS[form])
    made.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.now():%Y%m%d-%H%M}.{form}"'
    made.headers["Cache-Control"] = "private, no-store"
    return made


__all__ = ["api", "attachment", "exported", "may_import"]
