"""The facts reporting publishes about its definitions."""

from marshmallow import fields

from chassis.events import Event


class DefinitionPublished(Event, type="reporting.definition.published.v1"):
    """A metric or dashboard was made, changed or removed (`active` false)."""

    kind = fields.String(required=True, metadata={"description": "metric or dashboard"})
    key = fields.String(required=True)
    definition_version = fields.Integer(required=True)
    active = fields.Boolean(required=True)
