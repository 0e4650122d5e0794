"""The page of one request: what it is about, where it stands, who was asked why; and the buttons to decide."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import redirect, request

from approvals import instances, queries, requests, showing
from approvals.models import Definition, Instance, Task
from approvals.objects import APPROVAL
from approvals.pages import story
from approvals.pages.edge import COMMENT, PERSON, REASON, amount_of, names, outcome, pages, status
from approvals.settings import Settings
from chassis import clock
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import pick
from console import details, explanations, fields, forms, record_kit, replies
from console.fields import Choice, Field
from console.pages import signed_in
from engines import access, money

URL = "/approvals/instances"


@pages.get("/tasks/<id>", allow=signed_in)
def task_page(call: Call, id: str) -> Any:
    """A task is decided on the page of its request."""
    task = requests.readable_task(call.session, call.caller, id)
    return redirect(f"{URL}/{task.instance_id}")


@pages.get("/instances/<id>", allow=signed_in)
def instance_page(call: Call, id: str) -> Any:
    """One request."""
    instance = requests.readable(call.session, call.caller, id)
    tasks = queries.tasks(call.session, id)
    subject = showing.snapshot(call.session, call.caller, instance, instances.state_of(call.session, id)["subject"])
    mine = next((task for task in tasks if task.assignee_id == call.caller.id and task.status == "pending"), None)
    people = names(call, {instance.owner_id, *(task.assignee_id for task in tasks)})
    entries = showing.trace(call.session, call.caller, instance)
    return details.page(
        details.Detail(
            title=instance.title,
            number=instance.number or "",
            back=("/approvals/tasks", _("Approvals")),
            record=_record(call, instance, subject),
            status=status(instance.status),
            warning=_warning(instance, mine),
            actions=_actions(call, instance, mine),
            steps=[_step(row) for row in showing.steps(call.session, instance)],
            facts=_facts(call, instance, subject, people),
            sections=[details.Section(title=_("What it is about"), fields=_subject_fields(call, instance, subject))],
            timeline=story.entries(call, entries),
            composer=_composer(id),
            kit=record_kit.shown(call, APPROVAL, instance, only=("attachment",), title=_("History of the files")),
            side=_side(instance),
        ),
        template="approvals/instance.html",
        asked=[_asked(task, people) for task in tasks],
        lines=subject.get("lines") or [],
        currency=subject.get("currency") or call.settings.base_currency,
        link=_path(instance.link),
        spent=story.spent(showing.time_per_node(call.session, instance)),
        story=story,
    )


@pages.post("/tasks/<id>/approve", allow=signed_in)
def approve(call: Call, id: str) -> Any:
    """Approve."""
    filled = {name.removeprefix("field."): value for name, value in request.form.items() if name.startswith("field.")}
    return _decide(call, id, "approve", _("Approved"), fields=filled)


@pages.post("/tasks/<id>/reject", allow=signed_in)
def reject(call: Call, id: str) -> Any:
    """Reject."""
    return _decide(call, id, "reject", _("Rejected"))


@pages.post("/tasks/<id>/return", allow=signed_in)
def return_(call: Call, id: str) -> Any:
    """Send back."""
    return _decide(call, id, "return", _("Returned"), to=request.form.get("to") or "initiator")


@pages.post("/tasks/<id>/transfer", allow=signed_in)
def transfer(call: Call, id: str) -> Any:
    """Hand on."""
    return _decide(call, id, "transfer", _("Handed on"), to=request.form.get("to", ""))


@pages.post("/instances/<id>/withdraw", allow=signed_in)
def withdraw(call: Call, id: str) -> Any:
    """Take the request back."""
    requests.withdraw(call.session, caller=call.caller, instance_id=id, comment=_said())
    return replies.go(f"{URL}/{id}", _("Withdrawn"))


@pages.post("/instances/<id>/urge", allow=signed_in)
def urge(call: Call, id: str) -> Any:
    """Remind everybody who is asked."""
    settings = call.settings
    assert isinstance(settings, Settings)
    requests.urge(call.session, caller=call.caller, instance_id=id, minutes=settings.urge_minutes, comment=_said())
    return replies.go(f"{URL}/{id}", _("Everybody who is asked has been reminded"))


@pages.post("/instances/<id>/resubmit", allow=signed_in)
def resubmit(call: Call, id: str) -> Any:
    """Put a returned request before its approvers again."""
    requests.resubmit(call.session, caller=call.caller, instance_id=id, snapshot=None, comment=_said())
    return replies.go(f"{URL}/{id}", _("Submitted again"))


@pages.post("/instances/<id>/comments", allow=signed_in)
def comment(call: Call, id: str) -> Any:
    """Say something."""
    form = _composer(id)
    said = forms.values(form, request.form)
    if said["comment"]:
        mentions = [said["mentions"]] if said.get("mentions") else []
        requests.comment(
            call.session, caller=call.caller, instance_id=id, comment=said["comment"][:4000], mentions=mentions
        )
    return replies.go(f"{URL}/{id}", _("Comment added"), accepted=form.key)


def _decide(call: Call, task_id: str, do: str, message: str, **more: Any) -> Any:
    task = requests.decide(call.session, caller=call.caller, task_id=task_id, do=do, comment=_said(), **more)
    return replies.go(f"{URL}/{task.instance_id}", message)


def _said() -> str:
    return request.form.get("comment", "").strip()[:4000]


def _actions(call: Call, instance: Instance, mine: Task | None) -> list[details.Action]:
    made: list[details.Action] = []
    if mine is not None:
        address = f"/approvals/tasks/{mine.id}"
        label = _("Approve") if mine.type == "approve" else _("Done")
        asked = _to_fill_in(call, instance, mine)
        made += [
            details.Action(label=label, url=f"{address}/approve", icon="check", primary=True, fields=[*asked, COMMENT]),
            details.Action(label=_("Reject"), url=f"{address}/reject", icon="x", danger=True, fields=[REASON]),
            details.Action(
                label=_("Return"), url=f"{address}/return", icon="arrow-back-up", fields=[_targets(call, instance), REASON],
                values={"to": "initiator"},
            ),
            details.Action(label=_("Hand on"), url=f"{address}/transfer", icon="switch-horizontal", more=True,
                           fields=[PERSON, COMMENT]),
        ]  # fmt: skip
    if instance.owner_id == call.caller.id:
        address = f"{URL}/{instance.id}"
        if instance.status == "running":
            made.append(details.Action(label=_("Urge"), url=f"{address}/urge", icon="bell", fields=[COMMENT]))
        if instance.status == "returned" and instance.source == "approvals":
            made.append(
                details.Action(
                    label=_("Submit again"), url=f"{address}/resubmit", icon="send", primary=True, fields=[COMMENT]
                )
            )
        if instance.status in ("running", "returned"):
            made.append(
                details.Action(
                    label=_("Withdraw"),
                    url=f"{address}/withdraw",
                    icon="arrow-left",
                    more=True,
                    danger=True,
                    fields=[COMMENT],
                )
            )
    return made


def _to_fill_in(call: Call, instance: Instance, task: Task) -> list[Field]:
    """Fields a step of somebody's work asks for."""
    node = instances.shape_of(call.session, instance).node(task.node)
    by_name = instances.kind_for(call.session, instance).type.by_name
    return [
        Field(name=f"field.{name}", label=dict(by_name[name].label) if name in by_name else name, required=True)
        for name in node.get("fields") or ()
    ]


