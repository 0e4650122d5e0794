"""Webhooks: one signed POST per delivery to an address of the company's choice, as the Standard Webhooks specification says.

Headers webhook-id, webhook-timestamp and webhook-signature (v1, HMAC-SHA256 over id.timestamp.body); the receiver
deduplicates by the id, so a lost answer is simply tried again. https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

import orjson
from marshmallow import Schema, ValidationError, fields, validate

from chassis import clock
from chassis.i18n import gettext as _
from integration_gateway.connectors import http
from integration_gateway.connectors.contract import Action, Connector, Health

SECRET = {"secret": True}
PREFIX = "whsec_"


def _address(text: str) -> None:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError(str(_("Must be an address such as https://example.com/hook")))


def _key(text: str) -> None:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValidationError(str(_("Must be whsec_ and 24 to 64 bytes in base64")))


class Settings(Schema):
    """Where it goes, and what it is signed with."""

    url = fields.String(required=True, validate=[validate.Length(max=2000), _address])
    secret = fields.String(required=True, validate=_key, metadata=SECRET)


class Call(Schema):
    """What is posted; `id` stays the same however often it is tried."""

    id = fields.String(required=True, validate=validate.Length(1, 64))
    type = fields.String(required=True, validate=validate.Length(1, 120))
    data = fields.Dict(required=True)


def signature(secret: str, *, id: str, timestamp: int, body: bytes) -> str:
    """The value of webhook-signature."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def request(settings: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """The request as it goes over the wire."""
    moment = clock.now()
    document = {"type": call["type"], "timestamp": clock.iso(moment), "data": call["data"]}
    timestamp = int(moment.timestamp())
    signed = signature(settings["secret"], id=call["id"], timestamp=timestamp, body=orjson.dumps(document))
    headers = {"webhook-id": call["id"], "webhook-timestamp": str(timestamp), "webhook-signature": signed}
    return {"url": settings["url"], "headers": headers, "json": document}


def _post(settings: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    made = request(settings, call)
    answer = http.call("POST", made["url"], json=made["json"], headers=made["headers"], writes=False)
    return {"status": answer.status}


def health(settings: dict[str, Any]) -> Health:
    """Nothing is sent to see whether it works: a receiver would take it for a fact."""
    return Health(ok=True, detail=urlsplit(settings["url"]).netloc)


CONNECTOR = Connector(
    kind="webhook",
    title={"zh": "Webhook", "en": "Webhook"},
    capabilities=frozenset({"webhook"}),
    settings=Settings,
    open=lambda settings: settings,
    health=health,
    rate=10.0,
    burst=50,
    actions={
        "call": Action(
            doc={"zh": "推送到外部系统", "en": "Tell an outside system"}, payload=Call, run=_post, draft=request
        )
    },
    mappings={"record": {"data.record": "all fields of the record", "data.rule": "key of the rule"}},
)
