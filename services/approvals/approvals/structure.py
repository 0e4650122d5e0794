"""Whether a definition is one at all: node types, their members, ids, names. Everything wrong is named by its place."""

import re
from collections.abc import Mapping
from typing import Any

from approvals.blocks import BLOCKS, HUMAN, TYPES
from approvals.people import KINDS
from approvals.verdicts import MODES
from chassis.i18n import Text
from chassis.i18n import lazy as _

MAX_NODES = 200
MAX_DEPTH = 8
MAX_HOURS = 24 * 366
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_COMMON = {"id", "type", "name"}
MEMBERS = {
    "approve": _COMMON | {"who", "mode", "percent", "nobody", "own", "same_person", "deadline", "on_reject"},
    "handle": _COMMON | {"who", "mode", "percent", "nobody", "own", "same_person", "deadline", "on_reject", "fields"},
    "cc": _COMMON | {"who", "own"},
    "service": _COMMON | {"event"},
    "condition": _COMMON | {"branches"},
    "parallel": _COMMON | {"branches"},
}
_CHOICES = {
    "mode": MODES,
    "nobody": ("skip", "to_admin", "reject"),
    "own": ("manager", "skip", "allow"),
    "same_person": ("once", "each"),
    "on_reject": ("end", "initiator"),
}
_WHO_NEEDS = {"users": "users", "role": "role", "field": "field"}


def is_key(key: object) -> bool:
    """Whether `key` may name a flow, a node or a branch."""
    return isinstance(key, str) and _KEY.fullmatch(key) is not None


def check(body: object) -> dict[str, list[Text]]:
    """Place → messages; empty when the definition can be run."""
    reading = _Reading()
    if not isinstance(body, Mapping):
        return {"definition": [_("Must be an object.")]}
    for name in body.keys() - {"nodes", "on_resubmit"}:
        reading.wrong(str(name)[:60], _("Unknown member."))
    if body.get("on_resubmit", "restart") not in ("restart", "resume"):
        reading.wrong("on_resubmit", _("Choose from: %(names)s", names="restart, resume"))
    reading.sequence(body.get("nodes"), "nodes", 1)
    if not reading.errors and not reading.people:
        reading.wrong("nodes", _("Nobody is asked: a flow needs at least one step of a person."))
    return reading.errors


