"""What the gateway hears of the others: tasks for "my work", notifications, hand-overs, demo data."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from chassis.seeding import Removed
from chassis.subscriptions import Received, Subscriptions
from integration_gateway import demo, hand_overs, notifications, work_items
from integration_gateway.models import DemoData, WorkItem

on = Subscriptions()


class TaskCreated(Schema):
    task_id = fields.String(required=True)
    subject = fields.String(load_default="")
    subject_kind = fields.String(load_default="")
    subject_id = fields.String(load_default="")
    title = fields.Raw(load_default="")
    link = fields.String(load_default="", allow_none=True)
    assignee_id = fields.String(required=True, allow_none=True)
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)
    remind_at = fields.AwareDateTime(load_default=None, allow_none=True)


class TaskCompleted(Schema):
    task_id = fields.String(required=True)
    outcome = fields.String(load_default="", allow_none=True)


class TicketState(Schema):
    ticket_id = fields.String(required=True)
    number = fields.String(load_default=None, allow_none=True)
    subject = fields.String(load_default=None, allow_none=True)
    status = fields.String(required=True)
    assignee_id = fields.String(load_default=None, allow_none=True)
    next_due_at = fields.AwareDateTime(load_default=None, allow_none=True)


class NotificationRequested(Schema):
    to = fields.List(fields.String(), required=True)
    key = fields.String(required=True)
    title = fields.Dict(required=True)
    text = fields.Dict(load_default=dict)
    link = fields.String(load_default="", allow_none=True)
    subject = fields.String(load_default="", allow_none=True)


class DemoDataLoaded(Schema):
    records = fields.Dict(load_default=dict)


class RemovalRequested(Schema):
    requested_by = fields.String(load_default="")


@on("*.task.created.v1", group="work_items", kind="projection", reads=TaskCreated, tables=[WorkItem])
def task_created(session: Session, event: Received) -> None:
    work_items.opened(session, event)


@on("*.task.reassigned.v1", group="work_items", kind="projection", reads=TaskCreated, tables=[WorkItem])
def task_reassigned(session: Session, event: Received) -> None:
    work_items.opened(session, event)


@on("*.task.completed.v1", group="work_items", kind="projection", reads=TaskCompleted, tables=[WorkItem])
def task_completed(session: Session, event: Received) -> None:
    work_items.completed(session, event)


def ticket_moved(session: Session, event: Received) -> None:
    work_items.ticket(session, event)


for _step in ("created", "assigned", "changed", "solved", "closed"):
    on(f"service-desk.ticket.{_step}.v1", group="work_items", kind="projection", reads=TicketState, tables=[WorkItem])(
        ticket_moved
    )


@on("*.notification.requested.v1", group="notifications", kind="reaction", reads=NotificationRequested)
def notification_requested(session: Session, event: Received) -> None:
    notifications.deliver(session, event)


class HandOverCounted(Schema):
    hand_over_id = fields.String(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class HandOverProgressed(Schema):
    hand_over_id = fields.String(required=True)
    moved = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class HandOverCompleted(HandOverProgressed):
    refused = fields.List(fields.Dict(), load_default=list)


@on("*.hand_over.counted.v1", group="hand_overs", kind="reaction", reads=HandOverCounted)
def hand_over_counted(session: Session, event: Received) -> None:
    hand_overs.counted(session, event.source, **event.data)


@on("*.hand_over.progressed.v1", group="hand_overs", kind="reaction", reads=HandOverProgressed)
def hand_over_progressed(session: Session, event: Received) -> None:
    hand_overs.progressed(session, event.source, **event.data)


@on("*.hand_over.completed.v1", group="hand_overs", kind="reaction", reads=HandOverCompleted)
def hand_over_completed(session: Session, event: Received) -> None:
    hand_overs.completed(session, event.source, **event.data)


@on("*.records.removed.v1", group="work_items", kind="projection", reads=Removed, tables=[WorkItem])
@on("*.demo_data.removed.v1", group="work_items", kind="projection", reads=Removed, tables=[WorkItem])
def demo_work_removed(session: Session, event: Received) -> None:
    demo.forget_work(session, event)


_STATE: dict[str, Any] = {"group": "demo_state", "kind": "projection", "tables": [DemoData]}


@on("*.demo_data.loaded.v1", reads=DemoDataLoaded, **_STATE)
def demo_data_loaded(session: Session, event: Received) -> None:
    demo.loaded(session, event)


@on("gateway.demo_data.removal_requested.v1", reads=RemovalRequested, **_STATE)
def demo_removal_requested(session: Session, event: Received) -> None:
    demo.requested(session, event)


@on("*.demo_data.removed.v1", reads=Removed, **_STATE)
def demo_data_removed(session: Session, event: Received) -> None:
    demo.removed(session, event)
