"""Bodies of WeCom messages: text, text card and the approval card with buttons (document/path/90236, 94888)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

APPROVE, REJECT = "approve", "reject"
DUPLICATE_SECONDS = 1800  # WeCom drops the same message to the same people within this time


def clip(text: str, size: int) -> str:
    """`text` cut to at most `size` bytes of UTF-8, never inside a character."""
    data = text.encode()
    return text if len(data) <= size else data[: size - 3].decode("utf-8", "ignore") + "…"


def text(users: Sequence[str], agent_id: int, content: str) -> dict[str, Any]:
    """Plain text, at most 2,048 bytes."""
    return _to(users, agent_id, "text") | {"text": {"content": clip(content, 2048)}}


def textcard(
    users: Sequence[str], agent_id: int, *, title: str, description: str, url: str, button: str
) -> dict[str, Any]:
    """A card that opens `url`."""
    card = {"title": clip(title, 128), "description": clip(description or title, 512), "url": url, "btntxt": button[:4]}
    return _to(users, agent_id, "textcard") | {"textcard": card}


def approval_card(
    users: Sequence[str],
    agent_id: int,
    *,
    task_id: str,
    title: str,
    summary: str,
    facts: Mapping[str, str],
    url: str,
    approve: str,
    reject: str,
) -> dict[str, Any]:
    """Interactive card with two buttons; `task_id` comes back with the click and is unique per app."""
    rows = [{"keyname": clip(name, 30), "value": clip(value, 78)} for name, value in list(facts.items())[:6]]
    card = {
        "card_type": "button_interaction",
        "source": {"desc": "CRM"},
        "main_title": {"title": clip(title, 108), "desc": clip(summary, 132)},
        "horizontal_content_list": rows,
        "card_action": {"type": 1, "url": url},
        "task_id": card_task_id(task_id),
        "button_list": [
            {"text": clip(approve, 30), "style": 1, "key": APPROVE},
            {"text": clip(reject, 30), "style": 3, "key": REJECT},
        ],
    }
    return _to(users, agent_id, "template_card") | {"template_card": card}


def replaced_button(agent_id: int, *, response_code: str, users: Sequence[str], label: str) -> dict[str, Any]:
    """Body that turns a card's buttons into `label`; the response code works once and for 72 hours."""
    return {
        "userids": list(users),
        "agentid": agent_id,
        "response_code": response_code,
        "button": {"replace_name": clip(label, 30)},
    }


def card_task_id(task_id: str) -> str:
    """`task_id` in the letters WeCom allows, at most 128 bytes."""
    return re.sub(r"[^0-9A-Za-z_\-@]", "-", task_id)[:128]


def _to(users: Sequence[str], agent_id: int, kind: str) -> dict[str, Any]:
    return {
        "touser": "|".join(users),
        "msgtype": kind,
        "agentid": agent_id,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": DUPLICATE_SECONDS,
    }
