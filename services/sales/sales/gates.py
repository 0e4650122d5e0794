"""What a stage demands before an opportunity may stand in it. Pure: the move and the form that shows it agree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.i18n import Text
from chassis.i18n import lazy as _

OPEN, WON, LOST = "open", "won", "lost"
CATEGORIES = (OPEN, WON, LOST)
LOSS_REASONS = ("price", "competitor", "no_budget", "no_decision", "timing", "product_gap", "relationship", "other")
FORECASTS = ("omitted", "pipeline", "best_case", "most_likely", "commit", "closed")


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What keeps an opportunity out of a stage, by kind; empty when it may enter."""

    fields: list[str] = field(default_factory=list)
    checklist: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields or self.checklist or self.documents)

    def as_dict(self) -> dict[str, list[str]]:
        return {"fields": self.fields, "checklist": self.checklist, "documents": self.documents}


def stage_of(stages: Sequence[Mapping[str, Any]], key: str) -> Mapping[str, Any] | None:
    """The stage `key` of a pipeline, None when it has no such stage."""
    return next((stage for stage in stages if stage["key"] == key), None)


def missing(
    stages: Sequence[Mapping[str, Any]],
    *,
    target: str,
    values: Mapping[str, Any],
    done: Iterable[str],
    documents: Iterable[str],
) -> Missing:
    """What the way to `target` still lacks.

    A stage's demands are met on entering it, and those of the open stages before it too: skipping a stage does not skip
    its demands. A lost opportunity owes nothing but what the lost stage itself demands.
    """
    have, held = set(done), set(documents)
    needed = list(_on_the_way(stages, target))
    return Missing(
        fields=_unique(
            name for stage in needed for name in stage.get("required_fields", ()) if is_blank(values.get(name))
        ),
        checklist=_unique(
            item["key"]
            for stage in needed
            for item in stage.get("checklist", ())
            if item.get("required", True) and item["key"] not in have
        ),
        documents=_unique(kind for stage in needed for kind in stage.get("required_documents", ()) if kind not in held),
    )


def forecast_category(stage: Mapping[str, Any]) -> str:
    """The forecast category a stage names, or the one its probability stands for."""
    if stage.get("forecast_category"):
        return str(stage["forecast_category"])
    if stage["category"] != OPEN:
        return "closed" if stage["category"] == WON else "omitted"
    steps = ((90, "commit"), (70, "most_likely"), (40, "best_case"))
    return next((name for least, name in steps if stage["probability"] >= least), "pipeline")


def weighted(amount_minor: int, probability: int) -> int:
    """Expected value in minor units, rounded half up; `probability` in percent."""
    return (amount_minor * probability + 50) // 100


def is_blank(value: object) -> bool:
    """Whether a required field counts as not filled: nothing, blank text, an empty list, or no money at all."""
    return value is None or value in ("", [], {}) or (value == 0 and not isinstance(value, bool))


def faults(stages: Sequence[Mapping[str, Any]]) -> dict[str, Text]:
    """Why a list of stages cannot be a pipeline: place → reason; empty when it is sound."""
    found: dict[str, Text] = {}
    keys = [stage["key"] for stage in stages]
    if not {stage["category"] for stage in stages} >= set(CATEGORIES):
        found["stages"] = _("A pipeline needs an open stage, a won one and a lost one")
    if stages and stages[0]["category"] != OPEN:
        found["stages.0.category"] = _("The first stage must be open")
    for place, stage in enumerate(stages):
        if keys.index(stage["key"]) != place:
            found[f"stages.{place}.key"] = _("Two stages have the same key")
        fixed = {WON: 100, LOST: 0}.get(stage["category"])
        if fixed is not None and stage["probability"] != fixed:
            found[f"stages.{place}.probability"] = _("A won stage has 100 percent, a lost stage 0")
    return found


def _on_the_way(stages: Sequence[Mapping[str, Any]], target: str) -> Iterable[Mapping[str, Any]]:
    goal = stage_of(stages, target)
    if goal is None:
        raise KeyError(target)
    if goal["category"] == OPEN or goal["category"] == WON:
        for stage in stages:
            if stage["key"] == target:
                break
            if stage["category"] == OPEN:
                yield stage
    yield goal


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
