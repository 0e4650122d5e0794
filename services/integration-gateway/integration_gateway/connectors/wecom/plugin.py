"""WeCom (企业微信) as a connector: messages, approval cards and contacts."""

from typing import Any

from marshmallow import Schema, fields, validate

from integration_gateway.connectors.contract import Action, Connector, ConnectorError, Health
from integration_gateway.connectors.wecom import messages
from integration_gateway.connectors.wecom.client import WeCom
from integration_gateway.connectors.wecom.crypto import CallbackCrypto

SECRET = {"secret": True}
EVERYBODY_INVALID = "81013"


class Settings(Schema):
    """What the app's page in the WeCom administration shows."""

    url = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)
    corp_id = fields.String(required=True, validate=validate.Length(1, 64))
    agent_id = fields.Integer(required=True, validate=validate.Range(1, 2**31 - 1))
    secret = fields.String(required=True, metadata=SECRET)
    callback_token = fields.String(load_default="", validate=validate.Regexp(r"^[0-9A-Za-z]{0,32}$"), metadata=SECRET)
    callback_aes_key = fields.String(
        load_default="", validate=validate.Regexp(r"^([0-9A-Za-z]{43})?$"), metadata=SECRET
    )


class Note(Schema):
    """A notification for some members."""

    users = fields.List(fields.String(), required=True, validate=validate.Length(1, 1000))
    title = fields.String(required=True)
    text = fields.String(load_default="")
    link = fields.String(load_default="")
    button = fields.String(load_default="详情")


class ApprovalCard(Schema):
    """An approval task as a card with two buttons."""

    users = fields.List(fields.String(), required=True, validate=validate.Length(1, 1000))
    task_id = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(load_default="")
    facts = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    link = fields.String(required=True)
    approve = fields.String(load_default="同意")
    reject = fields.String(load_default="驳回")


class FinishedCard(Schema):
    """The end of a task: its card loses the buttons and shows the outcome."""

    users = fields.List(fields.String(), required=True, validate=validate.Length(1, 1000))
    response_code = fields.String(required=True)
    label = fields.String(required=True)
    title = fields.String(required=True)


def open_client(settings: dict[str, Any]) -> WeCom:
    return WeCom(
        url=settings["url"],
        corp_id=settings["corp_id"],
        secret=settings["secret"],
        agent_id=settings["agent_id"],
    )


def callback_crypto(settings: dict[str, Any]) -> CallbackCrypto:
    """Keys of the app's callback address; ValueError when they are not set."""
    return CallbackCrypto(
        token=settings["callback_token"], aes_key=settings["callback_aes_key"], receive_id=settings["corp_id"]
    )


def health(client: WeCom) -> Health:
    """Token and visibility of the app."""
    app = client.get("agent/get", agentid=client.agent_id)
    return Health(ok=True, detail=f"{app.get('name', '')} ({client.agent_id})", facts={"closed": app.get("close", 0)})


def _note(client: WeCom, note: dict[str, Any]) -> dict[str, Any]:
    if note["link"]:
        card = {"title": note["title"], "description": note["text"], "url": note["link"], "button": note["button"]}
        return messages.textcard(note["users"], client.agent_id, **card)
    content = "\n".join(part for part in (note["title"], note["text"]) if part)
    return messages.text(note["users"], client.agent_id, content)


def _approval_card(client: WeCom, card: dict[str, Any]) -> dict[str, Any]:
    given = dict(card)
    given["url"] = given.pop("link")
    return messages.approval_card(given.pop("users"), client.agent_id, **given)


def _finished(client: WeCom, card: dict[str, Any]) -> dict[str, Any]:
    return messages.replaced_button(
        client.agent_id, response_code=card["response_code"], users=card["users"], label=card["label"]
    )


def _send(client: WeCom, body: dict[str, Any]) -> dict[str, Any]:
    """Send; some receivers may be refused although the call succeeds, all of them refused is a failure."""
    answer = client.post("message/send", body)
    refused = [one for one in str(answer.get("invaliduser", "")).split("|") if one]
    asked = {one.lower() for one in body["touser"].split("|")}
    if asked <= {one.lower() for one in refused}:
        raise ConnectorError("message/send: no receiver can be reached", code=EVERYBODY_INVALID, permanent=True)
    return {
        "message_id": answer.get("msgid", ""),
        "response_code": answer.get("response_code", ""),
        "refused": refused,
    }


def _finish(client: WeCom, card: dict[str, Any]) -> dict[str, Any]:
    """Update the card; when its code was used or is too old, say the outcome in a message instead."""
    try:
        client.post("message/update_template_card", _finished(client, card))
        return {"updated": True}
    except ConnectorError as error:
        if not error.permanent:
            raise
        said = messages.text(card["users"], client.agent_id, f"{card['title']}: {card['label']}")
        return {"updated": False, "why": error.code} | _send(client, said)


CONNECTOR = Connector(
    kind="wecom",
    title={"zh": "企业微信", "en": "WeCom"},
    capabilities=frozenset({"messages", "approval_cards", "callbacks", "contacts"}),
    settings=Settings,
    open=open_client,
    health=health,
    rate=10.0,
    burst=20,
    actions={
        "notify": Action(
            doc={"zh": "发送应用消息", "en": "Send an app message"},
            payload=Note,
            run=lambda client, note: _send(client, _note(client, note)),
            draft=lambda client, note: {"POST": "message/send", "body": _note(client, note)},
        ),
        "approval_card": Action(
            doc={"zh": "发送审批卡片", "en": "Send an approval card"},
            payload=ApprovalCard,
            run=lambda client, card: _send(client, _approval_card(client, card)),
            draft=lambda client, card: {"POST": "message/send", "body": _approval_card(client, card)},
        ),
        "finish_card": Action(
            doc={"zh": "更新审批卡片", "en": "Update an approval card"},
            payload=FinishedCard,
            run=_finish,
            draft=lambda client, card: {"POST": "message/update_template_card", "body": _finished(client, card)},
        ),
    },
    mappings={
        "user": {"external_ids.wecom": "userid", "name": "name", "email": "biz_mail", "position": "position"},
        "department": {"external_ids.wecom": "id", "name": "name", "parent_id": "parentid"},
    },
)