def _targets(call: Call, instance: Instance) -> Field:
    """Where a request can be sent back to: who asked, or a step it has passed."""
    shape = instances.shape_of(call.session, instance)
    state = instances.state_of(call.session, instance.id)
    passed = [node for node in shape.places if node in state["passed"]]
    rows = [Choice(value="initiator", label=_("Who asked for it"))]
    rows += [Choice(value=node, label=dict(shape.node(node)["name"])) for node in passed]
    return Field(name="to", label=_("Return to"), kind="choice", choices=tuple(rows), required=True)


def _step(row: Mapping[str, Any]) -> details.Step:
    return details.Step(label=row["name"], state=row["state"])


def _facts(call: Call, instance: Instance, subject: dict[str, Any], people: dict[str, str]) -> list[details.Fact]:
    flow = call.session.get_one(Definition, instance.definition_id)
    began, ended = access.whole(instance).started_at, access.whole(instance).completed_at
    spent = (ended or clock.now()) - began
    decision = showing.route_decision(call.session, call.caller, instance)
    labels = {
        name: item.label
        for item in instances.kind_for(call.session, instance).type.fields
        for name in (item.name, item.column)
    }
    made = [details.Fact(label=_("Amount"), value=amount_of(subject), kind="money")] if amount_of(subject) else []
    return [
        *made,
        details.Fact(label=_("Asked by"), value=people.get(instance.owner_id or "", ""), kind="person"),
        details.Fact(
            label=_("Flow"),
            value=pick(flow.title),
            hint=_("version %(n)s", n=instance.definition_revision),
            decision=explanations.shown(decision, labels) if decision else None,
        ),
        details.Fact(
            label=_("Time so far") if instance.completed_at is None else _("Took"),
            value=story.duration(spent.total_seconds()),
        ),
    ]


