"""What WeCom sends us: the address check, clicks on cards and changes of contacts."""

import hashlib
from dataclasses import dataclass
from typing import Any

from integration_gateway.connectors.wecom import xml
from integration_gateway.connectors.wecom.crypto import CallbackCrypto, CallbackRefused


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A verified callback. `id` is the same for every repetition of it: WeCom sends up to three times."""

    id: str
    event: str
    member: str
    fields: dict[str, Any]

    @property
    def is_click(self) -> bool:
        return self.event == "template_card_event"

    @property
    def is_contact_change(self) -> bool:
        return self.event == "change_contact"


def echo(crypto: CallbackCrypto, query: dict[str, str]) -> str:
    """The plain text WeCom expects back when it checks the address."""
    return crypto.open(**_signed(query), encrypted=query.get("echostr", ""))


def receive(crypto: CallbackCrypto, query: dict[str, str], body: bytes) -> Callback:
    """Verify, decrypt and read a callback; CallbackRefused for anything that does not come from our WeCom."""
    try:
        envelope = xml.parse(body)
        fields = xml.parse(crypto.open(**_signed(query), encrypted=str(envelope.get("Encrypt", ""))))
    except xml.BadXml as error:
        raise CallbackRefused(f"XML: {error}") from None
    event = str(fields.get("Event") or fields.get("MsgType", ""))
    return Callback(id=_identity(fields), event=event, member=str(fields.get("FromUserName", "")), fields=fields)


def _signed(query: dict[str, str]) -> dict[str, str]:
    return {
        "signature": query.get("msg_signature", ""),
        "timestamp": query.get("timestamp", ""),
        "nonce": query.get("nonce", ""),
    }


def _identity(fields: dict[str, Any]) -> str:
    """MsgId where there is one; events have none, so what makes them one event."""
    if fields.get("MsgId"):
        return str(fields["MsgId"])
    names = ("FromUserName", "CreateTime", "Event", "EventKey", "TaskId", "ChangeType", "UserID", "Id")
    return hashlib.sha256("\x1f".join(str(fields.get(name, "")) for name in names).encode()).hexdigest()[:40]
