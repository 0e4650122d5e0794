"""Facts the gateway publishes about outside systems: documents there, payments, shipments, decisions in a chat."""

from marshmallow import fields

from chassis.events import Event, personal


class ConnectorChanged(Event, type="gateway.connector.changed.v1"):
    """A connector was set up, changed, switched on or off."""

    connector_id = fields.String(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    enabled = fields.Boolean(required=True)


class DeliveryFact(Event):
    """What every delivery event carries."""

    delivery_id = fields.String(required=True)
    connector_id = fields.String(required=True)
    system = fields.String(required=True)
    action = fields.String(required=True)
    about = fields.String(required=True)
    attempts = fields.Integer(required=True)


class DeliveryFailed(DeliveryFact, type="gateway.delivery.failed.v1"):
    """A delivery was given up; it stays visible and can be retried."""

    error = fields.String(required=True)
    permanent = fields.Boolean(required=True)


class ErpDocumentPushed(Event, type="gateway.erp_document.pushed.v1"):
    """A customer, sales order or receivable of ours stands in the ERP."""

    system = fields.String(required=True)
    kind = fields.String(required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    contract_id = fields.String(required=True, allow_none=True)
    external_id = fields.String(required=True)
    number = fields.String(required=True)


class ErpPaymentReceived(Event, type="gateway.erp_payment.received.v1"):
    """The ERP booked a receipt against one of our receivables."""

    system = fields.String(required=True)
    external_id = fields.String(required=True)
    contract_id = fields.String(required=True, allow_none=True)
    receivable_number = fields.String(required=True)
    amount_minor = fields.Integer(required=True)
    currency = fields.String(required=True)
    paid_at = fields.String(required=True, metadata={"format": "date-time"})


class ErpOrderChanged(Event, type="gateway.erp_order.changed.v1"):
    """The ERP's order of a contract moved: `state` is open, partly_shipped, shipped, closed or cancelled."""

    system = fields.String(required=True)
    contract_id = fields.String(required=True, allow_none=True)
    number = fields.String(required=True)
    state = fields.String(required=True)
    ordered = fields.String(required=True)
    shipped = fields.String(required=True)


class ChatDecisionReceived(Event, type="gateway.chat_decision.received.v1"):
    """Somebody pressed a button of an approval card; whether they may decide is for approvals to say."""

    task_id = fields.String(required=True)
    user_id = fields.String(required=True)
    decision = fields.String(required=True)
    comment = personal(fields.String(required=True))
    callback_id = fields.String(required=True)
    channel = fields.String(required=True)


class ContactsCompared(Event, type="gateway.contacts.compared.v1"):
    """The directory was compared with a chat platform's contacts."""

    check_id = fields.String(required=True)
    system = fields.String(required=True)
    differences = fields.Integer(required=True)
    applied = fields.Boolean(required=True)


class NotificationRequested(Event, type="gateway.notification.requested.v1"):
    """The gateway has something to tell to people, as any service may."""

    to = fields.List(fields.String(), required=True)
    key = fields.String(required=True)
    title = fields.Dict(required=True)
    text = fields.Dict(required=True)
    link = fields.String(required=True)
