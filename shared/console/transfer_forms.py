"""The form in which an import's plan is declared: notation, what to do, and which column goes where."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.i18n import gettext as _
from console import forms
from console.fields import Choice, Field
from engines.transfer import Transferable, ledger, plans, workbooks
from engines.transfer.declaring import of_session
from engines.transfer.dialect import ENCODINGS
from engines.transfer.models import Import
from engines.transfer.plans import Plan, PlanIn

_ENCODING_LABELS = {"utf-8": "UTF-8", "gb18030": "GBK / GB18030", "big5": "Big5", "utf-16": "UTF-16",
                    "windows-1252": "Windows-1252"}  # fmt: skip
_DIALECT = ("encoding", "delimiter", "sheet", "header", "date_order", "decimal", "zone")


def plan_of(posted: Mapping[str, Any], *, strict: bool = True) -> Plan:
    """The plan a form declares; ValidationError, unless it is only to be shown again."""
    getlist = getattr(posted, "getlist", None)
    body: dict[str, Any] = {
        "dialect": {name: posted[name] for name in _DIALECT if posted.get(name)} | {"format": posted.get("format", "csv")},
        "fields": list(getlist("field") if getlist else ()),
        "mode": posted.get("mode", "create"), "key": posted.get("key", ""), "empty": posted.get("empty", "keep"),
        "year": posted.get("year", ""),
        "options": {name[7:]: value for name, value in posted.items() if name.startswith("option:")},
        "defaults": {
            name: value for name, value in zip(getlist("default_field"), getlist("default_text"), strict=False)
            if name and value
        } if getlist else {},
    }  # fmt: skip
    if body["dialect"].get("delimiter") == "tab":
        body["dialect"]["delimiter"] = "\t"
    if strict:
        plan: Plan = PlanIn().load(body)
        return plan
    try:
        shown: Plan = PlanIn().load(body)
    except ValidationError:
        shown = PlanIn().load({"dialect": {}, "fields": body["fields"][:1000] or [""]})
    return shown


def read_anew(session: Session, caller: Caller, job: Import, plan: Plan, headings: Sequence[str]) -> None:
    """Another notation gives other columns: a plan is suggested for them, with the notation that was declared."""
    kind = of_session(session, job.kind)
    suggested = plans.suggested(session, caller, kind, plan.dialect, headings)
    job.plan, job.version = suggested, job.version + 1


def sheets(job: Import, path: Path) -> list[str]:
    """The sheets of a workbook."""
    return workbooks.sheets(path) if job.format == "xlsx" else []


def declared(
    job: Import, kind: Transferable, typed: Plan | None, preview: Mapping[str, Any], sheets: Sequence[str],
    errors: Mapping[str, Any],
) -> forms.Form:  # fmt: skip
    """The form above the columns: how the file is written, and what is done with its rows."""
    plan = typed or plans.of_document(job.plan)
    keys = [item for item in preview["columns"] if item["key"] or item["name"] == plan.key]
    values: dict[str, Any] = {name: getattr(plan.dialect, name) for name in _DIALECT}
    values["delimiter"] = "tab" if values["delimiter"] == "\t" else values["delimiter"]
    values |= {"mode": plan.mode, "key": plan.key, "empty": plan.empty, "year": plan.year}
    values |= {f"option:{option.name}": plan.options.get(option.name, option.default) for option in kind.options}
    placed = {name: errors[name] for name in ("mode", "key", "year") if name in errors}
    if isinstance(errors.get("dialect"), Mapping):
        placed |= dict(errors["dialect"])
    return forms.Form(
        key=f"import:{job.id}", title=_("How the file is read"), action="", values=values, errors=placed,
        groups=[
            forms.Group(title=_("How the file is written"), fields=_notation(job, sheets),
                        help=_("Suggested from the file: please check against its first rows below.")),
            forms.Group(title=_("What is done with its rows"), fields=_doing(kind, keys, preview)),
        ],
    )  # fmt: skip


def _notation(job: Import, sheets: Sequence[str]) -> list[Field]:
    if job.format == "xlsx":
        first = [
            Field(name="sheet", label=_("Sheet"), kind="choice", required=True,
                  choices=[Choice(value=name, label=name) for name in sheets])
        ]  # fmt: skip
    else:
        first = [
            Field(name="encoding", label=_("Encoding"), kind="choice", required=True,
                  choices=[Choice(value=name, label=_ENCODING_LABELS[name]) for name in ENCODINGS],
                  help=_("Excel in Chinese saves CSV as GBK, “CSV UTF-8” as UTF-8")),
            Field(name="delimiter", label=_("Between the columns"), kind="choice", required=True,
                  choices=[Choice(value=",", label=_("comma")), Choice(value=";", label=_("semicolon")),
                           Choice(value="tab", label=_("tab")), Choice(value="|", label="|")]),
        ]  # fmt: skip
    return [
        *first,
        Field(name="header", label=_("Row that names the columns"), kind="integer", minimum="1", maximum="1000"),
        Field(name="date_order", label=_("Dates"), kind="choice", required=True,
              choices=[Choice(value="ymd", label=_("year-month-day")), Choice(value="dmy", label=_("day/month/year")),
                       Choice(value="mdy", label=_("month/day/year"))],
              help=_("A date that begins with a year of four digits is always read as such.")),
        Field(name="decimal", label=_("Numbers"), kind="choice", required=True,
              choices=[Choice(value=".", label="1,234.50"), Choice(value=",", label="1.234,50")]),
        Field(name="zone", label=_("Time zone of its times"), help=_("Empty: the company's"), placeholder="Asia/Shanghai"),
    ]  # fmt: skip


def _doing(kind: Transferable, keys: Sequence[Mapping[str, Any]], preview: Mapping[str, Any]) -> list[Field]:
    dates = [item for item in preview["columns"] if item["kind"] in ("date", "datetime")]
    return [
        Field(name="mode", label=_("Rows"), kind="choice", required=True,
              choices=[Choice(value="create", label=_("make new records")),
                       Choice(value="update", label=_("change records that exist")),
                       Choice(value="upsert", label=_("change those that exist, make the others"))]),
        Field(name="key", label=_("A record is found by"), kind="choice",
              choices=[Choice(value=item["name"], label=item["title"]) for item in keys],
              help=_("Needed where records are changed; a column must give it.")),
        Field(name="empty", label=_("Empty cells of records that exist"), kind="choice", required=True,
              choices=[Choice(value="keep", label=_("keep what is there")), Choice(value="clear", label=_("clear the field"))]),
        *(Field(name=f"option:{option.name}", label=option.label, kind="choice", help=option.help,
                choices=[Choice(value=value, label=label) for value, label in option.choices.items()])
          for option in kind.options),
        Field(name="year", label=_("Year for the verification"), kind="choice",
              choices=[Choice(value=item["name"], label=item["title"]) for item in dates],
              help=_("Thirty records of three years are drawn by this field; empty: by when they were made here.")),
    ]  # fmt: skip


def lines(
    preview: Mapping[str, Any], typed: Plan | None, job: Import, errors: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """A line per column of the file: its heading, samples, and the field it goes to."""
    fields = typed.fields if typed is not None else tuple(job.plan["fields"])
    wrong = errors.get("fields") if isinstance(errors.get("fields"), Mapping) else preview["problems"].get("fields", {})
    shown = []
    for place, heading in enumerate(preview["headings"]):
        samples = [row["cells"][place] for row in preview["rows"] if place < len(row["cells"]) and row["cells"][place]]
        shown.append({
            "heading": heading, "samples": [text[:80] for text in samples[:3]],
            "field": fields[place] if place < len(fields) else "",
            "errors": [str(text) for text in (wrong or {}).get(str(place), [])],
        })  # fmt: skip
    return shown


def loose(errors: Mapping[str, Any]) -> list[str]:
    """What is wrong beyond single fields and columns."""
    found = [str(text) for text in ledger.sentences({"errors": {"": errors.get("", [])}}) if errors.get("")]
    fields = errors.get("fields")
    if isinstance(fields, Mapping):
        found += [str(text) for text in fields.get("_", [])]
    for name in ("defaults", "options", "dialect", "empty"):
        if name in errors and not (name == "dialect" and isinstance(errors[name], Mapping)):
            found += ledger.sentences({"errors": {name: errors[name]}})
    return found
