"""Erasing a person: looked for first, shown over all services, confirmed by typing the same again, and followed to its end."""

from datetime import timedelta
from typing import Any

from flask import render_template
from sqlalchemy import select

from chassis import clock, directory, feed
from chassis.api import Call
from chassis.erasure import person
from chassis.erasure.person import SUBJECT, Person
from chassis.errors import Invalid, NotFound
from chassis.i18n import lazy as _
from console import forms, replies
from console.fields import Field
from console.pages import Pages
from engines.access import right
from integration_gateway import erasures, passwords
from integration_gateway.models import Erasure
from integration_gateway.pages.matrix import KIND_NAMES

pages = Pages("gateway", name="erasures", module="integration_gateway")
URL = "/gateway/erasures"
MAY = right("user", "administer")
SHOWN = 50
GOOD_FOR = timedelta(days=1)  # what was found is confirmed within this time, or looked for again
SERVICES = {
    "leads": _("Leads"),
    "sales": _("Sales"),
    "service-desk": _("Service desk"),
    "approvals": _("Approvals"),
    "reporting": _("Reporting"),
    "gateway": _("People and connections"),
}
TABLES = {
    **KIND_NAMES,
    "event_log": _("Entries of the audit trail"),
    "event_parked": _("Events put aside"),
    "idempotency": _("Kept answers"),
    "activities": _("Activities"),
    "comments": _("Comments"),
    "tasks": _("Tasks"),
    "attachments": _("Files"),
    "notification": _("Notifications"),
    "work_item": _("Work items"),
    "message": _("Messages"),
    "directory_users": _("Replica of the people"),
}


@pages.get("/erasures", allow=MAY)
def erasure_list(call: Call) -> str:
    """What was asked for, the latest first, and the form to look for somebody."""
    return _page(call, _form())


@pages.post("/erasures", allow=MAY)
def look_for(call: Call) -> Any:
    """Ask all services what they hold of a person; nothing is erased by this."""
    form = _form()
    posted = forms.values(form, call.request.form)
    whom, errors = None, {}
    try:
        whom = _named(posted["whom"] or "")
    except Invalid as refused:
        errors = {"whom": [text for found in (refused.errors or {"": [refused.title]}).values() for text in found]}
    if len(posted["reason"] or "") > 300:
        errors["reason"] = [_("At most %(n)s characters.", n=300)]
    if errors or whom is None:
        return _page(call, forms.typed(form, call.request.form, errors)), 422
    made = _ask(call, whom, dry_run=True, reason=posted["reason"] or "")
    made.key_hash = passwords.hashed(_key(whom))
    return replies.go(f"{URL}/{made.id}")


@pages.get("/erasures/<id>", allow=MAY)
def erasure(call: Call, id: str) -> str:
    """What the services found, or did, so far."""
    template = "erasure_progress" if call.request.args.get("part") == "progress" else "erasure"
    return _one(call, _get(call, id), template=template)


@pages.post("/erasures/<id>/confirm", allow=MAY)
def confirm(call: Call, id: str) -> Any:
    """Erase for good what was found, when the same phone, address or record is typed again."""
    looked = _get(call, id, lock=True)
    typed = call.request.form.get("whom", "")
    problem: Any = ""
    whom = None
    if not _may_confirm(looked):
        problem = _("This can no longer be confirmed: look for the person again")
    else:
        try:
            whom = _named(typed)
        except Invalid:
            whom = None
        if whom is None or not passwords.matches(looked.key_hash, _key(whom)):
            problem = _("This is not what was looked for. Type the same phone number, e-mail address or record again.")
    if problem or whom is None:
        return _one(call, looked, problem=problem), 422
    whom.take(Person(given=set(looked.given), found=set(looked.found)))
    made = _ask(call, whom, dry_run=False, reason=looked.reason)
    looked.key_hash = None
    return replies.go(f"{URL}/{made.id}", _("Every service erases its part now"))


def _ask(call: Call, whom: Person, *, dry_run: bool, reason: str) -> Erasure:
    return erasures.request(
        call.session,
        person=whom,
        services=sorted(feed.locations(call.settings)) or ["gateway"],
        by=call.caller.id,
        dry_run=dry_run,
        reason=reason,
    )


def _named(text: str) -> Person:
    """Whom a text means: an e-mail address, a record as kind/id, or a phone number."""
    text = text.strip()
    if "@" in text:
        return person.named(email=text)
    if SUBJECT.fullmatch(text):
        return person.named(subject=text)
    if len(text) > 40 or not text.replace("+", "").replace("-", "").replace(" ", "").strip("()").isdecimal():
        raise Invalid(errors={"whom": [_("Type a phone number, an e-mail address, or a record such as lead/0190…")]})
    return person.named(phone=text)


def _key(whom: Person) -> str:
    return " ".join(sorted({*whom.given, *whom.phones, *whom.emails}))


def _get(call: Call, id_: str, *, lock: bool = False) -> Erasure:
    found = call.session.get(Erasure, id_, with_for_update=lock or None)
    if found is None:
        raise NotFound()
    return found


def _may_confirm(item: Erasure) -> bool:
    fresh = item.asked_at > clock.now() - GOOD_FOR
    return item.dry_run and item.state == "done" and bool(item.key_hash) and bool(item.counts) and fresh


def _one(call: Call, item: Erasure, *, template: str = "erasure", problem: Any = "") -> str:
    counts = [
        (SERVICES.get(service, service), [(TABLES.get(table, table), rows) for table, rows in sorted(tables.items())])
        for service, tables in sorted(item.counts.items())
        if tables
    ]
    return render_template(
        f"gateway/{template}.html", erasure=item, counts=counts, problem=problem, url=URL,
        waiting=[SERVICES.get(name, name) for name in item.waiting], may_confirm=_may_confirm(item),
        by=directory.names(call.session, [item.asked_by]).get(item.asked_by, item.asked_by),
    )  # fmt: skip


def _page(call: Call, form: forms.Form) -> str:
    found = list(
        call.session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(SHOWN + 1).where(*_older(call)))
    )
    shown = found[:SHOWN]
    return render_template(
        "gateway/erasures.html", form=form, erasures=shown, url=URL,
        people=directory.names(call.session, [item.asked_by for item in shown]),
        more=shown[-1].id if len(found) > SHOWN else "",
    )  # fmt: skip


def _older(call: Call) -> list[Any]:
    before = call.request.args.get("before", "")[:64]
    return [Erasure.id < before] if before else []


def _form() -> forms.Form:
    return forms.Form(
        key="erasure:new", title=_("Look for a person"), action=URL, submit=_("Look in all services"),
        fields=[
            Field(name="whom", label=_("Phone number, e-mail address or record"), required=True, max_length=254,
                  help=_("A record as kind and id, such as lead/0190… or contact/0190…"), autocomplete="off"),
            Field(name="reason", label=_("Reason"), max_length=300,
                  help=_("Such as the number of the request; no personal data")),
        ],
    )  # fmt: skip
