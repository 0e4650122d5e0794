"""Contracts: list, page with plan, receivables, approval and ERP numbers, editor."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import render_template, request

from chassis.api import Call
from chassis.errors import Invalid, Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console import details, fields, lists, record_kit, replies, sharing
from console import transfers as transfer_links
from engines import access
from engines.access import has_right, right
from sales import contracts, money, queries, transfers
from sales.api import writing
from sales.models import Contract, Receivable
from sales.objects import CONTRACT, CONTRACT_STATUS_LABELS, RECEIVABLE_STATUS_LABELS
from sales.pages import line_editor, money_lists, paging
from sales.pages.edge import (
    choice,
    choices,
    expect,
    is_stale,
    loaded,
    names,
    pages,
)
from sales.schemas.contracts import ContractEdit

URL = "/sales/contracts"
_SPARE_TERMS = 3
ORDER_STATES = (
    fields.Choice(value="open", label=lazy("Open in the ERP"), colour="blue"),
    fields.Choice(value="partly_shipped", label=lazy("Partly shipped"), colour="yellow"),
    fields.Choice(value="shipped", label=lazy("Shipped"), colour="green"),
    fields.Choice(value="closed", label=lazy("Order closed"), colour="grey"),
    fields.Choice(value="cancelled", label=lazy("Order cancelled"), colour="red"),
)


@pages.get("/contracts", allow=right("contract", "read"))
def contract_list(call: Call) -> Any:
    """The contracts as a list."""
    shown = lists.List(
        key="sales.contracts",
        **transfer_links.around(call, transfers.CONTRACTS),
        title=_("Contracts"),
        url=URL,
        tabs=money_lists.tabs(call, URL),
        link=URL + "/{id}",
        fields=fields.of_object(
            CONTRACT, "title", "number", "account_id", "status", "amount", "paid", "owner_id", "signed_on", "approved_at",
            "created_at", "tags",
            tags={"choices": record_kit.tag_choices(call.session, "contract")},
            account_id={"kind": "record", "filterable": False}, status={"choices": choices(CONTRACT_STATUS_LABELS)},
            amount={"sortable": True}, created_at={"sortable": True},
        ),
        columns=["title", "number", "account_id", "status", "amount", "paid", "owner_id", "created_at"],
        quick=["status", "tags"],
    )  # fmt: skip
    asked = lists.asked(shown)
    try:
        found = paging.fetch(call, CONTRACT, asked)
    except Problem as error:
        return lists.page(shown, asked, rows=[], problem=paging.reason(error))
    people = names(call.session, [item.owner_id for item in found.items])
    accounts = queries.account_names(call.session, [item.account_id for item in found.items])
    rows = [_row(item, people, accounts) for item in found.items]
    return lists.page(shown, asked, rows=rows, next_cursor=found.next_cursor)


@pages.get("/contracts/<id>", allow=right("contract", "read"))
def contract_page(call: Call, id: str) -> Any:
    """One contract: lines, plan, what is owed and paid, who approved it, its numbers in the ERP."""
    record = access.get(call.session, call.caller, Contract, id)
    owed, paid = queries.of_contract(call.session, id)
    people = names(call.session, [record.owner_id, (record.approval or {}).get("decided_by")])
    accounts = queries.account_names(call.session, [record.account_id])
    approval = record.approval or {}
    comment = approval.get("comment")
    return details.page(
        details.Detail(
            title=record.title,
            number=record.number or "",
            back=(URL, _("Contracts")),
            record=_row(record, people, accounts) | {"decided_by": people.get(approval.get("decided_by") or "", "")},
            status=choice(CONTRACT_STATUS_LABELS, record.status),
            version=record.version,
            warning=_("Returned: %(comment)s", comment=comment) if comment and record.status == "draft" else "",
            steps=_steps(record),
            actions=[*_actions(call, record), sharing.action(CONTRACT, record, "sales")],
            facts=[
                details.Fact(label=_("Amount"), value=money.outside(record.amount_minor, record.currency), kind="money"),
                details.Fact(label=_("Paid"), value=money.outside(record.paid_minor, record.currency), kind="money"),
                details.Fact(
                    label=_("Left to pay"),
                    value=money.outside(contracts.left(record), record.currency),
                    kind="money",
                ),
                details.Fact(label=_("Largest discount"), value=str(record.max_discount_percent), kind="percent"),
            ],
            sections=[
                details.Section(title=_("Contract"), fields=_contract_fields()),
                details.Section(title=_("Approval and ERP"), fields=_outside_fields()),
            ],
            kit=record_kit.shown(call, CONTRACT, record),
            side=[
                details.Fragment(title=_("Customer"), url=f"/sales/fragments/account/{record.account_id}", icon="building"),
                details.Fragment(
                    title=_("Approval"),
                    url=f"/approvals/fragments/subject/contract/{id}",
                    service="approvals",
                    icon="rosette-discount-check",
                ),
            ],
        ),
        template="sales/document.html",
        paper=record,
        total=record.amount_minor,
        plan=_plan(record, owed),
        payments=paid,
    )  # fmt: skip


@pages.get("/contracts/<id>/edit", allow=right("contract", "edit"))
def contract_editor(call: Call, id: str) -> Any:
    """The editor of a draft: lines and payment plan."""
    record = access.get(call.session, call.caller, Contract, id, "edit")
    values = {name: getattr(record, name) for name in ("title", "starts_on", "ends_on")}
    values["discount_percent"] = format(record.discount_percent.normalize(), "f")
    return _editor(call, record, values, line_editor.rows_of(record.lines), _terms(record))


@pages.post("/contracts/<id>/edit", allow=right("contract", "edit"))
def edit_contract(call: Call, id: str) -> Any:
    """Change a draft."""
    record = writing.locked(call.session, call.caller, Contract, id)
    rows, terms = line_editor.typed_rows(), _typed_terms()
    names_ = ("title", "starts_on", "ends_on")
    values = {name: request.form.get(name, "").strip() or None for name in names_}
    discount = request.form.get("document_discount", "").strip()
    given: dict[str, Any] = values | {"discount_percent": discount or "0", "lines": line_editor.typed_lines(rows)}
    told = [term for term in terms if term["percent"]]
    if told and told != [term for term in _terms(record) if term["percent"]]:
        given["payment_terms"] = [{key: text for key, text in term.items() if text} for term in told]
    body, errors = loaded(ContractEdit(partial=True), given)
    problems = [line_editor.changed_meanwhile()] if is_stale(record) else line_editor.messages(errors)
    if not problems:
        for term in body.get("payment_terms", ()):
            if term.get("due_date"):
                term["due_date"] = term["due_date"].isoformat()
        try:
            writing.check_references(call.session, call.caller, body)
            contracts.edit(call.session, record, **body)
            return replies.go(f"{URL}/{id}", _("Saved"), accepted=f"{URL}/{id}/edit")
        except Invalid as error:
            problems = line_editor.messages(error.errors)
    return _editor(call, record, values | {"discount_percent": discount}, rows, terms, problems=problems), 422


@pages.post("/contracts/<id>/submit", allow=right("contract", "edit"))
def submit_contract(call: Call, id: str) -> Any:
    """Ask for approval."""
    contracts.submit(call.session, _for_step(call, id), caller=call.caller)
    return replies.go(f"{URL}/{id}", _("Approval asked for"))


@pages.post("/contracts/<id>/activate", allow=right("contract", "edit"))
def activate_contract(call: Call, id: str) -> Any:
    """It was signed."""
    contracts.activate(call.session, _for_step(call, id))
    return replies.go(f"{URL}/{id}", _("The contract is active"))


@pages.post("/contracts/<id>/terminate", allow=right("contract", "edit"))
def terminate_contract(call: Call, id: str) -> Any:
    """End it early."""
    reason = request.form.get("reason", "").strip()[:300]
    if not reason:
        return replies.refused(_("Say why"), status=422)
    contracts.terminate(call.session, _for_step(call, id), reason=reason)
    return replies.go(f"{URL}/{id}", _("The contract is terminated"))


def _for_step(call: Call, id_: str) -> Contract:
    record: Contract = writing.locked(call.session, call.caller, Contract, id_)
    expect(record)
    return record


def _row(record: Contract, people: dict[str, str], accounts: dict[str, str]) -> dict[str, Any]:
    shown = ("id", "title", "number", "status", "tags", "signed_on", "starts_on", "ends_on", "approved_at", "created_at",
             "termination_reason", "terms")  # fmt: skip
    order = (record.erp or {}).get("order") or {}
    return {name: getattr(record, name) for name in shown} | {
        "account_id": {
            "id": record.account_id, "name": accounts.get(record.account_id, ""), "link": f"/sales/accounts/{record.account_id}",
        },
        "owner_id": people.get(record.owner_id or "", ""),
        "amount": money.outside(record.amount_minor, record.currency),
        "paid": money.outside(record.paid_minor, record.currency),
        "order_number": order.get("number"),
        "order_state": order.get("state"),
        "external": ", ".join(f"{system}: {number}" for system, number in (record.external_ids or {}).items()),
        "comment": (record.approval or {}).get("comment"),
    }  # fmt: skip


def _contract_fields() -> list[fields.Field]:
    named = fields.of_object(
        CONTRACT, "account_id", "owner_id", "signed_on", "starts_on", "ends_on", account_id={"kind": "record"}
    )
    return [*named, fields.Field(name="termination_reason", label=_("Why it was terminated"))]


def _outside_fields() -> list[fields.Field]:
    return [
        fields.Field(name="approved_at", label=_("Approved at"), kind="datetime"),
        fields.Field(name="decided_by", label=_("Decided by"), kind="person"),
        fields.Field(name="comment", label=_("Comment"), kind="long_text"),
        fields.Field(name="order_number", label=_("ERP order")),
        fields.Field(name="order_state", label=_("State of the order"), choices=ORDER_STATES),
        fields.Field(name="external", label=_("Ids in other systems")),
    ]


def _steps(record: Contract) -> list[details.Step]:
    path = ["draft", "in_approval", "approved", "active", "completed"]
    if record.status == "terminated":
        path = ["draft", "terminated"]
    place = path.index(record.status)
    states = ["done" if n < place else "now" if n == place else "ahead" for n in range(len(path))]
    return [
        details.Step(label=CONTRACT_STATUS_LABELS[key], state=state) for key, state in zip(path, states, strict=True)
    ]


def _actions(call: Call, record: Contract) -> list[details.Action]:
    if not has_right(call.session, call.caller, "contract", "edit"):
        return []
    address, status = f"{URL}/{record.id}", record.status
    why = fields.Field(name="reason", label=_("Reason"), kind="long_text", required=True, max_length=300)
    steps = [
        (
            status == "draft",
            details.Action(
                label=_("Ask for approval"), url=f"{address}/submit", icon="rosette-discount-check", primary=True
            ),
        ),
        (status == "draft", details.Action(label=_("Edit"), url=f"{address}/edit", icon="pencil", method="get")),
        (
            status == "approved",
            details.Action(label=_("Signed"), url=f"{address}/activate", icon="check", primary=True),
        ),
        (
            status in ("draft", "approved", "active"),
            details.Action(
                label=_("Terminate"), url=f"{address}/terminate", icon="x", danger=True, more=True, fields=[why]
            ),
        ),
    ]
    return [action for holds, action in steps if holds]


def _plan(record: Contract, owed: Sequence[Receivable]) -> list[dict[str, Any]]:
    if not owed:
        return [
            term | {"paid_minor": 0, "status": None, "overdue": False, "erp": ""} for term in record.payment_plan or []
        ]
    return [
        {
            "term": item.term, "title": item.title, "amount_minor": item.amount_minor,
            "due_date": item.due_date and item.due_date.isoformat(),
            "paid_minor": item.paid_minor, "status": choice(RECEIVABLE_STATUS_LABELS, item.status), "overdue": item.overdue,
            "erp": ", ".join((item.external_ids or {}).values()),
        }
        for item in owed
    ]  # fmt: skip


def _terms(record: Contract) -> list[dict[str, Any]]:
    total = record.amount_minor or 1
    plan = record.payment_plan or []
    shares = [(Decimal(term["amount_minor"] * 100) / total).quantize(Decimal("0.01")) for term in plan]
    if shares:
        shares[-1] = Decimal(100) - sum(shares[:-1], Decimal(0))  # so that what is shown sums to a hundred
    rows = [
        {"title": term["title"], "due_date": term["due_date"], "percent": format(share.normalize(), "f")}
        for term, share in zip(plan, shares, strict=True)
    ]
    return rows + [{"title": "", "percent": "", "due_date": ""}] * _SPARE_TERMS


def _typed_terms() -> list[dict[str, Any]]:
    columns = [request.form.getlist(name) for name in ("term_title", "term_percent", "term_due")]
    return [
        {"title": title.strip(), "percent": percent.strip(), "due_date": due.strip()}
        for title, percent, due in zip(*columns, strict=False)
    ]


def _editor(call: Call, record: Contract, values: Any, rows: Any, terms: Any, *, problems: Sequence[str] = ()) -> str:
    address = f"{URL}/{record.id}"
    return render_template(
        "sales/document_form.html", action=f"{address}/edit", key=f"{address}/edit", title=record.title, values=values,
        rows=rows, terms=terms, products=line_editor.products(call.session, call.caller), currency=record.currency,
        version=record.version, hidden={}, problems=problems, cancel=address,
    )  # fmt: skip
