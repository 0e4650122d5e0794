"""The facts approvals publishes."""

from typing import Any

from marshmallow import fields

from chassis.events import Event, personal


def _text(*, required: bool = True) -> fields.String:
    return fields.String(required=required, allow_none=not required)


def _pair() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String())


class DefinitionDrafted(Event, type="approvals.definition.drafted.v1"):
    """A draft of a flow was saved; nothing runs on it yet."""

    key = _text()


class DefinitionPublished(Event, type="approvals.definition.published.v1"):
    """A new version of a flow is in force for what starts from now on."""

    key = _text()
    definition_version = fields.Integer(required=True)
    digest = _text()


class InstanceFact(Event):
    """What every event about an instance says of it."""

    instance_id = _text()
    number = _text(required=False)
    request_id = _text()
    definition = _text()
    definition_version = fields.Integer(required=True)
    subject_kind = _text()
    subject_id = _text()
    account_id = _text(required=False)
    title = personal(_text())
    initiator_id = _text(required=False)
    department_id = _text(required=False)


class InstanceStarted(InstanceFact, type="approvals.instance.started.v1"):
    """A subject was put before its approvers."""


class InstanceResubmitted(InstanceFact, type="approvals.instance.resubmitted.v1"):
    """A returned request came back to its approvers, on the same version of the flow."""


class InstanceReturned(InstanceFact, type="approvals.instance.returned.v1"):
    """The request was sent back to who asked."""

    returned_by = _text()
    comment = personal(_text(required=False))
    node = _pair()


class InstanceCompleted(InstanceFact, type="approvals.instance.completed.v1"):
    """A request was answered: approved, rejected, returned (to who asked) or withdrawn, with everybody's part in it."""

    outcome = _text()
    decided_by = _text(required=False)
    comment = personal(_text(required=False))
    started_at = fields.AwareDateTime(required=True)
    completed_at = fields.AwareDateTime(required=True)
    trace: Any = personal(fields.List(fields.Dict(), required=True))


class TaskFact(Event):
    """What every event about an approval task says of it; `link` is the page where it is decided."""

    task_id = _text()
    instance_id = _text()
    definition = _text()
    node = _text()
    node_name = _pair()
    kind = _text()
    subject = fields.String()  # type: ignore[assignment]  # "<subject_kind>/<subject_id>"
    subject_kind = _text()
    subject_id = _text()
    account_id = _text(required=False)
    title = personal(_pair())
    assignee_id = _text()
    initiator_id = _text(required=False)
    due_at = fields.AwareDateTime(allow_none=True)
    link = _text()


class TaskCreated(TaskFact, type="approvals.task.created.v1"):
    """A person is asked to decide or to do a step; `highlights` and `facts` are what the request is about."""

    summary = personal(_pair())
    highlights = personal(fields.List(fields.Dict()))
    facts = personal(fields.Dict())


class TaskCompleted(TaskFact, type="approvals.task.completed.v1"):
    """A task is over: approved, rejected, returned, transferred, or cancelled because nobody needs it any more."""

    outcome = _text()
    completed_by = _text(required=False)
    comment = personal(_text(required=False))
    reason = _text(required=False)
    opened_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(required=True)
    overdue = fields.Boolean(required=True)


class StepRequested(InstanceFact, type="approvals.step.requested.v1"):
    """A flow reached a service node: some service is asked to do its step (`event` names it)."""

    event = _text()
    node = _text()


class DelegationChanged(Event, type="approvals.delegation.changed.v1"):
    """Somebody is out of office and named a substitute, or took it back (`active` is false)."""

    delegation_id = _text()
    user_id = _text()
    substitute_id = _text()
    begins_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    active = fields.Boolean(required=True)
