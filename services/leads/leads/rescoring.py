"""Scoring a lead anew when it changed, did something, or time passed."""

from sqlalchemy.orm import Session

from engines.explain import record_decision
from leads import deciding, definitions, explanations
from leads.definitions import InForce
from leads.models import Lead


def rescore(session: Session, lead: Lead, *, current: InForce | None = None) -> bool:
    """Score the lead anew; True when score or grade changed. The caller publishes the change."""
    current = current or definitions.in_force(session)
    result = deciding.score(current.model, lead, deciding.behaviours_of(session, lead.id))
    if (result.score, result.grade) == (lead.score, lead.grade):
        return False
    record_decision(session, explanations.score(lead.id, current.model, result, deciding.inputs(lead)))
    lead.score, lead.grade = result.score, result.grade
    return True
