"""Imports on pages, the same in every service: bring a file, say how it is read, try it, let it in, see every row, undo."""

from typing import Any

from flask import Response, render_template, request
from marshmallow import ValidationError

from chassis import i18n, paging
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import Invalid, NotFound, Problem
from chassis.i18n import gettext as _
from chassis.i18n import pick
from console import forms, lists, replies, transfer_forms
from console.fields import Choice, Field
from console.pages import Pages
from engines import access
from engines.access import right
from engines.transfer import Transferable, exporting, intake, kinds_of, ledger, mappings, reading, verification
from engines.transfer.errors import UnreadableFile
from engines.transfer.models import Import
from engines.transfer_api import ExportQuery, ImportOut, attachment, exported, may_import

SHOWN_ROWS = 200
OUTCOMES = {"created": "green", "updated": "azure", "skipped": "grey", "failed": "red"}
_WORKING = ("queued", "running", "undo_queued", "undoing")


def pages(service: str) -> Pages:
    """The blueprint of a service."""
    made = Pages(service, name="transfer", module="console", template_folder=None)
    kinds = kinds_of(service)
    _mount_list(made, kinds)
    _mount_templates(made, kinds)
    _mount_steps(made, kinds)
    _mount_one(made, kinds)
    for kind in kinds:
        _mount_export(made, kind)
    return made


def _mount_export(made: Pages, kind: Transferable) -> None:
    def export(call: Call, form: str) -> Response:
        if form not in exporting.FORMS:
            raise NotFound()
        with call.database.reading() as session:
            known = {item.name for item in exporting.columns_of(session, call.caller, kind)}
        asked = ExportQuery().load({name: value for name, value in request.args.items() if name in _ASKED})
        asked["columns"] = ",".join(name for name in asked["columns"].split(",") if name in known)
        return exported(call, kind, form, **asked)

    export.__name__ = f"export_{kind.resource.replace('-', '_')}"
    made.get(
        f"/files/{kind.resource}/export.<form>", allow=right(kind.name, "export"), session="none",
        feature=f"{made.service}.exports",
    )(export)  # fmt: skip


_ASKED = ("filter", "q", "sort", "columns")


def _mount_list(made: Pages, kinds: list[Transferable]) -> None:
    service, allow = made.service, may_import(kinds)

    @made.get("/imports", allow=allow)
    def imports(call: Call) -> Any:
        """The reader's imports; whoever may see all sees all."""
        shown = lists.List(
            key=f"{service}.imports", title=_("Imports"), url=f"/{service}/imports", link=f"/{service}/imports/{{id}}",
            fields=[
                Field(name="file_name", label=_("File"), filterable=False),
                Field(name="kind", label=_("Kind"), kind="choice", choices=_kinds(kinds), filterable=False),
                Field(name="status", label=_("State"), kind="choice", choices=states(), filterable=False),
                *(Field(name=name, label=label, kind="integer", filterable=False) for name, label in counted()),
                Field(name="created_at", label=_("When"), kind="relative", filterable=False),
            ],
            columns=["file_name", "kind", "status", "created_at", "rows", "created", "updated", "skipped", "failed"],
            create=(f"/{service}/imports/new", _("New import")), empty=_("No imports yet"),
        )  # fmt: skip
        asked = lists.asked(shown)
        wanted = paging.Asked(sort="-created_at", limit=asked.limit, cursor=asked.cursor or "")
        paged = paging.Paged(entity=Import, sort={"created_at": Import.created_at}, default="-created_at")
        found = paging.page(call.session, intake.all_of(call.session, call.caller), paged, Dumper(ImportOut()), wanted)
        return lists.page(shown, asked, rows=found.items, next_cursor=found.next_cursor)

    @made.get("/imports/new", allow=allow)
    def new_import(call: Call) -> Any:
        """The form that takes a file."""
        return _new(call, kinds)

    @made.post("/imports/new", allow=allow, session="none")
    def bring_file(call: Call) -> Any:
        """Keep the file and show how it would be read."""
        call.request.max_content_length = call.settings.import_megabytes * 1024 * 1024 + 64 * 1024
        with call.database.reading() as session:
            call.session = session
            usable = {kind.name: kind for kind in _usable(call, kinds)}
        kind, part = usable.get(request.form.get("kind", "")), request.files.get("file")
        errors: dict[str, Any] = {}
        if kind is None:
            errors["kind"] = [_("Choose from the list")]
        if part is None or not part.filename:
            errors["file"] = [_("Choose a file")]
        if kind is not None and part is not None and not errors:
            try:
                id_ = intake.bring(
                    call.database, call.settings, caller=call.caller, kind=kind, stream=part.stream, name=part.filename
                )
                return replies.go(f"/{service}/imports/{id_}", accepted="import:new")
            except Problem as refused:
                errors["file"] = ledger.sentences({"errors": refused.errors or {"": [str(refused)]}})
        with call.database.reading() as session:
            call.session = session
            return _new(call, kinds, errors)


