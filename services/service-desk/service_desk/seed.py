"""Demo data: a service team with queues, dispatch rules, policies and a calendar, and tickets in every state of their life."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import PUBLIC, SYSTEM, Caller
from chassis.events import publish
from service_desk import calendars, clocks, definitions, facts, progress, starting, surveys, tickets
from service_desk.events import TicketAssigned
from service_desk.models import Survey, Ticket
from service_desk.seed_definitions import AGENT, DEFINITIONS, LEAD, SERVICE
from service_desk.seed_tickets import TICKETS

_ACTORS = {
    "agent": Caller(id=AGENT, kind="user", name="孙倩", department_id=SERVICE),
    "lead": Caller(id=LEAD, kind="user", name="刘洋", department_id=SERVICE),
}


def run(session: Session) -> None:
    """Fill an empty database; the people are those of the demo directory, requesters are contacts of the demo customers."""
    year = clock.now().year
    definitions.publish_definition(
        session, caller=SYSTEM, purpose="calendar", key="china", body=calendars.chinese(year - 2, year + 2),
        title=starting.CHINA,
    )  # fmt: skip
    for purpose, key, title, body in DEFINITIONS:
        definitions.publish_definition(session, caller=SYSTEM, purpose=purpose, key=key, body=body, title=title)
    now = clock.now()
    begun = sorted(TICKETS, key=lambda plan: -plan["days_ago"])
    for plan in begun:
        _live(session, plan, now)


def _live(session: Session, plan: dict[str, Any], now: datetime) -> None:
    """One ticket through its life; `did` are (working hours after it came in, what, text)."""
    hours = definitions.in_force(session).calendars["china"][1]
    came = hours.add(now - timedelta(days=plan["days_ago"]), 600)
    if came >= now:
        came = now - timedelta(minutes=5)
    place = plan["customer"]
    with clock.at(came):
        ticket = tickets.create(
            session, caller=_ACTORS["agent"] if plan["channel"] in ("phone", "staff") else PUBLIC, subject=plan["subject"],
            text=plan["text"], channel=plan["channel"], type=plan["type"], priority=plan["priority"],
            requester_name=plan["name"], requester_email=f"contact{place}@customer{place}.example",
            language=plan.get("language"), queue="first-line",
        )  # fmt: skip
        if plan["did"] or plan["priority"] != "low":
            _assign(session, ticket, LEAD if plan["priority"] == "urgent" or plan["type"] == "complaint" else AGENT)
    for after, what, text in plan["did"]:
        at = hours.add(came, int(after * 3600))
        if at < now:
            with clock.at(at):
                _do(session, ticket, what, text)


def _assign(session: Session, ticket: Ticket, user_id: str) -> None:
    """An empty database knows no directory, so that the rules would find nobody: the demo says who it is."""
    ticket.owner_id, ticket.department_id = user_id, SERVICE
    clocks.add_step(session, ticket, "assigned", by=SYSTEM, to=user_id, queue=ticket.queue, rule=None)
    publish(session, facts.event(TicketAssigned, ticket, previous_assignee_id=None, how="hand", rule=None))


def _do(session: Session, ticket: Ticket, what: str, text: str) -> None:
    agent = _ACTORS["lead"] if ticket.owner_id == LEAD else _ACTORS["agent"]
    if what == "reply":
        progress.reply(session, ticket, caller=agent, text=text, status="pending")
    elif what == "note":
        progress.note(session, ticket, caller=agent, text=text)
    elif what == "customer":
        progress.hear(
            session,
            ticket,
            text=text,
            name=ticket.requester_name,
            address=ticket.requester_email,
            channel=ticket.channel,
        )
    elif what == "solve":
        progress.reply(session, ticket, caller=agent, text=text, status="solved")
    elif what == "survey":
        survey = surveys.of(session, ticket.id)[0]
        _answer(session, survey, score=int(text[0]), comment=text[1:].strip())
    else:
        progress.set_status(session, ticket, caller=agent, to=what)


def _answer(session: Session, survey: Survey, *, score: int, comment: str) -> None:
    surveys.answer(session, surveys.token(survey.id), score=score, comment=comment)
