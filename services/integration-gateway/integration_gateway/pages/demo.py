"""The page on which an administrator removes the demo data of all services."""

from typing import Any

from flask import render_template

from chassis import i18n
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console import forms, replies
from console.fields import Field
from console.pages import Pages
from engines.access import right
from integration_gateway import demo

pages = Pages("gateway", name="demo", module="integration_gateway")
URL = "/gateway/demo-data"
PHRASES = ("移除演示数据", "remove the demo data")
SERVICES = {
    "leads": lazy("Leads"),
    "sales": lazy("Sales"),
    "service-desk": lazy("Service desk"),
    "approvals": lazy("Approvals"),
    "reporting": lazy("Reports"),
    "gateway": lazy("People and connections"),
}


@pages.get("/demo-data", allow=right("user", "administer"))
def demo_data(call: Call) -> Any:
    """What each service holds of the demo, and the form that removes it."""
    return _page(call)


@pages.post("/demo-data", allow=right("user", "administer"))
def remove_demo_data(call: Call) -> Any:
    """Ask all services to remove their demo data; what must be typed keeps a slip of the hand from doing it."""
    if call.request.form.get("confirmation", "").strip().lower() not in PHRASES:
        return _page(call, {"confirmation": [_("Type the words exactly as they stand there")]})
    try:
        demo.request_removal(call.session, by=call.caller.id)
    except Problem as refused:
        return _page(call, {"": [str(refused.title)]}, status=refused.status)
    return replies.go(URL, _("Every service is removing its demo data now"))


@pages.get("/fragments/demo-data", allow=right("user", "administer"))
def demo_progress(call: Call) -> Any:
    """The table of services, asked for again until all are done."""
    return render_template("gateway/demo_progress.html", **_facts(call))


def _page(call: Call, errors: Any = None, *, status: int = 422) -> Any:
    phrase = PHRASES[0] if i18n.current() == "zh" else PHRASES[1]
    form = forms.Form(
        key="demo-data",
        title=_("Remove the demo data"),
        action=URL,
        cancel="/gateway/administration",
        submit=_("Remove the demo data"),
        danger=True,
        fields=[
            Field(
                name="confirmation", label=_("Type “%(words)s” to confirm", words=phrase), required=True,
                autocomplete="off", max_length=60,
            )
        ],
        errors=errors or {},
    )  # fmt: skip
    facts = _facts(call) | {"administrator": demo.own_administrator(call.session)}
    return render_template("gateway/demo_data.html", form=form, **facts), status if errors else 200


def _facts(call: Call) -> dict[str, Any]:
    states = demo.states(call.session)
    return {
        "states": [state for state in states if state.loaded_at or state.removed_at],
        "services": SERVICES,
        "asked": any(state.requested_at for state in states),
        "done": bool(states) and not any(state.loaded_at and not state.removed_at for state in states),
        "held": sum(sum(state.records.values()) for state in states if not state.removed_at),
    }
