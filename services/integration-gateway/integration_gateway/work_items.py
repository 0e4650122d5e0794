"""My work: one list of what a person has to do, over all services, projected from their task events."""

from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.subscriptions import Received
from integration_gateway.models import WorkItem

TASK, APPROVAL, TICKET = KINDS = ("task", "approval", "ticket")
SOLVED = frozenset(("solved", "closed"))


def opened(session: Session, event: Received) -> None:
    """A task was made, moved to somebody else or got another due time; one that nobody has is on no list."""
    data = event.data
    item = session.get(WorkItem, (event.source, data["task_id"]))
    if data["assignee_id"] is None:
        if item is not None:
            session.delete(item)
        return
    item = item or WorkItem(source=event.source, task_id=data["task_id"], created_at=event.time)
    item.subject = data["subject"] or f"{data['subject_kind']}/{data['subject_id']}"
    item.title = data["title"]
    item.link = data["link"] or _place(event.source, item.subject, data["task_id"])
    item.assignee_id = data["assignee_id"]
    item.due_at = data["due_at"]
    item.remind_at = data["remind_at"]
    item.kind = APPROVAL if event.source == "approvals" else TASK
    item.changed_at = event.time
    item.completed_at = None
    item.outcome = ""
    session.add(item)


def ticket(session: Session, event: Received) -> None:
    """A ticket is work of its assignee until it is solved; its time is the next one its SLA asks for."""
    data = event.data
    item = session.get(WorkItem, (event.source, data["ticket_id"]))
    if data["assignee_id"] is None:
        if item is not None:
            session.delete(item)
        return
    if item is None:
        item = WorkItem(source=event.source, task_id=data["ticket_id"], created_at=event.time, kind=TICKET)
    item.subject = f"ticket/{data['ticket_id']}"
    item.title = " ".join(part for part in (data["number"], data["subject"]) if part)
    item.link = f"/{event.source}/tickets/{data['ticket_id']}"
    item.assignee_id = data["assignee_id"]
    item.due_at, item.changed_at = data["next_due_at"], event.time
    if data["status"] not in SOLVED:
        item.completed_at, item.outcome = None, ""
    elif item.completed_at is None:
        item.completed_at, item.outcome = event.time, data["status"]
    session.add(item)


def completed(session: Session, event: Received) -> None:
    """A task is done, or nobody has to do it any more."""
    item = session.get(WorkItem, (event.source, event.data["task_id"]))
    if item is not None:
        item.completed_at = event.time
        item.outcome = event.data["outcome"] or ""


def by_day(items: list[WorkItem], zone: str) -> list[tuple[str, list[WorkItem]]]:
    """Open items as (overdue, today, later, undated), by the company's day; those without any are left out."""
    now, today = clock.now(), clock.today(zone)
    found: dict[str, list[WorkItem]] = {"overdue": [], "today": [], "later": [], "undated": []}
    for item in items:
        if item.due_at is None:
            found["undated"].append(item)
        elif item.due_at < now:
            found["overdue"].append(item)
        else:
            found["today" if item.due_at.astimezone(ZoneInfo(zone)).date() == today else "later"].append(item)
    return [(name, group) for name, group in found.items() if group]


def mine(session: Session, user_id: str, *, limit: int = 100, done: bool = False, kind: str = "") -> list[WorkItem]:
    """What a person has to do, what is due first on top; with `done` what they did, latest first."""
    items = select(WorkItem).where(WorkItem.assignee_id == user_id)
    if kind:
        items = items.where(WorkItem.kind == kind)
    if done:
        items = items.where(WorkItem.completed_at.is_not(None)).order_by(WorkItem.completed_at.desc())
    else:
        undated = case((WorkItem.due_at.is_(None), 1), else_=0)
        items = items.where(WorkItem.completed_at.is_(None)).order_by(undated, WorkItem.due_at, WorkItem.task_id)
    return list(session.scalars(items.limit(limit)))


def counts(session: Session, user_id: str) -> dict[str, int]:
    """How many things a person has to do, and how many of them are overdue."""
    late = case((WorkItem.due_at < clock.now(), 1), else_=0)
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(late), 0)).where(
            WorkItem.assignee_id == user_id, WorkItem.completed_at.is_(None)
        )
    ).one()
    return {"open": row[0], "overdue": row[1]}


def _place(source: str, subject: str, task_id: str) -> str:
    """Where a task without a link of its own is dealt with: an approval in its inbox, else at its subject's page."""
    if source == "approvals":
        return f"/approvals/tasks/{task_id}"
    kind, _slash, record_id = subject.partition("/")
    return f"/{source}/{kind}s/{record_id}"
