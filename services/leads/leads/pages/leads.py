"""The list of leads, the form for a new one, bulk actions, look-ups and the shell's search."""

from typing import Any

from flask import Response, render_template, request
from marshmallow import Schema, ValidationError

from chassis import directory, paging
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console import cells, fields, forms, lists, own_fields, record_kit, replies
from console import transfers as transfer_links
from console.fields import Field
from console.pages import signed_in
from engines import listing
from engines.access import right
from engines.conditions import ConditionError
from leads import bulk, capture, followup, queries, transfers
from leads.errors import DuplicateRefused
from leads.models import Lead
from leads.objects import INDUSTRIES, LEAD, SIZES
from leads.pages.edge import GRADE, OWNER, REASON, SOURCE, STATUS, URL, choices, may, pages, people_named, rows
from leads.schemas import LeadIn

BULK_AT_ONCE = 1000
EDITED = (
    "name", "company", "title", "phones", "emails", "region", "city", "industry", "company_size", "budget", "next_action_at",
)  # fmt: skip


class _AsIs(Dumper):
    """Pages turn records into rows themselves."""

    def one(self, source: Any, wanted: Any = None) -> Any:
        return source

    def attributes(self, wanted: Any = None) -> None:
        return None


RECORDS = _AsIs(Schema())


def definition(call: Call) -> lists.List:
    """The list as this reader may use it."""
    return lists.List(
        key="leads.leads",
        title=_("Leads"),
        url=URL,
        link=URL + "/{id}",
        fields=[*fields.editable(fields.of_object(
            LEAD, "name", "company", "title", "status", "score", "grade", "owner_id", "source", "region", "city", "phones",
            "emails", "industry", "company_size", "budget", "pool", "unassigned_since", "next_reclaim_at", "protected_until",
            "response_due_at", "last_activity_at", "next_action_at", "created_at", "number", "tags",
            status={"choices": STATUS}, source={"choices": SOURCE}, grade={"choices": GRADE, "sortable": True},
            score={"kind": "score", "sortable": True}, created_at={"sortable": True, "kind": "relative"},
            last_activity_at={"sortable": True, "kind": "relative"}, owner_id={"lookup": "/leads/lookup/people"},
            response_due_at={"sortable": True, "kind": "relative"}, next_reclaim_at={"sortable": True, "kind": "relative"},
            tags={"choices": record_kit.tag_choices(call.session, "lead")},
        ), *EDITED), *own_fields.listed(call, LEAD)],
        edit=URL + "/{id}/cells/{field}" if may(call, "edit") else "",
        columns=["name", "company", "status", "score", "owner_id", "source", "created_at", "next_reclaim_at"],
        others=[(_("Pools"), "/leads/pools", "pool")],
        quick=["status", "source", "grade", "tags"],
        create=(f"{URL}/new", _("New lead")) if may(call, "create") else None,
        bulk=_bulk_actions(call) if may(call, "bulk") else [],
        search_hint=_("Name, company or number"),
        empty=_("No leads here yet"),
        **transfer_links.around(call, transfers.LEADS),
    )  # fmt: skip


def _bulk_actions(call: Call) -> list[lists.Bulk]:
    actions = []
    if may(call, "assign"):
        actions.append(
            lists.Bulk(key="assign", label=_("Assign"), url=f"{URL}/bulk/assign", icon="user-plus", fields=[OWNER])
        )
    if may(call, "claim"):
        actions.append(lists.Bulk(key="claim", label=_("Claim"), url=f"{URL}/bulk/claim", icon="user-check"))
    if may(call, "edit"):
        actions.append(
            lists.Bulk(
                key="release", label=_("Release to the pool"), url=f"{URL}/bulk/release", icon="pool",
                confirm=_("Others may claim them then."),
            )
        )  # fmt: skip
        actions.append(
            lists.Bulk(
                key="disqualify",
                label=_("Give up"),
                url=f"{URL}/bulk/disqualify",
                icon="x",
                fields=[REASON],
                danger=True,
            )
        )
    return actions


@pages.get("/leads", allow=right("lead", "read"))
def lead_list(call: Call) -> Any:
    """The leads the reader may see."""
    shown = definition(call)
    asked = lists.asked(shown)
    try:
        found = _fetch(call, asked)
    except (ConditionError, Problem) as problem:
        texts = [str(text) for messages in (problem.errors or {}).values() for text in messages]
        return lists.page(shown, asked, rows=[], problem=" ".join(texts) or str(problem))
    return lists.page(
        shown, asked, rows=cells.marked(call, LEAD, found.items, rows(call, found.items)), next_cursor=found.next_cursor
    )


def _fetch(call: Call, asked: lists.Asked) -> paging.Page:
    listing.check_sort(call.session, call.caller, LEAD, asked.sort)
    found = listing.readable(
        call.session,
        call.caller,
        LEAD,
        filter=asked.condition,
        q=asked.q,
        sort=asked.sort,
        zone=call.settings.time_zone,
    ).where(Lead.duplicate_of.is_(None))
    wanted = paging.Asked(sort=asked.sort, limit=asked.limit, cursor=asked.cursor or "")
    return paging.page(call.session, found, queries.LEADS, RECORDS, wanted)


