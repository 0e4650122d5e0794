"""The blueprint of the pages, and what several of them need: names, choices, small fields."""

from typing import Any

from approvals import subjects
from approvals.objects import STATUSES, TASK_STATUSES
from chassis import directory
from chassis.api import Call
from chassis.i18n import lazy as _
from console.fields import Choice, Field
from console.pages import Pages
from engines import money

pages = Pages("approvals")

COLOURS = {
    "running": "blue", "returned": "orange", "approved": "green", "rejected": "red", "withdrawn": "grey", "pending": "blue",
    "queued": "grey", "transferred": "purple", "cancelled": "grey",
}  # fmt: skip
COMMENT = Field(name="comment", label=_("Comment"), kind="long_text", wide=True, max_length=4000)
REASON = Field(name="comment", label=_("Reason"), kind="long_text", wide=True, required=True, max_length=4000)
PERSON = Field(name="to", label=_("Person"), kind="person", lookup="/approvals/lookup/people", required=True)


def status(value: str) -> Choice:
    """How an instance stands."""
    return Choice(value=value, label=STATUSES.get(value, value), colour=COLOURS.get(value, "grey"))


def outcome(value: str) -> Choice:
    """How a task ended."""
    return Choice(value=value, label=TASK_STATUSES.get(value, value), colour=COLOURS.get(value, "grey"))


def choices(labels: dict[str, dict[str, str]]) -> tuple[Choice, ...]:
    return tuple(Choice(value=key, label=label, colour=COLOURS.get(key, "grey")) for key, label in labels.items())


def names(call: Call, ids: Any) -> dict[str, str]:
    """Display names; `system` is the flow itself."""
    found = directory.names(call.session, ids)
    return {id_: found.get(id_, str(_("The flow")) if id_ == "system" else id_) for id_ in ids if id_}


def amount_of(subject: dict[str, Any]) -> dict[str, Any] | None:
    """The amount of a snapshot as pages show money."""
    minor = subject.get("amount_minor")
    if not isinstance(minor, int):
        return None
    return money.outside(minor, str(subject.get("currency") or money.base_currency()))


def account_of(subject: dict[str, Any]) -> str:
    return str(subject.get("account_name") or subject.get("name") or "")


def kind_label(subject_kind: str) -> dict[str, str]:
    return dict(subjects.kind_of(subject_kind).type.label)
