"""A flow drawn as nested blocks: what the template shows of each node, in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from approvals import words
from approvals.pages.edge import names
from approvals.subjects import SubjectKind
from chassis import i18n
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import pick

_ICONS = {
    "approve": "user-check", "handle": "clipboard-check", "cc": "mail", "service": "bolt", "condition": "git-branch",
    "parallel": "columns",
}  # fmt: skip


def drawn(call: Call, body: Mapping[str, Any], kind: SubjectKind) -> list[dict[str, Any]]:
    """The nodes of a definition with their words; branches hold the same again."""
    return [_node(call, node, kind) for node in body["nodes"]]


def _node(call: Call, node: Mapping[str, Any], kind: SubjectKind) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": node["id"],
        "name": pick(node["name"]),
        "icon": _ICONS[node["type"]],
        "type": _types()[node["type"]],
        "notes": list(_notes(call, node)),
        "parallel": node["type"] == "parallel",
        "branches": [],
    }
    for item in node.get("branches", ()):
        when = item.get("when")
        text = ""
        if node["type"] == "condition":
            text = pick(words.condition(when, kind)) if when is not None else _("otherwise")
        made["branches"].append(
            {"name": pick(item["name"]), "when": text, "nodes": [_node(call, inner, kind) for inner in item["nodes"]]}
        )
    return made


def _notes(call: Call, node: Mapping[str, Any]) -> Sequence[str]:
    made = []
    who = node.get("who")
    if who:
        why = words.person_why(call.session, {"rule": who}, "")[i18n.current()]
        people = _(", ").join(names(call, who["users"]).values()) if who["kind"] == "users" else ""
        made.append(f"{why} {people}".strip())
    mode = node.get("mode", "any")
    if node["type"] in ("approve", "handle") and mode != "any":
        made.append(_modes()[mode] if mode != "percent" else _("at least %(n)s %% must approve", n=node["percent"]))
    deadline = node.get("deadline")
    if deadline:
        made.append(
            _("%(hours)s hours, then: %(then)s", hours=deadline["hours"], then=_thens()[deadline.get("then", "remind")])
        )
    return made


def _types() -> dict[str, str]:
    return {
        "approve": _("Approval"), "handle": _("Step to do"), "cc": _("Copy"), "service": _("Service"),
        "condition": _("Condition"), "parallel": _("In parallel"),
    }  # fmt: skip


def _modes() -> dict[str, str]:
    return {"all": _("everybody must approve"), "sequential": _("one after the other")}


def _thens() -> dict[str, str]:
    return {
        "remind": _("remind"), "escalate": _("escalate"), "approve": _("approve by itself"), "reject": _("reject by itself"),
    }  # fmt: skip
