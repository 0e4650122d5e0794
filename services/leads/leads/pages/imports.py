"""Importing files of leads, what became of each row, and looking for a lead that may exist already."""

import csv
import io
from typing import Any

from flask import Response, render_template, request
from marshmallow import ValidationError

from chassis import paging
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from console import details, forms, lists, replies
from console.fields import Choice, Field
from engines import listing
from engines.access import right
from leads import capture, imports, merging, queries, settings, sheets
from leads.api.imports import MAX_FILE
from leads.definition_schemas import POLICIES
from leads.errors import UnreadableFile
from leads.objects import IMPORT, LEAD, SOURCES
from leads.pages.edge import SOURCE, STATUS, may, pages
from leads.pages.leads import RECORDS
from leads.schemas import CheckIn

URL, DUPLICATES = "/leads/imports", "/leads/duplicates"
_SHOWN_ROWS = 500
_COMPARED = ("name", "company", "phones", "emails", "wechat", "credit_code", "city", "region")
_OUTCOMES = {
    "created": ("green", "circle-check"),
    "updated": ("azure", "refresh"),
    "skipped": ("grey", "arrow-right"),
    "failed": ("red", "alert-circle"),
}
_COLUMNS = {
    "zh": ("姓名", "公司", "职位", "手机", "邮箱", "微信", "来源", "城市", "行业", "规模", "意向产品", "预算", "备注"),
    "en": ("Name", "Company", "Title", "Phone", "E-mail", "WeChat", "Source", "City", "Industry", "Company size",
           "Products", "Budget", "Notes"),
}  # fmt: skip


@pages.get("/imports", allow=right("lead", "import"))
def import_list(call: Call) -> Any:
    """The reader's imports; administrators see all."""
    shown = lists.List(
        key="leads.imports",
        title=_("Imports"),
        url=URL,
        link=URL + "/{id}",
        fields=[
            Field(name="file_name", label=_("File"), filterable=False),
            Field(name="status", label=_("State"), kind="choice", choices=_states(), filterable=False),
            *(
                Field(name=name, label=label, kind="integer", filterable=False)
                for name, label in (("rows", _("Rows")), *_counted())
            ),
            Field(name="created_at", label=_("When"), kind="relative", filterable=False),
        ],
        columns=["file_name", "created_at", "status", "rows", "created", "updated", "skipped", "failed"],
        create=(f"{URL}/new", _("New import")),
        empty=_("No imports yet"),
    )
    asked = lists.asked(shown)
    wanted = paging.Asked(sort="-created_at", limit=asked.limit, cursor=asked.cursor or "")
    found = paging.page(call.session, queries.imports(call), listing.paged(IMPORT), RECORDS, wanted)
    return lists.page(shown, asked, rows=found.items, next_cursor=found.next_cursor)


@pages.get("/imports/new", allow=right("lead", "import"))
def new_import(call: Call) -> Any:
    """The form that takes a file."""
    return forms.page(_form(), template="leads/import_form.html")


@pages.post("/imports/new", allow=right("lead", "import"), session="none")
def take_file(call: Call) -> Any:
    """Import the file; a row that cannot be taken says why on the import's page."""
    call.request.max_content_length = MAX_FILE
    form, part = _form(), request.files.get("file")
    content = part.read() if part else b""
    asked = {name: request.form.get(name, "") for name in ("encoding", "source", "policy")}
    errors: dict[str, Any] = {}
    if not content:
        errors["file"] = [_("Choose a file")]
    if asked["encoding"] not in sheets.ENCODINGS:
        errors["encoding"] = [_("Choose from the list")]
    if asked["source"] not in SOURCES:
        errors["source"] = [_("Choose from the list")]
    if asked["policy"] and asked["policy"] not in POLICIES:
        errors["policy"] = [_("Choose from the list")]
    if not errors and part is not None:
        try:
            job_id = imports.run(
                call.database, caller=call.caller, content=content, encoding=asked["encoding"], source=asked["source"],
                policy=asked["policy"] or None, file_name=part.filename or "",
                at_most=settings.of(call.settings).import_rows,
            )  # fmt: skip
            return replies.go(f"{URL}/{job_id}", _("The file was imported"), accepted=form.key)
        except (UnreadableFile, Problem) as refused:
            errors = {"file": [str(refused)]}
    return forms.page(forms.typed(form, request.form, errors), template="leads/import_form.html")


