"""Merging two leads into one without losing anything, and undoing it."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.errors import NotFound
from chassis.events import publish
from engines import ownership
from engines.timeline import Activity, Task
from leads import dedupe, facts, folding, lifecycle, lookup, rescoring
from leads.errors import MergeRefused, NothingToUndo
from leads.events import LeadChanged, LeadMerged, LeadUnmerged
from leads.models import Behaviour, Lead, LeadKey, Merge
from leads.ownership import LEADS

_KEPT = (*folding.LISTS, *folding.FILLED, "first_activity_at", "last_activity_at", "message")
_HANGING: dict[str, tuple[Any, Any]] = {
    "behaviours": (Behaviour, Behaviour.lead_id),
    "activities": (Activity, Activity.subject_id),
    "tasks": (Task, Task.subject_id),
}


def merge(session: Session, lead: Lead, other: Lead, *, caller: Caller) -> Merge:
    """Merge `other` into `lead`: empty fields are filled, lists joined, activities, tasks and behaviours move over.

    Where both say something else the lead's own value stays and the other is kept in the merge's conflicts.
    MergeRefused for a lead with itself, or one on its way to sales.
    """
    lifecycle.present_only(lead)
    lifecycle.present_only(other)
    if lead.id == other.id or other.status in ("converting", "converted"):
        raise MergeRefused()
    before = {"survivor": snapshot(lead), "merged": snapshot(other)}
    conflicts = folding.fill(lead, snapshot(other))
    if other.message and other.message not in lead.message:
        lead.message = "\n\n".join(filter(None, (lead.message, other.message)))
    lead.first_activity_at = _first(lead.first_activity_at, other.first_activity_at, min)
    lead.last_activity_at = _first(lead.last_activity_at, other.last_activity_at, max)
    moved = {name: _move(session, name, from_=other.id, to=lead.id) for name in _HANGING}
    other.duplicate_of, other.next_action_at = lead.id, None
    ownership.stop(session, LEADS, other)
    rescoring.rescore(session, lead)
    row = Merge(
        survivor_id=lead.id, merged_id=other.id, merged_by=caller.id, before=before, conflicts=_plain(conflicts), moved=moved,
        changed={name: value for name, value in snapshot(lead).items() if value != before["survivor"][name]},
    )  # fmt: skip
    session.add(row)
    publish(session, LeadMerged(lead, **facts.of(lead), merged_id=other.id))
    publish(session, LeadChanged(other, **facts.of(other), what="merged"))
    reindex(session, lead)
    return row


def find(session: Session, merge_id: str) -> Merge:
    """The merge; NotFound."""
    row = session.get(Merge, merge_id, with_for_update=True)
    if row is None:
        raise NotFound()
    return row


def undo(session: Session, merge_id: str) -> Merge:
    """Take a merge apart: what moved goes back, fields the merge filled are emptied unless edited since.

    NotFound, NothingToUndo; MergeRefused when the survivor was itself merged or went to sales.
    """
    row = find(session, merge_id)
    if row.undone_at:
        raise NothingToUndo()
    lead, other = session.get(Lead, row.survivor_id), session.get(Lead, row.merged_id)
    if lead is None or other is None or lead.duplicate_of or lead.status in ("converting", "converted"):
        raise MergeRefused()
    now_is = snapshot(lead)
    for name, value in row.changed.items():
        if now_is[name] == value:
            setattr(lead, name, _typed(name, row.before["survivor"][name]))
    other.duplicate_of = None
    if other.owner_id:
        ownership.resume(session, LEADS, other)
    for name, ids in row.moved.items():
        _move(session, name, from_=lead.id, to=other.id, only=ids)
    rescoring.rescore(session, lead)
    rescoring.rescore(session, other)
    row.undone_at = clock.now()
    publish(session, LeadUnmerged(lead, **facts.of(lead), merged_id=other.id))
    publish(session, LeadChanged(other, **facts.of(other), what="unmerged"))
    reindex(session, lead)
    reindex(session, other)
    return row


def _move(session: Session, name: str, *, from_: str, to: str, only: list[str] | None = None) -> list[str]:
    """Hang rows of one lead onto another; returns their ids."""
    table, column = _HANGING[name]
    statement = update(table).where(column == from_)
    if column.key == "subject_id":
        statement = statement.where(table.subject_kind == "lead")
    if only is not None:
        statement = statement.where(table.id.in_(only))
    moved = session.execute(
        statement.values({column: to}).returning(table.id).execution_options(synchronize_session=False)
    )
    return list(moved.scalars())


def merges_of(session: Session, lead_id: str) -> list[Merge]:
    """Merges into this lead, newest first."""
    return list(session.scalars(select(Merge).where(Merge.survivor_id == lead_id).order_by(Merge.merged_at.desc())))


def reindex(session: Session, lead: Lead) -> None:
    """Renew the keys the lead is found by."""
    session.execute(delete(LeadKey).where(LeadKey.lead_id == lead.id))
    lookup.store_keys(session, lead.id, dedupe.index_keys(dedupe.traits(folding.as_record(lead))))


def snapshot(lead: Lead) -> dict[str, Any]:
    """The fields a merge may change, as JSON."""
    return {name: _json(getattr(lead, name)) for name in _KEPT}


def _json(value: Any) -> Any:
    return clock.iso(value) if hasattr(value, "tzinfo") else value


def _typed(name: str, value: Any) -> Any:
    return clock.parse(value) if value and name.endswith("_at") else value


def _plain(conflicts: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: [_json(value) for value in pair] for name, pair in conflicts.items()}


def _first(ours: Any, theirs: Any, better: Any) -> Any:
    return better(ours, theirs) if ours and theirs else ours or theirs
