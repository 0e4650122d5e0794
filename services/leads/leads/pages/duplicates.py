"""Looking for a lead that may exist already, and bringing two together."""

from typing import Any

from flask import render_template, request
from marshmallow import ValidationError

from chassis.api import Call
from chassis.i18n import gettext as _
from console import forms, replies
from console.fields import Field
from engines.access import right
from leads import capture, merging, queries
from leads.objects import LEAD
from leads.pages.edge import STATUS, may, pages
from leads.schemas import CheckIn

DUPLICATES = "/leads/duplicates"
_COMPARED = ("name", "company", "phones", "emails", "wechat", "credit_code", "city", "region")


@pages.get("/duplicates", allow=right("lead", "read"))
def duplicate_check(call: Call) -> Any:
    """Whether a person or company is known already, and why; of leads out of the reader's sight only that they exist."""
    form = _check_form()
    given = {name: value for name, value in forms.values(form, request.args).items() if value}
    found: list[dict[str, Any]] | None = None
    errors: dict[str, Any] = {}
    if given:
        try:
            body = CheckIn().load(given)
            _record, alike = capture.preview(call.session, body)
            found = _shown(call, queries.candidates(call.session, call.caller, alike))
        except ValidationError as refused:
            errors = dict(refused.normalized_messages())
        form = forms.typed(form, request.args, errors)
    page = render_template("leads/duplicates.html", form=form, found=found, lead=None)
    return page, 422 if errors else 200


@pages.get("/leads/<id>/duplicates", allow=right("lead", "read"))
def duplicates_of(call: Call, id: str) -> Any:
    """Leads like this one, each to be merged into it."""
    lead = queries.lead(call.session, call.caller, id)
    values = {field.name: getattr(lead, field.column) for field in LEAD.fields if field.name in _COMPARED}
    _record, alike = capture.preview(call.session, {name: value for name, value in values.items() if value})
    shown = [
        each for each in _shown(call, queries.candidates(call.session, call.caller, alike)) if each["lead_id"] != id
    ]
    return render_template(
        "leads/duplicates.html",
        form=None,
        found=shown,
        lead=lead,
        may_merge=may(call, "merge") and not lead.duplicate_of,
    )


@pages.post("/leads/<id>/merge", allow=right("lead", "merge"))
def merge_lead(call: Call, id: str) -> Any:
    """Merge another lead into this one; it can be undone from the history."""
    lead = queries.lead(call.session, call.caller, id, "edit")
    other = queries.lead(call.session, call.caller, request.form.get("other", ""), "edit")
    merging.merge(call.session, lead, other, caller=call.caller)
    return replies.go(f"/leads/leads/{id}", _("%(name)s was merged into this lead", name=other.company or other.name))


def _shown(call: Call, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Candidates with owner, state and reasons in words."""
    people = queries.names(call.session, [each.get("owner_id") for each in found])
    states = {each.value: each for each in STATUS}
    labels = {"phone": _("Phone"), "email": _("E-mail"), "credit_code": _("Credit code"), "wechat": _("WeChat"),
              "company": _("Company"), "person": _("Name"), "name": _("Name"), "domain": _("Mail domain"),
              "region": _("Region"), "city": _("City")}  # fmt: skip
    return [
        each
        | {
            "owner": people.get(each.get("owner_id") or "", ""),
            "state": states.get(each.get("status", "")),
            "why": [
                (labels.get(reason["field"], reason["field"]), reason["kind"], reason["score"])
                for reason in each["reasons"]
            ],
        }
        for each in found
    ]


def _check_form() -> forms.Form:
    return forms.Form(
        key="duplicates", title=_("Look for duplicates"), action=DUPLICATES, submit=_("Look"),
        fields=[
            Field(name="company", label=_("Company"), max_length=200),
            Field(name="name", label=_("Name"), max_length=120),
            Field(name="phones", label=_("Phone"), kind="texts"),
            Field(name="emails", label=_("E-mail"), kind="texts"),
            Field(name="credit_code", label=_("Credit code"), max_length=30),
        ],
    )  # fmt: skip
