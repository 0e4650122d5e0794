"""Notifications, how a person wants them, and "my work"."""

from typing import Any

from marshmallow import fields, validate

from chassis.api import Api, Call
from chassis.paging import Paged
from integration_gateway import notifications, work_items
from integration_gateway.models import Notification
from integration_gateway.permits import person
from integration_gateway.schemas import NotificationOut, Preferences, UnreadOut, WorkItemList

api = Api("gateway", tag="inbox")


@api.get(
    "/notifications",
    answer=NotificationOut,
    allow=person,
    query={"unread": fields.Boolean(load_default=False)},
    page=Paged(entity=Notification, sort={"created_at": Notification.created_at}, default="-created_at"),
)
def list_notifications(call: Call) -> Any:
    """The caller's inbox."""
    return notifications.of(call.caller.id, unread_only=call.query["unread"])


@api.get("/notifications/unread", answer=UnreadOut, allow=person)
def count_unread(call: Call) -> Any:
    """How many messages the caller has not read."""
    return {"unread": notifications.unread(call.session, call.caller.id)}


@api.post("/notifications/<id>/read", answer=NotificationOut, allow=person)
def read_notification(call: Call, id: str) -> Any:
    """Mark one message as read."""
    return notifications.mark_read(call.session, call.caller.id, id)


@api.post("/notifications/read-all", answer=UnreadOut, allow=person)
def read_all(call: Call) -> Any:
    """Mark all messages as read."""
    notifications.mark_all_read(call.session, call.caller.id)
    return {"unread": 0}


@api.get("/notification-preferences", answer=Preferences, allow=person)
def read_preferences(call: Call) -> Any:
    """On which channels the caller wants which messages."""
    return {"items": notifications.preferences(call.session, call.caller.id)}


@api.put("/notification-preferences", body=Preferences, answer=Preferences, allow=person)
def change_preferences(call: Call) -> Any:
    """Replace the preferences; what is not named follows the default."""
    notifications.prefer(call.session, call.caller.id, call.body["items"])
    call.session.flush()
    return {"items": notifications.preferences(call.session, call.caller.id)}


@api.get(
    "/work-items",
    answer=WorkItemList,
    allow=person,
    query={
        "done": fields.Boolean(load_default=False),
        "kind": fields.String(load_default="", validate=validate.OneOf(("", *work_items.KINDS))),
        "limit": fields.Integer(load_default=100, validate=validate.Range(1, 500)),
    },
)
def list_work(call: Call) -> Any:
    """What the caller has to do in every service, what is due first on top."""
    items = work_items.mine(call.session, call.caller.id, **call.query)
    return {"items": items} | work_items.counts(call.session, call.caller.id)
