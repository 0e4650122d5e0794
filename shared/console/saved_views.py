"""Saved views of every list: loaded with the list by its key, and the three small actions on them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, g

from chassis.api import Call
from chassis.i18n import gettext as _
from console import reader, replies
from console.pages import Pages, signed_in
from engines import views

ALL = "all"  # in the address: no view, though another one is the reader's default
MAX_CONDITION = 20_000  # characters


@dataclass(frozen=True)
class Kept:
    """The reader's saved views of a list and the id of the one it opens with."""

    saved: Sequence[views.SavedView]
    chosen: str


def of_list(list_name: str) -> Kept:
    """What the reader sees; nothing outside a page with a session. Asked once per request."""
    session = g.get("crm_session")
    who = reader.current()
    if session is None or not who.is_person or not list_name:
        return Kept((), "")
    known: dict[str, Kept] = g.setdefault("crm_views", {})
    if list_name not in known:
        saved = views.of_list(session, caller=who, list_name=list_name)
        known[list_name] = Kept(saved, views.chosen(session, caller=who, list_name=list_name))
    return known[list_name]


def address(list_name: str) -> str:
    """Where the views of a list of this service are saved."""
    return f"/{current_app.extensions['console'].service}/views/{list_name}"


def pages(service: str) -> Pages:
    """The actions; the same on every service."""
    made = Pages(service, name="console_views", template_folder=None)

    @made.post("/views/<list_name>", allow=signed_in, feature=f"{service}.views")
    def save_view(call: Call, list_name: str) -> Any:
        form = call.request.form
        text = form.get("filter", "")[:MAX_CONDITION]
        try:
            condition = json.loads(text) if text else None
        except ValueError:
            condition = None
        view = views.save(
            call.session, caller=call.caller, list_name=list_name, name=form.get("name", ""),
            condition=condition if isinstance(condition, dict) else None, sort=form.get("sort", ""),
            columns=[name for name in form.get("columns", "").split(",") if name][:60], shared="shared" in form,
        )  # fmt: skip
        if "chosen" in form:
            views.choose(call.session, caller=call.caller, list_name=list_name, view=view.id)
        return replies.go(f"{_back(service, form)}?view={view.id}", _("View saved"))

    @made.post("/views/<list_name>/<id>/delete", allow=signed_in, feature=f"{service}.views")
    def delete_view(call: Call, list_name: str, id: str) -> Any:
        views.delete(call.session, caller=call.caller, list_name=list_name, id=id)
        if views.chosen(call.session, caller=call.caller, list_name=list_name) == id:
            views.choose(call.session, caller=call.caller, list_name=list_name, view="")
        return replies.go(_back(service, call.request.form), _("View deleted"))

    @made.post("/views/<list_name>/<id>/choose", allow=signed_in, feature=f"{service}.views")
    def choose_view(call: Call, list_name: str, id: str) -> Any:
        wanted = "" if id == ALL else id
        views.choose(call.session, caller=call.caller, list_name=list_name, view=wanted)
        return replies.go(f"{_back(service, call.request.form)}?view={id}", _("The list opens with this from now on"))

    return made


def _back(service: str, form: Any) -> str:
    """The list's own address, as its page sent it; never one elsewhere."""
    path = str(form.get("back") or "")
    return path if path.startswith(f"/{service}/") and "?" not in path and "//" not in path else f"/{service}/"
