"""Facts about pools and hand-overs; `{service}` is whoever publishes them."""

from marshmallow import fields

from chassis.events import Event


class PoolRulePublished(Event, type="{service}.pool_rule.published.v1"):
    """A pool, or how many records people may hold, got a new version."""

    subject_kind = fields.String(required=True)
    purpose = fields.String(required=True, metadata={"description": "pool or holding"})
    key = fields.String(required=True)
    definition_version = fields.Integer(required=True)
    active = fields.Boolean(required=True)


class HandOverFact(Event):
    """What every event about a service's part in a hand-over says of it."""

    hand_over_id = fields.String(required=True)
    leaver_id = fields.String(required=True)


class HandOverCounted(HandOverFact, type="{service}.hand_over.counted.v1"):
    """What this service would hand over: how many records of each kind the leaver has."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class HandOverProgressed(HandOverFact, type="{service}.hand_over.progressed.v1"):
    """Some of the leaver's records went to their successors; `moved` counts all so far."""

    moved = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class HandOverCompleted(HandOverFact, type="{service}.hand_over.completed.v1"):
    """This service has handed over all it can; `refused` says what stayed and why."""

    moved = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    refused = fields.List(fields.Dict(), required=True)
