"""Pool definitions as a kind of record that access is granted on."""

from engines.objects import Field, ObjectType
from engines.ownership.models import PoolRule

POOL_RULE = ObjectType(
    "pool_rule",
    PoolRule,
    (
        Field("key", "text", {"zh": "标识", "en": "Key"}),
        Field("purpose", "choice", {"zh": "用途", "en": "Purpose"}, choices=("pool", "holding")),
        Field("revision", "integer", {"zh": "版本", "en": "Version"}),
        Field("active", "boolean", {"zh": "启用", "en": "Active"}),
    ),
    rights=("simulate",),
    label={"zh": "公海规则", "en": "Pool rules"},
)