class _Reading:
    """One look through a definition; collects every mistake."""

    def __init__(self) -> None:
        self.errors: dict[str, list[Text]] = {}
        self.ids: set[str] = set()
        self.people = 0

    def wrong(self, at: str, message: Text) -> None:
        self.errors.setdefault(at, []).append(message)

    def sequence(self, nodes: Any, at: str, depth: int) -> None:
        if not isinstance(nodes, list):
            self.wrong(at, _("Must be a list."))
        elif depth > MAX_DEPTH:
            self.wrong(at, _("Nested more than %(n)s deep.", n=MAX_DEPTH))
        else:
            for place, node in enumerate(nodes):
                self.node(node, f"{at}[{place}]", depth)

    def node(self, node: Any, at: str, depth: int) -> None:
        if not isinstance(node, Mapping):
            self.wrong(at, _("Must be an object."))
            return
        kind = node.get("type")
        if kind not in TYPES:
            self.wrong(f"{at}.type", _("There is no such type of node: %(type)s", type=str(kind)[:60]))
            return
        self.identity(node, at)
        for name in node.keys() - MEMBERS[kind]:
            self.wrong(f"{at}.{str(name)[:60]}", _("Unknown member."))
        for name, choices in _CHOICES.items():
            if name in node and node[name] not in choices:
                self.wrong(f"{at}.{name}", _("Choose from: %(names)s", names=", ".join(choices)))
        if kind in HUMAN:
            self.people += 1
            self.human(node, at)
        if kind in (*HUMAN, "cc"):
            self.who(node.get("who"), f"{at}.who")
        elif kind == "service" and (not isinstance(node.get("event"), str) or not node["event"]):
            self.wrong(f"{at}.event", _("Must name what is asked for."))
        elif kind in BLOCKS:
            self.branches(node, at, depth)

    def identity(self, node: Mapping[str, Any], at: str) -> None:
        if not is_key(node.get("id")) or node.get("id") == "initiator":
            self.wrong(f"{at}.id", _("Lower-case letters, digits, - and _, at most 60."))
        elif node["id"] in self.ids:
            self.wrong(f"{at}.id", _("Another node has this id."))
        else:
            self.ids.add(node["id"])
        if len(self.ids) > MAX_NODES:
            self.wrong(at, _("More than %(n)s nodes.", n=MAX_NODES))
        self.name(node.get("name"), f"{at}.name")

    def name(self, name: Any, at: str) -> None:
        good = (
            isinstance(name, Mapping)
            and set(name) == {"zh", "en"}
            and all(isinstance(text, str) and 0 < len(text) <= 120 for text in name.values())
        )
        if not good:
            self.wrong(at, _("Must be a name in both languages: zh and en."))

    def human(self, node: Mapping[str, Any], at: str) -> None:
        percent = node.get("percent")
        if node.get("mode") == "percent" and (type(percent) is not int or not 1 <= percent <= 100):
            self.wrong(f"{at}.percent", _("Must be a whole number from 1 to 100."))
        if node.get("deadline") is not None:
            self.deadline(node["deadline"], f"{at}.deadline")
        fields = node.get("fields", [])
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
            self.wrong(f"{at}.fields", _("Must be a list of names."))

    def deadline(self, deadline: Any, at: str) -> None:
        if not isinstance(deadline, Mapping) or deadline.keys() - {"hours", "remind_before", "then", "repeat_hours"}:
            self.wrong(at, _("Must have hours and may have remind_before, then and repeat_hours."))
            return
        for name in ("hours", "remind_before", "repeat_hours"):
            value = deadline.get(name)
            needed = name == "hours"
            if (value is not None or needed) and (
                isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_HOURS
            ):
                self.wrong(f"{at}.{name}", _("Must be a number of hours."))
        if deadline.get("then", "remind") not in ("remind", "escalate", "approve", "reject"):
            self.wrong(f"{at}.then", _("Choose from: %(names)s", names="remind, escalate, approve, reject"))

    def who(self, who: Any, at: str) -> None:
        if not isinstance(who, Mapping) or who.get("kind") not in KINDS:
            self.wrong(at, _("Must say who is asked. Choose from: %(names)s", names=", ".join(KINDS)))
            return
        need = _WHO_NEEDS.get(who["kind"])
        value = who.get(need) if need else None
        if need == "users" and not (isinstance(value, list) and value and all(isinstance(each, str) for each in value)):
            self.wrong(f"{at}.users", _("Must be a list of people."))
        elif need and need != "users" and not (isinstance(value, str) and value):
            self.wrong(f"{at}.{need}", _("A value is missing."))
        level = who.get("level", 1)
        if type(level) is not int or not 1 <= level <= 10:
            self.wrong(f"{at}.level", _("Must be a whole number from 1 to 10."))

    def branches(self, node: Mapping[str, Any], at: str, depth: int) -> None:
        branches = node.get("branches")
        least = 2 if node["type"] == "parallel" else 1
        if not isinstance(branches, list) or len(branches) < least:
            self.wrong(f"{at}.branches", _("Must be a list of at least %(n)s branches.", n=least))
            return
        ids = [branch.get("id") for branch in branches if isinstance(branch, Mapping)]
        for place, branch in enumerate(branches):
            here = f"{at}.branches[{place}]"
            if not isinstance(branch, Mapping):
                self.wrong(here, _("Must be an object."))
                continue
            if not is_key(branch.get("id")) or ids.count(branch.get("id")) > 1:
                self.wrong(f"{here}.id", _("Must have an id of its own."))
            self.name(branch.get("name"), f"{here}.name")
            last = place == len(branches) - 1
            if node["type"] == "condition" and branch.get("when") is None and not last:
                self.wrong(f"{here}.when", _("Only the last branch may be without a condition."))
            self.sequence(branch.get("nodes"), f"{here}.nodes", depth + 1)
