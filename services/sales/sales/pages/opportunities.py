"""Opportunities: list, page, forms; the board is in board.py."""

from typing import Any

from flask import request

from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy as later
from chassis.i18n import pick
from console import cells, details, fields, forms, lists, record_kit, replies, sharing
from console import transfers as transfer_links
from engines import access
from engines.access import has_right, right
from engines.conditions import ConditionError
from sales import gates, money, moving, opportunities, queries, transfers
from sales.api import writing
from sales.errors import GateClosed
from sales.models import Opportunity, Pipeline
from sales.objects import CATEGORIES, LOSS_REASONS, OPPORTUNITY
from sales.pages import paging
from sales.pages.board import DOCUMENTS, URL, loss_label, missing_words, stage_label
from sales.pages.edge import (
    choice,
    choices,
    expect,
    loaded,
    names,
    pages,
)
from sales.schemas import deals
from sales.settings import current

EDITED = ("name", "amount", "close_date", "next_step")
ACCOUNT_LOOKUP = "/sales/lookup/accounts"
LOSS = fields.Field(
    name="loss_reason", label=later("Reason"), kind="choice", choices=choices(LOSS_REASONS), required=True
)
LOSS_NOTE = fields.Field(name="loss_note", label=later("What we learned"), kind="long_text", max_length=1000)


@pages.get("/opportunities/list", allow=right("opportunity", "read"))
def opportunity_list(call: Call) -> Any:
    """The opportunities as a list."""
    shown = definition(call)
    asked = lists.asked(shown)
    try:
        found = paging.fetch(call, OPPORTUNITY, asked)
    except (ConditionError, Problem) as error:
        return lists.page(shown, asked, rows=[], problem=paging.reason(error))
    return lists.page(shown, asked, rows=_rows(call, found.items), next_cursor=found.next_cursor)


def definition(call: Call) -> lists.List:
    """The list as this reader may use it."""
    return lists.List(
        key="sales.opportunities",
        **transfer_links.around(call, transfers.OPPORTUNITIES),
        title=_("Opportunities"),
        url=f"{URL}/list",
        link=URL + "/{id}",
        fields=fields.editable(fields.of_object(
            OPPORTUNITY, "name", "account_id", "amount", "stage", "category", "probability", "close_date", "owner_id",
            "stalled", "region", "next_step", "created_at", "tags",
            tags={"choices": record_kit.tag_choices(call.session, "opportunity")},
            account_id={"kind": "record", "filterable": False}, amount={"sortable": True}, close_date={"sortable": True},
            category={"choices": choices(CATEGORIES)}, created_at={"sortable": True}, name={"sortable": True, "required": True},
        ), *EDITED),
        edit=URL + "/{id}/cells/{field}" if has_right(call.session, call.caller, "opportunity", "edit") else "",
        columns=["name", "account_id", "amount", "stage", "category", "close_date", "owner_id"],
        quick=["category", "stalled", "tags"],
        create=(f"{URL}/new", _("New opportunity")),
        others=[(_("Board"), URL, "layout-kanban")],
    )  # fmt: skip


@pages.get("/opportunities/new", allow=right("opportunity", "create"))
def new_opportunity(call: Call) -> Any:
    """The form for a new deal, for an account when one is named."""
    account = request.args.get("account", "")
    named = queries.account_names(call.session, [account]) if account else {}
    return forms.page(_new_form({"account_id": account if account in named else ""}))


@pages.post("/opportunities/new", allow=right("opportunity", "create"))
def create_opportunity(call: Call) -> Any:
    """Enter a deal."""
    form = _new_form({})
    body, errors = loaded(deals.OpportunityIn(), _with_money(forms.values(form, request.form)))
    if errors:
        return forms.page(forms.typed(form, request.form, errors))
    writing.check_references(call.session, call.caller, body)
    record = opportunities.create(call.session, caller=call.caller, **body)
    return replies.go(f"{URL}/{record.id}", _("Opportunity created"), accepted=form.key)


