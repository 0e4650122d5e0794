"""Decisions: what a rule decided, by which version, from which inputs, in which steps; readable by people and programs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.ids import uuid7


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a decision: a sentence per language with `{name}` places, filled from `data` when it is read."""

    text: Mapping[str, str]  # {"zh": "地区 {region}：+{points}", "en": "Region {region}: +{points}"}
    data: Mapping[str, Any] = field(default_factory=dict)

    def read(self, locale: str) -> str:
        """The sentence in `locale` (any zh or en)."""
        return fill(self.text, self.data, locale)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An automatic decision on `subject` ("lead/<id>"); `inputs` are all it looked at, so that it can be made again."""

    kind: str
    subject: str
    rule: str
    version: int
    inputs: Mapping[str, Any]
    outcome: Any
    steps: Sequence[Step] = ()
    at: datetime = field(default_factory=clock.now)
    id: str = field(default_factory=uuid7)

    def document(self, locale: str) -> dict[str, Any]:
        """As APIs and pages show it: the data, and each step's sentence in the reader's language."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "rule": self.rule,
            "version": self.version,
            "inputs": self.inputs,
            "outcome": self.outcome,
            "steps": [{"text": step.read(locale), "data": dict(step.data)} for step in self.steps],
            "at": clock.iso(self.at),
            "id": self.id,
        }

    def row(self) -> dict[str, Any]:
        """Its row in `decisions`."""
        return {
            "id": self.id,
            "kind": self.kind,
            "subject": self.subject,
            "rule": self.rule,
            "version": self.version,
            "inputs": dict(self.inputs),
            "steps": [{"text": dict(step.text), "data": dict(step.data)} for step in self.steps],
            "outcome": self.outcome,
            "at": self.at,
        }


class DecisionRow(Base):
    """A stored decision."""

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))
    rule: Mapped[str] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(Integer)
    inputs: Mapped[dict[str, Any]] = mapped_column(Json, info={"personal": True})
    steps: Mapped[list[dict[str, Any]]] = mapped_column(Json, info={"personal": True})
    outcome: Mapped[Any] = mapped_column(Json, nullable=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_decisions_subject_id", "subject", "id"),
        Index("ix_decisions_kind_id", "kind", "id"),
        Index("ix_decisions_rule_id", "rule", "id"),
        {"info": {"branch": "engines"}},
    )


def decide(
    session: Session,
    *,
    kind: str,
    subject: str,
    rule: str,
    version: int,
    inputs: Mapping[str, Any],
    outcome: Any,
    steps: Sequence[Step | Mapping[str, Any]] = (),
) -> Decision:
    """Store a decision made just now; steps may be {"text": {"zh", "en"}, "data": {…}}. Returns it with its id."""
    taken = [step if isinstance(step, Step) else Step(**step) for step in steps]
    made = Decision(kind=kind, subject=subject, rule=rule, version=version, inputs=inputs, outcome=outcome, steps=taken)
    record_decision(session, made)
    return made


def record_decision(session: Session, decision: Decision) -> str:
    """Store a decision that a rule made as a value; returns its id."""
    session.add(DecisionRow(**decision.row()))
    return decision.id


def decisions_of(session: Session, subject: str, *, kind: str | None = None, limit: int = 50) -> list[Decision]:
    """The newest decisions on a subject, newest first."""
    wanted = select(DecisionRow).where(DecisionRow.subject == subject).order_by(DecisionRow.id.desc()).limit(limit)
    return [read(row) for row in session.scalars(wanted.where(DecisionRow.kind == kind) if kind else wanted)]


def find(session: Session, decision_id: str) -> Decision | None:
    """A stored decision, None when there is none."""
    row = session.get(DecisionRow, decision_id)
    return read(row) if row is not None else None


def text(decision: Decision, locale: str) -> str:
    """All steps as one text, a line each."""
    return "\n".join(step.read(locale) for step in decision.steps)


def fill(texts: Mapping[str, str], data: Mapping[str, Any], locale: str) -> str:
    """The sentence of `locale` with its `{name}` places filled; a value missing from `data` shows as its name."""
    sentence = texts.get("zh" if locale.startswith("zh") else "en") or next(iter(texts.values()), "")
    return _PLACE.sub(lambda place: _shown(data[place[1]], locale) if place[1] in data else place[0], sentence)


_PLACE = re.compile(r"\{(\w+)\}")


def _shown(value: Any, locale: str) -> str:
    if isinstance(value, Mapping) and value.keys() & {"zh", "en"}:
        return str(value.get("zh" if locale.startswith("zh") else "en") or next(iter(value.values())))
    if isinstance(value, list | tuple):
        return ("、" if locale.startswith("zh") else ", ").join(_shown(item, locale) for item in value)
    return "–" if value is None else str(value)


def read(row: DecisionRow) -> Decision:
    """A stored row as a decision."""
    return Decision(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        rule=row.rule,
        version=row.version,
        inputs=row.inputs,
        outcome=row.outcome,
        steps=[Step(**step) for step in row.steps],
        at=row.at,
    )
