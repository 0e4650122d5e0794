"""Changing the fields of a lead: the form, and the cells of the list."""

from typing import Any

from flask import request
from marshmallow import ValidationError

from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from console import cells, fields, forms, replies
from engines import access
from engines.access import right
from leads import progress
from leads.models import Lead
from leads.objects import LEAD
from leads.pages.edge import URL, pages, rows
from leads.pages.leads import definition
from leads.schemas import LeadEdit, columns

_WHO = ("name", "company", "title", "phones", "emails", "wechat", "address")
_WHAT = ("industry", "company_size", "region", "city", "product_interest", "budget", "next_action_at", "message")


def _form(lead: Lead) -> forms.Form:
    def of(*names: str) -> list[fields.Field]:
        return fields.of_object(LEAD, *names, message={"kind": "long_text", "wide": True}, address={"wide": True})

    values = {name: getattr(lead, name) for name in (*_WHO, *_WHAT)}
    return forms.Form(
        key=f"lead:{lead.id}", title=lead.name or lead.company or lead.number or "", action=f"{URL}/{lead.id}/edit", kind="lead",
        cancel=f"{URL}/{lead.id}", values=values, version=lead.version,
        groups=[forms.Group(title=_("Who"), fields=of(*_WHO)), forms.Group(title=_("What they want"), fields=of(*_WHAT))],
    )  # fmt: skip


def _for_edit(call: Call, id: str) -> Lead:
    return access.get(call.session, call.caller, Lead, id, "edit", lock=request.method == "POST")


def _save(call: Call, lead: Lead, given: dict[str, Any]) -> None:
    body = LeadEdit(partial=True).load(given)
    access.check_edit(call.session, call.caller, "lead", body)
    progress.edit(call.session, lead, caller=call.caller, **columns(body))


@pages.get("/leads/<id>/edit", allow=right("lead", "edit"))
def lead_form(call: Call, id: str) -> Any:
    """The form of a lead."""
    return forms.page(_form(_for_edit(call, id)))


@pages.post("/leads/<id>/edit", allow=right("lead", "edit"))
def edit_lead(call: Call, id: str) -> Any:
    """Change a lead."""
    lead = _for_edit(call, id)
    form = _form(lead)
    if request.form.get("version", "") not in ("", str(lead.version)):
        return forms.conflict(form, request.form, theirs=form.values, version=lead.version)
    given = forms.values(form, request.form)
    if given.get("budget"):
        given["budget"] = {"amount": given["budget"].replace(",", ""), "currency": lead.budget_currency or "CNY"}
    try:
        _save(call, lead, {name: value for name, value in given.items() if not _same(value, form.values[name])})
    except ValidationError as error:
        return forms.page(forms.typed(form, request.form, error.normalized_messages()))
    except Problem as problem:
        return forms.page(forms.typed(form, request.form, problem.errors or {"": [str(problem)]}))
    return replies.go(f"{URL}/{lead.id}", _("Saved"), accepted=form.key)


def _same(typed: Any, stored: Any) -> bool:
    return (typed or None) == (stored or None)


cells.mount(
    pages,
    cells.Cells(
        kind=LEAD,
        path="leads",
        shown=definition,
        find=_for_edit,
        row=lambda call, lead: rows(call, [lead])[0],
        save=_save,
    ),
)
