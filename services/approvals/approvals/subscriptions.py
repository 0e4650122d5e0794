"""What approvals listens to: requests of any service, and decisions taken on cards in the chat."""

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from approvals import chat, hand_over, instances
from chassis.subscriptions import Received, Subscriptions

on = Subscriptions()
on.include(hand_over.on)


class ApprovalRequested(Schema):
    request_id = fields.String(required=True)
    definition = fields.String(required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    title = fields.String(load_default="", allow_none=True)
    snapshot = fields.Dict(required=True)
    names = fields.Dict(load_default=dict)
    requested_by = fields.String(load_default=None, allow_none=True)
    account_id = fields.String(load_default=None, allow_none=True)
    link = fields.String(load_default="", allow_none=True)


class ChatDecision(Schema):
    task_id = fields.String(required=True)
    user_id = fields.String(required=True)
    decision = fields.String(required=True)
    comment = fields.String(load_default="", allow_none=True)


@on("*.*.approval_requested.v1", group="requests", kind="reaction", reads=ApprovalRequested)
def approval_requested(session: Session, event: Received) -> None:
    asked = event.data | {"title": event.data["title"] or event.data["subject_kind"], "link": event.data["link"] or ""}
    asked["snapshot"] = asked["snapshot"] | asked.pop("names")
    instances.start(session, **asked, source=event.source)


@on("gateway.chat_decision.received.v1", group="chat", kind="reaction", reads=ChatDecision)
def chat_decision_received(session: Session, event: Received) -> None:
    chat.decide(session, **event.data)
