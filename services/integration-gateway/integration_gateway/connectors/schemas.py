"""What the routes of connectors and deliveries take and answer."""

from typing import Any

from marshmallow import Schema, fields, validate

from integration_gateway import deliveries
from integration_gateway.connectors import configured


class ActionOut(Schema):
    """An action of a kind of connector."""

    name = fields.String()
    title = fields.Dict()
    payload = fields.Dict()


class KindOut(Schema):
    """A kind of connector: what it can do and what it must be told."""

    kind = fields.String()
    title = fields.Dict()
    capabilities = fields.List(fields.String())
    settings = fields.List(fields.Dict())
    actions = fields.List(fields.Nested(ActionOut))
    mappings = fields.Dict()


class KindsOut(Schema):
    items = fields.List(fields.Nested(KindOut))


class ConnectorIn(Schema):
    """A new connector."""

    kind = fields.String(required=True, validate=validate.Length(1, 40))
    name = fields.String(required=True, validate=validate.Length(1, 120))
    enabled = fields.Boolean(load_default=True)
    settings = fields.Dict(keys=fields.String(), required=True)


class ConnectorChange(Schema):
    """Changes; a secret that is left out or sent as asterisks stays."""

    name = fields.String(validate=validate.Length(1, 120))
    enabled = fields.Boolean()
    settings = fields.Dict(keys=fields.String())


class ConnectorOut(Schema):
    """A connector as people may see it."""

    id = fields.String()
    kind = fields.String()
    name = fields.String()
    enabled = fields.Boolean()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    settings = fields.Function(configured.shown)


class ConnectorsOut(Schema):
    items = fields.List(fields.Nested(ConnectorOut))


class HealthOut(Schema):
    """Answer of a health check."""

    ok = fields.Boolean()
    detail = fields.String()
    facts = fields.Dict()


class DryRunIn(Schema):
    """An action with its payload."""

    action = fields.String(required=True)
    payload = fields.Dict(keys=fields.String(), required=True)


class DryRunOut(Schema):
    """What would be sent."""

    request = fields.Dict()


class DeliveryOrder(DryRunIn):
    """An action to be carried out; the key makes it happen once."""

    key = fields.String(required=True, validate=validate.Length(1, 150))
    subject = fields.String(load_default="", validate=validate.Length(max=100))


class DeliveryOut(Schema):
    """A delivery in a list."""

    id = fields.String()
    connector_id = fields.String()
    action = fields.String()
    key = fields.String()
    subject = fields.String()
    state = fields.String()
    after_id = fields.String(allow_none=True)
    attempts = fields.Integer()
    created_at = fields.AwareDateTime()
    next_at = fields.AwareDateTime(allow_none=True)
    done_at = fields.AwareDateTime(allow_none=True)
    error = fields.String(allow_none=True)
    error_permanent = fields.Boolean()


class AttemptOut(Schema):
    """One try."""

    started_at = fields.AwareDateTime()
    seconds = fields.Float(allow_none=True)
    looked = fields.Boolean()
    outcome = fields.String()
    code = fields.String()
    error = fields.String(allow_none=True)


class DeliveryDetail(DeliveryOut):
    """A delivery with what was sent, what came back and every try."""

    payload = fields.Dict()
    result = fields.Dict()
    tries = fields.List(fields.Nested(AttemptOut))


class DeliveryQuery(Schema):
    """Which deliveries to list."""

    connector_id = fields.String()
    state = fields.String(validate=validate.OneOf(deliveries.STATES))
    subject = fields.String()


class CheckIn(Schema):
    """A comparison of contacts; without `apply` it only reports."""

    apply = fields.Boolean(load_default=True)


class CheckOut(Schema):
    """A comparison and its report."""

    id = fields.String()
    connector_id = fields.String()
    member = fields.String()
    apply = fields.Boolean()
    asked_at = fields.AwareDateTime()
    done_at = fields.AwareDateTime(allow_none=True)
    differences = fields.Integer()
    report = fields.Dict()
    error = fields.String(allow_none=True)


def described(schema: type[Schema], *, hidden: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """The fields of a schema for a form: name, kind, required, secret, choices."""
    found = []
    for name, item in schema().fields.items():
        entry: dict[str, Any] = {"name": name, "kind": type(item).__name__.lower(), "required": item.required}
        if name in hidden:
            entry["secret"] = True
        choices = [one.choices for one in item.validators if isinstance(one, validate.OneOf)]
        if choices:
            entry["choices"] = list(choices[0])
        found.append(entry)
    return found
