"""Accounts: list, the page with everything about a customer, forms."""

from collections.abc import Sequence
from typing import Any

from flask import request

from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy, pick
from console import cells, details, fields, forms, lists, pools, record_kit, replies, sharing
from console import transfers as transfer_links
from engines import access, explain
from engines.access import has_right, right
from engines.ownership import require_giving, runs_pool
from sales import accounts, money, ownership, queries, transfers
from sales.api import writing
from sales.errors import DuplicateAccount
from sales.models import Account
from sales.objects import (
    ACCOUNT,
    CONTACT,
    DECISION_ROLE_LABELS,
    INDUSTRIES,
    SYSTEMS,
    TIER_LABELS,
)
from sales.pages import held_by_account, paging
from sales.pages.edge import (
    choice,
    choices,
    loaded,
    names,
    pages,
)
from sales.schemas import customers as schemas
from sales.settings import current

URL = "/sales/accounts"
EDITED = ("name", "region", "city", "source", "size")
_TYPED = ("name", "legal_name", "credit_code", "industry", "region", "city", "address", "size", "source")


@pages.get("/accounts", allow=right("account", "read"))
def account_list(call: Call) -> Any:
    """The accounts as a list."""
    shown = definition(call)
    asked = lists.asked(shown)
    try:
        found = paging.fetch(call, ACCOUNT, asked)
    except Problem as error:
        return lists.page(shown, asked, rows=[], problem=paging.reason(error))
    return lists.page(shown, asked, rows=_rows(call, found.items), next_cursor=found.next_cursor)


def definition(call: Call) -> lists.List:
    """The list as this reader may use it."""
    return lists.List(
        key="sales.accounts",
        **transfer_links.around(call, transfers.ACCOUNTS),
        title=_("Accounts"),
        url=URL,
        tabs=[(_("Accounts"), URL, True), (_("Contacts"), "/sales/contacts", False)],
        link=URL + "/{id}",
        fields=fields.editable(fields.of_object(
            ACCOUNT, "name", "tier", "industry", "region", "city", "owner_id", "contract_total", "open_total",
            "last_activity_at", "next_reclaim_at", "pool", "pooled_at", "protected_until", "created_at", "number", "source",
            "size", "tags",
            tags={"choices": record_kit.tag_choices(call.session, "account")},
            tier={"choices": choices(TIER_LABELS)}, name={"sortable": True, "required": True}, contract_total={"sortable": True},
            open_total={"sortable": True}, created_at={"sortable": True},
            next_reclaim_at={"sortable": True, "kind": "relative"},
        ), *EDITED),
        edit=URL + "/{id}/cells/{field}" if has_right(call.session, call.caller, "account", "edit") else "",
        columns=["name", "tier", "industry", "region", "owner_id", "contract_total", "open_total"],
        quick=["tier", "region", "tags"],
        bulk=_bulk(call),
        others=[(_("Pools"), "/sales/pools", "pool")],
        create=(f"{URL}/new", _("New account")) if has_right(call.session, call.caller, "account", "create") else None,
    )  # fmt: skip


def _rows(call: Call, found: Sequence[Account]) -> list[dict[str, Any]]:
    people = names(call.session, [item.owner_id for item in found])
    return cells.marked(call, ACCOUNT, found, [_row(call, item, people) for item in found])


@pages.get("/accounts/new", allow=right("account", "create"))
def new_account(call: Call) -> Any:
    """The form for a new customer."""
    return forms.page(_form("account:new", _("New account"), f"{URL}/new", {}))


@pages.post("/accounts/new", allow=right("account", "create"))
def create_account(call: Call) -> Any:
    """Enter a customer; one that seems to exist is shown first."""
    form = _form("account:new", _("New account"), f"{URL}/new", {}, again=True)
    posted = forms.values(form, request.form)
    insists = posted.pop("allow_duplicate", False)
    body, errors = loaded(schemas.AccountIn(), posted)
    if errors:
        return forms.page(forms.typed(form, request.form, errors))
    try:
        record = accounts.create(call.session, caller=call.caller, **body, allow_duplicate=bool(insists))
    except DuplicateAccount as refusal:
        known = ", ".join(f"{item['name']} ({item['number']})" for item in refusal.facts["candidates"])
        reason = _("This customer seems to exist already: %(names)s", names=known)
        return forms.page(forms.typed(form, request.form, {"name": [reason]}))
    return replies.go(f"{URL}/{record.id}", _("Account created"), accepted="account:new")


