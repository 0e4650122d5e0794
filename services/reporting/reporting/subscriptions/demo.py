"""When a service removes records (demo data, an undone import), their facts go too: each group drops its own."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis.seeding import Removed
from chassis.subscriptions import Received, Subscriptions
from reporting.models import (
    Account,
    Activity,
    ApprovalInstance,
    ApprovalTask,
    Contract,
    Csat,
    Lead,
    Opportunity,
    Payment,
    Receivable,
    RecordAccess,
    SlaClock,
    StageInterval,
    Ticket,
)
from reporting.subscriptions import access, approvals, leads, money, people, sales, service_desk

_ACTIVITIES = {"group": "activity_facts", "kind": "projection", "tables": [Activity], "batch": True}
# part, its handler group, source, (name in the event, column that holds the id)
_FACTS: tuple[tuple[Subscriptions, dict[str, Any], str, tuple[tuple[str, Any], ...]], ...] = (
    (leads.on, leads.GROUP, "leads", (("lead", Lead.id),)),
    (sales.on, sales.GROUP, "sales", (
        ("account", Account.id), ("opportunity", Opportunity.id), ("opportunity", StageInterval.opportunity_id))),
    (money.on, money.GROUP, "sales", (
        ("contract", Contract.id), ("receivable", Receivable.id), ("payment", Payment.id))),
    (service_desk.on, service_desk.GROUP, "service-desk", (
        ("ticket", Ticket.id), ("ticket", SlaClock.ticket_id), ("ticket", Csat.ticket_id))),
    (approvals.on, approvals.GROUP, "approvals", (
        ("approval", ApprovalInstance.id), ("approval_task", ApprovalTask.id))),
    (people.on, _ACTIVITIES, "*", (("activities", Activity.id),)),
)  # fmt: skip
_OWNERS = ("leads", "sales", "service-desk", "approvals", "gateway")
_TASKS = "approval_task"  # what access knows as an approval is one person's task


def _forget(columns: Sequence[tuple[str, Any]]) -> Callable[..., None]:
    def records_removed(session: Session, events: Sequence[Received]) -> None:
        for event in events:
            for kind, column in columns:
                session.execute(delete(column.class_).where(column.in_(event.data["removed"].get(kind, []))))

    return records_removed


def _access_removed(session: Session, events: Sequence[Received]) -> None:
    for event in events:
        for name, ids in event.data["removed"].items():
            kind = "approval" if name == _TASKS else name
            session.execute(delete(RecordAccess).where(RecordAccess.kind == kind, RecordAccess.id.in_(ids)))


for part, group, source, columns in _FACTS:
    part(f"{source}.demo_data.removed.v1", reads=Removed, **group)(_forget(columns))
    part(f"{source}.records.removed.v1", reads=Removed, **group)(_forget(columns))
for source in _OWNERS:
    access.on(f"{source}.demo_data.removed.v1", reads=Removed, **access.GROUP)(_access_removed)
    access.on(f"{source}.records.removed.v1", reads=Removed, **access.GROUP)(_access_removed)
