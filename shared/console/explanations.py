"""A stored decision as a page shows it: outcome, rule and version, steps and inputs in words."""

from collections.abc import Mapping
from typing import Any

from babel import Locale

from chassis import i18n
from chassis.i18n import gettext as _
from console.fields import Words, words
from engines.objects import ObjectType


def shown(
    decision: Any,
    labels: Mapping[str, Words] | None = None,
    *,
    values: Mapping[str, Mapping[str, Words]] | None = None,
    rules: Mapping[str, Words] | None = None,
) -> dict[str, Any]:
    """What `explain` draws, from an engines.explain.Decision or its document; `labels` name its inputs.

    `values` says codes of inputs in words (input → code → text, see `values_of`), `rules` the rules' short names. A
    step's data may say `matched` (true, false) and `points`.
    """
    document = dict(decision) if isinstance(decision, Mapping) else decision.document(i18n.current())
    named = _known() | dict(labels or {})
    inputs = document.get("inputs") or []
    if isinstance(inputs, Mapping):
        said = values or {}
        inputs = [
            {"label": _label(name, named), "value": plain(_in_words(value, said.get(name, {})))}
            for name, value in inputs.items()
        ]
    return {
        **document,
        "title": document.get("title") or titles().get(str(document.get("kind")), _("Why?")),
        "rule": (rules or {}).get(str(document.get("rule")), document.get("rule")),
        "outcome": plain(document.get("outcome"), named),
        "inputs": inputs,
        "steps": [_step(step) for step in document.get("steps") or []],
    }


def values_of(kind: ObjectType) -> dict[str, dict[str, Words]]:
    """The closed choices of a kind's fields in words, by column; countries by their codes."""
    found: dict[str, dict[str, Words]] = {
        field.column: {code: label or code for code, label in field.choices.items()}
        for field in kind.fields
        if isinstance(field.choices, Mapping)
    }
    if "country" in kind.by_name:
        found["country"] = dict(Locale("zh" if i18n.current() == "zh" else "en").territories)
    return found


def _in_words(value: Any, texts: Mapping[str, Words]) -> Any:
    if isinstance(value, list | tuple):
        return [_in_words(item, texts) for item in value]
    return words(texts[value]) if isinstance(value, str) and value in texts else value


def titles() -> dict[str, str]:
    """What each kind of decision is about."""
    return {
        "score": _("Score"), "assignment": _("Assignment"), "match": _("Duplicate match"), "route": _("Approval route"),
        "due": _("Due time"), "tier": _("Tier"), "alert": _("Alert"),
        "reclaim": _("Back to the pool"),
    }  # fmt: skip


def plain(value: Any, named: Mapping[str, Words] | None = None) -> str:
    """Any value of a decision in one line; `named` gives the labels of a mapping's members."""
    if isinstance(value, Mapping):
        if value.keys() & {"zh", "en"}:
            return words(value)
        parts = (
            _("%(label)s: %(value)s", label=_label(name, named or {}), value=plain(item))
            for name, item in value.items()
        )
        return _(", ").join(parts)
    if isinstance(value, list | tuple):
        return _(", ").join(plain(item) for item in value) or "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "–" if value is None or value == "" else str(value)


def _known() -> dict[str, Words]:
    return {"score": _("Score"), "grade": _("Grade"), "owner": _("Owner"), "due_at": _("Due time"), "tier": _("Tier"),
            "next_reclaim_at": _("Goes back"), "owned_since": _("Owned since"), "protected_until": _("Protected until"),
            "pool": _("Pool")}  # fmt: skip


def _label(name: str, named: Mapping[str, Words]) -> str:
    return words(named.get(name)) or name.replace("_", " ").capitalize()


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    data = step.get("data") or {}
    return {"matched": data.get("matched"), "points": data.get("points"), "detail": "", **step}