@pages.get("/opportunities/<id>", allow=right("opportunity", "read"))
def opportunity_page(call: Call, id: str) -> Any:
    """One deal: where it stands, what the next stage asks, quotes, history."""
    record = access.get(call.session, call.caller, Opportunity, id)
    pipeline = call.session.get_one(Pipeline, record.pipeline_id)
    address = f"{URL}/{id}"
    people = names(call.session, [record.owner_id])
    account = queries.account_names(call.session, [record.account_id]).get(record.account_id, "")
    shown = _shown(record, pipeline, account=account, owner=people.get(record.owner_id or "", ""))
    shown["lacking"] = _lacking(call, record, pipeline)
    return details.page(
        details.Detail(
            title=record.name,
            number=record.number or "",
            kicker=_("Opportunity"),
            back=(URL, _("Opportunities")),
            record=shown,
            status=choice(CATEGORIES, record.category),
            version=record.version,
            warning=_("This deal has stood still for longer than its stage allows.") if record.stalled else "",
            steps=_steps(record, pipeline),
            actions=[*_actions(call, record, pipeline), sharing.action(OPPORTUNITY, record, "sales")],
            facts=[
                details.Fact(
                    label=_("Amount"), value=money.outside(record.amount_minor, record.currency), kind="money"
                ),
                details.Fact(
                    label=_("Weighted"),
                    value=money.outside(_weighted(record), record.currency),
                    kind="money",
                    hint=f"{record.probability}%" if record.probability is not None else "",
                ),
                details.Fact(label=_("Close date"), value=record.close_date, kind="date"),
                details.Fact(label=_("In stage since"), value=record.stage_entered_at, kind="relative"),
            ],
            sections=[
                details.Section(title=_("Deal"), fields=_facts_of_deal(), edit=f"{address}/edit"),
                details.Section(title=_("Checks and documents"), fields=_gate_fields()),
            ],
            tabs=[details.Tab(key="quotes", label=_("Quotes and contracts"), url=f"{address}/fragments/papers")],
            kit=record_kit.shown(call, OPPORTUNITY, record),
            side=[
                details.Fragment(
                    title=_("Customer"), url=f"/sales/fragments/account/{record.account_id}", icon="building"
                )
            ],
        )
    )


@pages.get("/opportunities/<id>/edit", allow=right("opportunity", "edit"))
def opportunity_form(call: Call, id: str) -> Any:
    """The form of a deal; opened from a refused move it says what that stage still asks for."""
    record = access.get(call.session, call.caller, Opportunity, id, "edit")
    pipeline = call.session.get_one(Pipeline, record.pipeline_id)
    return forms.page(_edit_form(call, record, pipeline))


@pages.post("/opportunities/<id>/edit", allow=right("opportunity", "edit"))
def edit_opportunity(call: Call, id: str) -> Any:
    """Change a deal."""
    record = writing.locked(call.session, call.caller, Opportunity, id)
    pipeline = call.session.get_one(Pipeline, record.pipeline_id)
    form = _edit_form(call, record, pipeline)
    posted = forms.values(form, request.form)
    if request.form.get("version", "") not in ("", str(record.version)):
        return forms.conflict(form, request.form, theirs=dict(form.values), version=record.version)
    body, errors = loaded(deals.OpportunityEdit(partial=True), _with_money(posted, record.currency))
    if errors:
        return forms.page(forms.typed(form, request.form, errors))
    access.check_edit(call.session, call.caller, "opportunity", body)
    opportunities.edit(call.session, record, **body)
    return replies.go(f"{URL}/{id}", _("Saved"), accepted=form.key)


def _for_edit(call: Call, id: str) -> Opportunity:
    return access.get(call.session, call.caller, Opportunity, id, "edit", lock=request.method == "POST")


def _save_cell(call: Call, record: Opportunity, given: dict[str, Any]) -> None:
    opportunities.edit(call.session, record, **deals.OpportunityEdit(partial=True).load(given))


cells.mount(
    pages,
    cells.Cells(
        kind=OPPORTUNITY, path="opportunities", shown=definition, find=_for_edit,
        row=lambda call, record: _rows(call, [record])[0], save=_save_cell,
    ),
)  # fmt: skip


@pages.get("/opportunities/<id>/lose", allow=right("opportunity", "move"))
def lose_form(call: Call, id: str) -> Any:
    """Why the deal was lost."""
    access.get(call.session, call.caller, Opportunity, id, "edit")
    return forms.page(_lose_form(id))


@pages.post("/opportunities/<id>/lose", allow=right("opportunity", "move"))
def lose_opportunity(call: Call, id: str) -> Any:
    """Give the deal up, with the reason."""
    record, pipeline = moving.locked(call.session, call.caller, id)
    form = _lose_form(id)
    body, errors = loaded(deals.LoseIn(), forms.values(form, request.form))
    if errors:
        return forms.page(forms.typed(form, request.form, errors))
    opportunities.close(call.session, record, caller=call.caller, pipeline=pipeline, category=gates.LOST, **body)
    return replies.go(f"{URL}/{id}", _("The opportunity is closed as lost"), accepted=form.key)


