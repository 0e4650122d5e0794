"""The way of a request as a timeline people read: who did what, when, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from approvals.objects import STATUSES, TASK_STATUSES
from approvals.pages.edge import names
from chassis import directory, i18n
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import ngettext, pick
from console import details

_LOOKS = {
    "instance_started": ("player-play", "blue"),
    "instance_resubmitted": ("refresh", "blue"),
    "instance_returned": ("arrow-back-up", "orange"),
    "instance_completed": ("flag", "green"),
    "task_created": ("user-check", "azure"),
    "task_opened": ("user-check", "azure"),
    "task_transferred": ("switch-horizontal", "purple"),
    "task_completed": ("check", "green"),
    "task_cancelled": ("x", "grey"),
    "task_reminded": ("bell", "yellow"),
    "task_overdue": ("hourglass", "orange"),
    "branch_taken": ("git-branch", "indigo"),
    "cc_sent": ("mail", "grey"),
    "service_asked": ("bolt", "grey"),
    "node_empty": ("user-off", "orange"),
    "commented": ("message", "blue"),
    "urged": ("bell", "yellow"),
}
_BAD = {"rejected": "red", "returned": "orange", "withdrawn": "grey"}


def entries(call: Call, trace: Sequence[Mapping[str, Any]]) -> list[details.Entry]:
    """The timeline, newest first."""
    people = names(call, {entry[part] for entry in trace for part in ("by", "who", "to") if entry.get(part)})
    made = [_entry(entry, people) for entry in trace]
    return made[::-1]


def spent(visits: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """(step, time it took or takes, outcome) per visit of a step of people."""
    return [
        (pick(visit["name"]), duration(visit["seconds"]), _outcome(visit["outcome"]) if visit["outcome"] else _("open"))
        for visit in visits
    ]


def duration(seconds: float) -> str:
    """A length of time in the largest two units that matter."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        whole = ngettext("%(n)s hour", "%(n)s hours", hours)
        return whole if not minutes or hours >= 10 else f"{whole} {ngettext('%(n)s minute', '%(n)s minutes', minutes)}"
    return ngettext("%(n)s day", "%(n)s days", hours // 24)


def department(call: Call, department_id: Any) -> str:
    found = directory.snapshot(call.session).departments.get(department_id or "")
    return found.name if found else str(department_id or "")


def _entry(entry: Mapping[str, Any], people: Mapping[str, str]) -> details.Entry:
    icon, colour = _LOOKS.get(entry["kind"], ("point", "grey"))
    texts = [_because(entry, people), entry["comment"]]
    if entry["kind"] == "branch_taken":
        texts = [pick_step(step) for step in entry["steps"]]
    elif entry["kind"] == "cc_sent":
        texts = [_(", ").join(entry.get("who_all") or [])]
    who = people.get(entry["by"] or "", "") if entry["by"] else people.get(entry["who"] or "", "")
    return details.Entry(
        at=entry["at"], title=_title(entry, people), who=who, icon=icon, colour=_BAD.get(entry["outcome"] or "", colour),
        text="\n".join(text for text in texts if text),
    )  # fmt: skip


def pick_step(step: Any) -> str:
    """A step of an explanation in the reader's language."""
    return str(step.read(i18n.current()))


def _title(entry: Mapping[str, Any], people: Mapping[str, str]) -> str:
    node, who = pick(entry["name"]), people.get(entry["who"] or "", "")
    outcome = _outcome(entry["outcome"]) if entry["outcome"] else ""
    match entry["kind"]:
        case "instance_started":
            return _("Submitted")
        case "instance_resubmitted":
            return _("Submitted again")
        case "instance_returned":
            return _("Returned to who asked") if entry["to"] == "initiator" else _("Returned to an earlier step")
        case "instance_completed":
            return _("Result: %(outcome)s", outcome=outcome)
        case "task_created" | "task_opened":
            return _("%(node)s: %(who)s is asked", node=node, who=who)
        case "task_transferred":
            return _("%(node)s: handed on to %(who)s", node=node, who=people.get(entry["to"] or "", ""))
        case "task_completed":
            return f"{node}: {outcome}"
        case "task_cancelled":
            return _("%(node)s: %(who)s is no longer asked", node=node, who=who)
        case "task_reminded":
            return _("%(node)s: %(who)s was reminded", node=node, who=who)
        case "task_overdue":
            return _("%(node)s: overdue", node=node)
        case "cc_sent":
            return _("%(node)s: copies sent", node=node)
        case "node_empty":
            return _("%(node)s: nobody was found", node=node)
        case "commented":
            return _("Comment")
        case "urged":
            return _("Urged")
    return node or entry["kind"]


def _because(entry: Mapping[str, Any], people: Mapping[str, str]) -> str:
    reason = entry["reason"]
    if entry["kind"] == "task_created":
        return _("Why: %(reason)s", reason=pick(entry["text"])) if entry["text"] else ""
    if reason == "deadline":
        return _("By the flow, because the deadline passed")
    if reason == "escalated":
        return _("By the flow: overdue, so the next person up decides")
    if reason.startswith("approved at "):
        return _("Has approved at an earlier step already")
    return ""


def _outcome(value: str) -> str:
    return pick(TASK_STATUSES.get(value) or STATUSES.get(value) or {"zh": value, "en": value})
