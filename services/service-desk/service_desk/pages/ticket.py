"""The page of one ticket: conversation, reply and note, status, SLA clocks with their reasons, the customer's card."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy, pick
from console import details, explanations, fields, forms, record_kit, replies, sharing
from console.fields import Choice, Field
from engines import access, explain
from engines.access import right
from service_desk import definitions, lifecycle, progress, queries, tickets
from service_desk.models import Step, Ticket
from service_desk.objects import METRICS, STATUSES, TICKET
from service_desk.pages.edge import (
    ASSIGNEE,
    CHANNEL,
    CLOCK_STATE,
    PRIORITY,
    STATUS,
    TIER,
    TYPE,
    URL,
    choice,
    expect,
    may,
    pages,
    queue_choices,
    queue_field,
    rows,
)
from service_desk.schemas import TicketEdit

_PATH = ("new", "open", "pending", "solved", "closed")
_VERBS = {
    "pending": (lazy("Wait for the customer"), "hourglass"),
    "on_hold": (lazy("Put on hold"), "clock"),
    "open": (lazy("Take up again"), "player-play"),
    "solved": (lazy("Solve"), "check"),
    "closed": (lazy("Close"), "archive"),
}
_AFTER = tuple(Choice(value=value, label=STATUSES[value]) for value in ("open", "pending", "on_hold", "solved"))


@pages.get("/tickets/<id>", allow=right("ticket", "read"))
def ticket_page(call: Call, id: str) -> Any:
    """One ticket."""
    ticket = queries.ticket(call.session, call.caller, id)
    shown = rows(call, [ticket])[0]
    decisions = {each.kind: each for each in reversed(explain.decisions_of(call.session, f"ticket/{id}"))}
    writes = access.allows(call.session, call.caller, TICKET, ticket, "edit")
    return details.page(
        details.Detail(
            title=shown.get("subject") or ticket.number or "",
            number=ticket.number or "",
            back=(URL, _("Tickets")),
            record=shown,
            status=choice(STATUS, ticket.status),
            version=ticket.version,
            steps=_steps(ticket),
            actions=[*_actions(call, ticket, writes=writes), sharing.action(TICKET, ticket, "service-desk")],
            facts=_facts(ticket, shown, decisions),
            sections=_sections(),
            timeline=_entries(call.session, ticket, shown),
            timeline_title=_("Course of the ticket"),
            kit=record_kit.shown(call, TICKET, ticket),
            side=[
                details.Fragment(
                    title=_("Customer"),
                    url=f"/sales/fragments/account/{ticket.account_id}",
                    service="sales",
                    icon="building",
                )
            ]
            if ticket.account_id
            else [],
        ),
        template="service_desk/ticket.html",
        messages=queries.messages(call.session, id),
        reply=_reply_form(ticket) if writes else None,
        note=_note_form(ticket) if writes else None,
        clocks=[_clock(each) for each in queries.sla_of(call.session, ticket)],
        policy=_explained(decisions.get("due")),
        survey=queries.survey_of(call.session, id),
        follows=_follows(call, ticket),
    )


def _follows(call: Call, ticket: Ticket) -> Ticket | None:
    return call.session.get(Ticket, ticket.follows_id) if ticket.follows_id else None


def _steps(ticket: Ticket) -> list[details.Step]:
    here = _PATH.index("open" if ticket.status == "on_hold" else ticket.status)
    labels = {each.value: each.label for each in STATUS}
    return [
        details.Step(label=labels[status], state="done" if n < here else "now" if n == here else "ahead")
        for n, status in enumerate(_PATH)
    ]


def _actions(call: Call, ticket: Ticket, *, writes: bool) -> list[details.Action]:
    """The steps that are possible now and that the reader may take."""
    base, action = f"{URL}/{ticket.id}", details.Action
    found = []
    if ticket.owner_id is None and may(call, "claim"):
        found.append(action(label=_("Claim"), url=f"{base}/claim", icon="user-check", primary=True))
    if writes:
        for status in lifecycle.allowed(ticket.status):
            label, symbol = _VERBS[status]
            found.append(
                action(
                    label=label,
                    url=f"{base}/status/{status}",
                    icon=symbol,
                    primary=status == "solved",
                    more=status == "on_hold",
                )
            )
    if may(call, "assign"):
        asked = [ASSIGNEE, queue_field(call.session)]
        found.append(action(label=_("Assign"), url=f"{base}/assign", icon="user-plus", fields=asked))
    if writes:
        found.append(action(label=_("Edit"), url=f"{base}/edit", icon="pencil", method="get", more=True))
    if ticket.status == "closed" and may(call, "create"):
        text = [Field(name="text", label=lazy("What is it now"), kind="long_text", required=True)]
        found.append(action(label=_("Follow up"), url=f"{base}/follow-up", icon="plus", fields=text))
    return found


def _facts(ticket: Ticket, shown: dict[str, Any], decisions: dict[str, Any]) -> list[details.Fact]:
    found = [
        details.Fact(label=_("Priority"), value=pick(dict(choice(PRIORITY, ticket.priority).label))),  # type: ignore
        details.Fact(
            label=_("Assignee"), value=shown["assignee_id"] or _("Nobody yet"), hint=shown["queue"] or "",
            decision=_explained(decisions.get("assignment")),
        ),
    ]  # fmt: skip
    if ticket.next_due_at is not None:
        late = ticket.next_due_at < clock.now()
        found.append(
            details.Fact(label=_("Next due"), value=ticket.next_due_at, kind="relative", colour="red" if late else "")
        )
    if ticket.csat is not None:
        colour = "red" if ticket.csat <= 2 else "green"
        found.append(details.Fact(label=_("Satisfaction"), value=f"{ticket.csat} / 5", colour=colour))
    return found


def _explained(decision: Any) -> Any:
    if decision is None:
        return None
    labels = {field.column: dict(field.label) for field in TICKET.fields}
    rules = {"standard": lazy("Standard")}
    return explanations.shown(decision, labels, values=explanations.values_of(TICKET), rules=rules)


def _sections() -> list[details.Section]:
    def of(*names: str) -> list[Field]:
        return fields.of_object(
            TICKET, *names, type={"choices": TYPE}, channel={"choices": CHANNEL}, account_tier={"choices": TIER},
            account_id={"kind": "record"}, requester_email={"kind": "email"}, requester_phone={"kind": "phone"},
        )  # fmt: skip

    return [
        details.Section(
            title=_("Request"),
            fields=of("requester_name", "requester_email", "requester_phone", "account_id", "account_tier", "type", "channel",
                      "created_at", "tags"),
        )
    ]  # fmt: skip


def _clock(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"title": METRICS[row["metric"]], "badge": choice(CLOCK_STATE, row["state"])}


def _entries(session: Session, ticket: Ticket, shown: dict[str, Any]) -> list[details.Entry]:
    steps = [step for step in queries.history(session, ticket.id) if step.kind in _STEPS]
    people = directory.names(session, [each for step in steps for each in (step.by, step.detail.get("to"))])
    return [
        details.Entry(
            at=step.at, title=_STEPS[step.kind][0], icon=_STEPS[step.kind][1], who=people.get(step.by, ""),
            text=_said(session, step, people),
        )
        for step in steps
    ]  # fmt: skip


_STEPS = {
    "created": (lazy("Came in"), "plus"),
    "assigned": (lazy("Assigned"), "user-plus"),
    "state_change": (lazy("Status changed"), "refresh"),
    "closed": (lazy("Solved"), "check"),
    "rested": (lazy("Closed"), "archive"),
    "reopened": (lazy("Re-opened"), "player-play"),
    "edited": (lazy("Edited"), "pencil"),
    "priority_change": (lazy("SLA renewed"), "hourglass"),
    "sla_change": (lazy("SLA renewed"), "hourglass"),
    "surveyed": (lazy("Survey answered"), "star"),
}


def _said(session: Session, step: Step, people: dict[str, str]) -> str:
    detail = step.detail
    if step.kind == "assigned":
        queue = definitions.in_force(session).queues.get(detail.get("queue") or "")
        return " · ".join(filter(None, (people.get(detail.get("to") or ""), pick(dict(queue.title)) if queue else "")))
    if step.kind == "state_change":
        return pick(STATUSES.get(detail.get("to", ""), ""))
    if step.kind == "surveyed":
        return f"{detail.get('score')} / 5"
    if step.kind == "edited":
        return ", ".join(_change(session, name, pair) for name, pair in detail.get("changes", {}).items())
    return ""


def _change(session: Session, name: str, pair: list[Any]) -> str:
    field = TICKET.by_name[name]
    if name == "account_id":
        known = queries.account_names(session, set(pair))
        shown = [known.get(each or "", "–") for each in pair]
    else:
        labels = field.choices if isinstance(field.choices, Mapping) else {}
        shown = [
            pick(labels.get(each)) or (", ".join(each) if isinstance(each, list) else str(each or "–")) for each in pair
        ]
    return f"{pick(field.label)}: {shown[0]} → {shown[1]}"


def _reply_form(ticket: Ticket) -> forms.Form:
    return forms.Form(
        key=f"reply:{ticket.id}", title=_("Answer the customer"), action=f"{URL}/{ticket.id}/reply", submit=_("Send"),
        fields=[
            Field(name="text", label=_("Answer"), kind="long_text", required=True, wide=True),
            Field(name="status", label=_("Then"), kind="choice", choices=_AFTER),
        ],
        values={"status": "pending"},
    )  # fmt: skip


def _note_form(ticket: Ticket) -> forms.Form:
    return forms.Form(
        key=f"note:{ticket.id}", title=_("Internal note"), action=f"{URL}/{ticket.id}/note", submit=_("Keep"),
        fields=[Field(name="text", label=_("Only colleagues read this"), kind="long_text", required=True, wide=True)],
    )  # fmt: skip


@pages.post("/tickets/<id>/reply", allow=right("ticket", "edit"))
def reply_on_page(call: Call, id: str) -> Any:
    """Take in an answer."""
    ticket = queries.ticket(call.session, call.caller, id, "edit")
    text, status = request.form.get("text", "").strip(), request.form.get("status") or None
    if not text:
        return replies.refused(_("Write an answer"), status=409)
    if status is not None and status not in STATUSES:
        return replies.refused(_("There is no such action"), status=404)
    progress.reply(call.session, ticket, caller=call.caller, text=text, status=status)
    return replies.go(f"{URL}/{id}", _("Sent"), accepted=f"reply:{id}")


@pages.post("/tickets/<id>/note", allow=right("ticket", "edit"))
def note_on_page(call: Call, id: str) -> Any:
    """Take in a note."""
    ticket = queries.ticket(call.session, call.caller, id, "edit")
    text = request.form.get("text", "").strip()
    if not text:
        return replies.refused(_("Write a note"), status=409)
    progress.note(call.session, ticket, caller=call.caller, text=text)
    return replies.go(f"{URL}/{id}", _("Kept"), accepted=f"note:{id}")


@pages.post("/tickets/<id>/status/<status>", allow=right("ticket", "edit"))
def set_status_on_page(call: Call, id: str, status: str) -> Any:
    """Put the ticket into another state."""
    if status not in STATUSES:
        return replies.refused(_("There is no such action"), status=404)
    ticket = queries.ticket(call.session, call.caller, id, "edit")
    expect(ticket)
    return _do(id, lambda: progress.set_status(call.session, ticket, caller=call.caller, to=status))


@pages.post("/tickets/<id>/claim", allow=right("ticket", "claim"))
def claim_on_page(call: Call, id: str) -> Any:
    """Take the ticket."""
    ticket = queries.ticket(call.session, call.caller, id)
    return _do(id, lambda: tickets.claim(call.session, ticket, caller=call.caller))


@pages.post("/tickets/<id>/assign", allow=right("ticket", "assign"))
def assign_on_page(call: Call, id: str) -> Any:
    """Give the ticket to somebody or into a queue; with neither the rules choose."""
    ticket = queries.ticket(call.session, call.caller, id)
    expect(ticket)
    wanted = {name: request.form.get(name) or None for name in ("assignee_id", "queue")}
    return _do(id, lambda: tickets.assign(call.session, ticket, caller=call.caller, **wanted))


@pages.post("/tickets/<id>/follow-up", allow=right("ticket", "create"))
def follow_up_on_page(call: Call, id: str) -> Any:
    """Make a ticket that takes this one up again."""
    ticket = queries.ticket(call.session, call.caller, id)
    made = progress.follow_up(call.session, ticket, caller=call.caller, text=request.form.get("text", ""))
    return replies.go(f"{URL}/{made.id}", _("Ticket %(number)s created", number=made.number))


def _do(id: str, step: Callable[[], Any]) -> Any:
    try:
        step()
    except Problem as problem:
        return replies.refused(str(problem), status=problem.status)
    return replies.go(f"{URL}/{id}", _("Done"))


_EDITED = (
    "subject", "priority", "type", "queue", "account_id", "requester_name", "requester_email", "requester_phone", "tags",
)  # fmt: skip


def _edit_form(call: Call, ticket: Ticket) -> forms.Form:
    values = {name: getattr(ticket, name) for name in _EDITED}
    if ticket.account_id:
        names = queries.account_names(call.session, {ticket.account_id})
        values["account_id"] = {"id": ticket.account_id, "name": names.get(ticket.account_id, "")}
    return forms.Form(
        key=f"ticket:{ticket.id}",
        kind="ticket",
        title=ticket.number or "",
        action=f"{URL}/{ticket.id}/edit",
        cancel=f"{URL}/{ticket.id}",
        fields=[
            Field(name="subject", label=lazy("Subject"), required=True, max_length=200, wide=True),
            Field(name="priority", label=lazy("Priority"), kind="choice", choices=PRIORITY, required=True),
            Field(name="type", label=lazy("Type"), kind="choice", choices=TYPE, required=True),
            Field(name="queue", label=lazy("Queue"), kind="choice", choices=queue_choices(call.session)),
            Field(name="account_id", label=lazy("Customer"), kind="record", lookup="/service-desk/lookup/accounts"),
            Field(name="requester_name", label=lazy("Requester"), max_length=120),
            Field(name="requester_email", label=lazy("E-mail"), kind="email", max_length=254),
            Field(name="requester_phone", label=lazy("Phone"), kind="phone", max_length=40),
            Field(name="tags", label=lazy("Tags"), kind="texts"),
        ],
        values=values,
        version=ticket.version,
    )


@pages.get("/tickets/<id>/edit", allow=right("ticket", "edit"))
def edit_form(call: Call, id: str) -> Any:
    """The form of a ticket's fields."""
    return forms.page(_edit_form(call, access.get(call.session, call.caller, Ticket, id, "edit")))


@pages.post("/tickets/<id>/edit", allow=right("ticket", "edit"))
def edit_on_page(call: Call, id: str) -> Any:
    """Change fields."""
    ticket = queries.ticket(call.session, call.caller, id, "edit")
    form = _edit_form(call, ticket)
    posted = forms.values(form, request.form)
    if request.form.get("version", "") not in ("", str(ticket.version)):
        return forms.conflict(form, request.form, theirs=form.values, version=ticket.version)
    emptied = {"queue", "account_id", "requester_email", "requester_phone"}
    values = {name: value for name, value in posted.items() if value is not None or name in emptied}
    try:
        body = TicketEdit().load(values)
        access.check_edit(call.session, call.caller, "ticket", body)
        tickets.edit(call.session, ticket, caller=call.caller, **body)
    except ValidationError as error:
        return forms.page(forms.typed(form, request.form, error.normalized_messages()))
    except Problem as problem:
        return forms.page(forms.typed(form, request.form, problem.errors or {"": [str(problem)]}))
    return replies.go(f"{URL}/{id}", _("Saved"), accepted=form.key)
