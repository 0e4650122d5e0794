"""Timed read shares: whoever must decide on a subject sees it and its customer until the decision is made."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from engines.access import share, unshare
from sales.models import Account, Contract, Opportunity, Quote

KINDS: dict[str, Any] = {"contract": Contract, "quote": Quote, "account": Account, "opportunity": Opportunity}
_LONGEST = timedelta(days=90)  # a share ends even if the completion never arrives


def grant(
    session: Session, *, task_id: str, assignee_id: str, subject_kind: str, subject_id: str, due_at: datetime | None
) -> None:
    """Let the approver read the subject, its account and the opportunity it came from."""
    model = KINDS.get(subject_kind)
    record = session.get(model, subject_id) if model else None
    if record is None:
        return
    until = max(due_at or clock.now(), clock.now()) + _LONGEST
    shown = {subject_kind: subject_id, "account": record.id if isinstance(record, Account) else record.account_id}
    if getattr(record, "opportunity_id", None):
        shown["opportunity"] = record.opportunity_id
    for kind, id_ in shown.items():
        share(session, kind=kind, subject_id=id_, user_id=assignee_id, reason=_reason(task_id), until=until)


def revoke(session: Session, *, task_id: str) -> None:
    """The task is done: take back what was shared for it."""
    unshare(session, reason=_reason(task_id))


def _reason(task_id: str) -> str:
    return f"approvals.task/{task_id}"
