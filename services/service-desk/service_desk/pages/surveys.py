"""What customers said of solved tickets: the answers, newest first, within the tickets the reader may see."""

from typing import Any

from flask import render_template, request
from sqlalchemy import func, select

from chassis import directory
from chassis.api import Call
from engines import access
from engines.access import right
from service_desk.models import Survey, Ticket
from service_desk.objects import TICKET
from service_desk.pages.definitions import tabs
from service_desk.pages.edge import pages

URL = "/service-desk/surveys"
_SHOWN = 100
LOW, HIGH = 2, 4  # up to LOW is bad, from HIGH on is good


@pages.get("/surveys", allow=right("ticket", "read"))
def survey_list(call: Call) -> Any:
    """Figures over all answers, and the latest of them; `show=low` only the bad ones, `show=open` what waits."""
    show = request.args.get("show", "")
    seen = access.predicate_sql(call.session, call.caller, TICKET)
    base = select(Survey, Ticket).join(Ticket, Ticket.id == Survey.ticket_id).where(seen)
    if show == "open":
        base = base.where(Survey.answered_at.is_(None)).order_by(Survey.sent_at.desc())
    else:
        base = base.where(Survey.answered_at.is_not(None)).order_by(Survey.answered_at.desc())
        base = base.where(Survey.score <= LOW) if show == "low" else base
    rows = call.session.execute(base.limit(_SHOWN)).all()
    figures = call.session.execute(
        select(func.count(), func.count(Survey.answered_at), func.avg(Survey.score))
        .select_from(Survey)
        .join(Ticket, Ticket.id == Survey.ticket_id)
        .where(seen)
    ).one()
    good = call.session.scalar(
        select(func.count())
        .select_from(Survey)
        .join(Ticket, Ticket.id == Survey.ticket_id)
        .where(seen, Survey.score >= HIGH)
    )
    return render_template(
        "service_desk/surveys.html",
        rows=rows,
        show=show,
        url=URL,
        sent=figures[0],
        answered=figures[1],
        average=figures[2],
        good=(good or 0) / figures[1] if figures[1] else None,
        people=directory.names(call.session, [row.Survey.assignee_id for row in rows]),
        tabs_of=tabs(call, URL),
        low=LOW,
    )