@pages.get("/accounts/<id>", allow=right("account", "read"))
def account_page(call: Call, id: str) -> Any:
    """Everything about a customer; tickets come from the service desk as they load."""
    record = access.get(call.session, call.caller, Account, id)
    held = queries.of_account(call.session, caller=call.caller, account_id=id)
    people = names(call.session, [record.owner_id, *(item.owner_id for item in held["opportunities"])])
    tier = next(iter(explain.decisions_of(call.session, f"account/{id}", kind="tier", limit=1)), None)
    base, address = current().base_currency, f"{URL}/{id}"
    seen = access.visible(call.session, call.caller, ACCOUNT).by_name
    facts = [
        details.Fact(label=_("Tier"), value=record.tier, decision=tier),
        *(
            details.Fact(label=label, value=money.outside(minor, base), kind="money", colour=colour)
            for label, minor, colour in (
                (_("Contracts"), record.contract_minor, ""),
                (_("Paid"), record.paid_minor, "green"),
                (_("Still owed"), record.open_minor, "orange" if record.open_minor else ""),
            )
            if "contract_total" in seen
        ),
    ]
    if record.owner_id and (record.next_reclaim_at or (record.reclaim or {}).get("paused")):
        facts.append(pools.reclaim_fact(call.session, ownership.ACCOUNTS, record))
    milestones = [*held_by_account.milestones(held), *pools.owner_entries(call.session, ownership.ACCOUNTS, id)]
    return details.page(
        details.Detail(
            title=record.name,
            number=record.number or "",
            back=(URL, _("Accounts")),
            record=_row(call, record, people),
            status=choice(TIER_LABELS, record.tier),
            version=record.version,
            actions=[*_actions(call, record), sharing.action(ACCOUNT, record, "sales")],
            facts=facts,
            sections=[details.Section(title=_("Company"), fields=_company_fields(), edit=f"{address}/edit")],
            timeline=sorted(
                [entry for entry in milestones if entry.at is not None],  # None: its day is hidden from this reader
                key=lambda entry: entry.at,
                reverse=True,
            ),
            timeline_title=_("Milestones"),
            kit=record_kit.shown(call, ACCOUNT, record),
            side=[
                details.Fragment(
                    title=_("Tickets"),
                    url=f"/service-desk/fragments/account/{id}",
                    service="service-desk",
                    icon="ticket",
                )
            ],
        ),
        template="sales/account.html",
        tables=held_by_account.tables(held, people),
        account=record,
    )


@pages.get("/accounts/<id>/edit", allow=right("account", "edit"))
def account_form(call: Call, id: str) -> Any:
    """The form of a customer."""
    record = access.get(call.session, call.caller, Account, id, "edit")
    return forms.page(_form(f"account:{id}", record.name, f"{URL}/{id}/edit", record, version=record.version))


@pages.post("/accounts/<id>/edit", allow=right("account", "edit"))
def edit_account(call: Call, id: str) -> Any:
    """Change a customer."""
    record = writing.locked(call.session, call.caller, Account, id)
    form = _form(f"account:{id}", record.name, f"{URL}/{id}/edit", record, version=record.version)
    posted = forms.values(form, request.form)
    if request.form.get("version", "") not in ("", str(record.version)):
        return forms.conflict(form, request.form, theirs=record, version=record.version)
    body, errors = loaded(schemas.AccountEdit(partial=True), posted)
    if errors:
        return forms.page(forms.typed(form, request.form, errors))
    access.check_edit(call.session, call.caller, "account", body)
    emptied = {name: None for name, value in posted.items() if value is None and name != "name"}
    accounts.edit(call.session, record, **(emptied | body))
    return replies.go(f"{URL}/{id}", _("Saved"), accepted=form.key)


def _for_edit(call: Call, id: str) -> Account:
    return access.get(call.session, call.caller, Account, id, "edit", lock=request.method == "POST")


def _save_cell(call: Call, record: Account, given: dict[str, Any]) -> None:
    emptied = {name: None for name, value in given.items() if value is None}
    filled = {name: value for name, value in given.items() if value is not None}
    accounts.edit(call.session, record, **(emptied | schemas.AccountEdit(partial=True).load(filled)))


cells.mount(
    pages,
    cells.Cells(
        kind=ACCOUNT, path="accounts", shown=definition, find=_for_edit, row=lambda call, record: _rows(call, [record])[0],
        save=_save_cell,
    ),
)  # fmt: skip


