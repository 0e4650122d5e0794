"""Facts of leads: state as last heard, and the first time of each step of a lead's way."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis.subscriptions import Received, Subscriptions
from reporting.models import Lead
from reporting.projecting import fields_of, put
from reporting.subscriptions.reading import reads

on = Subscriptions()
GROUP: dict[str, Any] = {"group": "lead_facts", "kind": "projection", "tables": [Lead], "batch": True}
STATE = (
    "number", "status", "source", "channel", "campaign_id", "country", "region", "city", "industry", "company_size",
    "score", "grade", "owner_id", "department_id", "pool",
)  # fmt: skip
_TEXTS = " ".join(name for name in STATE if name != "score")
LeadState = reads(required="lead_id", texts=_TEXTS, integers="score", moments="created_at")
Contacted = reads(required="lead_id", texts=_TEXTS, integers="score first_response_seconds", moments="created_at")
Disqualified = reads(required="lead_id", texts=_TEXTS + " reason", integers="score", moments="created_at")
Merged = reads(required="lead_id merged_id", texts=_TEXTS, integers="score", moments="created_at")
Converted = reads(
    required="lead_id account_id", texts=_TEXTS + " opportunity_id", integers="score", moments="created_at"
)


@on("leads.lead.captured.v1", reads=LeadState, **GROUP)
@on("leads.lead.changed.v1", reads=LeadState, **GROUP)
@on("leads.lead.conversion_failed.v1", reads=LeadState, **GROUP)
def lead_state(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)


@on("leads.lead.assigned.v1", reads=LeadState, **GROUP)
def lead_assigned(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    _reached(session, events, "assigned_at")


@on("leads.lead.contacted.v1", reads=Contacted, **GROUP)
def lead_contacted(session: Session, events: Sequence[Received]) -> None:
    """The first contact is the one that counts, even if the lead found another owner later."""
    _state(session, events)
    rows = [
        fields_of(
            event,
            ["first_response_seconds"],
            id=event.data["lead_id"],
            contacted_at=event.time,
            contacted_seq=event.sequence,
        )
        for event in events
    ]
    put(session, Lead, rows, first={"contacted_seq": ["contacted_at", "first_response_seconds"]})


@on("leads.lead.qualified.v1", reads=LeadState, **GROUP)
def lead_qualified(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    _reached(session, events, "qualified_at")


@on("leads.lead.disqualified.v1", reads=Disqualified, **GROUP)
def lead_disqualified(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    rows = [
        {
            "id": event.data["lead_id"],
            "disqualified_at": event.time,
            "disqualify_reason": event.data["reason"],
            "disqualified_seq": event.sequence,
        }
        for event in events
    ]
    put(session, Lead, rows, latest={"disqualified_seq": ["disqualified_at", "disqualify_reason"]})


@on("leads.lead.converted.v1", reads=Converted, **GROUP)
def lead_converted(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    rows = [
        fields_of(
            event,
            ["account_id", "opportunity_id"],
            id=event.data["lead_id"],
            converted_at=event.time,
            converted_seq=event.sequence,
        )
        for event in events
    ]
    put(session, Lead, rows, first={"converted_seq": ["converted_at", "account_id", "opportunity_id"]})


@on("leads.lead.merged.v1", reads=Merged, **GROUP)
def lead_merged(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    _merge(session, events, merged=True)


@on("leads.lead.unmerged.v1", reads=Merged, **GROUP)
def lead_unmerged(session: Session, events: Sequence[Received]) -> None:
    _state(session, events)
    _merge(session, events, merged=False)


def _state(session: Session, events: Sequence[Received]) -> None:
    rows = [
        fields_of(
            event, STATE, id=event.data["lead_id"], captured_at=event.data["created_at"], state_seq=event.sequence
        )
        for event in events
    ]
    put(session, Lead, rows, latest={"state_seq": STATE}, earliest=["captured_at"])


def _reached(session: Session, events: Sequence[Received], column: str) -> None:
    put(session, Lead, [{"id": event.data["lead_id"], column: event.time} for event in events], earliest=[column])


def _merge(session: Session, events: Sequence[Received], *, merged: bool) -> None:
    rows = [
        {
            "id": event.data["merged_id"],
            "merged_into": event.data["lead_id"] if merged else None,
            "merged_seq": event.sequence,
        }
        for event in events
    ]
    put(session, Lead, rows, latest={"merged_seq": ["merged_into"]})