def _subject_fields(call: Call, instance: Instance, subject: dict[str, Any]) -> list[Field]:
    kind = instances.kind_for(call.session, instance).type
    shown = [
        item.name for item in kind.fields
        if item.kind != "id" and item.name not in ("currency",) and subject.get(item.column) not in (None, "", [])
    ]  # fmt: skip
    return fields.of_object(kind, *shown) if shown else []


def _record(call: Call, instance: Instance, subject: dict[str, Any]) -> dict[str, Any]:
    """The snapshot's values in the form pages show fields in."""
    kind = instances.kind_for(call.session, instance).type
    made: dict[str, Any] = {"id": instance.id}
    people = names(call, [subject.get(item.column) for item in kind.fields if item.kind == "person"])
    for item in kind.fields:
        value = subject.get(item.column)
        if item.kind == "money" and isinstance(value, int):
            value = money.outside(value, item.currency or subject.get("currency") or money.base_currency())
        elif item.kind == "person":
            value = people.get(value or "", value)
        elif item.kind == "department":
            value = story.department(call, value)
        made[item.name] = value
    return made


def _asked(task: Task, people: dict[str, str]) -> dict[str, Any]:
    return {"task": task, "who": people.get(task.assignee_id, task.assignee_id), "outcome": outcome(task.status)}


def _warning(instance: Instance, mine: Task | None) -> str:
    if mine is not None and mine.due_at is not None and mine.due_at < clock.now():
        return _("Your answer is overdue.")
    if instance.status == "returned":
        return _("Returned: %(comment)s", comment=instance.comment or "–")
    return ""


def _composer(instance_id: str) -> forms.Form:
    return forms.Form(
        key=f"approval-comment:{instance_id}",
        title=_("Comment"),
        action=f"{URL}/{instance_id}/comments",
        submit=_("Comment"),
        fields=[
            Field(name="comment", label=_("Comment"), kind="long_text", wide=True, required=True, max_length=4000),
            Field(name="mentions", label=_("Tell"), kind="person", lookup="/approvals/lookup/people"),
        ],
    )


def _side(instance: Instance) -> list[details.Fragment]:
    """Cards of the subject and its customer, served by the services that own them."""
    made = []
    if instance.source not in ("approvals", "") and instance.subject_kind != "account":
        made.append(
            details.Fragment(
                title=_("Subject"), url=f"/{instance.source}/fragments/{instance.subject_kind}/{instance.subject_id}",
                service=instance.source, icon="file-text",
            )
        )  # fmt: skip
    account = instance.account_id or (instance.subject_id if instance.subject_kind == "account" else None)
    if account:
        made.append(
            details.Fragment(
                title=_("Customer"), url=f"/sales/fragments/account/{account}", service="sales", icon="building"
            )
        )
    return made


def _path(link: str) -> str:
    """An address within the suite without its host, so that it stays on the page's own origin."""
    parts = urlsplit(link)
    return parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else ""