def _mount_templates(made: Pages, kinds: list[Transferable]) -> None:
    allow = may_import(kinds)

    @made.get("/imports/templates/<kind>.<form>", allow=allow)
    def template(call: Call, kind: str, form: str) -> Response:
        """An empty file with the columns' names."""
        found = next((item for item in _usable(call, kinds) if item.name == kind), None)
        if found is None or form not in exporting.FORMS:
            raise NotFound()
        return attachment(list(exporting.template(call.session, call.caller, found, form=form)), found.resource, form)


def _mount_steps(made: Pages, kinds: list[Transferable]) -> None:
    service, allow = made.service, may_import(kinds)

    @made.post("/imports/<id>/plan", allow=allow, session="none")
    def declare_plan(call: Call, id: str) -> Any:
        """Keep what was declared; then show it, try it or let it in, as the button says."""
        with call.database.reading() as session:
            job = intake.find(session, call.caller, id)
        errors: dict[str, Any] = {}
        try:
            plan = transfer_forms.plan_of(request.form)
            with intake.source(call.database, call.settings, id) as path:
                headings = reading.header(path, plan.dialect)
            if tuple(headings) != tuple(job.plan["headings"]):  # read otherwise than before: the columns are new
                with call.database.transaction() as session:
                    transfer_forms.read_anew(session, call.caller, intake.find(session, call.caller, id, lock=True),
                                             plan, headings)  # fmt: skip
                return replies.go(f"/{service}/imports/{id}", _("The file is read that way now: look at the columns"))
            with call.database.transaction() as session:
                job = intake.find(session, call.caller, id, lock=True)
                intake.declare(session, job, caller=call.caller, plan=plan, headings=tuple(headings))
                asked = request.form.get("then", "")
                if asked in ("try", "start"):
                    intake.start(session, job, caller=call.caller, dry_run=asked == "try")
            return replies.go(f"/{service}/imports/{id}", "" if asked else _("Saved"))
        except ValidationError as refused:
            errors = dict(refused.normalized_messages())
        except Invalid as refused:
            errors = dict(refused.errors or {"": [str(refused)]})
        except UnreadableFile as refused:
            errors = {"dialect": [str(refused)]}
        with call.database.reading() as session:
            call.session = session
            job = intake.find(session, call.caller, id)
            return _draft(call, kinds, job, typed=request.form, errors=errors), 422

    @made.post("/imports/<id>/<step>", allow=allow)
    def take_step(call: Call, id: str, step: str) -> Any:
        """Start, stop or undo; save the plan as a mapping or use one."""
        job = intake.find(call.session, call.caller, id, lock=True)
        message = ""
        if step == "start":
            intake.start(call.session, job, caller=call.caller)
        elif step == "stop":
            intake.stop(call.session, job)
        elif step == "undo":
            intake.undo(call.session, job, caller=call.caller)
        elif step == "mapping":
            mappings.save(call.session, job, caller=call.caller, name=request.form.get("name", ""))
            message = _("Mapping saved")
        elif step == "apply":
            mappings.apply(call.session, job, name=request.form.get("name", ""))
            message = _("Mapping applied")
        elif step == "forget":
            intake.remove_file(call.session, job)
            message = _("The file was removed")
        else:
            raise NotFound()
        return replies.go(f"/{service}/imports/{id}", message)


def _mount_one(made: Pages, kinds: list[Transferable]) -> None:
    service, allow = made.service, may_import(kinds)

    @made.get("/imports/<id>", allow=allow)
    def one_import(call: Call, id: str) -> Any:
        """One import: how it is read, how far it is, or what became of its rows."""
        job = intake.find(call.session, call.caller, id)
        if job.status == "draft" or (request.args.get("edit") and job.dry_run and job.status not in _WORKING):
            return _draft(call, kinds, job)
        return _told(call, kinds, job)

    @made.get("/imports/<id>/progress", allow=allow)
    def progress(call: Call, id: str) -> Any:
        """How far it is; the page is loaded anew when it is through."""
        job = intake.find(call.session, call.caller, id)
        if job.status not in _WORKING:
            return Response("", headers={"HX-Refresh": "true"})
        return render_template("console/import_progress.html", job=job, service=service, counted=counted())

    @made.get("/imports/<id>/rejected.<form>", allow=allow, session="none")
    def rejected(call: Call, id: str, form: str) -> Response:
        """The failed rows as a file, with the reasons."""
        if form not in exporting.FORMS:
            raise NotFound()
        with call.database.reading() as session:
            job = intake.find(session, call.caller, id)
            session.expunge(job)
        pieces = ledger.rejected(call.database, call.settings, job, form=form, locale=i18n.current())
        return attachment(pieces, f"rejected-{id[-6:]}", form)

    @made.get("/imports/<id>/verification", allow=allow)
    def verify(call: Call, id: str) -> Any:
        """Thirty records of the three latest years, field by field against the source."""
        job = intake.find(call.session, call.caller, id)
        kind = _of(kinds, job.kind)
        with intake.source(call.database, call.settings, id) as path:
            found = verification.report(call.session, call.caller, kind, job, path)
        return render_template(
            "console/import_verification.html", job=job, found=found, kind=kind, back=f"/{service}/imports/{id}"
        )


