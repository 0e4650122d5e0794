"""What the owner of a lead is asked to do, and told: the first response by its due time."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import SYSTEM, Caller
from chassis.events import Event
from chassis.i18n import both
from engines import timeline
from engines.notifications import notify, requested
from leads.models import Lead

FIRST_RESPONSE = "first_response"


def open_first(session: Session, lead: Lead, *, by: Caller = SYSTEM) -> None:
    """Task for the first response, due by the rule's response time, and a notice to the owner."""
    timeline.create_task(session, **_first(lead, by))
    tell(session, lead, **_news(lead))


def first_of_new(lead: Lead, *, by: Caller) -> tuple[dict[str, Any], list[Event]]:
    """`open_first` of a lead that is being made: the task's row, and the events of task and notice."""
    task = timeline.new_task(**_first(lead, by))
    notice = requested([lead.owner_id or ""], **_news(lead), link=link(lead), subject=f"lead/{lead.id}")
    return task, [timeline.created(task), notice]


def _first(lead: Lead, by: Caller) -> dict[str, Any]:
    return {
        "subject_kind": "lead",
        "subject_id": lead.id,
        "title": both("First contact with %(name)s", name=label(lead)),
        "assignee_id": lead.owner_id,
        "due_at": lead.response_due_at,
        "key": FIRST_RESPONSE,
        "link": link(lead),
        "by": by.id,
    }


def _news(lead: Lead) -> dict[str, Any]:
    """What the owner of a new lead is told."""
    return {
        "key": "lead_assigned",
        "title": both("New lead: %(name)s", name=label(lead)),
        "text": both(
            "Grade %(grade)s, %(score)s points. Respond by the time in your task.", grade=lead.grade, score=lead.score
        ),
    }


def tell(
    session: Session, lead: Lead, *, key: str, title: dict[str, str], text: dict[str, str], to: str | None = None
) -> None:
    """A notice about the lead to its owner (or `to`), if there is one."""
    person = to or lead.owner_id
    if person:
        notify(session, to=[person], key=key, title=title, text=text, link=link(lead), subject=f"lead/{lead.id}")


def link(lead: Lead) -> str:
    """Where people see the lead."""
    return f"/leads/leads/{lead.id}"


def label(lead: Lead) -> str:
    """How people call the lead: name and company, whichever there is."""
    return " · ".join(filter(None, (lead.name, lead.company))) or (lead.number or "")
