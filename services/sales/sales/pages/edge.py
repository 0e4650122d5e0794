"""The blueprint of the pages, and what several of them need: versions, names, activities and tasks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.api import Call
from chassis.errors import Invalid, StaleVersion
from chassis.i18n import lazy as _
from chassis.i18n import pick
from console import details, forms
from console.fields import Choice, Field
from console.pages import Pages
from engines import timeline
from sales.settings import current

pages = Pages("sales")

ACTIVITY_LABELS = {
    "call": (_("Call"), "phone"),
    "visit": (_("Visit"), "map-pin"),
    "mail": (_("E-mail"), "mail"),
    "meeting": (_("Meeting"), "users"),
    "note": (_("Note"), "notes"),
}
COLOURS = {
    "open": "blue", "won": "green", "lost": "red", "draft": "grey", "in_approval": "orange", "approved": "azure",
    "active": "blue", "completed": "green", "terminated": "red", "sent": "indigo", "accepted": "green", "rejected": "red",
    "superseded": "grey", "expired": "grey", "partly_paid": "yellow", "closed": "green", "cancelled": "grey", "VIP": "purple",
    "A": "green", "B": "azure", "C": "grey",
}  # fmt: skip


def choices(labels: Mapping[str, Mapping[str, str]]) -> tuple[Choice, ...]:
    """Choices with the colours of sales."""
    return tuple(Choice(value=key, label=label, colour=COLOURS.get(key, "grey")) for key, label in labels.items())


def choice(labels: Mapping[str, Mapping[str, str]], value: str) -> Choice:
    """One choice of a closed list."""
    return Choice(value=value, label=labels.get(value, value), colour=COLOURS.get(value, "grey"))


def expect(record: Any) -> None:
    """StaleVersion when the page the form was on showed another version."""
    sent = request.form.get("version", "")
    if sent and sent != str(record.version):
        raise StaleVersion()


def loaded(schema: Schema, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was typed, read by the API's own schema, and what is wrong with it by field; empty values are left out."""
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return schema.load(given), {}
    except ValidationError as error:
        return {}, dict(error.normalized_messages())


def names(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Display names of people."""
    return directory.names(session, ids)


def record_timeline(
    session: Session, kind: str, id_: str, *, more: Sequence[details.Entry] = ()
) -> list[details.Entry]:
    """Activities of a record and further entries, newest first."""
    found = timeline.activities(session, kind, id_)
    people = names(session, [item.by for item in found])
    entries = [
        details.Entry(
            at=item.at,
            title=ACTIVITY_LABELS[item.kind][0],
            icon=ACTIVITY_LABELS[item.kind][1],
            who=people.get(item.by, ""),
            text=item.text,
        )
        for item in found
    ]
    return sorted([*entries, *more], key=lambda entry: entry.at, reverse=True)


def record_tasks(session: Session, kind: str, id_: str) -> list[details.Task]:
    """Open tasks of a record."""
    found = timeline.open_tasks(session, kind, id_)
    people = names(session, [task.assignee_id for task in found])
    now = clock.now()
    return [
        details.Task(
            id=task.id,
            title=pick(task.title),
            due_at=task.due_at,
            assignee=people.get(task.assignee_id or "", ""),
            late=task.due_at is not None and task.due_at < now,
            done_url=f"/sales/tasks/{task.id}/done",
        )
        for task in found
    ]


def composer(address: str) -> forms.Form:
    """The form that logs an activity."""
    kinds = tuple(Choice(value=key, label=label) for key, (label, _icon) in ACTIVITY_LABELS.items())
    return forms.Form(
        key=f"activity:{address}",
        title=_("Log an activity"),
        action=f"{address}/activities",
        submit=_("Log"),
        fields=[
            Field(name="kind", label=_("Kind"), kind="choice", choices=kinds, required=True),
            Field(name="text", label=_("What happened"), kind="long_text", required=True, wide=True),
        ],
        values={"kind": "call"},
    )


def task_form(address: str) -> forms.Form:
    """The form that plans a task."""
    return forms.Form(
        key=f"task:{address}",
        title=_("Add a task"),
        action=f"{address}/tasks",
        submit=_("Add"),
        fields=[
            Field(name="title", label=_("To do"), required=True, max_length=200),
            Field(name="due_on", label=_("Due on"), kind="date", required=True),
        ],
    )


def log_activity(call: Call, kind: str, id_: str) -> None:
    """Take in the composer."""
    text = request.form.get("text", "").strip()[:4000]
    if text:
        timeline.log_activity(
            call.session, caller=call.caller, subject_kind=kind, subject_id=id_,
            kind=request.form.get("kind", "note"), text=text,
        )  # fmt: skip


def add_task(call: Call, kind: str, id_: str, address: str) -> None:
    """Take in the task form: due at six in the evening of the day named."""
    title, day = request.form.get("title", "").strip()[:200], request.form.get("due_on", "")
    try:
        due = datetime.fromisoformat(f"{day}T18:00:00").replace(tzinfo=ZoneInfo(current().time_zone)) if day else None
    except ValueError:
        raise Invalid(errors={"due_on": [_("Must be a date such as 2026-08-01.")]}) from None
    if title:
        timeline.create_task(
            call.session, subject_kind=kind, subject_id=id_, title=title, assignee_id=call.caller.id, due_at=due,
            link=address, by=call.caller.id,
        )  # fmt: skip
