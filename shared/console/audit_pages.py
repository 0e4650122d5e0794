"""The audit trail on a page, the same in every service: searched by who, what and when, read back page by page, exported."""

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request, stream_with_context

from chassis import clock, directory, i18n
from chassis.api import Call
from chassis.audit import searching
from chassis.audit.searching import Wanted
from chassis.errors import Invalid, NotFound
from chassis.i18n import gettext as _
from console import audit_entries, formats
from console.fields import Field
from console.pages import Pages
from engines import access
from engines.access import right
from engines.transfer import writing

PAGE = 30  # entries before "show earlier": a warm page stays under 10 KB compressed
MAX_EXPORT = 200_000
AT_ONCE = 200  # entries put into words at a time
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NAMES = ("actor", "kind", "record", "type", "since", "until")


def pages(service: str) -> Pages:
    """The blueprint of a service."""
    made = Pages(service, name="audit", module="console", template_folder=None)

    @made.get("/audit", allow=right("audit", "read"))
    def audit(call: Call) -> Any:
        """Who did what when."""
        try:
            wanted, problem = _wanted(call), ""
        except Invalid as refused:
            wanted, problem = None, " ".join(str(text) for found in (refused.errors or {}).values() for text in found)
        found = searching.Found([], None)
        if wanted is not None:
            found = searching.search(call.session.connection(), wanted, before=_before(), limit=PAGE)
        return render_template(
            "console/audit_rows.html" if request.args.get("part") == "rows" else "console/audit.html",
            entries=audit_entries.shown(call, found.items), problem=problem, fields=_fields(call), given=_given(call),
            more=f"/{service}/audit?{_query(part='rows', before=str(found.before))}" if found.before else "",
            exports=_exports(call, service) if wanted is not None else (), others=_others(service),
        )  # fmt: skip

    @made.get("/audit/export.<form>", allow=right("audit", "export"), session="none")
    def export_audit(call: Call, form: str) -> Response:
        """All that is found, as a file that is written while it is read."""
        if form not in ("csv", "xlsx"):
            raise NotFound()
        with call.database.reading() as session:
            call.session = session
            wanted = _wanted(call)
        headings = [_("Number"), _("When"), _("Who"), _("What"), _("Event"), _("Kind"), _("Record"), _("Title"),
                    _("From where"), _("Field"), _("Before"), _("After")]  # fmt: skip
        rows = _rows(call, wanted, i18n.current())
        pieces = (
            writing.csv_lines(headings, rows)
            if form == "csv"
            else writing.xlsx_pieces(headings, rows, title=_("Audit trail"))
        )
        made = Response(stream_with_context(pieces), content_type=writing.CSV if form == "csv" else writing.XLSX)
        made.headers["Content-Disposition"] = f'attachment; filename="audit-{service}-{clock.now():%Y%m%d-%H%M}.{form}"'
        made.headers["Cache-Control"] = "private, no-store"
        return made

    return made


def _rows(call: Call, wanted: Wanted, language: str) -> Iterator[list[str]]:
    """A row per changed field; an entry that changed none has one row."""
    before, left = None, MAX_EXPORT
    while left > 0:
        with call.database.reading() as session, i18n.speaking(language):
            call.session = session
            found = searching.search(session.connection(), wanted, before=before, limit=min(AT_ONCE, left))
            entries = audit_entries.shown(call, found.items)
            times = [formats.time(item.at) for item in entries]
        for item, at in zip(entries, times, strict=True):
            told = [
                str(item.sequence),
                at,
                item.who,
                item.what,
                item.type,
                item.kind,
                item.subject,
                item.title,
                item.origin,
            ]
            for change in item.changes or (("", "", ""),):
                yield [*told, *change]
        left -= len(entries)
        before = found.before
        if before is None:
            return


def _wanted(call: Call) -> Wanted:
    """What the address asks for; Invalid where that can't be."""
    given = {name: request.args.get(name, "").strip().replace("\0", "") for name in _NAMES}
    errors: dict[str, Any] = {}
    moments = {}
    for name in ("since", "until"):
        try:
            found = formats.moment(given[name])
            moments[name] = found.astimezone(UTC) if found else None
        except (ValueError, OverflowError):
            errors[name] = [_("This is no time: %(text)s", text=given[name][:40])]
    kind, subject = given["kind"], ""
    if given["record"]:
        kind, subject = _record(call, given["record"], given["kind"])
        if not subject:
            errors["record"] = [_("No record has this number, id or address: %(text)s", text=given["record"][:80])]
    if errors:
        raise Invalid(errors=errors)
    return Wanted(
        actor=given["actor"][:64], kind="" if subject else kind, subject=subject, type=given["type"][:120], **moments
    )


def _record(call: Call, text: str, kind: str) -> tuple[str, str]:
    """The subject somebody means by "lead/<id>", a page's address, an id or a number; "" when it is none."""
    parts = text.partition("?")[0].rstrip("/").split("/")
    if len(parts) == 2 and all(_ID.fullmatch(part) for part in parts):
        return parts[0], text
    objects = [item for item in call.service.objects if item.model is not None and (not kind or item.kind == kind)]
    for item in objects:
        model = item.model
        for column in ("id", "number"):
            if not hasattr(model, column):
                continue
            readable = access.readable(call.session, call.caller, model).where(getattr(model, column) == parts[-1][:64])
            found = call.session.scalar(readable.with_only_columns(model.id).limit(1))
            if found is not None:
                return item.kind, f"{item.kind}/{found}"
    if kind and len(parts) == 1 and _ID.fullmatch(text):  # of a record that is gone
        return kind, f"{kind}/{text}"
    return kind, ""


def _before() -> int | None:
    text = request.args.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _fields(call: Call) -> list[Field]:
    return [
        Field(name="actor", label=_("Who"), kind="person", lookup="/gateway/lookup/people"),
        Field(name="kind", label=_("Kind of record"), kind="choice", choices=audit_entries.kinds(call.service)),
        Field(name="record", label=_("Record"), help=_("Number, id, or the address of its page"), max_length=300),
        Field(name="type", label=_("What"), kind="choice", choices=audit_entries.types(call)),
        Field(name="since", label=_("From"), kind="datetime"),
        Field(name="until", label=_("Until"), kind="datetime"),
    ]


def _given(call: Call) -> dict[str, Any]:
    given: dict[str, Any] = {name: request.args.get(name, "") for name in _NAMES}
    if given["actor"]:
        names = directory.names(call.session, [given["actor"]])
        given["actor"] = {"id": given["actor"], "name": names.get(given["actor"], given["actor"])}
    return given


def _query(**changes: str) -> str:
    given = {name: request.args.get(name, "") for name in _NAMES}
    return urlencode({name: value for name, value in (given | changes).items() if value})


def _exports(call: Call, service: str) -> list[tuple[str, str]]:
    if not access.has_right(call.session, call.caller, "audit", "export"):
        return []
    return [
        ("Excel", f"/{service}/audit/export.xlsx?{_query()}"),
        ("CSV", f"/{service}/audit/export.csv?{_query()}"),
    ]


def _others(service: str) -> list[tuple[str, str, bool]]:
    """The same page of each service."""
    names = {
        "leads": _("Leads"), "sales": _("Sales"), "service-desk": _("Service desk"), "approvals": _("Approvals"),
        "reporting": _("Reporting"), "gateway": _("People and connections"),
    }  # fmt: skip
    return [(label, f"/{name}/audit", name == service) for name, label in names.items()]
