"""What sales listens to. Each handler loads only what it reads and calls one use case."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from chassis.caller import SYSTEM
from chassis.subscriptions import NotYet, Received, Subscriptions
from sales import contracts, conversion, erp, hand_over, notices, payments, quotes, sharing, starting
from sales.errors import UnknownReference
from sales.models import Contract, Quote

on = Subscriptions()
on.include(hand_over.on)


def _text() -> fields.String:
    return fields.String(load_default=None, allow_none=True)


class WantedOpportunity(Schema):
    name = _text()
    amount = _text()
    currency = _text()


class ConversionRequested(Schema):
    lead_id = fields.String(required=True)
    owner_id, department_id, source, region, city = _text(), _text(), _text(), _text(), _text()
    industry, company_size, credit_code, account_id = _text(), _text(), _text(), _text()
    new_account = fields.Boolean(load_default=False)
    opportunity = fields.Nested(WantedOpportunity, load_default=None, allow_none=True, unknown="exclude")
    name, company, title, wechat = _text(), _text(), _text(), _text()
    phones = fields.List(fields.String(), load_default=list)
    emails = fields.List(fields.String(), load_default=list)


class InstanceCompleted(Schema):
    instance_id = _text()
    request_id = fields.String(required=True, allow_none=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    outcome = fields.String(required=True)
    decided_by = _text()
    comment = _text()


class TaskCreated(Schema):
    task_id = fields.String(required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    assignee_id = fields.String(required=True)
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)


class TaskCompleted(Schema):
    task_id = fields.String(required=True)


class ErpDocumentPushed(Schema):
    system = fields.String(required=True)
    kind = fields.String(required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    external_id = fields.String(required=True)
    number = _text()


class ErpPaymentReceived(Schema):
    system = fields.String(required=True)
    external_id = fields.String(required=True)
    contract_id = _text()
    receivable_number = _text()
    amount_minor = fields.Integer(required=True, validate=lambda minor: minor > 0)
    currency = fields.String(required=True)
    paid_at = fields.AwareDateTime(required=True)


class ErpOrderChanged(Schema):
    system = fields.String(required=True)
    contract_id = _text()
    number, state, ordered, shipped = _text(), _text(), _text(), _text()


class PipelineTemplateChosen(Schema):
    template = fields.String(required=True)


@on("leads.lead.conversion_requested.v1", group="conversion", kind="reaction", reads=ConversionRequested)
def convert_lead(session: Session, event: Received) -> None:
    conversion.convert(session, event.data)


@on("approvals.instance.completed.v1", group="approval", kind="reaction", reads=InstanceCompleted)
def approval_completed(session: Session, event: Received) -> None:
    model: Any = {"contract": Contract, "quote": Quote}.get(event.data["subject_kind"])
    record = session.get(model, event.data["subject_id"], with_for_update=True) if model else None
    # an answer to an earlier request, or to one that was withdrawn since, changes nothing
    if record is None or record.request_id != event.data["request_id"] or record.status != "in_approval":
        return
    decide: Any = contracts.decide if isinstance(record, Contract) else quotes.decide
    outcome = event.data["outcome"]
    decide(session, record, outcome=outcome, decision=event.data)
    notices.approval_decided(session, record, outcome=outcome, comment=event.data["comment"])


@on("approvals.task.created.v1", group="shares", kind="reaction", reads=TaskCreated)
def approver_sees(session: Session, event: Received) -> None:
    sharing.grant(session, **event.data)


@on("approvals.task.completed.v1", group="shares", kind="reaction", reads=TaskCompleted)
def approver_is_done(session: Session, event: Received) -> None:
    sharing.revoke(session, task_id=event.data["task_id"])


@on("gateway.erp_document.pushed.v1", group="erp", kind="reaction", reads=ErpDocumentPushed)
def erp_document_pushed(session: Session, event: Received) -> None:
    erp.document_pushed(session, event.data)


@on("gateway.erp_order.changed.v1", group="erp", kind="reaction", reads=ErpOrderChanged)
def erp_order_changed(session: Session, event: Received) -> None:
    erp.order_changed(session, event.data)


@on("gateway.erp_payment.received.v1", group="erp", kind="reaction", reads=ErpPaymentReceived)
def erp_payment_received(session: Session, event: Received) -> None:
    try:
        payments.from_erp(session, event.data, caller=SYSTEM)
    except UnknownReference:
        raise NotYet("the receivable this payment names") from None


@on("gateway.pipeline_template.chosen.v1", group="set_up", kind="reaction", reads=PipelineTemplateChosen)
def pipeline_template_chosen(session: Session, event: Received) -> None:
    starting.choose_pipeline(session, event.data["template"])