@pages.post("/opportunities/<id>/stage", allow=right("opportunity", "move"))
def next_stage(call: Call, id: str) -> Any:
    """Move from the deal's own page."""
    record, pipeline = moving.locked(call.session, call.caller, id)
    expect(record)
    target = request.form.get("stage", "")
    try:
        opportunities.move(call.session, record, caller=call.caller, pipeline=pipeline, to_stage=target)
    except GateClosed as refusal:
        missing = missing_words(pipeline, refusal.facts["missing"])
        reason = _("%(stage)s is not open to this opportunity yet", stage=stage_label(pipeline, target))
        return replies.refused(reason, missing=missing, fix=f"{URL}/{id}/edit?for={target}")
    return replies.go(f"{URL}/{id}", _("Moved to %(stage)s", stage=stage_label(pipeline, target)))


@pages.post("/opportunities/<id>/documents", allow=right("opportunity", "edit"))
def file_document(call: Call, id: str) -> Any:
    """File a document that a gate asks for."""
    record = writing.locked(call.session, call.caller, Opportunity, id)
    body, errors = loaded(deals.DocumentIn(), {key: request.form.get(key) or None for key in ("kind", "name", "link")})
    if errors:
        return replies.refused(_("Name the document"), status=422)
    opportunities.edit(call.session, record, documents=[*(record.documents or []), body])
    return replies.go(f"{URL}/{id}", _("Document filed"))


def _weighted(record: Opportunity) -> int | None:
    """The expected value; None for whoever may not see amount or probability."""
    if None in (record.amount_minor, record.probability):
        return None
    return gates.weighted(record.amount_minor, record.probability)


def _rows(call: Call, items: Any) -> list[dict[str, Any]]:
    people = names(call.session, [item.owner_id for item in items])
    accounts = queries.account_names(call.session, [item.account_id for item in items])
    pipelines = {item.pipeline_id: call.session.get(Pipeline, item.pipeline_id) for item in items}
    shown = [
        _shown(
            item,
            pipelines[item.pipeline_id],
            account=accounts.get(item.account_id, ""),
            owner=people.get(item.owner_id or "", ""),
        )
        for item in items
    ]
    return cells.marked(call, OPPORTUNITY, items, shown)


def _shown(record: Opportunity, pipeline: Any, *, account: str, owner: str) -> dict[str, Any]:
    names_ = ("id", "name", "number", "category", "probability", "close_date", "stalled", "region", "source", "created_at",
              "tags", "next_step", "competitors", "version", "closed_at", "loss_note")  # fmt: skip
    checks = {item["key"]: item["name"] for stage in pipeline.stages for item in stage["checklist"]}
    return {name: getattr(record, name) for name in names_} | {
        "account_id": {"id": record.account_id, "name": account, "link": f"/sales/accounts/{record.account_id}"},
        "amount": money.outside(record.amount_minor, record.currency),
        "stage": stage_label(pipeline, record.stage),
        "owner_id": owner,
        "loss_reason": loss_label(record.loss_reason),
        "done": [pick(checks.get(key, key)) for key in record.done or []],
        "documents": [f"{pick(DOCUMENTS.get(item['kind']))}: {item['name']}" for item in record.documents or []],
    }


def _facts_of_deal() -> list[fields.Field]:
    named = fields.of_object(
        OPPORTUNITY, "account_id", "stage", "owner_id", "next_step", "source", "region", "competitors", "loss_reason",
        account_id={"kind": "record"}, loss_reason={"kind": "text", "choices": ()},
    )  # fmt: skip
    return [*named, fields.Field(name="loss_note", label=_("What we learned"), kind="long_text")]


def _gate_fields() -> list[fields.Field]:
    return [
        fields.Field(name="done", label=_("Checks done"), kind="texts"),
        fields.Field(name="documents", label=_("Documents filed"), kind="texts"),
        fields.Field(name="lacking", label=_("What the next stage still asks for"), kind="texts", wide=True),
    ]


def _lacking(call: Call, record: Opportunity, pipeline: Pipeline) -> list[str]:
    """What keeps an open deal out of the next stage."""
    keys = [stage["key"] for stage in pipeline.stages if stage["category"] != gates.LOST]
    if record.category != gates.OPEN or record.stage not in keys[:-1]:
        return []
    following = keys[keys.index(record.stage) + 1]
    lack = opportunities.gate(call.session, record, stages=pipeline.stages, to_stage=following)
    return missing_words(pipeline, lack.as_dict())


def _steps(record: Opportunity, pipeline: Pipeline) -> list[details.Step]:
    shown = [stage for stage in pipeline.stages if stage["category"] != gates.LOST or stage["key"] == record.stage]
    place = next((n for n, stage in enumerate(shown) if stage["key"] == record.stage), 0)
    states = ["done" if n < place else "now" if n == place else "ahead" for n in range(len(shown))]
    return [details.Step(label=stage["name"], state=state) for stage, state in zip(shown, states, strict=True)]