@pages.get("/imports/template.csv", allow=right("lead", "import"))
def template(call: Call) -> Response:
    """An empty file with the columns' names, for spreadsheets."""
    out = io.StringIO()
    csv.writer(out).writerow(_COLUMNS["zh" if call.caller.locale.startswith("zh") else "en"])
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=leads.csv"
    return answer


@pages.get("/imports/<id>", allow=right("lead", "import"))
def import_page(call: Call, id: str) -> Any:
    """One import: its counts, and its rows by what became of them."""
    job = queries.one_import(call.session, call.caller, id)
    chosen = request.args.get("outcome", "failed" if job.failed else "")
    chosen = chosen if chosen in _OUTCOMES else ""
    found = queries.import_rows(call.session, id, outcome=chosen, after=0, limit=_SHOWN_ROWS)
    return details.page(
        details.Detail(
            title=job.file_name or _("Import"),
            kicker=_("Import"),
            back=(URL, _("Imports")),
            record=job,
            status=next((each for each in _states() if each.value == job.status), None),
            facts=[
                details.Fact(label=_("Rows"), value=job.rows, kind="integer"),
                *(
                    details.Fact(
                        label=label, value=getattr(job, name), kind="integer",
                        colour=_OUTCOMES[name][0] if getattr(job, name) and name in ("failed", "created") else "",
                    )
                    for name, label in _counted()
                ),
            ],
        ),
        template="leads/import.html",
        rows=[_row(row) for row in found],
        chosen=chosen,
        outcomes=[(name, label, getattr(job, name)) for name, label in _counted()],
        url=f"{URL}/{id}",
        more=len(found) == _SHOWN_ROWS,
    )  # fmt: skip


@pages.get("/duplicates", allow=right("lead", "read"))
def duplicate_check(call: Call) -> Any:
    """Whether a person or company is known already, and why; of leads out of the reader's sight only that they exist."""
    form = _check_form()
    given = {name: value for name, value in forms.values(form, request.args).items() if value}
    found: list[dict[str, Any]] | None = None
    errors: dict[str, Any] = {}
    if given:
        try:
            body = CheckIn().load(given)
            _record, alike = capture.preview(call.session, body)
            found = _shown(call, queries.candidates(call.session, call.caller, alike))
        except ValidationError as refused:
            errors = dict(refused.normalized_messages())
        form = forms.typed(form, request.args, errors)
    page = render_template("leads/duplicates.html", form=form, found=found, lead=None)
    return page, 422 if errors else 200


@pages.get("/leads/<id>/duplicates", allow=right("lead", "read"))
def duplicates_of(call: Call, id: str) -> Any:
    """Leads like this one, each to be merged into it."""
    lead = queries.lead(call.session, call.caller, id)
    values = {field.name: getattr(lead, field.column) for field in LEAD.fields if field.name in _COMPARED}
    _record, alike = capture.preview(call.session, {name: value for name, value in values.items() if value})
    shown = [
        each for each in _shown(call, queries.candidates(call.session, call.caller, alike)) if each["lead_id"] != id
    ]
    return render_template(
        "leads/duplicates.html",
        form=None,
        found=shown,
        lead=lead,
        may_merge=may(call, "merge") and not lead.duplicate_of,
    )


@pages.post("/leads/<id>/merge", allow=right("lead", "merge"))
def merge_lead(call: Call, id: str) -> Any:
    """Merge another lead into this one; it can be undone from the history."""
    lead = queries.lead(call.session, call.caller, id, "edit")
    other = queries.lead(call.session, call.caller, request.form.get("other", ""), "edit")
    merging.merge(call.session, lead, other, caller=call.caller)
    return replies.go(f"/leads/leads/{id}", _("%(name)s was merged into this lead", name=other.company or other.name))


