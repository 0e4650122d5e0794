"""Facts of transfer, for the audit trail and for who waits for a file to be through."""

from marshmallow import fields

from chassis.events import Event, personal


class ImportProgressed(Event, type="{service}.import.progressed.v1"):
    """An import was started (`status` queued), is through (done), was stopped, broke off (failed) or was undone.

    rows = created + updated + skipped + failed; once it is undone, `kept` rows stayed because somebody worked on them.
    """

    import_id = fields.String(required=True)
    status = fields.String(required=True)
    kind = fields.String()
    mode = fields.String()
    dry_run = fields.Boolean()
    by = fields.String()
    rows = fields.Integer(required=True)
    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    undone = fields.Integer()
    kept = fields.Integer()
    file_name = personal(fields.String(allow_none=True))


class RecordsExported(Event, type="{service}.records.exported.v1"):
    """Somebody took records out as a file: which columns, by which filter and search."""

    kind = fields.String(required=True)
    by = fields.String(required=True)
    form = fields.String(required=True)
    columns = fields.List(fields.String())
    filter = fields.Raw(allow_none=True)
    q = personal(fields.String())
