"""Flows: the list, the graph of one with its versions and findings, and the preview of a request."""

from typing import Any

from flask import render_template, request
from sqlalchemy import func, select

from approvals import definitions, simulation, subjects
from approvals.models import Definition, Instance
from approvals.pages.edge import kind_label, names, pages
from approvals.pages.graph import drawn
from chassis.api import Call
from chassis.errors import NotFound
from chassis.i18n import gettext as _
from chassis.i18n import pick
from console import fields, forms, lists
from console.fields import Field
from console.pages import signed_in
from engines import access

URL = "/approvals/definitions"


@pages.get("/definitions", allow=signed_in)
def definition_list(call: Call) -> Any:
    """All flows."""
    shown = lists.List(
        key="approvals.definitions", title=_("Approval flows"), url=URL, link=URL + "/{id}", sort="",
        fields=[
            Field(name="title", label=_("Flow"), filterable=False),
            Field(name="subject", label=_("About"), filterable=False),
            Field(name="revision", label=_("Version"), kind="integer", filterable=False),
            Field(name="running", label=_("Running"), kind="integer", filterable=False),
            Field(name="updated_at", label=_("Changed"), kind="relative", filterable=False),
            Field(name="draft", label=_("Draft"), kind="boolean", filterable=False),
        ],
        columns=["title", "subject", "revision", "running", "draft", "updated_at"],
        others=[
            (_("Approvals"), "/approvals/tasks", "inbox"),
            (_("Delegations"), "/approvals/delegations", "switch-horizontal"),
            *([(_("Edit flows"), "/approvals/flows", "pencil")] if _edits(call) else []),
        ],
    )  # fmt: skip
    asked = lists.asked(shown)
    running = dict(
        call.session.execute(
            select(Instance.definition_key, func.count())
            .where(Instance.status == "running")
            .group_by(Instance.definition_key)
        ).all()
    )
    rows = [
        {
            "id": flow.key,
            "key": flow.key,
            "title": pick(flow.title),
            "subject": pick(kind_label(flow.subject_kind)),
            "revision": flow.revision,
            "running": running.get(flow.key, 0),
            "draft": flow.draft is not None,
            "updated_at": flow.updated_at,
        }
        for flow in call.session.scalars(select(Definition).order_by(Definition.key))
        if asked.q.lower() in f"{flow.key} {pick(flow.title)}".lower()
    ]
    return lists.page(shown, asked, rows=rows)


@pages.get("/definitions/<key>", allow=signed_in)
def definition_page(call: Call, key: str) -> Any:
    """The graph of a flow in one of its versions, or of its draft, with what the check says."""
    flow = definitions.find(call.session, key)
    edits = _edits(call)
    wanted = request.args.get("version", "")
    versions = definitions.versions(call.session, flow)
    if wanted == "draft" or (not versions and flow.draft is not None):
        body, revision = flow.draft, 0
    else:
        revision = int(wanted) if wanted.isdigit() else flow.revision
        body = definitions.version(call.session, flow.id, revision).body
    if body is None:
        raise NotFound()
    findings = definitions.check(call.session, flow, body) if edits else []
    broken = any(finding.code == "structure" for finding in findings)
    return render_template(
        "approvals/definition.html",
        flow=flow,
        graph=None if broken else drawn(call, body, subjects.kind_of(flow.subject_kind)),
        about=kind_label(flow.subject_kind),
        revision=revision,
        versions=versions,
        people=names(call, {version.published_by for version in versions}),
        findings=findings,
        edits=edits,
    )


@pages.get("/definitions/<key>/preview", allow=signed_in)
def preview(call: Call, key: str) -> Any:
    """The route one request would take: filled in by hand, answered by the same engine that runs live ones."""
    flow, version = definitions.in_force(call.session, key)
    kind = subjects.kind_of(version.subject_kind)
    form = _preview_form(flow, kind)
    given = {name: value for name, value in request.args.items() if value and name in kind.type.by_name}
    answer = None
    if "go" in request.args:
        snapshot = _snapshot(kind, given) | {"owner_id": call.caller.id, "department_id": call.caller.department_id}
        answer = simulation.preview(
            call.session, body=version.body, kind=kind, key=flow.key, snapshot=snapshot, initiator=call.caller.id
        )
    return render_template(
        "approvals/preview.html", flow=flow, form=form, given=given, answer=answer, url=f"{URL}/{flow.key}"
    )


def _edits(call: Call) -> bool:
    return access.has_right(call.session, call.caller, "approval_definition", "edit")


def _preview_form(flow: Definition, kind: subjects.SubjectKind) -> forms.Form:
    wanted = [
        item.name
        for item in kind.type.fields
        if item.kind in ("money", "percent", "integer", "number", "text", "choice")
    ]
    wanted = [
        name
        for name in wanted
        if name not in ("number", "title", "currency", "amount", "name", "credit_code", "contract_number")
    ]
    return forms.Form(
        key=f"approval-preview:{flow.key}",
        title=_("Preview"),
        action=f"{URL}/{flow.key}/preview",
        fields=fields.of_object(kind.type, *wanted),
    )


def _snapshot(kind: subjects.SubjectKind, given: dict[str, str]) -> dict[str, Any]:
    """Typed values in the form snapshots have: money in minor units."""
    made: dict[str, Any] = {}
    for name, text in given.items():
        field = kind.type.by_name[name]
        if field.kind in ("money", "integer", "number", "percent"):
            try:
                number = float(text.replace(",", ""))
            except ValueError:
                continue
            made[field.column] = round(number * 10**field.scale) if field.scale is not None else number
        else:
            made[field.column] = text
    return made
