"""Reads: lists, one ticket with its conversation, clocks and history; tickets of an account."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import i18n
from chassis.caller import Caller
from engines import access, explain, listing
from service_desk import clocks, lifecycle, simulation, sla, surveys
from service_desk.models import Account, Message, SlaClock, Step, Ticket
from service_desk.objects import ACCOUNT, TICKET

TICKETS = listing.paged(TICKET)


def ticket(session: Session, caller: Caller, ticket_id: str, action: str = "read") -> Ticket:
    """The ticket for reading or editing; NotFound outside the caller's scope."""
    return access.get(session, caller, Ticket, ticket_id, action, lock=action != "read")


def details(session: Session, caller: Caller, record: Ticket) -> dict[str, Any]:
    """The ticket with its conversation, clocks, possible states and explanations, as the caller may see them."""
    session.flush()
    access.veil(session, caller)
    shown = {attribute.key: getattr(record, attribute.key) for attribute in Ticket.__mapper__.column_attrs}
    decisions = {each.kind: each for each in reversed(explain.decisions_of(session, f"ticket/{record.id}"))}
    account = session.get(Account, record.account_id) if record.account_id else None
    return shown | {
        "assignee_id": record.owner_id,
        "account_name": account.name if account else None,
        "allowed": lifecycle.allowed(record.status),
        "sla": [clock_of(row) for row in clocks.of(session, record.id)],
        "assignment_explanation": _document(decisions.get("assignment")),
        "sla_explanation": _document(decisions.get("due")),
    }


def _document(decision: explain.Decision | None) -> dict[str, Any] | None:
    return decision.document(i18n.current()) if decision else None


def clock_of(row: SlaClock) -> dict[str, Any]:
    """One clock as the API answers it."""
    return {
        "metric": row.metric, "state": row.state, "policy": row.policy, "policy_revision": row.policy_revision,
        "calendar": row.calendar, "calendar_revision": row.calendar_revision, "target_minutes": row.target_s // 60,
        "started_at": row.started_at, "running_since": row.running_since, "due_at": row.due_at, "met_at": row.met_at,
        "breached": row.breached_at is not None, "breached_at": row.breached_at, "used_minutes": row.used_s // 60,
        "paused_minutes": row.paused_s // 60, "next_fire_at": row.next_fire_at, "level": row.level,
    }  # fmt: skip


def sla_of(session: Session, record: Ticket) -> list[dict[str, Any]]:
    """The clocks with the reasons of their due times, worked out as of now."""
    rows = {row.metric: clock_of(row) for row in clocks.of(session, record.id)}
    why = {each["metric"]: each for each in clocks.explained(session, record.id)}
    found = []
    for metric in sla.METRICS:
        if metric in rows:
            now = why.get(metric, {})
            found.append(rows[metric] | {"used_minutes": now.get("used_minutes", rows[metric]["used_minutes"]),
                                         "why": simulation.plain(now.get("why"))})  # fmt: skip
    return found


def messages(session: Session, ticket_id: str, *, public_only: bool = False) -> list[Message]:
    """The conversation, oldest first."""
    found = select(Message).where(Message.ticket_id == ticket_id)
    if public_only:
        found = found.where(Message.kind == "public")
    return list(session.scalars(found.order_by(Message.at, Message.id)))


def history(session: Session, ticket_id: str, *, limit: int = 200) -> list[Step]:
    """What happened, newest first."""
    found = select(Step).where(Step.ticket_id == ticket_id).order_by(Step.at.desc(), Step.id.desc())
    return list(session.scalars(found.limit(limit)))


def survey_of(session: Session, ticket_id: str) -> Any:
    """The latest survey of a ticket."""
    return next(iter(surveys.of(session, ticket_id)), None)


def of_account(session: Session, caller: Caller, account_id: str, *, limit: int = 10) -> list[Ticket]:
    """The latest tickets of a customer that the caller may see."""
    found = access.readable(session, caller, Ticket).where(Ticket.account_id == account_id)
    return list(session.scalars(found.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(limit)))


def account_names(session: Session, ids: set[str | None]) -> dict[str, str]:
    """Names of customers by id."""
    wanted = [each for each in ids if each]
    return {row.id: row.name for row in session.execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))}


def accounts_named(session: Session, caller: Caller, q: str, *, limit: int = 20) -> list[Account]:
    """Customers the caller may see to choose from, by part of the name or the number."""
    text = q.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = select(Account).where(access.predicate_sql(session, caller, ACCOUNT))
    if text:
        found = found.where(
            Account.name.ilike(f"%{text}%", escape="\\") | Account.number.ilike(f"%{text}%", escape="\\")
        )
    return list(session.scalars(found.order_by(Account.name, Account.id).limit(limit)))
