"""Out of office: one's own delegations, and the form for a new one."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request

from approvals import delegations
from approvals.pages.edge import names, pages
from chassis.api import Call
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from console import forms, replies
from console.fields import Field
from console.pages import signed_in

URL = "/approvals/delegations"


@pages.get("/delegations", allow=signed_in)
def delegation_list(call: Call) -> Any:
    """One's own periods."""
    return _shown(call, _form())


@pages.post("/delegations", allow=signed_in)
def create_delegation(call: Call) -> Any:
    """Name a substitute for some days."""
    form = _form()
    posted = forms.values(form, request.form)
    try:
        zone = ZoneInfo(call.settings.time_zone)
        begins_at = _midnight(posted["begins_on"], zone)
        ends_at = _midnight(posted["ends_on"], zone) + timedelta(days=1)
        delegations.delegate(
            call.session, caller=call.caller, user_id=call.caller.id, substitute_id=posted["substitute_id"] or "",
            begins_at=begins_at, ends_at=ends_at, reason=posted["reason"] or "",
        )  # fmt: skip
    except (TypeError, ValueError):
        return _shown(call, forms.typed(form, request.form, {"ends_on": [_("Give both days.")]}))
    except Invalid as refused:
        errors = {"ends_on" if name == "ends_at" else name: texts for name, texts in (refused.errors or {}).items()}
        return _shown(call, forms.typed(form, request.form, errors))
    return replies.go(URL, _("Your substitute will be asked instead of you"), accepted=form.key)


@pages.post("/delegations/<id>/end", allow=signed_in)
def end_delegation(call: Call, id: str) -> Any:
    """Take it back."""
    delegations.end(call.session, id, user_id=call.caller.id)
    return replies.go(URL, _("Taken back"))


def _form() -> forms.Form:
    return forms.Form(
        key="approval-delegation",
        title=_("Out of office"),
        action=URL,
        submit=_("Name substitute"),
        fields=[
            Field(
                name="substitute_id",
                label=_("Substitute"),
                kind="person",
                lookup="/approvals/lookup/people",
                required=True,
            ),
            Field(name="begins_on", label=_("From"), kind="date", required=True),
            Field(name="ends_on", label=_("Until"), kind="date", required=True),
            Field(name="reason", label=_("Reason"), max_length=200),
        ],
    )


def _shown(call: Call, form: forms.Form) -> Any:
    rows = delegations.current(call.session, user_id=call.caller.id)
    people = names(call, {row.substitute_id for row in rows})
    page = render_template("approvals/delegations.html", form=form, rows=rows, people=people)
    return page, 422 if form.errors else 200


def _midnight(day: str | None, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=zone)
