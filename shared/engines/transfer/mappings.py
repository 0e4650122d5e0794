"""Saved mappings: a plan by the file's headings, for everybody who takes in files of that kind."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.i18n import lazy as _
from engines import access
from engines.transfer.errors import NotReady
from engines.transfer.models import Import, ImportMapping

MOST = 200


def of_kind(session: Session, kind: str) -> Sequence[ImportMapping]:
    """The mappings of a kind, by name."""
    return session.scalars(select(ImportMapping).where(ImportMapping.kind == kind).order_by(ImportMapping.name)).all()


def save(session: Session, job: Import, *, caller: Caller, name: str) -> ImportMapping:
    """Keep the import's plan under a name; one of that name is replaced."""
    name = name.strip()[:80]
    if not name:
        raise Invalid(errors={"name": [_("Give the mapping a name.")]})
    if len(of_kind(session, job.kind)) >= MOST:
        raise Invalid(errors={"name": [_("There are too many mappings; delete some.")]})
    plan = dict(job.plan)
    headings, fields = plan.pop("headings", []), plan.pop("fields")
    plan["by_heading"] = {heading: field for heading, field in zip(headings, fields, strict=False) if field}
    found = session.get(ImportMapping, (job.kind, name))
    if found is None:
        found = ImportMapping(kind=job.kind, name=name)
        session.add(found)
    found.plan, found.saved_by, found.saved_at = plan, caller.id, clock.now()
    session.flush()
    return found


def apply(session: Session, job: Import, *, name: str) -> Import:
    """Use a mapping's plan for a file: columns whose heading it knows go where it says, the others are left out."""
    found = session.get(ImportMapping, (job.kind, name))
    if found is None:
        raise NotFound()
    if job.status not in ("draft", "done", "stopped", "failed"):
        raise NotReady()
    plan = dict(found.plan)
    by_heading = plan.pop("by_heading")
    headings = job.plan.get("headings", [])
    plan["fields"], plan["headings"] = [by_heading.get(heading, "") for heading in headings], headings
    if job.format == "xlsx" or plan["dialect"]["format"] != job.format:
        kept = job.plan["dialect"] if plan["dialect"]["format"] != job.format else plan["dialect"]
        plan["dialect"] = kept
    job.plan, job.version = plan, job.version + 1
    return job


def delete(session: Session, kind: str, name: str, *, caller: Caller) -> None:
    """Delete a mapping, one's own or as an administrator."""
    found = session.get(ImportMapping, (kind, name))
    if found is None:
        raise NotFound()
    if found.saved_by != caller.id and not access.granted(session, caller, "import").everything:
        raise Forbidden()
    session.delete(found)
    session.flush()
