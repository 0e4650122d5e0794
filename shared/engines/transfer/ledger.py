"""What is read of an import: its first rows before it runs, what became of each row after, and the failed ones as a file."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import i18n
from chassis.caller import Caller
from chassis.db import Database
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from chassis.settings import Settings
from engines.conditions.context import company_zone
from engines.transfer import columns, intake, plans, reading, writing
from engines.transfer.declaring import FAILED, Transferable
from engines.transfer.errors import RowRefused
from engines.transfer.models import Import, ImportRow
from engines.transfer.references import Resolver
from engines.transfer.rows import Layout, told

FIRST = 10
_AT_ONCE = 1_000


def rows(session: Session, job: Import, *, outcome: str = "", after: int = 0, limit: int = 500) -> Sequence[ImportRow]:
    """Rows of an import with what became of them, in order."""
    wanted = select(ImportRow).where(ImportRow.import_id == job.id, ImportRow.line > after)
    if outcome:
        wanted = wanted.where(ImportRow.outcome == outcome)
    return session.scalars(wanted.order_by(ImportRow.line).limit(limit)).all()


def preview(session: Session, caller: Caller, kind: Transferable, job: Import, path: Path) -> dict[str, Any]:
    """The headings, what they may go to, and the first rows as the plan reads them."""
    plan = plans.of_document(job.plan)
    known = columns.of(session, caller, kind)
    found: dict[str, Any] = {
        "headings": reading.header(path, plan.dialect),
        "columns": [
            {"name": column.name, "title": column.title, "kind": column.field.kind, "required": column.required,
             "taken": column.taken, "edited": column.edited, "key": column.is_key}
            for column in known
        ],
        "rows": [],
        "problems": {},
    }  # fmt: skip
    try:
        used = plans.check(session, caller, kind, plan)
    except Invalid as problem:
        found["problems"] = dict(problem.errors or {})
        usable = {name for name in plan.fields if name and columns.find(known, name)}
        used = [column for name in plan.fields if name in usable and (column := columns.find(known, name))]
        plan = plans.Plan(**{**vars(plan), "fields": tuple(name if name in usable else "" for name in plan.fields)})
    layout = Layout(plan, used, (), plan.dialect.zone or company_zone())
    resolver = Resolver(session, caller, kind)
    groups = layout.groups(reading.rows(path, plan.dialect))
    found["rows"] = [_tried(layout, group, resolver) for group in islice(groups, FIRST)]
    return found


def _tried(layout: Layout, group: Any, resolver: Resolver) -> dict[str, Any]:
    shown: dict[str, Any] = {"line": group.line, "cells": group.rows[0][1][:1000], "body": {}, "errors": {}}
    try:
        given = layout.read(layout.texts(group), group, resolver)
        if given.unknown:
            raise RowRefused("invalid", {name: [text] for name, text in given.unknown.items()})
        shown["body"] = given.body | ({"external_ids": given.external} if given.external else {})
    except RowRefused as refused:
        shown["errors"] = told(layout.columns, refused.errors)
    return shown


def rejected(database: Database, settings: Settings, job: Import, *, form: str, locale: str) -> Iterator[bytes]:
    """The failed rows with the file's own headings and the reasons in a last column, which a new import leaves out."""
    plan = plans.of_document(job.plan)
    with i18n.speaking(locale):
        headings = [*plan.headings, _("Why it was rejected")]
    lines = _rejected_lines(database, settings, job, plan, locale)
    if form == "xlsx":
        return writing.xlsx_pieces(headings, lines, title="rejected")
    return writing.csv_lines(headings, lines)


def _rejected_lines(
    database: Database, settings: Settings, job: Import, plan: plans.Plan, locale: str
) -> Iterator[list[str]]:
    with intake.source(database, settings, job.id) as path, database.reading() as session:
        source = reading.rows(path, plan.dialect)
        after = 0
        width = len(plan.headings)
        while found := rows(session, job, outcome=FAILED, after=after, limit=_AT_ONCE):
            reasons = {row.line: row.reason for row in found}
            after = found[-1].line
            session.expunge_all()
            for number, cells in source:
                if number in reasons:
                    padded = [writing.plain(cell) for cell in cells[:width]] + [""] * (width - len(cells))
                    beyond = [cell for cell in cells[width:] if cell.strip()]
                    yield [*padded, _why(reasons[number], locale), *beyond]
                if number >= after:
                    break


def _why(reason: dict[str, Any] | None, locale: str) -> str:
    with i18n.speaking(locale):
        return "; ".join(sentences(reason))


def sentences(reason: dict[str, Any] | None) -> list[str]:
    """The reasons of a row as sentences, each with the field it is about."""
    if not reason:
        return []
    code = {"empty": _("the line is empty"), "unchanged": _("nothing to change")}.get(reason.get("code", ""))
    if code:
        return [code]
    found = []
    for field, messages in (reason.get("errors") or {}).items():
        for text in _flat(messages):
            found.append(f"{field}: {text}" if field and field != "_" else str(text))
    return found or [str(reason.get("code", ""))]


def _flat(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [text for part in found.values() for text in _flat(part)]
    return [text for part in found for text in _flat(part)] if isinstance(found, list | tuple) else [found]
