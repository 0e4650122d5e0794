"""Parts of the desk on other pages: a customer's tickets, search hits; and look-ups for forms."""

from typing import Any

from flask import Response, render_template, request

from chassis import directory
from chassis.api import Call
from chassis.i18n import gettext as _
from console.pages import signed_in
from engines import listing
from engines.access import right
from service_desk import queries
from service_desk.models import Ticket
from service_desk.objects import TICKET
from service_desk.pages.edge import PRIORITY, STATUS, URL, choice, may, pages

_HITS = 5


@pages.get("/fragments/account/<id>", allow=right("ticket", "read"))
def account_tickets(call: Call, id: str) -> Any:
    """A customer's latest tickets, for the customer's page."""
    found = queries.of_account(call.session, call.caller, id)
    people = directory.names(call.session, [ticket.owner_id for ticket in found])
    return render_template(
        "service_desk/account_tickets.html",
        tickets=[
            (each, choice(STATUS, each.status), choice(PRIORITY, each.priority), people.get(each.owner_id or "", ""))
            for each in found
        ],
        create=f"{URL}/new?account={id}" if may(call, "create") else "",
    )


@pages.get("/fragments/accounts/<id>/tickets", allow=right("ticket", "read"))
def tickets_of_account(call: Call, id: str) -> Any:
    """The same part by its longer name."""
    return account_tickets(call, id)


@pages.get("/fragments/search", allow=signed_in)
def search(call: Call) -> Any:
    """Tickets for the shell's search box; 204 when none holds the text."""
    q = request.args.get("q", "").strip()
    if not q or not may(call, "read"):
        return Response(status=204)
    rows = listing.readable(call.session, call.caller, TICKET, q=q).order_by(Ticket.created_at.desc()).limit(_HITS)
    hits = [(each.subject, each.number or "", f"{URL}/{each.id}", "ticket") for each in call.session.scalars(rows)]
    if not hits:
        return Response(status=204)
    return render_template("console/found.html", hits=hits, label=_("Tickets"))


@pages.get("/lookup/people", allow=right("ticket", "read"))
def lookup_people(call: Call) -> Any:
    """People to choose as assignees."""
    wanted = request.args.get("q", "").strip().lower()
    known = directory.snapshot(call.session)
    found = [each for each in known.users.values() if each.active and wanted in each.name.lower()]
    return {
        "items": [
            {
                "value": each.id,
                "label": each.name,
                "hint": _("absent") if each.absent else _department(known, each.department_id),
            }
            for each in sorted(found, key=lambda person: person.name)[:20]
        ]
    }


def _department(known: directory.Snapshot, department_id: str | None) -> str:
    found = known.departments.get(department_id or "")
    return found.name if found else ""


@pages.get("/lookup/accounts", allow=right("ticket", "create"))
def lookup_accounts(call: Call) -> Any:
    """Customers to choose from."""
    found = queries.accounts_named(call.session, call.caller, request.args.get("q", ""))
    return {"items": [{"value": each.id, "label": each.name, "hint": each.tier or each.number or ""} for each in found]}
