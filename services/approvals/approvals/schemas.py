"""What the API takes and answers about approvals."""

from typing import Any

from marshmallow import Schema, fields, validate


def _text(longest: int, *, like: str = "", **kwargs: Any) -> fields.String:
    rules: list[Any] = [validate.Length(max=longest)]
    return fields.String(validate=[*rules, validate.Regexp(like)] if like else rules, **kwargs)


def _names() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String())


class Said(Schema):
    comment = _text(4000, load_default="")


class Nothing(Schema):
    pass


class ApproveIn(Said):
    fields_: Any = fields.Dict(keys=fields.String(), data_key="fields", attribute="fields", load_default=dict)


class ReturnIn(Said):
    to = _text(60, required=True, metadata={"description": "a step that was passed, or initiator"})


class TransferIn(Said):
    to = _text(64, required=True, metadata={"description": "id of the person"})


class CommentIn(Schema):
    comment = _text(4000, required=True)
    mentions = fields.List(_text(64), load_default=list, validate=validate.Length(max=50))


class BulkApproveIn(Said):
    ids = fields.List(_text(36), required=True, validate=validate.Length(1, 1000))


class BulkResult(Schema):
    id = fields.String()
    ok = fields.Boolean()
    problem = fields.Dict(allow_none=True)


class BulkOut(Schema):
    items = fields.List(fields.Nested(BulkResult))
    done = fields.Integer()


class TaskOut(Schema):
    id = fields.String()
    instance_id = fields.String()
    node = fields.String()
    node_name = _names()
    type = fields.String()
    assignee_id = fields.String()
    status = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)
    opened_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    closed_by = fields.String(allow_none=True)
    comment = fields.String()
    reason = fields.String()


class InstanceOut(Schema):
    id = fields.String()
    number = fields.String()
    version = fields.Integer()
    definition = fields.String(attribute="definition_key")
    definition_version = fields.Integer(attribute="definition_revision")
    title = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    account_id = fields.String(allow_none=True)
    source = fields.String()
    link = fields.String()
    status = fields.String()
    owner_id = fields.String()
    department_id = fields.String(allow_none=True)
    decided_by = fields.String(allow_none=True)
    comment = fields.String()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    created_by = fields.String(allow_none=True)
    started_at = fields.AwareDateTime()
    completed_at = fields.AwareDateTime(allow_none=True)
    external_ids = fields.Dict()
    tags = fields.List(fields.String())
    custom = fields.Dict()


class InboxItem(TaskOut):
    instance = fields.Nested(InstanceOut)
    highlights = fields.List(fields.Dict())


class Inbox(Schema):
    items = fields.List(fields.Nested(InboxItem))
    next_cursor = fields.String(allow_none=True)
    pending = fields.Integer()
    overdue = fields.Integer()


class InstanceFull(InstanceOut):
    snapshot = fields.Dict()
    tasks = fields.List(fields.Nested(TaskOut))
    steps = fields.List(fields.Dict())
    time_per_node = fields.List(fields.Dict())


class Instances(Schema):
    items = fields.List(fields.Nested(InstanceOut))
    next_cursor = fields.String(allow_none=True)


class TraceEntry(Schema):
    kind = fields.String()
    at = fields.AwareDateTime()
    node = fields.String(allow_none=True)
    name = _names()
    task_id = fields.String(allow_none=True)
    by = fields.String(allow_none=True)
    who = fields.String(allow_none=True)
    to = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    comment = fields.String()
    reason = fields.String()
    text = _names()
    steps = fields.List(fields.Dict())


class Trace(Schema):
    items = fields.List(fields.Nested(TraceEntry))


class StartIn(Schema):
    definition = _text(60, required=True)
    subject_kind = _text(60, required=True, like=r"[a-z][a-z0-9_]{0,59}\Z")
    subject_id = _text(36, required=True)
    title = _text(300, required=True)
    snapshot = fields.Dict(keys=fields.String(), required=True)
    account_id = _text(36, load_default=None, allow_none=True)
    link = _text(500, load_default="", like=r"(/(?![/\\])[^\s\\]*)?\Z")
    chosen = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), load_default=dict,
        metadata={"description": "people chosen by who asks, by slot of the flow"},
    )  # fmt: skip


class ResubmitIn(Said):
    snapshot = fields.Dict(keys=fields.String(), load_default=None, allow_none=True)


class DefinitionOut(Schema):
    id = fields.String()
    key = fields.String()
    title = _names()
    subject_kind = fields.String()
    revision = fields.Integer()
    active = fields.Boolean()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class DefinitionFull(DefinitionOut):
    definition = fields.Dict(allow_none=True)
    draft = fields.Dict(allow_none=True)


class Definitions(Schema):
    items = fields.List(fields.Nested(DefinitionOut))


class DraftIn(Schema):
    definition = fields.Dict(required=True)
    title = _names()
    subject_kind = _text(60, like=r"[a-z][a-z0-9_]{0,59}\Z")


class CheckIn(Schema):
    definition = fields.Dict(load_default=None, allow_none=True)


class Finding(Schema):
    level = fields.String()
    at = fields.String()
    code = fields.String()
    text = fields.String()
    example = fields.Dict()


class Checked(Schema):
    publishable = fields.Boolean()
    findings = fields.List(fields.Nested(Finding))


class VersionOut(Schema):
    revision = fields.Integer()
    digest = fields.String()
    published_at = fields.AwareDateTime()
    published_by = fields.String()
    definition = fields.Dict(attribute="body")


class Versions(Schema):
    items = fields.List(fields.Nested(VersionOut))


class PreviewIn(CheckIn):
    snapshot = fields.Dict(keys=fields.String(), required=True)
    requested_by = _text(64, load_default=None, allow_none=True)


class Period(Schema):
    from_: Any = fields.AwareDateTime(required=True, data_key="from", attribute="from")
    to = fields.AwareDateTime(load_default=None, allow_none=True)


class SampleIn(Schema):
    snapshot = fields.Dict(keys=fields.String(), required=True)
    requested_by = _text(64, load_default=None, allow_none=True)


class SimulateIn(CheckIn):
    history = fields.Nested(Period)
    records = fields.List(fields.Nested(SampleIn), validate=validate.Length(max=1000))
    limit = fields.Integer(load_default=1000, validate=validate.Range(1, 5000))


class PreviewOut(Schema):
    route = fields.List(fields.Dict())
    outcome = fields.String()
    usual_hours = fields.Float()
    missing = fields.List(fields.String())
    steps = fields.List(fields.Dict())


class SimulateOut(Schema):
    tried = fields.Integer()
    routes = fields.List(fields.Dict())
    load_: Any = fields.List(fields.Dict(), data_key="load", attribute="load")
    would_change = fields.Integer()
    changes = fields.List(fields.Dict())
    found_nobody = fields.Dict()
    missing_fields = fields.Dict()
    missing_in = fields.List(fields.Dict())


class DelegationIn(Schema):
    user_id = _text(64, load_default=None, allow_none=True, metadata={"description": "default: the caller"})
    substitute_id = _text(64, required=True)
    begins_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    reason = _text(200, load_default="")


class DelegationOut(Schema):
    id = fields.String()
    user_id = fields.String()
    substitute_id = fields.String()
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    reason = fields.String()


class Delegations(Schema):
    items = fields.List(fields.Nested(DelegationOut))
