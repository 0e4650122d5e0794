"""What an activity means for a customer: the last contact of account and deal, and when the account goes back to its pool."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.events import publish
from engines.ownership import touched
from sales import events, facts
from sales.models import Account, Opportunity, Pipeline
from sales.ownership import ACCOUNTS


def after_activity(session: Session, _caller: Caller, record: Any, activity: Any) -> None:
    """Move the record's last contact, and that of its account; one logged for an earlier day moves nothing back."""
    if isinstance(record, Opportunity) and _later(record, activity):
        pipeline = session.get_one(Pipeline, record.pipeline_id)
        publish(session, events.OpportunityChanged(record, **facts.opportunity(record, pipeline=pipeline.key)))
    account_id = record.id if isinstance(record, Account) else getattr(record, "account_id", None)
    account = session.get(Account, account_id, with_for_update=True) if account_id else None
    if account is not None and _later(account, activity):
        touched(session, ACCOUNTS, account, at=activity.at)
        publish(session, events.AccountChanged(account, **facts.account(account)))


def _later(record: Account | Opportunity, activity: Any) -> bool:
    if record.last_activity_at is not None and record.last_activity_at >= activity.at:
        return False
    record.last_activity_at = activity.at
    return True
