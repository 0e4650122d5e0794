"""Lead score: weighted conditions on attributes plus decaying points for behaviour → 0–100 and a grade, explained."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Predicate = Callable[[Any, Any], bool]  # (record, context of engines.conditions)
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Rule:
    """Points for a record that meets a condition; `when` is the compiled condition."""

    key: str
    title: Mapping[str, str]
    points: float
    when: Predicate


@dataclass(frozen=True)
class Behaviour:
    """Points each time something is done, halved every `half_life_days`, together at most `cap`."""

    kind: str
    points: float
    half_life_days: float
    cap: float


@dataclass(frozen=True)
class Model:
    """A compiled scoring model; `grades` are (letter, least score) from best to worst."""

    key: str
    version: int
    base: float
    rules: tuple[Rule, ...]
    behaviours: Mapping[str, Behaviour]
    grades: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Score:
    """A score with the points every rule gave, in the model's order."""

    score: int
    grade: str
    steps: tuple[dict[str, Any], ...]


def compile_model(
    definition: Mapping[str, Any], *, key: str, version: int, condition: Callable[[Any], Predicate]
) -> Model:
    """Make a definition ready to use; `condition` compiles one condition and raises for a wrong one."""
    grades = definition.get("grades") or {"A": 75, "B": 50, "C": 25}
    return Model(
        key=key,
        version=version,
        base=float(definition.get("base", 0)),
        rules=tuple(
            Rule(each["key"], each.get("title") or {}, float(each["points"]), condition(each["when"]))
            for each in definition.get("rules", ())
        ),
        behaviours={
            each["kind"]: Behaviour(
                each["kind"], float(each["points"]), float(each.get("half_life_days", 14)), float(each.get("cap", 20))
            )
            for each in definition.get("behaviours", ())
        },
        grades=(*sorted(grades.items(), key=lambda grade: -grade[1]), ("D", 0)),
    )


def evaluate(
    model: Model, record: Any, behaviours: Iterable[tuple[str, datetime]], *, now: datetime, context: Any = None
) -> Score:
    """Score `record` by `model`; behaviours are (kind, time). Every rule appears in the steps, met or not."""
    steps: list[dict[str, Any]] = [{"rule": "base", "points": model.base, "met": True}] if model.base else []
    for rule in model.rules:
        met = rule.when(record, context)
        steps.append({"rule": rule.key, "title": dict(rule.title), "met": met, "points": rule.points if met else 0})
    steps += _behaviour_steps(model, behaviours, now)
    total = sum(step["points"] for step in steps)
    score = max(0, min(100, round(total)))
    return Score(score, grade_of(model, score), tuple(steps))


def grade_of(model: Model, score: int) -> str:
    """The best grade whose least score is reached."""
    return next(letter for letter, least in model.grades if score >= least)


def decayed(points: float, half_life_days: float, age_seconds: float) -> float:
    """What is left of `points` after `age_seconds`; a time in the future counts as now."""
    if half_life_days <= 0:
        return points
    return points * 0.5 ** (max(0.0, age_seconds) / (half_life_days * _SECONDS_PER_DAY))


def _behaviour_steps(model: Model, behaviours: Iterable[tuple[str, datetime]], now: datetime) -> list[dict[str, Any]]:
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for kind, moment in behaviours:
        if behaviour := model.behaviours.get(kind):
            age = (now - moment).total_seconds()
            sums[kind] = sums.get(kind, 0.0) + decayed(behaviour.points, behaviour.half_life_days, age)
            counts[kind] = counts.get(kind, 0) + 1
    return [
        {
            "rule": f"behaviour:{kind}",
            "met": True,
            "count": counts[kind],
            "points": round(_capped(total, model.behaviours[kind].cap), 2),
        }
        for kind, total in sums.items()
    ]


def _capped(total: float, cap: float) -> float:
    return max(-cap, min(cap, total))
