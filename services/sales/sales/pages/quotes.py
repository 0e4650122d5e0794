"""Quotes: page, editor with lines, and the steps from draft to contract."""

from typing import Any

from flask import render_template, request

from chassis.api import Call
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from console import details, fields, record_kit, replies, sharing
from engines import access
from engines.access import has_right, right
from sales import money, queries, quotes
from sales.api import writing
from sales.errors import ApprovalNeeded
from sales.models import Account, Opportunity, Quote
from sales.objects import QUOTE, QUOTE_STATUS_LABELS
from sales.pages import line_editor
from sales.pages.edge import choice, expect, is_stale, loaded, names, pages
from sales.schemas.deals import QuoteEdit
from sales.settings import current

URL = "/sales/quotes"


@pages.get("/quotes/new", allow=right("quote", "create"))
def new_quote(call: Call) -> Any:
    """The editor of a new quote, for the deal or customer the address names."""
    opportunity, account = _subject(call, request.args)
    subject: dict[str, Any] = {"opportunity_id": opportunity.id} if opportunity else {"account_id": account.id}
    rows = line_editor.rows_of(opportunity.lines if opportunity else None)
    title = opportunity.name if opportunity else account.name
    currency = opportunity.currency if opportunity else current().base_currency
    cancel = f"/sales/opportunities/{opportunity.id}" if opportunity else f"/sales/accounts/{account.id}"
    return _editor(
        call, f"{URL}/new", _("New quote"), {"title": title}, rows, currency=currency, hidden=subject, cancel=cancel
    )


@pages.post("/quotes/new", allow=right("quote", "create"))
def create_quote(call: Call) -> Any:
    """Make a quote."""
    opportunity, account = _subject(call, request.form)
    subject: dict[str, Any] = {"opportunity_id": opportunity.id} if opportunity else {"account_id": account.id}
    body, problems = _typed()
    if not problems:
        try:
            record = quotes.create(call.session, caller=call.caller, **subject, **body)
            return replies.go(f"{URL}/{record.id}", _("Quote created"), accepted=f"{URL}/new")
        except Invalid as error:
            problems = line_editor.messages(error.errors)
    return _refused(call, f"{URL}/new", _("New quote"), problems, hidden=subject, cancel=URL)


@pages.get("/quotes/<id>", allow=right("quote", "read"))
def quote_page(call: Call, id: str) -> Any:
    """One quote with its lines and what may be done next."""
    record = access.get(call.session, call.caller, Quote, id)
    account = queries.account_names(call.session, [record.account_id]).get(record.account_id, "")
    people = names(call.session, [record.owner_id, (record.approval or {}).get("decided_by")])
    comment = (record.approval or {}).get("comment")
    shown = {name: getattr(record, name) for name in ("number", "revision", "valid_until", "opens", "notes", "id")} | {
        "account_id": {"id": record.account_id, "name": account, "link": f"/sales/accounts/{record.account_id}"},
        "owner_id": people.get(record.owner_id or "", ""),
        "share": f"{current().public_url}/sales/offers/{record.share_token}" if record.share_token else None,
    }
    named = fields.of_object(
        QUOTE, "account_id", "owner_id", "revision", "valid_until", "opens", account_id={"kind": "record"}
    )
    named.append(fields.Field(name="share", label=_("Link for the customer"), kind="url", wide=True))
    return details.page(
        details.Detail(
            title=record.title,
            number=record.number or "",
            back=(f"/sales/opportunities/{record.opportunity_id}", _("Opportunity")) if record.opportunity_id else None,
            record=shown,
            status=choice(QUOTE_STATUS_LABELS, record.status),
            version=record.version,
            warning=_("Returned: %(comment)s", comment=comment) if comment and record.status == "draft" else "",
            actions=[*_actions(call, record), sharing.action(QUOTE, record, "sales")],
            facts=_facts(call, record),
            sections=[details.Section(title=_("Quote"), fields=named)],
            kit=record_kit.shown(call, QUOTE, record),
            side=[
                details.Fragment(
                    title=_("Customer"), url=f"/sales/fragments/account/{record.account_id}", icon="building"
                ),
                details.Fragment(
                    title=_("Approval"),
                    url=f"/approvals/fragments/subject/quote/{id}",
                    service="approvals",
                    icon="rosette-discount-check",
                ),
            ],
        ),
        template="sales/document.html",
        paper=record,
        total=record.total_minor,
    )


@pages.get("/quotes/<id>/edit", allow=right("quote", "edit"))
def quote_editor(call: Call, id: str) -> Any:
    """The editor of a draft."""
    record = access.get(call.session, call.caller, Quote, id, "edit")
    values = {
        "title": record.title,
        "valid_until": record.valid_until,
        "discount_percent": _plain(record.discount_percent),
    }
    return _editor(
        call, f"{URL}/{id}/edit", record.title, values, line_editor.rows_of(record.lines),
        currency=record.currency, version=record.version, cancel=f"{URL}/{id}",
    )  # fmt: skip


@pages.post("/quotes/<id>/edit", allow=right("quote", "edit"))
def edit_quote(call: Call, id: str) -> Any:
    """Change a draft."""
    record = writing.locked(call.session, call.caller, Quote, id)
    body, problems = _typed()
    if is_stale(record):
        problems = [line_editor.changed_meanwhile()]
    if not problems:
        try:
            writing.check_references(call.session, call.caller, body)
            quotes.edit(call.session, record, **body)
            return replies.go(f"{URL}/{id}", _("Saved"), accepted=f"{URL}/{id}/edit")
        except Invalid as error:
            problems = line_editor.messages(error.errors)
    return _refused(call, f"{URL}/{id}/edit", record.title, problems, version=record.version, cancel=f"{URL}/{id}")


