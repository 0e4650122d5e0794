"""The run log of rules: their decisions, newest first, of records the reader may read."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines import access, explain
from engines.explain import Decision, DecisionRow
from engines.rules.automated import kinds_of
from engines.rules.running import NOT_MET, RAN


def page(
    session: Session, caller: Caller, *, key: str, limit: int = 50, before: str = "", all_occasions: bool = False
) -> Sequence[Decision]:
    """The runs of a rule, with `all_occasions` also those whose condition did not hold; `before` is a run's id."""
    kinds = (RAN, NOT_MET) if all_occasions else (RAN,)
    found: list[Decision] = []
    while len(found) < limit:
        wanted = select(DecisionRow).where(DecisionRow.rule == key, DecisionRow.kind.in_(kinds))
        if before:
            wanted = wanted.where(DecisionRow.id < before)
        rows = session.scalars(wanted.order_by(DecisionRow.id.desc()).limit(limit * 2)).all()
        readable = _readable(session, caller, {row.subject for row in rows})
        found += [explain.read(row) for row in rows if row.subject in readable]
        if len(rows) < limit * 2:
            break
        before = rows[-1].id
    return found[:limit]


def _readable(session: Session, caller: Caller, subjects: set[str]) -> set[str]:
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        kind, _slash, record_id = subject.partition("/")
        by_kind.setdefault(kind, []).append(record_id)
    found = set()
    for kind, automated in kinds_of(session).items():
        ids = by_kind.get(kind)
        if ids:
            model: Any = automated.kind.model
            wanted = access.readable(session, caller, model).where(model.id.in_(ids)).with_only_columns(model.id)
            found |= {f"{kind}/{id_}" for id_ in session.scalars(wanted)}
    return found
