"""What forms and the records filled in with them say."""

from marshmallow import fields

from chassis.events import Event, personal


class FormPublished(Event, type="{service}.form.published.v1"):
    """A kind of record has another set of the company's own fields, or is one of the company's own kinds."""

    kind = fields.String(required=True)
    revision = fields.Integer(required=True)
    own = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String())
    rights = fields.List(fields.String())
    fields_ = fields.List(
        fields.Dict(), data_key="fields", metadata={"description": "name, kind and label of each field"}
    )


class RecordFact(Event):
    """What every event about a record of the company's own kinds says of it: its state after the change."""

    kind = fields.String(required=True)
    record_id = fields.String(required=True)
    number = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    name = personal(fields.String(allow_none=True))
    custom = personal(fields.Dict(metadata={"description": "The company's own fields by key, as the API says them"}))


class RecordCreated(RecordFact, type="{service}.record.created.v1"):
    """A record of one of the company's own kinds was made."""


class RecordChanged(RecordFact, type="{service}.record.changed.v1"):
    """Fields of a record changed: one of the company's own kinds, or the company's own fields of a built-in one."""

    how = fields.String(metadata={"description": "edited, assigned, moved, roll_up or import"})


class RecordDeleted(RecordFact, type="{service}.record.deleted.v1"):
    """A record of one of the company's own kinds was deleted."""
