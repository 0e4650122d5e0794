"""Reads: lists, one lead with its explanations, activities, decisions."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import String, cast, func, select, true
from sqlalchemy.orm import Session

from chassis import directory, i18n
from chassis.caller import Caller
from chassis.errors import NotFound
from chassis.paging import Paged
from engines import access, explain, listing, ownership, timeline
from engines.objects import ObjectType
from leads import lifecycle
from leads.lookup import Candidate
from leads.models import Definition, Import, ImportRow, Lead
from leads.objects import IMPORT, LEAD

_BUDGET = cast(Lead.budget_minor, String).concat(" ").concat(Lead.budget_currency)
_CONVERTED = (
    func.coalesce(Lead.account_id, "")
    .concat(",")
    .concat(func.coalesce(Lead.contact_id, ""))
    .concat(",")
    .concat(func.coalesce(Lead.opportunity_id, ""))
)


def _paged(kind: ObjectType, **columns: Any) -> Paged:
    paged = listing.paged(kind)
    paged.columns = columns
    return paged


LEADS = _paged(LEAD, budget=_BUDGET, converted=_CONVERTED)
IMPORTS = _paged(IMPORT)


def leads(call: Any) -> Any:
    """SELECT of the leads a list route answers; those merged into another one only by `filter`."""
    statement = listing.rows(call, LEAD)
    return (
        statement
        if "duplicate_of" in (call.query.get("filter") or "")
        else statement.where(Lead.duplicate_of.is_(None))
    )


def lead(session: Session, caller: Caller, lead_id: str, action: str = "read") -> Lead:
    """The lead for reading or editing; NotFound outside the caller's scope."""
    return access.get(session, caller, Lead, lead_id, action)


def details(session: Session, caller: Caller, record: Lead) -> dict[str, Any]:
    """The lead with its conversion, its possible steps and the explanations of score and owner, as the caller may see them."""
    session.flush()
    access.veil(session, caller)
    found = {decision.kind: decision for decision in reversed(explain.decisions_of(session, f"lead/{record.id}"))}
    locale, reclaim = i18n.current(), ownership.explain(session, ownership.of("lead"), record)
    own = {column.key: getattr(record, column.key) for column in Lead.__mapper__.column_attrs}
    return own | {
        "budget": record.budget,
        "converted": record.converted,
        "allowed": [] if record.duplicate_of else lifecycle.allowed(record.status),
        "score_explanation": found["score"].document(locale) if "score" in found else None,
        "assignment_explanation": found["assignment"].document(locale) if "assignment" in found else None,
        "reclaim_explanation": reclaim.document(locale) if reclaim else None,
    }


def decisions(session: Session, record: Lead) -> dict[str, Any]:
    """All decisions on the lead in the reader's language, newest first."""
    return {"items": [each.document(i18n.current()) for each in explain.decisions_of(session, f"lead/{record.id}")]}


def definitions(session: Session, purpose: str) -> list[Definition]:
    """All definitions of a purpose by key."""
    return list(session.scalars(select(Definition).where(Definition.purpose == purpose).order_by(Definition.key)))


def imports(call: Any) -> Any:
    """SELECT of the caller's own imports; administrators see all."""
    return select(Import).where(_own_imports(call.session, call.caller))


def one_import(session: Session, caller: Caller, import_id: str) -> Import:
    """The import, for who started it and for administrators; NotFound."""
    found = session.scalars(select(Import).where(Import.id == import_id, _own_imports(session, caller))).first()
    if found is None:
        raise NotFound()
    return found


def _own_imports(session: Session, caller: Caller) -> Any:
    return true() if access.granted(session, caller, "import").everything else Import.created_by == caller.id


def import_rows(
    session: Session, import_id: str, *, outcome: str = "", after: int = 0, limit: int = 500
) -> list[ImportRow]:
    """Rows of an import with what became of them, in order."""
    statement = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.line > after)
    if outcome:
        statement = statement.where(ImportRow.outcome == outcome)
    return list(session.scalars(statement.order_by(ImportRow.line).limit(limit)))


def candidates(session: Session, caller: Caller, found: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Leads that look alike as the caller may see them: outside his scope only that they exist, and whose they are."""
    if not found:
        return []
    ids = [each.lead_id for each in found]
    open_ids = set(
        session.scalars(access.readable(session, caller, Lead).with_only_columns(Lead.id).where(Lead.id.in_(ids)))
    )
    return [access.mask_out(session, caller, "lead", each.as_dict(openly=each.lead_id in open_ids)) for each in found]


def activities(session: Session, record: Lead) -> dict[str, Any]:
    """What happened with the lead, newest first."""
    return {"items": timeline.activities(session, "lead", record.id)}


def names(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Names of people by id."""
    return directory.names(session, ids)