def _actions(call: Call, record: Opportunity, pipeline: Pipeline) -> list[details.Action]:
    address = f"{URL}/{record.id}"
    actions = []
    if has_right(call.session, call.caller, "opportunity", "move"):
        stages = tuple(
            fields.Choice(value=stage["key"], label=stage["name"])
            for stage in pipeline.stages
            if stage["key"] != record.stage and stage["category"] != gates.LOST
        )
        field = fields.Field(name="stage", label=_("Stage"), kind="choice", choices=stages, required=True)
        actions.append(
            details.Action(label=_("Move"), url=f"{address}/stage", icon="arrow-right", primary=True, fields=[field])
        )
        if record.category == gates.OPEN:
            lost = [LOSS, LOSS_NOTE]
            actions.append(
                details.Action(
                    label=_("Close as lost"), url=f"{address}/lose", icon="x", danger=True, more=True, fields=lost
                )
            )
    if has_right(call.session, call.caller, "quote", "create"):
        quote = f"/sales/quotes/new?opportunity={record.id}"
        actions.append(details.Action(label=_("New quote"), url=quote, icon="file-text", method="get"))
    kinds = tuple(fields.Choice(value=key, label=label) for key, label in DOCUMENTS.items())
    document = [
        fields.Field(name="kind", label=_("Kind"), kind="choice", choices=kinds, required=True),
        fields.Field(name="name", label=_("Name"), required=True, max_length=200),
        fields.Field(name="link", label=_("Link"), kind="url", max_length=1000),
    ]
    return [
        *actions,
        details.Action(
            label=_("File a document"), url=f"{address}/documents", icon="paperclip", more=True, fields=document
        ),
        details.Action(label=_("Edit"), url=f"{address}/edit", icon="pencil", method="get"),
    ]


def _new_form(values: dict[str, Any]) -> forms.Form:
    named = fields.of_object(
        OPPORTUNITY, "name", "account_id", "amount", "close_date", "source", "next_step",
        name={"required": True}, account_id={"kind": "record", "lookup": ACCOUNT_LOOKUP, "required": True},
    )  # fmt: skip
    return forms.Form(
        key="opportunity:new", title=_("New opportunity"), action=f"{URL}/new", cancel=URL, submit=_("Create"),
        fields=named, values=values, kind="opportunity",
    )  # fmt: skip


def _edit_form(call: Call, record: Opportunity, pipeline: Pipeline) -> forms.Form:
    checks = {item["key"]: item for stage in pipeline.stages for item in stage["checklist"]}
    ticks = tuple(fields.Choice(value=key, label=item["name"]) for key, item in checks.items())
    target = request.args.get("for", "")
    lacking = []
    if gates.stage_of(pipeline.stages, target):
        lack = opportunities.gate(call.session, record, stages=pipeline.stages, to_stage=target)
        lacking = missing_words(pipeline, lack.as_dict())
    wanted = ", ".join(lacking)
    named = fields.of_object(OPPORTUNITY, "name", "amount", "close_date", "next_step", "source", "competitors")
    values = {item.name: getattr(record, item.name, None) for item in named}
    values |= {
        "amount": (money.outside(record.amount_minor, record.currency) or {}).get("amount"),
        "done": record.done or [],
    }
    groups = [forms.Group(title=_("Deal"), fields=named)]
    if ticks:
        done = fields.Field(name="done", label=_("Checks done"), kind="choices", choices=ticks, wide=True)
        note = (
            _("%(stage)s still asks for: %(missing)s", stage=stage_label(pipeline, target), missing=wanted)
            if wanted
            else ""
        )
        groups.append(forms.Group(title=_("What the stages ask for"), fields=[done], help=note))
    return forms.Form(
        key=f"opportunity:{record.id}", title=record.name, action=f"{URL}/{record.id}/edit", cancel=f"{URL}/{record.id}",
        groups=groups, values=values, version=record.version, kind="opportunity",
    )  # fmt: skip


def _lose_form(id_: str) -> forms.Form:
    return forms.Form(
        key=f"lose:{id_}", title=_("Close as lost"), action=f"{URL}/{id_}/lose", cancel=f"{URL}/{id_}",
        submit=_("Close as lost"), danger=True, fields=[LOSS, LOSS_NOTE],
    )  # fmt: skip


def _with_money(values: dict[str, Any], currency: str = "") -> dict[str, Any]:
    amount = values.pop("amount", None)
    given = {"amount": str(amount).replace(",", ""), "currency": currency or current().base_currency}
    return values | ({"amount": given} if amount else {})
