"""Automation rules as a kind of record that access is granted on."""

from engines.objects import Field, ObjectType
from engines.rules.models import AutomationRule

AUTOMATION_RULE = ObjectType(
    "automation_rule",
    AutomationRule,
    (
        Field("key", "text", {"zh": "标识", "en": "Key"}),
        Field("subject_kind", "text", {"zh": "对象", "en": "About"}),
        Field("place", "integer", {"zh": "顺序", "en": "Order"}),
        Field("revision", "integer", {"zh": "版本", "en": "Version"}),
        Field("active", "boolean", {"zh": "启用", "en": "Active"}),
    ),
    rights=("simulate",),
    label={"zh": "自动化规则", "en": "Automation rules"},
)
