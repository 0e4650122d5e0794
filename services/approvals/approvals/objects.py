"""The kinds of records of this service and their fields, for conditions, access, lists and screens."""

from approvals.models import Definition, Instance
from engines.forms.objects import FORM
from engines.objects import Field, ObjectType


def _field(name: str, kind: str, zh: str, en: str, **more: object) -> Field:
    return Field(name, kind, {"zh": zh, "en": en}, **more)  # type: ignore[arg-type]


STATUSES = {
    "running": {"zh": "审批中", "en": "In approval"},
    "returned": {"zh": "已退回", "en": "Returned"},
    "approved": {"zh": "已通过", "en": "Approved"},
    "rejected": {"zh": "已驳回", "en": "Rejected"},
    "withdrawn": {"zh": "已撤回", "en": "Withdrawn"},
}
TASK_STATUSES = {
    "pending": {"zh": "待处理", "en": "Pending"},
    "queued": {"zh": "排队中", "en": "Waiting for its turn"},
    "approved": {"zh": "已同意", "en": "Approved"},
    "rejected": {"zh": "已驳回", "en": "Rejected"},
    "returned": {"zh": "已退回", "en": "Returned"},
    "transferred": {"zh": "已转交", "en": "Passed on"},
    "cancelled": {"zh": "已取消", "en": "No longer needed"},
}
APPROVAL = ObjectType(
    "approval",
    Instance,
    (
        _field("title", "text", "标题", "Title"),
        _field("definition_key", "text", "流程", "Flow"),
        _field("subject_kind", "text", "对象类型", "Kind of subject"),
        _field("subject_id", "id", "对象", "Subject"),
        _field("account_id", "id", "客户", "Account"),
        _field("status", "choice", "状态", "Status", choices=STATUSES),
        _field("started_at", "datetime", "发起时间", "Started"),
        _field("completed_at", "datetime", "完成时间", "Completed"),
        _field("decided_by", "person", "决定人", "Decided by"),
    ),
    rights=("approve", "transfer", "urge", "export"),
    label={"zh": "审批", "en": "Approval"},
    searched=("title", "number"),
)
DEFINITION = ObjectType(
    "approval_definition",
    Definition,
    (
        _field("key", "text", "标识", "Key"),
        _field("subject_kind", "text", "对象类型", "Kind of subject"),
        _field("revision", "integer", "版本", "Version"),
        _field("active", "boolean", "启用", "Active"),
    ),
    rights=("publish", "simulate"),
    label={"zh": "审批流程", "en": "Approval flow"},
    searched=("key",),
)
OBJECTS = [APPROVAL, DEFINITION, FORM]
