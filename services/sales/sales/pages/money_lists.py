"""What is owed and what came in, over all contracts the reader may see; and the people at customers."""

from collections.abc import Sequence
from typing import Any

from flask import request
from sqlalchemy import select

from chassis.api import Call
from chassis.i18n import gettext as _
from console import details, fields, forms, lists, reader, replies
from console import transfers as transfer_links
from console.charts import Chart, Series
from console.fields import Field
from engines import access
from engines.access import right
from sales import accounts, money, queries, transfers
from sales.api import writing
from sales.models import Contact, Contract
from sales.objects import CONTACT, DECISION_ROLE_LABELS, PAYMENT, RECEIVABLE, RECEIVABLE_STATUS_LABELS
from sales.pages import paging
from sales.pages.edge import choices, is_stale, loaded, names, pages
from sales.schemas import customers as schemas

RECEIVABLES, PAYMENTS, CONTACTS = "/sales/receivables", "/sales/payments", "/sales/contacts"
_CONTACT = ("name", "title", "decision_role", "phones", "emails", "wechat", "birthday")


def tabs(call: Call, here: str) -> list[tuple[str, str, bool]]:
    """Contracts and the money under them."""
    found = (
        ("contract", _("Contracts"), "/sales/contracts"),
        ("receivable", _("Receivables"), RECEIVABLES),
        ("payment", _("Payments"), PAYMENTS),
    )
    may = access.has_right
    return [(label, url, url == here) for kind, label, url in found if may(call.session, call.caller, kind, "read")]


@pages.get("/receivables", allow=right("receivable", "read"))
def receivable_list(call: Call) -> Any:
    """What is owed, what is due first on top, with the ages of it above."""
    shown = lists.List(
        key="sales.receivables",
        **transfer_links.around(call, transfers.RECEIVABLES),
        title=_("Receivables"),
        url=RECEIVABLES,
        fields=[
            *fields.of_object(
                RECEIVABLE, "number", "account_id", "contract_id", "term", "status", "amount", "paid", "due_date", "overdue",
                account_id={"kind": "record", "filterable": False}, contract_id={"kind": "record", "filterable": False},
                status={"choices": choices(RECEIVABLE_STATUS_LABELS)}, due_date={"sortable": True}, amount={"sortable": True},
            ),
            Field(name="left", label=_("Still owed"), kind="money", filterable=False),
        ],
        columns=["number", "account_id", "contract_id", "due_date", "overdue", "amount", "left", "status"],
        sort="due_date",
        quick=["status"],
        tabs=tabs(call, RECEIVABLES),
        empty=_("Receivables come from the payment plans of approved contracts"),
    )  # fmt: skip
    return paging.page(
        call,
        shown,
        RECEIVABLE,
        lambda found: _owed(call, found),
        template="sales/receivables.html",
        ageing=_ageing(call),
    )


@pages.get("/payments", allow=right("payment", "read"))
def payment_list(call: Call) -> Any:
    """What came in, latest first."""
    shown = lists.List(
        key="sales.payments",
        **transfer_links.around(call, transfers.PAYMENTS),
        title=_("Payments"),
        url=PAYMENTS,
        fields=[
            *fields.of_object(
                PAYMENT, "number", "account_id", "contract_id", "amount", "unallocated", "paid_at", "external_id",
                account_id={"kind": "record", "filterable": False}, contract_id={"kind": "record", "filterable": False},
                paid_at={"sortable": True}, amount={"sortable": True},
            ),
            Field(name="method", label=_("How"), filterable=False),
        ],
        columns=["number", "account_id", "contract_id", "amount", "paid_at", "method", "unallocated"],
        sort="-paid_at",
        tabs=tabs(call, PAYMENTS),
        empty=_("Payments are entered on a contract or arrive from the ERP"),
    )  # fmt: skip
    return paging.page(call, shown, PAYMENT, lambda found: _paid(call, found))


@pages.get("/contacts", allow=right("contact", "read"))
def contact_list(call: Call) -> Any:
    """The people at customers."""
    shown = lists.List(
        key="sales.contacts",
        **transfer_links.around(call, transfers.CONTACTS),
        title=_("Contacts"),
        url=CONTACTS,
        link=CONTACTS + "/{id}",
        fields=fields.of_object(
            CONTACT, *(name for name in (*_CONTACT, "account_id", "owner_id", "created_at", "tags") if name in CONTACT.by_name),
            name={"sortable": True}, account_id={"kind": "record", "filterable": False}, created_at={"sortable": True},
            decision_role={"choices": choices(DECISION_ROLE_LABELS)},
        ),
        columns=["name", "title", "account_id", "decision_role", "phones", "emails", "owner_id"],
        quick=["decision_role", "tags"],
        tabs=[(_("Accounts"), "/sales/accounts", False), (_("Contacts"), CONTACTS, True)],
        empty=_("Contacts are entered on the page of their customer"),
    )  # fmt: skip
    return paging.page(call, shown, CONTACT, lambda found: _contacts(call, found))


