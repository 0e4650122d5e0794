"""Pages of hand-overs: who leaves, what each service counted, who gets what, and how it went."""

from typing import Any

from flask import render_template, request

from chassis import directory
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import lazy as _
from console import forms, replies
from console.fields import Choice, Field
from console.pages import Pages
from engines import access
from engines.access import has_right, right
from integration_gateway import hand_overs
from integration_gateway.models import HandOver

pages = Pages("gateway", name="hand_overs", module="integration_gateway")
URL = "/gateway/hand-overs"
STATES = {
    "counting": Choice(value="counting", label=_("Being prepared"), colour="blue"),
    "running": Choice(value="running", label=_("Running"), colour="orange"),
    "done": Choice(value="done", label=_("Done"), colour="green"),
    "cancelled": Choice(value="cancelled", label=_("Given up"), colour="grey"),
}


@pages.get("/hand-overs", allow=right("hand_over", "read"))
def hand_over_list(call: Call) -> str:
    """All hand-overs, newest first."""
    wanted = access.readable(call.session, call.caller, HandOver).order_by(HandOver.created_at.desc()).limit(100)
    found = call.session.scalars(wanted).all()
    names = directory.names(call.session, [id_ for each in found for id_ in (each.leaver_id, each.created_by)])
    shown = [{"record": each, "leaver": names.get(each.leaver_id, ""), "by": names.get(each.created_by or "", ""),
              "state": STATES[each.status]} for each in found]  # fmt: skip
    return render_template(
        "gateway/hand_overs.html", hand_overs=shown, creates=has_right(call.session, call.caller, "hand_over", "create")
    )


@pages.get("/hand-overs/new", allow=right("hand_over", "create"))
def new_hand_over(call: Call) -> Any:
    """Who leaves."""
    return forms.page(_form(call))


@pages.post("/hand-overs/new", allow=right("hand_over", "create"))
def prepare_hand_over(call: Call) -> Any:
    """Ask every service what the leaver has."""
    form = _form(call)
    try:
        record = hand_overs.prepare(call.session, caller=call.caller, leaver_id=request.form.get("leaver_id", ""))
    except Problem as problem:
        return forms.page(forms.typed(form, request.form, problem.errors or {"leaver_id": [str(problem)]}))
    return replies.go(f"{URL}/{record.id}", _("Every service was asked what there is"), accepted=form.key)


@pages.get("/hand-overs/<id>", allow=right("hand_over", "read"))
def hand_over_page(call: Call, id: str) -> Any:
    """One hand-over: the preview with successors to choose, or how far it is."""
    return _page(call, access.get(call.session, call.caller, HandOver, id))


@pages.post("/hand-overs/<id>/start", allow=right("hand_over", "edit"))
def start_hand_over(call: Call, id: str) -> Any:
    """Let every service move what it owns."""
    record = access.get(call.session, call.caller, HandOver, id, "edit", lock=True)
    chosen = {kind: request.form.get(f"to_{kind}", "") for kind in (*hand_overs.KINDS, hand_overs.EVERYTHING_ELSE)}
    try:
        hand_overs.start(
            call.session, record, caller=call.caller, successors=chosen, switch_off="switch_off" in request.form
        )
    except Problem as problem:
        refused = (problem.errors or {}).get("successors", {})
        return _page(call, record, chosen=chosen, errors=refused, problem="" if refused else str(problem)), 422
    return replies.go(f"{URL}/{id}", _("The hand-over is running"))


@pages.post("/hand-overs/<id>/<step>", allow=right("hand_over", "edit"))
def change_hand_over(call: Call, id: str, step: str) -> Any:
    """Count again, or give it up."""
    steps = {"count": hand_overs.count_again, "cancel": hand_overs.cancel}
    if step not in steps:
        return replies.refused(_("There is no such action"), status=404)
    steps[step](call.session, access.get(call.session, call.caller, HandOver, id, "edit", lock=True))
    return replies.go(f"{URL}/{id}", _("Done"))


def _page(
    call: Call, record: HandOver, *, chosen: dict[str, str] | None = None, errors: Any = None, problem: str = ""
) -> str:
    shown = hand_overs.details(call.session, record)
    ids = [record.leaver_id, record.created_by, *record.successors.values()]
    people = [choice for choice in _people(call) if choice.value != record.leaver_id]
    kinds = [
        {"key": kind, "label": label, "count": shown["counts"].get(kind, 0), "moved": shown["moved"].get(kind, 0),
         "to": record.successors.get(kind) or record.successors.get(hand_overs.EVERYTHING_ELSE)}
        for kind, label in hand_overs.KINDS.items()
    ]  # fmt: skip
    return render_template(
        "gateway/hand_over.html", record=record, shown=shown, kinds=kinds, names=directory.names(call.session, ids),
        state=STATES[record.status], people=people, chosen=chosen or {}, errors=errors or {}, problem=problem,
        labels=hand_overs.KINDS, edits=has_right(call.session, call.caller, "hand_over", "edit"), url=f"{URL}/{record.id}",
    )  # fmt: skip


def _form(call: Call) -> forms.Form:
    leaver = Field(
        name="leaver_id", label=_("Who leaves"), kind="choice", choices=tuple(_people(call, all=True)), required=True
    )
    return forms.Form(
        key="hand_over:new", title=_("New hand-over"), action=f"{URL}/new", cancel=URL, submit=_("Count what there is"),
        fields=[leaver], values={"leaver_id": request.args.get("leaver", "")},
    )  # fmt: skip


def _people(call: Call, *, all: bool = False) -> list[Choice]:
    """People by name; those who were switched off only as leavers."""
    users = directory.snapshot(call.session).users.values()
    return [Choice(value=id_, label=name) for name, id_ in sorted((u.name, u.id) for u in users if u.active or all)]
