"""Satisfaction: a question per solution, answered once by a signed link; a low score gives the team lead a task."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock, vault
from chassis.errors import NotFound
from chassis.events import publish
from chassis.i18n import both
from engines import timeline
from service_desk import clocks, facts, metrics, people, posting
from service_desk.errors import SurveyClosed
from service_desk.events import SurveyAnswered, TicketChanged
from service_desk.models import Survey, Ticket
from service_desk.settings import current

SCORES = (1, 2, 3, 4, 5)
_CONTEXT = "survey.link"


def ask(session: Session, ticket: Ticket) -> Survey:
    """Ask the requester of a ticket that was just solved; a question not answered yet gives way to the new one."""
    now = clock.now()
    for old in session.scalars(select(Survey).where(Survey.ticket_id == ticket.id, Survey.answered_at.is_(None))):
        old.expires_at = now
    survey = Survey(
        ticket_id=ticket.id,
        sent_at=now,
        expires_at=now + timedelta(days=current().survey_days),
        assignee_id=ticket.owner_id,
    )
    session.add(survey)
    session.flush()
    posting.invite(session, ticket, survey_id=survey.id, address=link(survey.id))
    return survey


def link(survey_id: str) -> str:
    """The public address of a survey; nobody can make one up."""
    return f"{current().public_url.rstrip('/')}/service-desk/survey/{token(survey_id)}"


def token(survey_id: str) -> str:
    """The signed part of a survey's address."""
    return vault.seal(survey_id, context=_CONTEXT)


def find(session: Session, token: str, *, lock: bool = False) -> Survey:
    """The survey of a link. NotFound for a forged one, SurveyClosed for one that is over."""
    try:
        survey_id = vault.unseal(token[:400], context=_CONTEXT)
    except (vault.Undecipherable, ValueError):
        raise NotFound() from None
    survey = session.get(Survey, survey_id, with_for_update=lock or None)
    if survey is None:
        raise NotFound()
    if survey.answered_at is None and survey.expires_at <= clock.now():
        raise SurveyClosed()
    return survey


def answer(session: Session, token: str, *, score: int, comment: str = "") -> Survey:
    """Take in the answer; a second one changes nothing. `score` is 1 to 5."""
    survey = find(session, token, lock=True)
    if survey.answered_at is not None:
        return survey
    ticket = session.get_one(Ticket, survey.ticket_id, with_for_update=True)
    survey.score, survey.comment, survey.answered_at = score, comment.strip()[:2000], clock.now()
    ticket.csat = score
    clocks.add_step(session, ticket, "surveyed", by="public", score=score)
    publish(session, facts.event(TicketChanged, ticket, what="surveyed"))
    publish(
        session,
        SurveyAnswered(
            subject=f"ticket/{ticket.id}", survey_id=survey.id, ticket_id=ticket.id, number=ticket.number,
            account_id=ticket.account_id, assignee_id=survey.assignee_id, queue=ticket.queue, score=score,
            answered_at=survey.answered_at, comment=survey.comment,
        ),
    )  # fmt: skip
    metrics.SCORES.labels(str(score)).inc()
    if score <= current().low_score:
        _care(session, ticket, score)
    return survey


def _care(session: Session, ticket: Ticket, score: int) -> None:
    """Somebody senior calls an unhappy customer within a day."""
    to = people.lead_of(session, ticket) or ticket.owner_id
    if to is not None:
        timeline.create_task(
            session, subject_kind="ticket", subject_id=ticket.id, key="low_score", assignee_id=to,
            title=both("Call the customer of %(number)s: score %(score)s", number=ticket.number, score=score),
            due_at=clock.now() + timedelta(days=1), link=f"/service-desk/tickets/{ticket.id}",
        )  # fmt: skip


def of(session: Session, ticket_id: str) -> list[Survey]:
    """The surveys of a ticket, newest first."""
    return list(session.scalars(select(Survey).where(Survey.ticket_id == ticket_id).order_by(Survey.id.desc())))
