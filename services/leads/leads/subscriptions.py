"""What the leads service listens to: the answers of sales, hand-overs of leavers, a company that was set up."""

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from chassis.subscriptions import Received, Subscriptions
from leads import conversion, starting
from leads.ownership import on_hand_over

on = Subscriptions()
on.include(on_hand_over)


class ConversionCompleted(Schema):
    lead_id = fields.String(required=True)
    account_id = fields.String(required=True)
    contact_id = fields.String(load_default=None, allow_none=True)
    opportunity_id = fields.String(load_default=None, allow_none=True)


class ConversionFailed(Schema):
    lead_id = fields.String(required=True)
    reason = fields.String(load_default="")
    candidates = fields.List(fields.Dict(), load_default=list)


@on("sales.conversion.completed.v1", group="conversion", kind="reaction", reads=ConversionCompleted)
def conversion_completed(session: Session, event: Received) -> None:
    conversion.completed(session, **event.data)


@on("sales.conversion.failed.v1", group="conversion", kind="reaction", reads=ConversionFailed)
def conversion_failed(session: Session, event: Received) -> None:
    conversion.failed(session, **event.data)


@on("gateway.set_up.finished.v1", group="set_up", kind="reaction")
def set_up_finished(session: Session, event: Received) -> None:
    starting.begin(session)
