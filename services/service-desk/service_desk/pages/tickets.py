"""The list of tickets with its views, the form for a new one, bulk steps."""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from chassis import changes, paging
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console import cells, fields, forms, lists, record_kit, replies
from console import transfers as transfer_links
from console.fields import Field
from engines import access, listing
from engines.access import has_right, right
from engines.conditions import ConditionError
from service_desk import progress, queries, tickets, transfers
from service_desk.lifecycle import ACTIVE
from service_desk.models import Ticket
from service_desk.objects import CHANNELS, TICKET
from service_desk.pages.edge import (
    ASSIGNEE,
    CHANNEL,
    PRIORITY,
    STATUS,
    TIER,
    TYPE,
    URL,
    may,
    pages,
    queue_choices,
    queue_field,
    rows,
)
from service_desk.schemas import TicketEdit, TicketIn

BULK_AT_ONCE = 500
EDITED = ("subject", "priority", "type", "requester_name")
_ACTIVE = {"field": "status", "op": "in", "value": list(ACTIVE)}
_ENTERED = ("staff", "phone", "wechat", "email")


class _AsIs(Dumper):
    """Pages turn records into rows themselves."""

    def one(self, source: Any, wanted: Any = None) -> Any:
        return source

    def attributes(self, wanted: Any = None) -> None:
        return None


_RECORDS = _AsIs(Schema())


def views() -> list[lists.View]:
    """The views every desk works with."""
    mine = {"field": "assignee_id", "op": "eq", "value": {"me": True}}
    nobodys = {"field": "assignee_id", "op": "is_empty"}
    return [
        lists.View(id="mine", name=_("My open tickets"), condition={"all": [_ACTIVE, mine]}, sort="next_due_at", shared=True),
        lists.View(id="unassigned", name=_("Unassigned"), condition={"all": [_ACTIVE, nobodys]}, sort="created_at", shared=True),
        lists.View(id="active", name=_("All open"), condition=_ACTIVE, sort="next_due_at", shared=True),
        lists.View(
            id="breached", name=_("Overdue"), sort="next_due_at", shared=True,
            condition={"all": [_ACTIVE, {"field": "breached", "op": "eq", "value": True}]},
        ),
        lists.View(
            id="solved", name=_("Solved this month"), sort="-solved_at", shared=True,
            condition={"field": "solved_at", "op": "this", "value": "month"},
        ),
    ]  # fmt: skip


def definition(call: Call) -> lists.List:
    """The list as this reader may use it."""
    bulk = []
    if may(call, "claim"):
        bulk.append(lists.Bulk(key="claim", label=_("Claim"), url=f"{URL}/bulk/claim", icon="user-check"))
    if may(call, "assign"):
        asked = [ASSIGNEE, queue_field(call.session)]
        bulk.append(
            lists.Bulk(key="assign", label=_("Assign"), url=f"{URL}/bulk/assign", icon="user-plus", fields=asked)
        )
    if may(call, "edit"):
        bulk.append(lists.Bulk(key="close", label=_("Close solved ones"), url=f"{URL}/bulk/close", icon="archive"))
    return lists.List(
        key="service-desk.tickets",
        **transfer_links.around(call, transfers.TICKETS),
        title=_("Tickets"),
        url=URL,
        link=URL + "/{id}",
        fields=fields.editable(fields.of_object(
            TICKET, "subject", "status", "priority", "type", "assignee_id", "queue", "account_id", "account_tier",
            "requester_name",
            "channel", "next_due_at", "breached", "csat", "created_at", "solved_at", "number", "tags",
            status={"choices": STATUS}, priority={"choices": PRIORITY}, type={"choices": TYPE}, channel={"choices": CHANNEL},
            account_tier={"choices": TIER}, assignee_id={"lookup": "/service-desk/lookup/people"},
            queue={"choices": queue_choices(call.session)}, account_id={"kind": "record"},
            next_due_at={"sortable": True, "kind": "relative"}, created_at={"sortable": True, "kind": "relative"},
            tags={"choices": record_kit.tag_choices(call.session, "ticket")},
            solved_at={"sortable": True, "kind": "relative"}, csat={"sortable": True}, subject={"required": True},
        ), *EDITED),
        edit=URL + "/{id}/cells/{field}" if may(call, "edit") else "",
        columns=["subject", "status", "priority", "account_id", "assignee_id", "queue", "next_due_at", "created_at"],
        quick=["status", "priority", "queue", "tags"],
        create=(f"{URL}/new", _("New ticket")) if may(call, "create") else None,
        bulk=bulk if may(call, "bulk") else [],
        others=_others(call),
        search_hint=_("Subject, number or requester"),
        empty=_("No tickets here"),
    )  # fmt: skip


def _others(call: Call) -> list[tuple[str, str, str]]:
    if not has_right(call.session, call.caller, "sla_policy", "read"):
        return []
    return [
        (_("Surveys"), "/service-desk/surveys", "star"),
        (_("SLA policies"), "/service-desk/sla-policies", "hourglass"),
    ]


@pages.get("/tickets", allow=right("ticket", "read"))
def ticket_list(call: Call) -> Any:
    """The tickets the reader may see."""
    shown, known = definition(call), views()
    asked = lists.asked(shown, views=known)
    try:
        found = _fetch(call, asked)
    except (ConditionError, Problem) as problem:
        texts = [str(text) for messages in (problem.errors or {}).values() for text in messages]
        return lists.page(shown, asked, rows=[], views=known, problem=" ".join(texts) or str(problem))
    return lists.page(
        shown,
        asked,
        rows=cells.marked(call, TICKET, found.items, rows(call, found.items)),
        next_cursor=found.next_cursor,
        views=known,
    )


