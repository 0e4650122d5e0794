"""Facts about automation rules, and what they ask of the gateway; `{service}` is whoever publishes them."""

from marshmallow import fields

from chassis.events import Event, personal


class AutomationRulePublished(Event, type="{service}.automation_rule.published.v1"):
    """A rule got a new version, or was switched on or off."""

    key = fields.String(required=True)
    subject_kind = fields.String(required=True)
    definition_version = fields.Integer(required=True)
    active = fields.Boolean(required=True)


class MailRequested(Event, type="{service}.mail.requested.v1"):
    """A rule wants a mail sent; the gateway sends it once, by `message_id`."""

    message_id = fields.String(required=True)
    to = personal(fields.String(required=True))
    title = personal(fields.String(required=True, metadata={"description": "the mail's subject"}))
    text = personal(fields.String(required=True))


class WebhookRequested(Event, type="{service}.webhook.requested.v1"):
    """A rule wants an outside system told; the gateway calls the webhook of that name once, by `request_id`."""

    request_id = fields.String(required=True)
    webhook = fields.String(required=True, metadata={"description": "name of the connector at the gateway"})
    rule = fields.String(required=True)
    about = fields.String(required=True, metadata={"description": "the record, such as contract/<id>"})
    values = personal(fields.Dict(required=True, metadata={"description": "the record's fields by name"}))
