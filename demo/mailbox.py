"""The customer's mailbox: a small SMTP server that the gateway's mail connector is pointed at while the demo runs."""

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller

from demo.suite import Suite

NAME = "Demo mailbox"
CONNECTORS = "/gateway/api/v1/connectors"


@dataclass
class Mailbox:
    """Mails as they arrived."""

    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address.lower() in str(mail["To"]).lower()]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return body.get_content() if body else ""


@contextmanager
def receiving(suite: Suite) -> Iterator[Mailbox | None]:
    """A mailbox that the suite sends to; None where it has a mail server of its own, or is not on this machine."""
    admin = suite.log_in("lin.jing")
    connectors = [one for one in admin.read(CONNECTORS)["items"] if one["kind"] == "smtp"]
    ours = next((one for one in connectors if one["name"] == NAME), None)
    others = [one for one in connectors if one["enabled"] and one is not ours]
    if others or urlsplit(suite.url).hostname not in ("127.0.0.1", "localhost"):
        yield None
        return
    box, port = Mailbox(), _free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "service@qiming.example"}
    try:
        if ours is None:
            ours = admin.done(CONNECTORS, {"kind": "smtp", "name": NAME, "settings": settings}).body
        else:
            admin.patch(f"{CONNECTORS}/{ours['id']}", {"enabled": True, "settings": settings})
        yield box
    finally:
        if ours is not None:
            admin.patch(f"{CONNECTORS}/{ours['id']}", {"enabled": False})
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