@pages.post("/leads/bulk/<action>", allow=right("lead", "bulk"))
def bulk_action(call: Call, action: str) -> Any:
    """One step for the chosen leads, or for all that match the filter."""
    if action not in ("assign", "claim", "release", "disqualify"):
        return replies.refused(_("There is no such action"), status=404)
    ids = request.form.getlist("ids")[:BULK_AT_ONCE]
    if request.form.get("all") == "1":
        ids = list(call.session.scalars(_all_ids(call)))
    result = bulk.run(
        call.session, caller=call.caller, action=action, ids=ids, owner_id=request.form.get("owner_id") or None,
        reason=request.form.get("reason") or None,
    )  # fmt: skip
    if result["failed"]:
        first = next(each["detail"] for each in result["results"] if not each["ok"])
        message = _(
            "%(done)s done, %(failed)s refused: %(why)s", done=result["done"], failed=result["failed"], why=first
        )
        return replies.done(message, refresh="list", kind="warn")
    return replies.done(_("%(n)s leads changed", n=result["done"]), refresh="list")


def _all_ids(call: Call) -> Any:
    text = request.form.get("filter", "")
    found = listing.readable(
        call.session, call.caller, LEAD, filter=listing.read_filter(text) if text else None, q=request.form.get("q", "")
    )
    return found.with_only_columns(Lead.id).where(Lead.duplicate_of.is_(None)).order_by(Lead.id).limit(BULK_AT_ONCE)


def new_form(call: Call, values: Any = None) -> forms.Form:
    """The form for a lead entered by hand."""
    who = [
        Field(name="name", label=lazy("Name"), required=True, autocomplete="off", max_length=100),
        Field(name="company", label=lazy("Company"), max_length=200),
        Field(name="title", label=lazy("Position"), max_length=100),
        Field(
            name="phones",
            label=lazy("Phones"),
            kind="texts",
            help=lazy("In any notation; separate several with commas"),
        ),
        Field(name="emails", label=lazy("E-mails"), kind="texts"),
        Field(name="wechat", label=lazy("WeChat"), max_length=30),
    ]
    what = [
        Field(name="source", label=lazy("Source"), kind="choice", choices=SOURCE, required=True),
        Field(name="industry", label=lazy("Industry"), kind="choice", choices=choices(INDUSTRIES)),
        Field(name="company_size", label=lazy("Company size"), kind="choice", choices=choices(SIZES)),
        Field(name="address", label=lazy("Address"), max_length=300, wide=True),
        Field(name="product_interest", label=lazy("Product interest"), kind="texts"),
        Field(name="budget", label=lazy("Budget"), kind="money", currency="CNY"),
        Field(name="message", label=lazy("Message"), kind="long_text", wide=True),
    ]
    return forms.Form(
        key="lead:new",
        kind="lead",
        title=_("New lead"),
        action=f"{URL}/new",
        cancel=URL,
        submit=_("Create"),
        groups=[
            forms.Group(title=_("Who"), fields=who),
            forms.Group(title=_("What they want"), fields=what),
            *own_fields.groups(call, LEAD),
        ],
        values=values or {"source": "manual"} | own_fields.values(call, LEAD, None),
    )


@pages.get("/leads/new", allow=right("lead", "create"))
def new_lead(call: Call) -> Any:
    """The form for a new lead."""
    return forms.page(new_form(call))


@pages.post("/leads/new", allow=right("lead", "create"))
def create_lead(call: Call) -> Any:
    """Take in the form: the lead, or what is wrong, or the lead that exists already."""
    form = new_form(call)
    try:
        values = _posted(form)
        made = capture.capture(call.session, caller=call.caller, **values)
    except DuplicateRefused as refused:
        numbers = ", ".join(str(each["number"]) for each in refused.facts["candidates"])
        return forms.page(
            forms.typed(form, request.form, {"": [_("There is a lead like this already: %(n)s", n=numbers)]})
        )
    except ValidationError as error:
        return forms.page(forms.typed(form, request.form, error.normalized_messages()))
    except Problem as problem:
        return forms.page(forms.typed(form, request.form, problem.errors or {"": [str(problem)]}))
    message = _("Lead %(number)s created", number=made.lead.number)
    return replies.go(f"{URL}/{made.lead.id}", message, accepted=form.key)


def _posted(form: forms.Form) -> dict[str, Any]:
    """What was typed, read by the API's own schema."""
    typed, own = own_fields.posted(form, request.form)
    values = {name: value for name, value in typed.items() if value not in (None, "")}
    if "budget" in values:
        values["budget"] = {"amount": values["budget"].replace(",", ""), "currency": "CNY"}
    loaded = LeadIn().load(values)
    if "budget" in loaded:
        loaded["budget_minor"], loaded["budget_currency"] = loaded.pop("budget")
    return loaded | ({"custom": own} if own else {})


@pages.get("/lookup/people", allow=signed_in)
def lookup_people(call: Call) -> Any:
    """People to choose as owners."""
    return {"items": people_named(call.session, request.args.get("q", ""))}


@pages.get("/lookup/departments", allow=signed_in)
def lookup_departments(call: Call) -> Any:
    """Departments to choose from."""
    wanted = request.args.get("q", "").strip().lower()
    known = directory.snapshot(call.session).departments.values()
    found = sorted((each for each in known if wanted in each.name.lower()), key=lambda each: each.path)
    return {"items": [{"value": each.id, "label": each.name, "hint": ""} for each in found[:20]]}


@pages.get("/fragments/search", allow=right("lead", "read"))
def search(call: Call) -> Any:
    """Leads for the shell's search box."""
    q = request.args.get("q", "").strip()
    if not q:
        return Response(status=204)
    ids = listing.readable(call.session, call.caller, LEAD, q=q).where(Lead.duplicate_of.is_(None))
    found = call.session.scalars(ids.order_by(Lead.created_at.desc()).limit(5)).all()
    if not found:
        return Response(status=204)
    hits = [(followup.label(lead), lead.number, f"{URL}/{lead.id}", "target") for lead in found]
    return render_template("console/found.html", hits=hits, label=_("Leads"))
