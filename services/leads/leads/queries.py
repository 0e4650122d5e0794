"""Reads: lists, one lead with its explanations, activities, decisions."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict

from chassis import directory, i18n
from chassis.caller import Caller
from chassis.paging import Paged
from engines import access, explain, listing, ownership, timeline
from engines.explain import Decision
from engines.objects import ObjectType
from leads import lifecycle
from leads.lookup import Candidate
from leads.models import Definition, Lead
from leads.objects import LEAD

if TYPE_CHECKING:
    from leads.capture import Captured

_BUDGET = cast(Lead.budget_minor, String).concat(" ").concat(Lead.budget_currency)
_CONVERTED = (
    func.coalesce(Lead.account_id, "")
    .concat(",")
    .concat(func.coalesce(Lead.contact_id, ""))
    .concat(",")
    .concat(func.coalesce(Lead.opportunity_id, ""))
)


_COLUMNS = tuple(column.key for column in Lead.__mapper__.column_attrs)
_EXPLAINED = ("score", "assignment", "reclaim")


def _paged(kind: ObjectType, **columns: Any) -> Paged:
    paged = listing.paged(kind)
    paged.columns = columns
    return paged


LEADS = _paged(LEAD, budget=_BUDGET, converted=_CONVERTED)


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
    decisions = explain.decisions_of(session, f"lead/{record.id}")[::-1]
    reclaim = ownership.explain(session, ownership.of("lead"), record)
    told = explained(record, [*decisions, reclaim] if reclaim else decisions)
    return told | {"conversion": _conversion(session, caller, record)}


def explained(record: Lead, decisions: Iterable[Decision]) -> dict[str, Any]:
    """The lead with its conversion and possible steps; of `decisions` on it the last of a kind explains it."""
    found = {decision.kind: decision for decision in decisions}
    locale = i18n.current()
    loaded = instance_dict(record)
    own = {name: loaded[name] if name in loaded else getattr(record, name) for name in _COLUMNS}
    return own | {
        "budget": record.budget,
        "converted": record.converted,
        "allowed": [] if record.duplicate_of else lifecycle.allowed(record.status),
        **{f"{kind}_explanation": found[kind].document(locale) if kind in found else None for kind in _EXPLAINED},
    }


def captured(session: Session, caller: Caller, made: "Captured") -> dict[str, Any]:
    """What became of a capture, as far as the caller may see it."""
    answer = {"outcome": made.outcome, "found": candidates(session, caller, made.duplicates)}
    if made.outcome != "merged":
        session.flush()
        access.veil(session, caller)
        return explained(made.lead, [access.decided(session, each) for each in made.decisions]) | answer
    if not access.allows(session, caller, LEAD, made.lead):
        # it went into a lead the caller may not read: he learns that, and nothing of what is in it
        return {"id": made.lead.id, "number": made.lead.number} | answer
    return details(session, caller, made.lead) | answer


def _conversion(session: Session, caller: Caller, record: Lead) -> dict[str, Any] | None:
    """How the conversion stands. What it asked sales for repeats fields of the lead: only for who sees those."""
    told = {"opportunity", "candidates"} if access.granted(session, caller, "lead").hidden else set()
    return record.conversion and {name: value for name, value in record.conversion.items() if name not in told}


def decisions(session: Session, record: Lead) -> dict[str, Any]:
    """All decisions on the lead in the reader's language, newest first."""
    return {"items": [each.document(i18n.current()) for each in explain.decisions_of(session, f"lead/{record.id}")]}


def definitions(session: Session, purpose: str) -> list[Definition]:
    """All definitions of a purpose by key."""
    return list(session.scalars(select(Definition).where(Definition.purpose == purpose).order_by(Definition.key)))


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
