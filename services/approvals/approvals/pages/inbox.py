"""The inbox: to do, done, started by me, sent to me; with batch approval."""

from typing import Any

from flask import jsonify, redirect, render_template, request
from sqlalchemy import select

from approvals import queries, requests
from approvals.models import Definition, Instance
from approvals.objects import STATUSES, TASK_STATUSES
from approvals.pages.edge import COMMENT, account_of, amount_of, choices, names, pages, status
from chassis import clock, directory
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import ngettext, pick
from console import lists, replies
from console.fields import Field
from console.pages import signed_in
from engines import access

URL = "/approvals/tasks"


@pages.get("", allow=signed_in)
def home(call: Call) -> Any:
    """The service's own address leads to the inbox."""
    return redirect(URL)


@pages.get("/tasks", allow=signed_in)
def tasks(call: Call) -> Any:
    """What I am asked now."""
    shown = _task_list(URL, _("Approvals"), done=False, current=0)
    asked = lists.asked(shown)
    found, cursor = queries.inbox(call.session, call.caller.id, q=asked.q, after=asked.cursor or "", limit=asked.limit)
    return lists.page(shown, asked, rows=_task_rows(call, found), next_cursor=cursor)


@pages.get("/tasks/done", allow=signed_in)
def done(call: Call) -> Any:
    """What I have decided."""
    shown = _task_list(f"{URL}/done", _("Approvals"), done=True, current=1)
    asked = lists.asked(shown)
    found, cursor = queries.inbox(
        call.session, call.caller.id, done=True, q=asked.q, after=asked.cursor or "", limit=asked.limit
    )
    return lists.page(shown, asked, rows=_task_rows(call, found), next_cursor=cursor)


@pages.get("/tasks/started", allow=signed_in)
def started(call: Call) -> Any:
    """What I have asked for."""
    return _instances(call, f"{URL}/started", queries.started_by(call.caller.id), current=2)


@pages.get("/tasks/copies", allow=signed_in)
def copies(call: Call) -> Any:
    """What I was sent a copy of."""
    return _instances(call, f"{URL}/copies", queries.copied_to(call.caller.id), current=3)


@pages.post("/tasks/bulk/approve", allow=signed_in)
def approve_chosen(call: Call) -> Any:
    """Approve the chosen tasks."""
    ids = request.form.getlist("ids")
    if request.form.get("all"):
        found, _cursor = queries.inbox(call.session, call.caller.id, q=request.form.get("q", ""), limit=1000)
        ids = [item.task.id for item in found]
    answer = requests.approve_all(
        call.session, caller=call.caller, ids=ids[:1000], comment=request.form.get("comment", "")
    )
    refused = len(answer["items"]) - answer["done"]
    message = ngettext("%(n)s request approved", "%(n)s requests approved", answer["done"])
    if refused:
        message += " · " + ngettext("%(n)s was refused", "%(n)s were refused", refused)
    return replies.done(message, refresh="list", kind="warn" if refused else "ok")


@pages.get("/fragments/subject/<kind>/<id>", allow=signed_in)
def approvals_of(call: Call, kind: str, id: str) -> Any:
    """The approvals of one record that the reader may see, for the record's own page."""
    seen = access.readable(call.session, call.caller, Instance).where(
        Instance.subject_kind == kind, Instance.subject_id == id
    )
    rows = call.session.scalars(seen.order_by(Instance.created_at.desc()).limit(5)).all()
    return render_template("approvals/subject.html", rows=rows, states={row.id: status(row.status) for row in rows})


@pages.get("/lookup/people", allow=signed_in)
def look_up_people(call: Call) -> Any:
    """Active colleagues to hand a task to or to name as substitute."""
    q = request.args.get("q", "").strip().lower()
    people = directory.snapshot(call.session)
    found = [
        user for user in people.users.values()
        if user.active and user.id != call.caller.id and (q in user.name.lower() or q in user.email.lower())
    ]  # fmt: skip
    departments = people.departments
    rows = [
        {
            "value": user.id,
            "label": user.name,
            "hint": departments[user.department_id].name
            if user.department_id and user.department_id in departments
            else "",
        }
        for user in sorted(found, key=lambda user: user.name)[:20]
    ]
    return jsonify({"items": rows})


def tabs(current: int) -> list[tuple[str, str, bool]]:
    """The four views of the inbox."""
    places = (
        (_("To do"), URL), (_("Done"), f"{URL}/done"), (_("Started by me"), f"{URL}/started"), (_("Sent to me"), f"{URL}/copies"),
    )  # fmt: skip
    return [(label, address, place == current) for place, (label, address) in enumerate(places)]


