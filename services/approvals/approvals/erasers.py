"""Where approvals keep personal data: what was asked names the customer, and people write about him."""

from typing import Any

from approvals.models import Instance, InstanceEvent, InstanceState, Task
from chassis.erasure.declaring import ERASED, Personal
from engines.erasers import KIT

_OF = {"instance_id": "approval"}
# Of a snapshot: what flows branch on and figures are made of. Every other text may name somebody.
_PLAIN = frozenset(("number", "currency", "account_tier", "region", "industry", "source", "contract_number"))
_WHOLE = frozenset(("lines", "payment_plan", "chosen"))  # products, terms and ids of colleagues
_WORDS = frozenset(("comment", "reason", "text", "title", "name"))


def nameless(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A snapshot without the words that name the customer or speak of him."""
    return {
        name: value if name in _PLAIN | _WHOLE or name.endswith("_id") else _blank(value)
        for name, value in snapshot.items()
    }


def wordless(data: Any) -> Any:
    """A state or an event of an instance without names and comments; the route it took stays."""
    if isinstance(data, list):
        return [wordless(item) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        name: nameless(value)
        if name in ("subject", "fields") and isinstance(value, dict)
        else _blank(value)
        if name in _WORDS and isinstance(value, str)
        else wordless(value)
        for name, value in data.items()
    }


def _blank(value: Any) -> Any:
    if isinstance(value, str):
        return ERASED if value else value
    if isinstance(value, list):
        return [_blank(item) for item in value]
    return {name: _blank(item) for name, item in value.items()} if isinstance(value, dict) else value


ERASERS = (
    *KIT,
    Personal(
        Instance,
        ("title", "comment"),
        kind="approval",
        about=("subject_kind", "subject_id"),
        of={"account_id": "account"},
    ),
    Personal(InstanceState, ("state",), of=_OF, also=lambda _session, row: {"state": wordless(row.state)}),
    Personal(InstanceEvent, ("data",), of=_OF, also=lambda _session, row: {"data": wordless(row.data)}),
    Personal(Task, ("comment",), of=_OF),
)
