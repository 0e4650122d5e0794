"""What SLA clocks tell people: warnings to the assignee, the breach, escalations up the line."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from chassis import clock
from chassis.events import publish
from chassis.i18n import both
from engines.notifications import notify
from service_desk import facts, metrics, people
from service_desk.events import SlaWarned, TicketBreached
from service_desk.models import SlaClock, Ticket
from service_desk.objects import METRICS

Marks = Sequence[tuple[str, int]]  # (warning | breach | escalation, percent or level)


def breached(session: Session, ticket: Ticket, row: SlaClock) -> None:
    """The clock ran out: a fact with its own instant, said once."""
    assert row.breached_at is not None
    metrics.BREACHES.labels(row.metric, ticket.priority).inc()
    publish(
        session,
        facts.event(
            TicketBreached, ticket, metric=row.metric, due_at=row.breached_at, policy=row.policy,
            target_minutes=row.target_s // 60,
        ),
    )  # fmt: skip


def tell(session: Session, ticket: Ticket, row: SlaClock, marks: Marks) -> None:
    """Tell people of the marks just passed; of several warnings that were missed only the last is worth a message."""
    said = dict(marks)
    if "escalation" in said:
        _escalate(session, ticket, row, said["escalation"])
    if "breach" in said:
        _notify(
            session, ticket, row, [people.responsible(session, ticket), people.lead_of(session, ticket)], percent=100
        )
    elif "warning" in said:
        _notify(session, ticket, row, [people.responsible(session, ticket)], percent=said["warning"])


def _notify(session: Session, ticket: Ticket, row: SlaClock, to: Sequence[str | None], *, percent: int) -> None:
    metric = METRICS[row.metric]
    is_over = percent >= 100
    metrics.WARNINGS.labels(row.metric, "breach" if is_over else "warning").inc()
    _warned(session, ticket, row, percent=percent)
    if is_over:
        title = both("%(number)s: %(metric)s is overdue", number=ticket.number, metric="{metric}")
    else:
        title = both("%(number)s: %(metric)s has used %(percent)s %% of its time", number=ticket.number, metric="{metric}",
                     percent=percent)  # fmt: skip
    due = clock.iso(row.due_at) if row.due_at else ""
    notify(
        session, to=to, key="sla_breached" if is_over else "sla_warning", subject=f"ticket/{ticket.id}",
        title={locale: text.replace("{metric}", metric[locale]) for locale, text in title.items()},
        text=both("%(subject)s, due %(due)s", subject=ticket.subject, due=due), link=f"/service-desk/tickets/{ticket.id}",
    )  # fmt: skip


def _escalate(session: Session, ticket: Ticket, row: SlaClock, level: int) -> None:
    metrics.WARNINGS.labels(row.metric, "escalation").inc()
    to = people.supervisor(session, people.responsible(session, ticket), level=level)
    _warned(session, ticket, row, escalation=level)
    metric = METRICS[row.metric]
    title = both("Escalation, level %(level)s: %(number)s", level=level, number=ticket.number)
    notify(
        session, to=[to or people.lead_of(session, ticket)], key="sla_escalated", subject=f"ticket/{ticket.id}", title=title,
        text={
            locale: text.replace("{metric}", metric[locale])
            for locale, text in both(
                "%(subject)s: %(metric)s is overdue and nobody has met it.", subject=ticket.subject, metric="{metric}"
            ).items()
        },
        link=f"/service-desk/tickets/{ticket.id}",
    )  # fmt: skip


def _warned(
    session: Session, ticket: Ticket, row: SlaClock, *, percent: int | None = None, escalation: int | None = None
) -> None:
    publish(
        session,
        SlaWarned(
            subject=f"ticket/{ticket.id}", ticket_id=ticket.id, metric=row.metric, percent=percent, escalation=escalation,
            due_at=row.due_at,
        ),
    )  # fmt: skip