@pages.get("/contacts/<id>", allow=right("contact", "read"))
def contact_page(call: Call, id: str) -> Any:
    """One person at a customer."""
    record = access.get(call.session, call.caller, Contact, id)
    customer = queries.account_names(call.session, [record.account_id] if record.account_id else [])
    may_edit = access.allows(call.session, call.caller, CONTACT, record, "edit")
    shown = {name: getattr(record, name) for name in _CONTACT}
    shown = access.mask_out(call.session, call.caller, "contact", shown) | {
        "id": id,
        "account": {"name": customer.get(record.account_id or "", ""), "link": f"/sales/accounts/{record.account_id}"},
        "owner": names(call.session, [record.owner_id]).get(record.owner_id or "", ""),
    }
    return details.page(
        details.Detail(
            title=record.name,
            kicker=_("Contact"),
            number=record.number or "",
            back=(CONTACTS, _("Contacts")),
            record=shown,
            version=record.version,
            sections=[
                details.Section(
                    title=_("Contact"),
                    edit=f"{CONTACTS}/{id}/edit" if may_edit else "",
                    fields=[
                        *fields.of_object(CONTACT, *_CONTACT, decision_role={"choices": choices(DECISION_ROLE_LABELS)}),
                        Field(name="account", label=_("Account"), kind="record"),
                        Field(name="owner", label=_("Owner"), kind="person"),
                    ],
                )
            ],
            side=[
                details.Fragment(
                    title=_("Customer"), url=f"/sales/fragments/account/{record.account_id}", icon="building"
                )
            ]
            if record.account_id
            else [],
        )
    )


@pages.get("/contacts/<id>/edit", allow=right("contact", "edit"))
def edit_contact_form(call: Call, id: str) -> Any:
    """The form of one contact."""
    return forms.page(_contact_form(access.get(call.session, call.caller, Contact, id, "edit")))


@pages.post("/contacts/<id>/edit", allow=right("contact", "edit"))
def save_contact(call: Call, id: str) -> Any:
    """Store the changes."""
    record = writing.locked(call.session, call.caller, Contact, id)
    form = _contact_form(record)
    if is_stale(record):
        return forms.conflict(form, request.form, theirs=form.values, version=record.version)
    posted = forms.values(form, request.form)
    body, errors = loaded(schemas.ContactEdit(partial=True), posted)
    if "name" in posted and not posted["name"]:
        errors = errors | {"name": [_("Enter the name")]}
    if errors:
        reader.veil()
        return forms.page(forms.typed(_contact_form(record), request.form, errors))
    emptied = ("title", "decision_role", "wechat", "birthday")
    body |= {name: None for name in emptied if name in posted and posted[name] is None}
    access.check_edit(call.session, call.caller, "contact", body)
    accounts.edit_contact(call.session, record, **body)
    return replies.go(f"{CONTACTS}/{id}", _("Saved"), accepted=form.key)


def _contact_form(record: Contact) -> forms.Form:
    typed = fields.of_object(
        CONTACT, *_CONTACT, name={"required": True}, decision_role={"choices": choices(DECISION_ROLE_LABELS)}
    )
    return forms.Form(
        key=f"contact:{record.id}", title=record.name, action=f"{CONTACTS}/{record.id}/edit",
        cancel=f"{CONTACTS}/{record.id}", fields=typed, values=record, version=record.version,
    )  # fmt: skip


def _links(call: Call, found: Sequence[Any]) -> list[dict[str, Any]]:
    """Account and contract of each record as links."""
    customers = queries.account_names(call.session, [item.account_id for item in found if item.account_id])
    ids = {item.contract_id for item in found if getattr(item, "contract_id", None)}
    rows = call.session.execute(select(Contract.id, Contract.number).where(Contract.id.in_(ids)))
    numbers = {row.id: row.number for row in rows}
    return [
        {
            "id": item.id,
            "number": item.number,
            "account_id": {"name": customers.get(item.account_id, ""), "link": f"/sales/accounts/{item.account_id}"},
            "contract_id": {
                "name": numbers.get(getattr(item, "contract_id", None), ""),
                "link": f"/sales/contracts/{getattr(item, 'contract_id', '')}",
            },
        }
        for item in found
    ]


def _owed(call: Call, found: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        row
        | {name: getattr(item, name) for name in ("term", "status", "due_date", "overdue")}
        | {
            "amount": money.outside(item.amount_minor, item.currency),
            "paid": money.outside(item.paid_minor, item.currency),
            "left": money.outside(money.left(item.amount_minor, item.paid_minor), item.currency),
        }
        for row, item in zip(_links(call, found), found, strict=True)
    ]  # fmt: skip


def _paid(call: Call, found: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        row
        | {name: getattr(item, name) for name in ("paid_at", "external_id", "method")}
        | {"amount": money.outside(item.amount_minor, item.currency)}
        | {"unallocated": money.outside(item.unallocated_minor, item.currency)}
        for row, item in zip(_links(call, found), found, strict=True)
    ]


def _contacts(call: Call, found: Sequence[Any]) -> list[dict[str, Any]]:
    people = names(call.session, [item.owner_id for item in found])
    return [
        access.mask_out(
            call.session,
            call.caller,
            "contact",
            {name: getattr(item, name) for name in (*_CONTACT, "created_at", "tags")},
        )
        | {"id": item.id, "account_id": row["account_id"], "owner_id": people.get(item.owner_id or "", "")}
        for row, item in zip(_links(call, found), found, strict=True)
    ]


def _ageing(call: Call) -> Chart:
    """What is still owed by days overdue."""
    found = queries.ageing(call.session, caller=call.caller)
    labels = {
        "current": _("Not due yet"), "1_30": _("1–30 days late"), "31_60": _("31–60 days late"),
        "61_90": _("61–90 days late"), "over_90": _("Over 90 days late"),
    }  # fmt: skip
    buckets = found["buckets"]
    return Chart(
        key="ageing",
        title=_("Still owed by age"),
        kind="bar",
        categories=[labels.get(name, name) for name in buckets],
        unit=found["currency"],
        series=[Series(name=_("Still owed"), values=[float(each["amount"]) for each in buckets.values()])],
    )
