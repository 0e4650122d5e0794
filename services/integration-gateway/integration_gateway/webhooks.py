"""Webhooks that automation rules call: each request is one delivery of the connector with that name."""

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.events import publish
from chassis.subscriptions import Received, Subscriptions
from integration_gateway import deliveries
from integration_gateway.connectors import configured
from integration_gateway.connectors.events import NotificationRequested
from integration_gateway.models import User

on = Subscriptions()


class WebhookRequested(Schema):
    """What a rule wants told, and to whom."""

    request_id = fields.String(required=True)
    webhook = fields.String(required=True)
    rule = fields.String(required=True)
    about = fields.String(required=True)
    values = fields.Dict(load_default=dict)


@on("*.webhook.requested.v1", group="webhooks", kind="reaction", reads=WebhookRequested)
def call_webhook(session: Session, event: Received) -> None:
    """Order the call; where there is no such webhook the administrators are told."""
    asked = event.data
    connector = configured.of_name(session, "webhook", asked["webhook"])
    if connector is None:
        _tell_administrators(session, asked)
        return
    record = {
        "kind": asked["about"].partition("/")[0],
        "id": asked["about"].partition("/")[2],
        "fields": asked["values"],
    }
    deliveries.enqueue(
        session,
        connector=connector,
        action="call",
        key=f"webhook/{asked['request_id']}",
        subject=asked["about"],
        payload={
            "id": asked["request_id"],
            "type": f"{event.source}.rule.acted",
            "data": {"rule": asked["rule"], "record": record},
        },
    )


def _tell_administrators(session: Session, asked: dict[str, str]) -> None:
    people = session.execute(select(User.id, User.roles).where(User.active))
    administrators = [row.id for row in people if "admin" in row.roles]
    if administrators:
        name, rule = asked["webhook"], asked["rule"]
        publish(
            session,
            NotificationRequested(
                subject=asked["about"],
                to=administrators,
                key="webhook_missing",
                title={"zh": f"没有名为“{name}”的 Webhook", "en": f"There is no webhook named {name}"},
                text={"zh": f"规则 {rule} 需要它", "en": f"The rule {rule} wants it"},
                link="/gateway/connectors",
            ),
        )