@pages.post("/accounts/<id>/assign", allow=right("account", "read"))
def assign_account(call: Call, id: str) -> Any:
    """Give the customer another owner."""
    record = access.get(call.session, call.caller, Account, id, lock=True)
    require_giving(call.session, ownership.ACCOUNTS, record, call.caller)
    ownership.assign_account(call.session, record, owner_id=request.form.get("owner_id", ""), caller=call.caller)
    return replies.go(f"{URL}/{id}", _("Assigned"))


@pages.post("/accounts/<id>/claim", allow=right("account", "claim"))
def claim_account(call: Call, id: str) -> Any:
    """Take the customer from the pool."""
    ownership.claim_account(call.session, access.get(call.session, call.caller, Account, id), caller=call.caller)
    return replies.go(f"{URL}/{id}", _("It is yours now"))


@pages.post("/accounts/<id>/release", allow=right("account", "edit"))
def release_account(call: Call, id: str) -> Any:
    """Put the customer into the pool."""
    record = writing.locked(call.session, call.caller, Account, id)
    reason = request.form.get("reason", "").strip()[:300]
    ownership.release_account(call.session, record, caller=call.caller, reason=reason)
    return replies.go(URL, _("It is in the pool now."))


@pages.post("/accounts/bulk/<action>", allow=right("account", "read"))
def bulk_accounts(call: Call, action: str) -> Any:
    """Assign, claim or release the chosen customers, or all that match the filter."""
    step = _BULK.get(action)
    if step is None:
        return replies.refused(_("There is no such action"), status=404)
    access.require_right(call.session, call.caller, "account", "claim" if action == "claim" else "bulk")
    result = writing.bulk(call.session, paging.chosen(call, ACCOUNT), lambda id_: step(call, id_))
    return paging.bulk_reply(result)


def _assign_one(call: Call, id_: str) -> None:
    record = access.get(call.session, call.caller, Account, id_, lock=True)
    require_giving(call.session, ownership.ACCOUNTS, record, call.caller)
    ownership.assign_account(call.session, record, owner_id=request.form.get("owner_id", ""), caller=call.caller)


def _claim_one(call: Call, id_: str) -> None:
    ownership.claim_account(call.session, access.get(call.session, call.caller, Account, id_), caller=call.caller)


def _release_one(call: Call, id_: str) -> None:
    ownership.release_account(call.session, writing.locked(call.session, call.caller, Account, id_), caller=call.caller)


_BULK = {"assign": _assign_one, "claim": _claim_one, "release": _release_one}


def _bulk(call: Call) -> list[lists.Bulk]:
    """What the reader may do with several customers."""
    found, many = [], has_right(call.session, call.caller, "account", "bulk")
    if many and has_right(call.session, call.caller, "account", "assign"):
        found.append(
            lists.Bulk(
                key="assign", label=_("Assign"), url=f"{URL}/bulk/assign", icon="user-plus", fields=[_owner(call)]
            )
        )
    if has_right(call.session, call.caller, "account", "claim"):
        found.append(lists.Bulk(key="claim", label=_("Claim"), url=f"{URL}/bulk/claim", icon="user-check"))
    if many and has_right(call.session, call.caller, "account", "edit"):
        found.append(
            lists.Bulk(
                key="release", label=_("Release to the pool"), url=f"{URL}/bulk/release", icon="pool",
                confirm=_("Others may claim them then."),
            )
        )  # fmt: skip
    return found


def _owner(call: Call) -> fields.Field:
    who = tuple(fields.Choice(value=id_, label=name) for id_, name in ownership.people(call.session))
    return fields.Field(name="owner_id", label=_("Owner"), kind="choice", choices=who, required=True)


@pages.get("/accounts/<id>/contacts/new", allow=right("contact", "create"))
def new_contact(call: Call, id: str) -> Any:
    """The form for a person at the customer."""
    access.get(call.session, call.caller, Account, id)
    return forms.page(_contact_form(id))


@pages.post("/accounts/<id>/contacts/new", allow=right("contact", "create"))
def create_contact(call: Call, id: str) -> Any:
    """Enter a person at the customer."""
    access.get(call.session, call.caller, Account, id)
    form = _contact_form(id)
    body, errors = loaded(schemas.ContactEdit(), forms.values(form, request.form))
    if errors:
        return forms.page(forms.typed(form, request.form, errors))
    accounts.add_contact(call.session, caller=call.caller, account_id=id, **body)
    return replies.go(f"{URL}/{id}", _("Contact added"), accepted=form.key)


