"""The blueprint of the pages, and what several of them need: labels, rows as the reader may see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from chassis import directory
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import StaleVersion
from chassis.i18n import lazy as _
from console import own_fields
from console.fields import Choice, Field
from console.pages import Pages
from engines import access
from engines.access import has_right
from leads import queries
from leads.models import Lead
from leads.objects import GRADES, LEAD, SOURCES, STATUSES
from leads.schemas import LeadOut

pages = Pages("leads")
URL = "/leads/leads"
_DUMPER = Dumper(LeadOut())
_COLOURS = {
    "new": "azure", "assigned": "blue", "working": "indigo", "nurturing": "teal", "qualified": "lime", "converting": "yellow",
    "conversion_failed": "red", "converted": "green", "disqualified": "grey", "A": "green", "B": "blue", "C": "orange",
    "D": "grey",
}  # fmt: skip


def choices(labels: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Choices of a closed list with their colours."""
    return tuple(Choice(value=key, label=label, colour=_COLOURS.get(key, "grey")) for key, label in labels.items())


STATUS, SOURCE, GRADE = choices(STATUSES), choices(SOURCES), choices(GRADES)
OWNER = Field(name="owner_id", label=_("Owner"), kind="person", lookup="/leads/lookup/people", required=True)
REASON = Field(name="reason", label=_("Reason"), required=True, max_length=200)


def row(call: Call, lead: Lead, people: Mapping[str, str]) -> dict[str, Any]:
    """The lead as the reader may see it, its people by name."""
    shown = access.mask_out(call.session, call.caller, "lead", _DUMPER.one(lead))
    shown["custom"] = own_fields.cells(call, LEAD, lead.custom)
    shown["owner_id"] = {"id": lead.owner_id, "name": people.get(lead.owner_id or "", "")} if lead.owner_id else None
    return shown


def rows(call: Call, found: Sequence[Lead]) -> list[dict[str, Any]]:
    """Leads as the reader may see them."""
    people = queries.names(call.session, [lead.owner_id for lead in found])
    return [row(call, lead, people) for lead in found]


def expect(lead: Lead) -> None:
    """StaleVersion when the page the form was on showed another version."""
    sent = request.form.get("version", "")
    if sent and sent != str(lead.version):
        raise StaleVersion()


def may(call: Call, name: str) -> bool:
    """Whether the reader has a right on leads."""
    return has_right(call.session, call.caller, "lead", name)


def people_named(session: Session, q: str) -> list[dict[str, str]]:
    """People to choose as owners, for the search-and-choose box."""
    wanted = q.strip().lower()
    known = directory.snapshot(session)
    matching = [each for each in known.users.values() if each.active and wanted in each.name.lower()]
    departments = known.departments
    return [
        {
            "value": each.id,
            "label": each.name,
            "hint": found.name if (found := departments.get(each.department_id or "")) else "",
        }
        for each in sorted(matching, key=lambda person: person.name)[:20]
    ]