def _shown(call: Call, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Candidates with owner, state and reasons in words."""
    people = queries.names(call.session, [each.get("owner_id") for each in found])
    states = {each.value: each for each in STATUS}
    labels = {"phone": _("Phone"), "email": _("E-mail"), "credit_code": _("Credit code"), "wechat": _("WeChat"),
              "company": _("Company"), "person": _("Name"), "name": _("Name"), "domain": _("Mail domain"),
              "region": _("Region"), "city": _("City")}  # fmt: skip
    return [
        each
        | {
            "owner": people.get(each.get("owner_id") or "", ""),
            "state": states.get(each.get("status", "")),
            "why": [
                (labels.get(reason["field"], reason["field"]), reason["kind"], reason["score"])
                for reason in each["reasons"]
            ],
        }
        for each in found
    ]


def _row(row: Any) -> dict[str, Any]:
    reason = row.reason or {}
    texts = [str(text) for text in _flat(reason.get("errors") or {})]
    said = {"empty": _("the line is empty"), "duplicate_refused": _("exists already")}.get(reason.get("code", ""), "")
    return {
        "line": row.line, "outcome": row.outcome, "lead_id": row.lead_id, "why": " ".join(texts) or said,
        "colour": _OUTCOMES[row.outcome][0],
    }  # fmt: skip


def _flat(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [text for part in found.values() for text in _flat(part)]
    return [text for part in found for text in _flat(part)] if isinstance(found, list) else [found]


def _counted() -> list[tuple[str, str]]:
    return [("created", _("Created")), ("updated", _("Updated")), ("skipped", _("Skipped")), ("failed", _("Failed"))]


def _states() -> tuple[Choice, ...]:
    return (
        Choice(value="running", label=_("Running"), colour="orange"),
        Choice(value="done", label=_("Done"), colour="green"),
    )


def _form() -> forms.Form:
    encodings = {"utf-8": "UTF-8", "gb18030": "GBK / GB18030", "big5": "Big5", "utf-16": "UTF-16"}
    answers = {
        "link": _("link the two"), "merge": _("merge into the one that exists"), "refuse": _("skip the row"),
        "allow": _("take it as another lead"),
    }  # fmt: skip
    return forms.Form(
        key="import:new", title=_("Import leads"), action=f"{URL}/new", cancel=URL, submit=_("Import"), upload=True,
        fields=[
            Field(
                name="file", label=_("CSV file"), kind="file", required=True, wide=True,
                help=_("The first line names the columns, in Chinese or English; a name or company must be among them"),
            ),
            Field(
                name="encoding", label=_("Encoding"), kind="choice", required=True,
                choices=[Choice(value=key, label=label) for key, label in encodings.items()],
                help=_("Excel in Chinese saves CSV as GBK, “CSV UTF-8” as UTF-8"),
            ),
            Field(name="source", label=_("Source of rows that name none"), kind="choice", required=True, choices=SOURCE),
            Field(
                name="policy", label=_("A lead that exists already"), kind="choice",
                choices=[Choice(value=key, label=answers[key]) for key in POLICIES],
                help=_("Empty: as the duplicate policy says"),
            ),
        ],
        values={"encoding": "utf-8", "source": "import"},
    )  # fmt: skip


def _check_form() -> forms.Form:
    return forms.Form(
        key="duplicates", title=_("Look for duplicates"), action=DUPLICATES, submit=_("Look"),
        fields=[
            Field(name="company", label=_("Company"), max_length=200),
            Field(name="name", label=_("Name"), max_length=120),
            Field(name="phones", label=_("Phone"), kind="texts"),
            Field(name="emails", label=_("E-mail"), kind="texts"),
            Field(name="credit_code", label=_("Credit code"), max_length=30),
        ],
    )  # fmt: skip
