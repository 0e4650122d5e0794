"""SMTP as a connector: one mail per delivery, its Message-ID made from the delivery so that receivers can deduplicate."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis import clock
from integration_gateway.connectors.contract import Action, Connector, ConnectorError, Health

SECRET = {"secret": True}
TIMEOUT_SECONDS = 15


def _one_line(text: str) -> None:
    if "\r" in text or "\n" in text:
        raise ValidationError("must be one line")


class Settings(Schema):
    """Where and as whom mail is sent."""

    host = fields.String(required=True)
    port = fields.Integer(load_default=465, validate=validate.Range(1, 65535))
    security = fields.String(load_default="tls", validate=validate.OneOf(["tls", "starttls", "none"]))
    user = fields.String(load_default="")
    password = fields.String(load_default="", metadata=SECRET)
    sender = fields.Email(required=True)
    sender_name = fields.String(load_default="CRM", validate=_one_line)


class Mail(Schema):
    """One mail to one receiver."""

    to = fields.Email(required=True)
    subject = fields.String(required=True, validate=_one_line)
    text = fields.String(required=True)
    html = fields.String(load_default="")
    reply_to = fields.String(load_default="", validate=_one_line)
    message_id = fields.String(load_default="", validate=_one_line)
    in_reply_to = fields.String(load_default="", validate=_one_line)


def compose(settings: dict[str, Any], mail: dict[str, Any]) -> EmailMessage:
    """The message as it goes over the wire; ConnectorError for an address that mail cannot carry."""
    message = EmailMessage()
    try:
        message["From"] = formataddr((settings["sender_name"], settings["sender"]))
        message["To"] = mail["to"]
    except ValueError as error:
        raise ConnectorError(f"address: {error}", code="bad_address", permanent=True) from None
    message["Subject"] = mail["subject"]
    message["Date"] = format_datetime(clock.now())
    if mail["reply_to"]:
        message["Reply-To"] = mail["reply_to"]
    if mail["message_id"]:
        message["Message-ID"] = f"<{mail['message_id']}@{settings['sender'].rpartition('@')[2]}>"
    if mail["in_reply_to"]:
        message["In-Reply-To"] = message["References"] = f"<{mail['in_reply_to']}>"
    message.set_content(mail["text"])
    if mail["html"]:
        message.add_alternative(mail["html"], subtype="html")
    return message


def _connect(settings: dict[str, Any]) -> smtplib.SMTP:
    place = (settings["host"], settings["port"])
    if settings["security"] == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(*place, timeout=TIMEOUT_SECONDS)
    if settings["security"] == "starttls":
        server.starttls(context=ssl.create_default_context())
    if settings["user"]:
        server.login(settings["user"], settings["password"])
    return server


def _talk(settings: dict[str, Any], message: EmailMessage | None) -> dict[str, Any]:
    """Connect and, when given, send. 4xx is temporary and 5xx permanent (RFC 5321); a drop after DATA is uncertain."""
    sending = False
    try:
        with _connect(settings) as server:
            if message is not None:
                sending = True
                server.send_message(message)
                sending = False
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _refused(code, text) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from None
    except UnicodeError:
        raise ConnectorError("SMTP: no valid address", code="bad_address", permanent=True) from None
    except (smtplib.SMTPException, OSError) as error:
        raise ConnectorError(f"SMTP: {error}", code="connection_lost", uncertain=sending) from None
    return {"message_id": str(message["Message-ID"] or "")} if message is not None else {}


def _refused(code: int, text: bytes | str) -> ConnectorError:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return ConnectorError(f"SMTP {code} {said}", code=f"smtp_{code}", permanent=code >= 500)


def health(settings: dict[str, Any]) -> Health:
    """Connect, secure and log in."""
    _talk(settings, None)
    return Health(ok=True, detail=f"{settings['host']}:{settings['port']}")


CONNECTOR = Connector(
    kind="smtp",
    title={"zh": "邮件", "en": "E-mail"},
    capabilities=frozenset({"mail"}),
    settings=Settings,
    open=lambda settings: settings,
    health=health,
    rate=2.0,
    burst=10,
    actions={
        "mail": Action(
            doc={"zh": "发送邮件", "en": "Send a mail"},
            payload=Mail,
            run=lambda settings, mail: _talk(settings, compose(settings, mail)),
            draft=lambda settings, mail: {"message": compose(settings, mail).as_string()},
        )
    },
    mappings={"notification": {"title": "Subject", "text": "body", "user.email": "To"}},
)
