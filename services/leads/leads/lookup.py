"""Finding duplicates of a record: one query over index keys, never a scan, then the pure comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, bindparam, func, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis.db import is_sqlite
from engines.forms import in_force
from leads import dedupe, definitions
from leads.dedupe import Match, Traits
from leads.models import Lead, LeadKey

EXACT_AT_MOST, ALIKE_AT_MOST = 20, 60
NOTICE = 60  # below this score two records have too little in common to be worth showing

# Core tables and prepared statements: this is the hottest read of the service.
_LEAD, _KEY = Lead.__table__.c, LeadKey.__table__.c
_COLUMNS = (
    _LEAD.id, _LEAD.number, _LEAD.name, _LEAD.company, _LEAD.phones, _LEAD.emails, _LEAD.credit_code, _LEAD.wechat,
    _LEAD.status, _LEAD.owner_id,
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A lead that may be the same as the record looked up."""

    lead_id: str
    number: str | None
    name: str
    company: str
    status: str
    owner_id: str | None
    match: Match

    def as_dict(self, *, openly: bool = True) -> dict[str, Any]:
        """For answers; not `openly`, without what a reader outside the lead's scope may not see. Values stay out."""
        body: dict[str, Any] = {
            "lead_id": self.lead_id,
            "number": self.number,
            "status": self.status,
            "owner_id": self.owner_id,
            "score": self.match.score,
            "reasons": [{"field": r.field, "kind": r.kind, "score": r.score} for r in self.match.reasons],
        }
        return body | {"name": self.name, "company": self.company} if openly else body


def _query(*, sqlite_too: bool) -> Select[Any]:
    def ids(name: str, at_most: int) -> Select[Any]:
        listed: Any = bindparam(name, expanding=True) if sqlite_too else bindparam(name, type_=postgresql.ARRAY(String))
        known = _KEY.key.in_(listed) if sqlite_too else _KEY.key == func.any(listed)
        found = select(_KEY.lead_id).where(known).limit(at_most).subquery()
        return select(found.c.lead_id)

    ids_of_both = union_all(ids("exact", EXACT_AT_MOST), ids("alike", ALIKE_AT_MOST)).subquery()
    found = (
        select(*_COLUMNS).where(_LEAD.id.in_(select(ids_of_both.c.lead_id)), _LEAD.duplicate_of.is_(None)).subquery()
    )
    count, sum_ = in_force.STAMP
    stamp = select(definitions.STAMP.label("stamp"), count.label("forms"), sum_.label("forms_sum")).subquery()
    return select(*stamp.c, *found.c).select_from(stamp.outerjoin(found, literal(True)))


_QUERY = {sqlite_too: _query(sqlite_too=sqlite_too) for sqlite_too in (True, False)}
_STORE = {
    sqlite_too: dialect.insert(LeadKey.__table__).on_conflict_do_nothing(index_elements=["key", "lead_id"])
    for sqlite_too, dialect in ((True, sqlite), (False, postgresql))
}


def duplicates(
    session: Session, record: Traits, keys: Sequence[str], *, besides: str | None = None, at_least: int = NOTICE
) -> tuple[list[Candidate], int]:
    """Leads like `record`, best first, and the stamp of the definitions in force (it comes with the same query, and
    that of the forms for the session)."""
    exact = [key for key in keys if dedupe.is_exact_key(key)]
    alike = [key for key in keys if not dedupe.is_exact_key(key)]
    connection = session.connection()
    rows = connection.execute(_QUERY[is_sqlite(connection)], {"exact": exact, "alike": alike}).all()
    in_force.as_of(session, (rows[0].forms, rows[0].forms_sum))
    found = []
    for row in rows:
        if row.id is None or row.id == besides:
            continue
        match = dedupe.compare(record, dedupe.traits(dict(row._mapping)))
        if match.score >= at_least:
            found.append(Candidate(row.id, row.number, row.name, row.company, row.status, row.owner_id, match))
    return sorted(found, key=lambda each: (-each.match.score, each.lead_id)), int(rows[0].stamp)


def store_keys(session: Session, lead_id: str, keys: Sequence[str]) -> None:
    """Add index keys of a lead; those it has already stay."""
    if keys:
        rows = [{"key": key, "lead_id": lead_id} for key in keys]
        session.connection().execute(_STORE[is_sqlite(session)], rows)
