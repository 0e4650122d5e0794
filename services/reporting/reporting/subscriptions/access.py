"""Whose each record is, of every service that has records: the ground of what a reader may see in figures and lists."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from chassis.subscriptions import Received, Subscriptions
from reporting.models import RecordAccess
from reporting.projecting import put
from reporting.subscriptions.reading import reads

on = Subscriptions()
GROUP: dict[str, Any] = {"group": "record_access", "kind": "projection", "tables": [RecordAccess], "batch": True}
_OWNED = "owner_id department_id region"
# id of the record, kind, who owns it, event types
_SOURCES = (
    ("lead_id", "lead", "owner_id", tuple(
        f"leads.lead.{step}.v1"
        for step in ("captured", "changed", "assigned", "contacted", "qualified", "disqualified", "merged", "unmerged",
                     "converted", "conversion_failed"))),
    ("account_id", "account", "owner_id", tuple(
        f"sales.account.{step}.v1" for step in ("created", "changed", "tier_changed"))),
    ("opportunity_id", "opportunity", "owner_id", tuple(
        f"sales.opportunity.{step}.v1" for step in ("created", "changed", "moved", "won", "lost", "stalled"))),
    ("contract_id", "contract", "owner_id", tuple(
        f"sales.contract.{step}.v1"
        for step in ("created", "changed", "approved", "rejected", "activated", "completed", "terminated"))),
    ("receivable_id", "receivable", "owner_id", tuple(
        f"sales.receivable.{step}.v1" for step in ("opened", "changed", "overdue", "closed"))),
    ("payment_id", "payment", "owner_id", ("sales.payment.recorded.v1",)),
    ("quote_id", "quote", "owner_id", tuple(
        f"sales.quote.{step}.v1" for step in ("created", "changed", "revised", "accepted"))),
    ("ticket_id", "ticket", "assignee_id", tuple(
        f"service-desk.ticket.{step}.v1"
        for step in ("created", "changed", "assigned", "replied", "solved", "closed", "breached"))),
    ("task_id", "approval", "assignee_id", ("approvals.task.created.v1",)),
    ("user_id", "user", "user_id", ("gateway.user.changed.v1",)),
)  # fmt: skip


def _listen(id_name: str, kind: str, owner: str, types: Sequence[str]) -> None:
    texts = " ".join(dict.fromkeys([*_OWNED.split(), "pool", owner]))
    schema = reads(
        required=id_name,
        texts=" ".join(name for name in texts.split() if name != id_name),
        collaborator_ids=fields.List(fields.String(), load_default=None, allow_none=True),
    )

    def heard(session: Session, events: Sequence[Received]) -> None:
        rows = [
            {
                "kind": kind,
                "id": event.data[id_name],
                "owner_id": event.data[owner],
                "department_id": event.data["department_id"],
                "collaborator_ids": event.data["collaborator_ids"],
                "region": event.data["region"],
                "pool": event.data["pool"],
                "seq": event.sequence,
            }
            for event in events
        ]
        columns = ["owner_id", "department_id", "collaborator_ids", "region", "pool"]
        put(session, RecordAccess, rows, latest={"seq": columns})

    for type_ in types:
        on(type_, reads=schema, **GROUP)(heard)


for source in _SOURCES:
    _listen(*source)