@pages.post("/quotes/<id>/submit", allow=right("quote", "edit"))
def submit_quote(call: Call, id: str) -> Any:
    """Ask for approval."""
    record = _for_step(call, id)
    quotes.submit(call.session, record, caller=call.caller)
    return replies.go(f"{URL}/{id}", _("Approval asked for"))


@pages.post("/quotes/<id>/send", allow=right("quote", "edit"))
def send_quote(call: Call, id: str) -> Any:
    """Make the link for the customer."""
    record = _for_step(call, id)
    try:
        quotes.send(call.session, record)
    except ApprovalNeeded as refusal:
        why = {"amount": _("The amount is above the limit"), "discount": _("The discount is above the limit")}
        return replies.refused(str(refusal.title), missing=[why[reason] for reason in refusal.facts["reasons"]])
    return replies.go(f"{URL}/{id}", _("The link is ready"))


@pages.post("/quotes/<id>/accept", allow=right("contract", "create"))
def accept_quote(call: Call, id: str) -> Any:
    """The customer accepts: on to the contract."""
    contract = quotes.accept(call.session, _for_step(call, id), caller=call.caller)
    return replies.go(f"/sales/contracts/{contract.id}", _("Contract drafted"))


@pages.post("/quotes/<id>/reject", allow=right("quote", "edit"))
def reject_quote(call: Call, id: str) -> Any:
    """The customer declines."""
    quotes.reject(call.session, _for_step(call, id))
    return replies.go(f"{URL}/{id}", _("Noted"))


@pages.post("/quotes/<id>/revise", allow=right("quote", "create"))
def revise_quote(call: Call, id: str) -> Any:
    """A new version."""
    version = quotes.revise(call.session, _for_step(call, id), caller=call.caller)
    return replies.go(f"{URL}/{version.id}/edit", _("New version"))


def _for_step(call: Call, id_: str) -> Quote:
    record: Quote = writing.locked(call.session, call.caller, Quote, id_)
    expect(record)
    return record


def _actions(call: Call, record: Quote) -> list[details.Action]:
    address, status = f"{URL}/{record.id}", record.status
    must_ask = status == "draft" and bool(quotes.needs_approval(record))
    steps = [
        (
            must_ask,
            details.Action(
                label=_("Ask for approval"), url=f"{address}/submit", icon="rosette-discount-check", primary=True
            ),
        ),
        (
            (status == "draft" and not must_ask) or status == "approved",
            details.Action(label=_("Send"), url=f"{address}/send", icon="send", primary=True),
        ),
        (
            status in ("sent", "approved"),
            details.Action(
                label=_("Accepted: draft the contract"), url=f"{address}/accept", icon="check", primary=status == "sent"
            ),
        ),
        (
            status in ("sent", "approved"),
            details.Action(label=_("Declined"), url=f"{address}/reject", icon="x", more=True),
        ),
        (status == "draft", details.Action(label=_("Edit"), url=f"{address}/edit", icon="pencil", method="get")),
        (
            status not in ("draft", "superseded", "accepted"),
            details.Action(label=_("New version"), url=f"{address}/revise", icon="versions", more=True),
        ),
    ]
    return [action for holds, action in steps if holds] if has_right(call.session, call.caller, "quote", "edit") else []


def _facts(call: Call, record: Quote) -> list[details.Fact]:
    seen = access.granted(call.session, call.caller, "quote")
    made = [
        details.Fact(label=_("Total"), value=money.outside(record.total_minor, record.currency), kind="money"),
        details.Fact(label=_("Net"), value=money.outside(record.net_minor, record.currency), kind="money"),
        details.Fact(label=_("Largest discount"), value=_plain(record.max_discount_percent), kind="percent"),
    ]
    if seen.rule("margin") != "none":
        margin = money.outside(money.left(record.net_minor, record.cost_minor), record.currency)
        made.append(details.Fact(label=_("Margin"), value=margin, kind="money"))
    return made


def _typed() -> tuple[dict[str, Any], list[str]]:
    given = {
        "title": request.form.get("title", "").strip() or None,
        "valid_until": request.form.get("valid_until") or None,
        "discount_percent": request.form.get("document_discount", "").strip() or "0",
        "lines": line_editor.typed_lines(line_editor.typed_rows()),
    }
    body, errors = loaded(QuoteEdit(partial=True), given)
    return body, line_editor.messages(errors)


def _subject(call: Call, given: Any) -> tuple[Opportunity | None, Account]:
    id_ = given.get("opportunity") or given.get("opportunity_id")
    if id_:
        opportunity = access.get(call.session, call.caller, Opportunity, id_)
        return opportunity, call.session.get_one(Account, opportunity.account_id)
    return None, access.get(call.session, call.caller, Account, given.get("account") or given.get("account_id") or "")


def _refused(call: Call, action: str, title: str, problems: list[str], **more: Any) -> Any:
    values = {
        "title": request.form.get("title"), "valid_until": request.form.get("valid_until"),
        "discount_percent": request.form.get("document_discount"),
    }  # fmt: skip
    currency = request.form.get("currency") or current().base_currency
    body = _editor(call, action, title, values, line_editor.typed_rows(), currency=currency, problems=problems, **more)
    return body, 422


def _editor(call: Call, action: str, title: str, values: Any, rows: Any, **more: Any) -> str:
    given = {"version": "", "hidden": {}, "problems": [], "terms": None, "key": action} | more
    return render_template(
        "sales/document_form.html", action=action, title=title, values=values, rows=rows,
        products=line_editor.products(call.session, call.caller), **given,
    )  # fmt: skip


def _plain(value: Any) -> str:
    text = format(value or 0, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