def _row(call: Call, record: Account, people: dict[str, str]) -> dict[str, Any]:
    base = current().base_currency
    shown = (
        "id", "tier", "number", "last_activity_at", "next_reclaim_at", "pool", "pooled_at", "protected_until", "created_at",
        "version", "collaborator_ids", "tags", *_TYPED,
    )  # fmt: skip
    row = {name: getattr(record, name) for name in shown} | {
        "owner_id": people.get(record.owner_id or "", ""),
        "contract_total": money.outside(record.contract_minor, base),
        "open_total": money.outside(record.open_minor, base),
        "industry": pick(INDUSTRIES[record.industry]) if record.industry in INDUSTRIES else record.industry,
        "erp": _(", ").join(
            f"{pick(SYSTEMS.get(system)) or system} {number}" for system, number in (record.external_ids or {}).items()
        ),
    }
    return access.mask_out(call.session, call.caller, "account", row)


def _company_fields() -> list[fields.Field]:
    return [*fields.of_object(ACCOUNT, *_TYPED, "owner_id"), fields.Field(name="erp", label=_("ERP number"))]


def _actions(call: Call, record: Account) -> list[details.Action]:
    address = f"{URL}/{record.id}"
    made = []
    if has_right(call.session, call.caller, "opportunity", "create"):
        link = f"/sales/opportunities/new?account={record.id}"
        made.append(details.Action(label=_("New opportunity"), url=link, icon="plus", method="get", primary=True))
    if has_right(call.session, call.caller, "contact", "create"):
        made.append(
            details.Action(label=_("Add contact"), url=f"{address}/contacts/new", icon="user-plus", method="get")
        )
    return [*made, *_hands(call, record, address)]


def _hands(call: Call, record: Account, address: str) -> list[details.Action]:
    """Steps by which the customer changes hands, and editing, as far as the reader may."""
    made = []
    assigns = has_right(call.session, call.caller, "account", "assign")
    edits = access.allows(call.session, call.caller, ACCOUNT, record, "edit")
    if record.owner_id is None and has_right(call.session, call.caller, "account", "claim"):
        made.append(details.Action(label=_("Claim"), url=f"{address}/claim", icon="user-check", primary=True))
    if assigns or runs_pool(call.session, ownership.ACCOUNTS, record, call.caller):
        url = f"{address}/assign"
        made.append(details.Action(label=_("Assign"), url=url, icon="user-check", more=True, fields=[_owner(call)]))
    if record.owner_id and edits:
        reason = fields.Field(name="reason", label=_("Reason"), max_length=300)
        url = f"{address}/release"
        made.append(details.Action(label=_("Release to the pool"), url=url, icon="pool", more=True, fields=[reason]))
        made += pools.manager_actions(address) if assigns else []
    if edits:
        made.append(details.Action(label=_("Edit"), url=f"{address}/edit", icon="pencil", method="get"))
    return made


pools.mount(
    pages, ownership.ACCOUNTS, "accounts", noun=lazy("Accounts"), protect=ownership.protect_account, filtered=URL
)


def _form(
    key: str, title: str, action: str, values: Any, *, version: int | str = "", again: bool = False
) -> forms.Form:
    typed = fields.of_object(ACCOUNT, *_TYPED, name={"required": True})
    if again:
        typed.append(
            fields.Field(name="allow_duplicate", label=_("It is another customer, create it anyway"), kind="boolean")
        )
    cancel = URL if key == "account:new" else action.removesuffix("/edit")
    return forms.Form(
        key=key, title=title, action=action, cancel=cancel, fields=typed, values=values, version=version, kind="account"
    )


def _contact_form(account_id: str) -> forms.Form:
    typed = fields.of_object(
        CONTACT, "name", "title", "decision_role", "phones", "emails", "wechat", "birthday",
        name={"required": True}, decision_role={"choices": choices(DECISION_ROLE_LABELS)},
    )  # fmt: skip
    return forms.Form(
        key=f"contact:{account_id}", title=_("New contact"), action=f"{URL}/{account_id}/contacts/new",
        cancel=f"{URL}/{account_id}", fields=typed, kind="contact",
    )  # fmt: skip