def _usable(call: Call, kinds: list[Transferable]) -> list[Transferable]:
    return [kind for kind in kinds if kind.takes and access.has_right(call.session, call.caller, kind.name, "import")]


def _of(kinds: list[Transferable], name: str) -> Transferable:
    found = next((kind for kind in kinds if kind.name == name), None)
    if found is None:
        raise NotFound()
    return found


def _new(call: Call, kinds: list[Transferable], errors: dict[str, Any] | None = None) -> Any:
    usable, service = _usable(call, kinds), call.service.name
    form = forms.Form(
        key="import:new", title=_("New import"), action=f"/{service}/imports/new", cancel=f"/{service}/imports",
        submit=_("Continue"), upload=True, errors=errors or {},
        values={"kind": request.values.get("kind") or (usable[0].name if usable else "")},
        fields=[
            Field(name="kind", label=_("What the file holds"), kind="choice", required=True, choices=_kinds(usable)),
            Field(
                name="file", label=_("CSV or XLSX file"), kind="file", required=True, wide=True,
                help=_("Nothing is taken in yet: on the next page you say how it is read, and see its first rows."),
            ),
        ],
    )  # fmt: skip
    return forms.page(form, template="console/import_new.html", kinds=usable, service=service)


def _draft(call: Call, kinds: list[Transferable], job: Import, *, typed: Any = None, errors: Any = None) -> str:
    kind, service = _of(kinds, job.kind), call.service.name
    found: dict[str, Any] = {"headings": job.plan["headings"], "columns": [], "rows": [], "problems": {}}
    unreadable = ""
    try:
        with intake.source(call.database, call.settings, job.id) as path:
            found = ledger.preview(call.session, call.caller, kind, job, path)
            sheets = transfer_forms.sheets(job, path)
    except (UnreadableFile, NotFound) as refused:
        unreadable, sheets = str(refused), []
    plan = transfer_forms.plan_of(typed, strict=False) if typed is not None else None
    return render_template(
        "console/import_draft.html",
        job=job, kind=kind, service=service, preview=found, unreadable=unreadable, back=f"/{service}/imports",
        form=transfer_forms.declared(job, kind, plan, found, sheets, errors or {}),
        lines=transfer_forms.lines(found, plan, job, errors or {}),
        problems=transfer_forms.loose(errors if errors is not None else found["problems"]),
        saved=mappings.of_kind(call.session, kind.name), title=_title(kind),
    )  # fmt: skip


def _told(call: Call, kinds: list[Transferable], job: Import) -> str:
    kind, service = _of(kinds, job.kind), call.service.name
    chosen = request.args.get("outcome", "failed" if job.failed else "")
    chosen = chosen if chosen in OUTCOMES else ""
    after = request.args.get("after", "0")
    found = ledger.rows(
        call.session, job, outcome=chosen, after=int(after) if after.isdigit() and len(after) < 10 else 0,
        limit=SHOWN_ROWS,
    )  # fmt: skip
    return render_template(
        "console/import.html",
        job=job, kind=kind, service=service, title=_title(kind), working=job.status in _WORKING,
        state=next((each for each in states() if each.value == job.status), None), counted=counted(), colours=OUTCOMES,
        rows=[(row, "; ".join(ledger.sentences(row.reason) + _kept(row))) for row in found], chosen=chosen,
        more=found[-1].line if len(found) == SHOWN_ROWS else 0, has_file=intake.has_file(call.session, job),
        back=f"/{service}/imports", may_undo=not job.dry_run and job.created + job.updated > 0
        and job.status in ("done", "stopped", "failed"),
        problem=pick(job.problem) if job.problem else "",
    )  # fmt: skip


def _kept(row: Any) -> list[str]:
    if row.undo == "undone":
        return [_("taken back")]
    return [_("kept: %(why)s", why=text) for text in (row.kept_because or {}).get("", [])]


def _title(kind: Transferable) -> str:
    return pick(kind.kind.label) or kind.name


def _kinds(kinds: list[Transferable]) -> tuple[Choice, ...]:
    return tuple(Choice(value=kind.name, label=kind.kind.label, colour="blue") for kind in kinds)


def counted() -> list[tuple[str, str]]:
    """The figures of an import with their labels."""
    return [
        ("rows", _("Rows")), ("created", _("Created")), ("updated", _("Updated")), ("skipped", _("Skipped")),
        ("failed", _("Failed")),
    ]  # fmt: skip


def states() -> tuple[Choice, ...]:
    """How an import may stand."""
    return tuple(
        Choice(value=value, label=label, colour=colour)
        for value, label, colour in (
            ("draft", _("To be declared"), "grey"), ("queued", _("Waiting"), "blue"), ("running", _("Running"), "orange"),
            ("done", _("Done"), "green"), ("stopped", _("Stopped"), "yellow"), ("failed", _("Broke off"), "red"),
            ("undo_queued", _("Undo waits"), "blue"), ("undoing", _("Undoing"), "orange"), ("undone", _("Undone"), "grey"),
        )
    )  # fmt: skip
