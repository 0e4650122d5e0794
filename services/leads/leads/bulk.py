"""One step for many leads; each stands on its own, and the answer says how each went."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis import changes
from chassis.caller import Caller
from chassis.errors import Invalid, Problem
from chassis.i18n import lazy as _
from engines import access
from engines.ownership import require_giving
from leads import ownership, progress, queries
from leads.models import Lead

_BY_READING = ("assign", "claim")  # steps for which the record need not be one the caller may edit


def run(
    session: Session,
    *,
    caller: Caller,
    action: str,
    ids: Sequence[str],
    owner_id: str | None = None,
    pool: str | None = None,
    reason: str | None = None,
    tag: str | None = None,
) -> dict[str, Any]:
    """Take `action` on each lead in a savepoint of its own; refusals are reported, not raised."""
    if action == "disqualify" and not reason:
        raise Invalid(errors={"reason": [_("A reason is needed.")]})
    if action == "tag" and not tag:
        raise Invalid(errors={"tag": [_("Name the tag.")]})
    if action == "claim":
        access.require_right(session, caller, "lead", "claim")
    steps: dict[str, Callable[[Lead], Any]] = {
        "assign": lambda lead: _assign(session, lead, caller, owner_id),
        "claim": lambda lead: ownership.claim(session, lead, caller=caller),
        "release": lambda lead: ownership.release(session, lead, caller=caller, pool=pool, reason=reason or ""),
        "qualify": lambda lead: progress.qualify(session, lead),
        "disqualify": lambda lead: progress.disqualify(session, lead, caller=caller, reason=reason or ""),
        "reopen": lambda lead: progress.reopen(session, lead),
        "tag": lambda lead: progress.edit(session, lead, caller=caller, tags=sorted({*lead.tags, tag or ""})),
    }
    needed = "read" if action in _BY_READING else "edit"
    # in order of their ids, so that two people who take the same leads wait for each other and never deadlock
    found = {lead_id: _one(session, caller, steps[action], lead_id, needed) for lead_id in sorted(set(ids))}
    results = [found[lead_id] for lead_id in dict.fromkeys(ids)]
    done = sum(row["ok"] for row in results)
    return {"results": results, "done": done, "failed": len(results) - done}


def _assign(session: Session, lead: Lead, caller: Caller, owner_id: str | None) -> Lead:
    require_giving(session, ownership.LEADS, lead, caller)
    return ownership.assign(session, lead, caller=caller, owner_id=owner_id)


def _one(session: Session, caller: Caller, step: Callable[[Lead], Any], lead_id: str, needed: str) -> dict[str, Any]:
    try:
        with session.begin_nested():
            step(queries.lead(session, caller, lead_id, needed))
            session.flush()
    except Problem as problem:
        changes.forget(session)
        session.expire_all()
        return {"id": lead_id, "ok": False, "code": problem.code, "detail": str(problem)}
    return {"id": lead_id, "ok": True, "code": None, "detail": None}
