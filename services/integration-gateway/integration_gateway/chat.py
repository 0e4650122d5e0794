"""Approvals and notifications in the chat people use: cards with buttons out, decisions in, cards updated when over."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, request
from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import auth, clock
from chassis.db import Database
from chassis.errors import NotFound, Problem
from chassis.events import publish
from chassis.i18n import lazy as _
from chassis.subscriptions import Received, Subscriptions
from engines import money
from integration_gateway import deliveries, notifications
from integration_gateway.connectors import configured, settings
from integration_gateway.connectors.events import ChatDecisionReceived
from integration_gateway.connectors.models import ChatCallback, ChatCard, Connector, ContactCheck, Delivery
from integration_gateway.connectors.wecom import callbacks, messages
from integration_gateway.connectors.wecom.callbacks import Callback
from integration_gateway.connectors.wecom.crypto import CallbackCrypto, CallbackRefused
from integration_gateway.connectors.wecom.plugin import callback_crypto
from integration_gateway.models import User

on = Subscriptions()
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$"}
DECISIONS = {messages.APPROVE: "approve", messages.REJECT: "reject"}
APPROVAL_KEY = "approval_task"
TEXTS = {
    "zh": {"approve": "同意", "reject": "驳回", "open": "详情", "approval": "审批", "amount": "金额", "due": "截止"},
    "en": {
        "approve": "Approve",
        "reject": "Reject",
        "open": "Open",
        "approval": "Approval",
        "amount": "Amount",
        "due": "Due",
    },
}
OUTCOMES = {
    "zh": {
        "approved": "已同意",
        "rejected": "已驳回",
        "returned": "已退回",
        "transferred": "已转交",
        "cancelled": "无需处理",
        "": "已结束",
    },
    "en": {
        "approved": "Approved",
        "rejected": "Rejected",
        "returned": "Returned",
        "transferred": "Passed on",
        "cancelled": "No longer needed",
        "": "Closed",
    },
}


class CallbackNotOurs(Problem):
    code, status, title = "callback_refused", 403, _("The callback does not come from this company's chat")


class TaskCreated(Schema):
    """What a card needs of an approval task."""

    task_id = fields.String(required=True)
    assignee_id = fields.String(required=True)
    title = fields.Raw(load_default="")
    summary = fields.Raw(load_default="", allow_none=True)
    link = fields.String(load_default="", allow_none=True)
    due_at = fields.String(load_default=None, allow_none=True)
    kind = fields.String(load_default="approve", allow_none=True)
    highlights = fields.List(fields.Dict(), load_default=list, allow_none=True)


class TaskCompleted(Schema):
    """The end of a task."""

    task_id = fields.String(required=True)
    outcome = fields.String(load_default="", allow_none=True)


class Note(Schema):
    """A requested notification."""

    to = fields.List(fields.String(), required=True)
    key = fields.String(required=True)
    title = fields.Dict(required=True)
    text = fields.Dict(load_default=dict)
    link = fields.String(load_default="", allow_none=True)


@on("approvals.task.created.v1", group="chat", kind="reaction", reads=TaskCreated)
def send_card(session: Session, event: Received) -> None:
    """A card with buttons for the assignee, if they are known in the chat and want messages there."""
    if event.data["kind"] not in ("approve", None):  # a step to be done is no matter of two buttons
        return
    connector, user = _reach(session, event.data["assignee_id"], APPROVAL_KEY)
    if connector is None or user is None or session.get(ChatCard, (connector.id, event.data["task_id"])) is not None:
        return
    task, language = event.data, language_of(user)
    words, title = TEXTS[language], in_language(task["title"], language) or TEXTS[language]["approval"]
    link = task["link"] or f"/approvals/tasks/{task['task_id']}"
    facts = dict(_highlight(row, language) for row in task["highlights"] or [])
    if task["due_at"]:
        zone = ZoneInfo(settings.current().time_zone)
        facts[words["due"]] = clock.parse(task["due_at"]).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    delivery = deliveries.enqueue(
        session,
        connector=connector,
        action="approval_card",
        key=f"card/{task['task_id']}",
        subject=f"approval_task/{task['task_id']}",
        payload={
            "users": [user.external_ids[connector.kind]],
            "task_id": task["task_id"],
            "title": title,
            "summary": in_language(task["summary"], language),
            "facts": facts,
            "link": absolute(link),
            "approve": words["approve"],
            "reject": words["reject"],
        },
    )
    session.add(
        ChatCard(
            connector_id=connector.id,
            task_id=task["task_id"],
            card_task_id=messages.card_task_id(task["task_id"]),
            user_id=user.id,
            member=user.external_ids[connector.kind],
            title=title[:200],
            delivery_id=delivery.id,
        )
    )


@on("approvals.task.completed.v1", group="chat", kind="reaction", reads=TaskCompleted)
def close_card(session: Session, event: Received) -> None:
    """The task is over, wherever it was decided: its card shows the outcome."""
    for card in session.scalars(select(ChatCard).where(ChatCard.task_id == event.data["task_id"])):
        card.outcome = (event.data["outcome"] or "closed")[:60]
        _finish(session, card)


@on("*.notification.requested.v1", group="chat_notes", kind="reaction", reads=Note)
def send_note(session: Session, event: Received) -> None:
    """A notification for each person who wants them in the chat. Approval tasks come as cards instead."""
    if event.data["key"] == APPROVAL_KEY:
        return
    for user_id in sorted(set(event.data["to"])):
        connector, user = _reach(session, user_id, event.data["key"])
        if connector is None or user is None:
            continue
        language = language_of(user)
        deliveries.enqueue(
            session,
            connector=connector,
            action="notify",
            key=f"note/{event.id}/{user_id}",
            subject=event.subject,
            payload={
                "users": [user.external_ids[connector.kind]],
                "title": in_language(event.data["title"], language),
                "text": in_language(event.data["text"], language),
                "link": absolute(event.data["link"]) if event.data["link"] else "",
                "button": TEXTS[language]["open"],
            },
        )


@deliveries.when_done("wecom", "approval_card")
def card_sent(session: Session, delivery: Delivery) -> None:
    """Keep the code that lets us update the card; if the task ended meanwhile, update it now."""
    card = session.scalar(select(ChatCard).where(ChatCard.delivery_id == delivery.id))
    if card is not None:
        card.response_code = card.response_code or str(delivery.result.get("response_code", ""))
        if card.outcome:
            _finish(session, card)


def receive(session: Session, connector: Connector, callback: Callback) -> str:
    """Take a verified callback once; returns what became of it."""
    if session.get(ChatCallback, (connector.id, callback.id)) is not None:
        return "repeated"
    if callback.is_click:
        outcome = _decide(session, connector, callback)
    elif callback.is_contact_change:
        member = str(callback.fields.get("UserID", ""))
        session.add(ContactCheck(connector_id=connector.id, member=member if member else ""))
        outcome = "contacts_asked"
    else:
        outcome = "ignored"
    session.add(
        ChatCallback(
            connector_id=connector.id,
            id=callback.id,
            event=callback.event[:60],
            member=callback.member[:64],
            outcome=outcome,
            received_at=clock.now(),
        )
    )
    return outcome


def absolute(link: str) -> str:
    """A path of the suite as an address people can open from their chat."""
    return settings.current().public_url.rstrip("/") + link if link.startswith("/") else link


def blueprint() -> Blueprint:
    """The public callback address; every request on it is verified by its signature."""
    made = Blueprint("chat_callbacks", __name__, url_prefix="/gateway/api/v1/connectors")

    def check(connector_id: str) -> Response:
        """The platform checks the address: answer the decrypted echo, as it is."""
        with _database().reading() as session:
            crypto = _keys(configured.get(session, connector_id))
        try:
            return Response(callbacks.echo(crypto, request.args.to_dict()), mimetype="text/plain")
        except CallbackRefused:
            raise CallbackNotOurs() from None

    def take(connector_id: str) -> Response:
        """A callback: verified, stored once, answered at once; what follows happens by events."""
        with _database().reading() as session:
            connector = configured.get(session, connector_id)
        try:
            callback = callbacks.receive(_keys(connector), request.args.to_dict(), request.get_data())
        except CallbackRefused:
            raise CallbackNotOurs() from None
        with _database().transaction() as session:
            receive(session, connector, callback)
        return Response("", mimetype="text/plain")

    for method, view in (("GET", check), ("POST", take)):
        auth.declare(view, allow=None, public=True)
        made.add_url_rule("/<connector_id>/callback", view.__name__, view, methods=[method])
    return made


def _decide(session: Session, connector: Connector, callback: Callback) -> str:
    decision = DECISIONS.get(str(callback.fields.get("EventKey", "")))
    wanted = select(ChatCard).where(
        ChatCard.connector_id == connector.id, ChatCard.card_task_id == str(callback.fields.get("TaskId", ""))
    )
    card = session.scalar(wanted)
    if decision is None or card is None:
        return "unknown_card"
    if callback.member.lower() != card.member.lower():
        return "not_addressee"
    card.response_code = str(callback.fields.get("ResponseCode", "")) or card.response_code
    publish(
        session,
        ChatDecisionReceived(
            subject=f"approval_task/{card.task_id}",
            task_id=card.task_id,
            user_id=card.user_id,
            decision=decision,
            comment="",
            callback_id=callback.id,
            channel=connector.kind,
        ),
    )
    if card.outcome:  # the task was over already: take the buttons away again
        _finish(session, card)
    return "decision"


def _finish(session: Session, card: ChatCard) -> None:
    """Order the update of a card; without a code yet it is ordered once the card has been sent."""
    connector = session.get(Connector, card.connector_id)
    user = session.get(User, card.user_id)
    if connector is None or not card.response_code:
        return
    labels = OUTCOMES[language_of(user) if user else "zh"]
    code, card.response_code = card.response_code, ""
    deliveries.enqueue(
        session,
        connector=connector,
        action="finish_card",
        key=f"finish/{card.task_id}/{code[-40:]}",
        subject=f"approval_task/{card.task_id}",
        payload={
            "users": [card.member],
            "response_code": code,
            "label": labels.get(card.outcome, labels[""]),
            "title": card.title,
        },
    )


def _reach(session: Session, user_id: str, key: str) -> tuple[Connector | None, User | None]:
    """The chat and the person, when they are mapped there and want such messages in it."""
    connector = configured.with_capability(session, "messages")
    user = session.get(User, user_id) if connector else None
    if connector is None or user is None or not user.active or not (user.external_ids or {}).get(connector.kind):
        return None, None
    return (connector, user) if "chat" in notifications.channels(session, user_id, key) else (None, None)


def _keys(connector: Connector) -> CallbackCrypto:
    try:
        return callback_crypto(configured.opened(connector))
    except (ValueError, KeyError):
        raise NotFound() from None


def _database() -> Database:
    found: Database = current_app.extensions["crm"].database
    return found


def _highlight(row: Mapping[str, Any], language: str) -> tuple[str, str]:
    """A row of a card: label and value; amounts with their currency, shares with a percent sign."""
    label, value = in_language(row.get("label"), language), str(row.get("value", ""))
    if row.get("kind") == "money":
        currency = str(row.get("currency") or "")
        value = f"{SIGNS.get(currency, currency + ' ')}{Decimal(value):,.{money.digits(currency)}f}".strip()
    return label, f"{value}%" if row.get("kind") == "percent" else value


def language_of(user: User) -> str:
    """`zh` or `en`: the language a person is written to in."""
    return "zh" if (user.locale or "zh").startswith("zh") else "en"


def in_language(text: Any, language: str) -> str:
    """A text of an event in a language; plain text as it is."""
    if isinstance(text, dict):
        return str(text.get(language) or text.get("zh") or text.get("en") or "")
    return str(text or "")
