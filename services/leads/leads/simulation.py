"""Trying a scoring model, rule set or duplicate policy on given or past records; nothing is stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock, directory, i18n
from engines.conditions import fields_used
from engines.explain import DecisionRow
from engines.objects import Field
from leads import deciding, definitions, explanations, intake, sellers
from leads.assignment import Rule, Turn
from leads.models import Lead
from leads.objects import LEAD

_BLANK: dict[str, Any] = {field.column: None for field in LEAD.fields} | {"score": 0, "grade": "D", "status": "new"}
THRESHOLDS = range(0, 101, 10)


def scoring_model(session: Session, *, definition: Mapping[str, Any], samples: "Samples") -> dict[str, Any]:
    """Scores of the samples by a draft; over past leads also how well each threshold tells who converted."""
    model = definitions.compile_model(definitions.checked("scoring_model", definition))
    locale, results, outcomes = i18n.current(), [], []
    for sample in samples.usable(_fields_of(definition)):
        result = deciding.score(model, sample.record, sample.behaviours, now=sample.at)
        steps = [explanations.score_step(step) for step in result.steps]
        results.append(
            {
                "lead_id": sample.lead_id,
                "score": result.score,
                "grade": result.grade,
                "before": sample.outcome or None,
                "status": sample.status,
                "steps": [{"text": step.read(locale), "data": dict(step.data)} for step in steps],
            }
        )
        outcomes.append((result.score, sample.status))
    grades = Counter(each["grade"] for each in results)
    return samples.summary() | {"results": results, "grades": dict(grades), "thresholds": precision_recall(outcomes)}


def precision_recall(outcomes: Sequence[tuple[int, str | None]]) -> list[dict[str, Any]]:
    """Per threshold: of the leads at or above it how many converted (precision), and what share of all converted
    ones that is (recall). Only closed leads count; None where there is nothing to divide by."""
    closed = [(score, status == "converted") for score, status in outcomes if status in ("converted", "disqualified")]
    won = sum(converted for _score, converted in closed)
    rows = []
    for threshold in THRESHOLDS:
        above = [converted for score, converted in closed if score >= threshold]
        hit = sum(above)
        rows.append(
            {
                "threshold": threshold,
                "leads": len(above),
                "precision": round(hit / len(above), 4) if above else None,
                "recall": round(hit / won, 4) if won else None,
            }
        )
    return rows


def assignment_rules(session: Session, *, definition: Mapping[str, Any], samples: "Samples") -> dict[str, Any]:
    """Who would get the samples by a draft, one after the other, and what differs from who did."""
    rules = definitions.compile_rules(definitions.checked("assignment_rules", definition))
    locale, turns = i18n.current(), dict[str, Turn]()
    known: dict[tuple[str, ...], list[Any]] = {}

    def people(wanted: list[Rule]) -> list[Any]:
        key = tuple(rule.key for rule in wanted)
        if key not in known:
            known[key] = sellers.for_rules(session, wanted)
        return known[key]

    users = {id_: person.name for id_, person in directory.snapshot(session).users.items()}
    results = []
    for sample in samples.usable(_fields_of(definition)):
        choice = deciding.choose(
            rules,
            sample.record,
            sellers_for=people,
            turn_of=lambda rule: turns.get(rule.key, Turn()),
            now=sample.at,
        )
        if choice.turn:
            turns[choice.rule] = choice.turn
        steps = [explanations.assignment_step(step, users) for step in choice.steps]
        before = sample.outcome or {}
        results.append(
            {
                "lead_id": sample.lead_id,
                "owner_id": choice.owner_id,
                "owner": users.get(choice.owner_id or ""),
                "pool": choice.pool or None,
                "rule": choice.rule,
                "before": before or None,
                "differs": bool(sample.lead_id) and before.get("owner_id") != choice.owner_id,
                "steps": [{"text": step.read(locale), "data": dict(step.data)} for step in steps],
            }
        )
    shares = Counter(each["owner_id"] or each["pool"] for each in results)
    return samples.summary() | {
        "results": results,
        "shares": dict(shares),
        "would_change": sum(bool(each["differs"]) for each in results),
    }


class Sample:
    """One record to try a definition on: a given one, or a lead as it was when it was decided on."""

    def __init__(
        self, record: Mapping[str, Any], *, lead_id: str | None = None, at: datetime | None = None, outcome: Any = None,
        status: str | None = None, behaviours: Sequence[tuple[str, datetime]] = (),
    ):  # fmt: skip
        self.record = {**_BLANK, **record}
        self.lead_id, self.at, self.outcome, self.status, self.behaviours = lead_id, at, outcome, status, behaviours
        self.past = lead_id is not None


class Samples:
    """The records a simulation runs on, and how many of them it could not use."""

    def __init__(self, samples: Sequence[Sample]):
        self.all = samples
        self.unusable: list[dict[str, Any]] = []

    def usable(self, needed: set[str]) -> list[Sample]:
        """Those that hold what the definition looks at: personal fields are not kept with past decisions."""
        lacking = sorted(needed & deciding.NOT_KEPT)
        kept = []
        for sample in self.all:
            if sample.past and lacking:
                self.unusable.append({"lead_id": sample.lead_id, "fields": lacking})
            else:
                kept.append(sample)
        return kept

    def summary(self) -> dict[str, Any]:
        return {
            "tried": len(self.all) - len(self.unusable),
            "unusable": len(self.unusable),
            "unusable_because": self.unusable[:20],
        }


def given(records: Sequence[Mapping[str, Any]]) -> Samples:
    """Samples typed into the request, normalised as a capture would."""
    by_name: dict[str, Field] = dict(LEAD.by_name)
    made = []
    for record in records:
        cleaned = intake.clean({key: value for key, value in record.items() if key in by_name})
        made.append(Sample({by_name[name].column: value for name, value in cleaned.items() if name in by_name}))
    return Samples(made)


def past(session: Session, *, kind: str, since: datetime, until: datetime | None, limit: int) -> Samples:
    """Leads decided on in a period, with the inputs the decision had then and the first outcome it gave."""
    rows = session.execute(
        select(DecisionRow.subject, DecisionRow.inputs, DecisionRow.outcome, DecisionRow.at)
        .where(DecisionRow.kind == kind, DecisionRow.at >= since, DecisionRow.at <= (until or clock.now()))
        .order_by(DecisionRow.id)
        .limit(limit)
    ).all()
    first = {row.subject.partition("/")[2]: row for row in reversed(rows)}
    statuses = {
        row.id: row.status for row in session.execute(select(Lead.id, Lead.status).where(Lead.id.in_(list(first))))
    }
    return Samples(
        [
            Sample(row.inputs, lead_id=lead_id, at=row.at, outcome=row.outcome, status=statuses.get(lead_id))
            for lead_id, row in sorted(first.items())
        ]
    )


def _fields_of(definition: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for rule in definition.get("rules") or ():
        found |= fields_used(rule.get("when"))
    return found