def _others() -> list[tuple[str, str, str]]:
    return [
        (_("Flows"), "/approvals/definitions", "sitemap"),
        (_("Out of office"), "/approvals/delegations", "calendar"),
    ]


def _task_list(url: str, title: str, *, done: bool, current: int) -> lists.List:
    fields = [
        Field(name="title", label=_("Request"), filterable=False),
        Field(name="account", label=_("Account"), filterable=False),
        Field(name="amount", label=_("Amount"), kind="money", filterable=False),
        Field(name="node", label=_("Step"), filterable=False),
        Field(name="initiator", label=_("Asked by"), kind="person", filterable=False),
        Field(name="since", label=_("Since"), kind="relative", filterable=False),
        Field(name="due", label=_("Due"), kind="relative", filterable=False),
        Field(name="outcome", label=_("Outcome"), choices=choices(TASK_STATUSES), filterable=False),
        Field(name="number", label=_("Number"), filterable=False),
    ]
    late = ["outcome", "since"] if done else ["since", "due"]
    approve = lists.Bulk(
        key="approve", label=_("Approve"), url=f"{URL}/bulk/approve", icon="check", fields=[COMMENT],
        confirm=_("Approve all chosen requests?"),
    )  # fmt: skip
    return lists.List(
        key=f"approvals.tasks.{'done' if done else 'todo'}", title=title, url=url, link="/approvals/tasks/{id}",
        fields=fields, columns=["title", "account", "amount", "node", "initiator", *late], sort="",
        bulk=[] if done else [approve], tabs=tabs(current), others=_others(),
        empty=_("Nothing is waiting for you.") if not done else _("You have not decided anything yet."),
    )  # fmt: skip


def _task_rows(call: Call, found: list[queries.Item]) -> list[dict[str, Any]]:
    shown = queries.snapshots(call.session, {item.instance.id for item in found})
    people = names(call, [item.instance.owner_id for item in found])
    rows = []
    for item in found:
        subject = shown.get(item.instance.id, {})
        rows.append(
            {
                "id": item.task.id,
                "title": item.instance.title,
                "account": account_of(subject),
                "amount": amount_of(subject),
                "node": pick(item.task.node_name),
                "initiator": people.get(item.instance.owner_id or "", ""),
                "since": item.task.closed_at or item.task.opened_at,
                "due": item.task.due_at,
                "outcome": item.task.status,
                "number": item.instance.number,
                "late": item.task.due_at is not None and item.task.due_at < clock.now(),
            }
        )
    return rows


def _instances(call: Call, url: str, wanted: Any, *, current: int) -> Any:
    fields = [
        Field(name="title", label=_("Request"), filterable=False),
        Field(name="flow", label=_("Flow"), filterable=False),
        Field(name="amount", label=_("Amount"), kind="money", filterable=False),
        Field(name="status", label=_("Status"), choices=choices(STATUSES), filterable=False),
        Field(name="waiting", label=_("Waiting for"), filterable=False),
        Field(name="initiator", label=_("Asked by"), kind="person", filterable=False),
        Field(name="started_at", label=_("Started"), kind="relative", filterable=False),
        Field(name="number", label=_("Number"), filterable=False),
    ]
    shown = lists.List(
        key=f"approvals.instances.{current}", title=_("Approvals"), url=url, link="/approvals/instances/{id}", fields=fields,
        columns=["title", "flow", "amount", "status", "waiting", "started_at"], sort="", tabs=tabs(current),
        others=_others(), empty=_("Nothing here yet."),
    )  # fmt: skip
    asked = lists.asked(shown)
    found, cursor = queries.instances(call.session, wanted, q=asked.q, after=asked.cursor or "", limit=asked.limit)
    return lists.page(shown, asked, rows=_instance_rows(call, found), next_cursor=cursor)


def _instance_rows(call: Call, found: list[Instance]) -> list[dict[str, Any]]:
    subjects = queries.snapshots(call.session, [item.id for item in found])
    waiting = queries.waiting_for(call.session, [item.id for item in found])
    people = names(call, {item.owner_id for item in found} | {user for users in waiting.values() for user in users})
    flows = {flow.key: pick(flow.title) for flow in call.session.scalars(select(Definition))}
    return [
        {
            "id": item.id,
            "title": item.title,
            "flow": flows.get(item.definition_key, item.definition_key),
            "amount": amount_of(subjects.get(item.id, {})),
            "status": item.status,
            "waiting": _(", ").join(people.get(user, user) for user in waiting.get(item.id, ())),
            "initiator": people.get(item.owner_id or "", ""),
            "started_at": item.started_at,
            "number": item.number,
        }
        for item in found
    ]