def _fetch(call: Call, asked: lists.Asked) -> paging.Page:
    listing.check_sort(call.session, call.caller, TICKET, asked.sort)
    found = listing.readable(
        call.session, call.caller, TICKET, filter=asked.condition, q=asked.q, zone=call.settings.time_zone
    )
    wanted = paging.Asked(sort=asked.sort, limit=asked.limit, cursor=asked.cursor or "")
    return paging.page(call.session, found, queries.TICKETS, _RECORDS, wanted)


def _for_edit(call: Call, id: str) -> Ticket:
    return access.get(call.session, call.caller, Ticket, id, "edit", lock=request.method == "POST")


def _save_cell(call: Call, ticket: Ticket, given: dict[str, Any]) -> None:
    tickets.edit(call.session, ticket, caller=call.caller, **TicketEdit(partial=True).load(given))


cells.mount(
    pages,
    cells.Cells(
        kind=TICKET, path="tickets", shown=definition, find=_for_edit, row=lambda call, ticket: rows(call, [ticket])[0],
        save=_save_cell,
    ),
)  # fmt: skip


@pages.post("/tickets/bulk/<action>", allow=right("ticket", "bulk"))
def bulk_action(call: Call, action: str) -> Any:
    """One step for the chosen tickets, or for all that match the filter."""
    if action not in ("claim", "assign", "close") or not may(call, "edit" if action == "close" else action):
        return replies.refused(_("There is no such action"), status=404)
    ids = request.form.getlist("ids")[:BULK_AT_ONCE]
    if request.form.get("all") == "1":
        ids = _all_ids(call)
    done, refused = 0, ""
    for ticket_id in ids:
        try:
            with call.session.begin_nested():
                _one(call, ticket_id, action)
            done += 1
        except Problem as problem:
            _forget(call.session)
            refused = refused or str(problem)
    if refused:
        return replies.done(_("%(n)s done, others refused: %(why)s", n=done, why=refused), refresh="list", kind="warn")
    return replies.done(_("%(n)s tickets changed", n=done), refresh="list")


def _forget(session: Session) -> None:
    changes.forget(session)
    session.expire_all()


def _one(call: Call, ticket_id: str, action: str) -> None:
    ticket = queries.ticket(call.session, call.caller, ticket_id, "edit" if action == "close" else "read")
    if action == "claim":
        tickets.claim(call.session, ticket, caller=call.caller)
    elif action == "assign":
        tickets.assign(
            call.session, ticket, caller=call.caller, assignee_id=request.form.get("assignee_id") or None,
            queue=request.form.get("queue") or None,
        )  # fmt: skip
    else:
        progress.set_status(call.session, ticket, caller=call.caller, to="closed")


def _all_ids(call: Call) -> list[str]:
    text = request.form.get("filter", "")
    found = listing.readable(
        call.session,
        call.caller,
        TICKET,
        filter=listing.read_filter(text) if text else None,
        q=request.form.get("q", ""),
    )
    return [row.id for row in call.session.scalars(found.order_by(TICKET.model.id).limit(BULK_AT_ONCE))]


def form_of(session: Session, values: Any = None) -> forms.Form:
    """The form for a ticket taken down by hand."""
    who = [
        Field(name="requester_name", label=lazy("Requester"), required=True, max_length=120),
        Field(name="requester_email", label=lazy("E-mail"), kind="email", max_length=254),
        Field(name="requester_phone", label=lazy("Phone"), kind="phone", max_length=40),
        Field(name="account_id", label=lazy("Customer"), kind="record", lookup="/service-desk/lookup/accounts"),
    ]
    what = [
        Field(name="subject", label=lazy("Subject"), required=True, max_length=200, wide=True),
        Field(name="text", label=lazy("What it is about"), kind="long_text", required=True, wide=True),
        Field(name="type", label=lazy("Type"), kind="choice", choices=TYPE, required=True),
        Field(name="priority", label=lazy("Priority"), kind="choice", choices=PRIORITY, required=True),
        Field(name="channel", label=lazy("Channel"), kind="choice", required=True,
              choices=tuple(each for each in CHANNEL if each.value in _ENTERED)),
        Field(name="queue", label=lazy("Queue"), kind="choice", choices=queue_choices(session),
              help=lazy("Empty: the dispatch rules choose")),
    ]  # fmt: skip
    return forms.Form(
        key="ticket:new",
        kind="ticket",
        title=_("New ticket"),
        action=f"{URL}/new",
        cancel=URL,
        submit=_("Create"),
        groups=[forms.Group(title=_("Who"), fields=who), forms.Group(title=_("What"), fields=what)],
        values=values or {"type": "question", "priority": "normal", "channel": "staff"},
    )


@pages.get("/tickets/new", allow=right("ticket", "create"))
def new_ticket(call: Call) -> Any:
    """The form for a new ticket, for a customer when the address names one."""
    given = {"type": "question", "priority": "normal", "channel": "staff"}
    account = request.args.get("account", "")
    return forms.page(form_of(call.session, given | ({"account_id": account} if account else {})))


@pages.post("/tickets/new", allow=right("ticket", "create"))
def create_ticket(call: Call) -> Any:
    """Take in the form: the ticket, or what is wrong."""
    form = form_of(call.session)
    values = {name: value for name, value in forms.values(form, request.form).items() if value not in (None, "")}
    try:
        made = tickets.create(call.session, caller=call.caller, **TicketIn().load(values))
    except ValidationError as error:
        return forms.page(forms.typed(form, request.form, error.normalized_messages()))
    except Problem as problem:
        return forms.page(forms.typed(form, request.form, problem.errors or {"": [str(problem)]}))
    assert made.channel in CHANNELS
    return replies.go(f"{URL}/{made.id}", _("Ticket %(number)s created", number=made.number), accepted=form.key)
