"""The records of this service as fields: what access rules and the rights matrix know of them."""

from engines.forms.objects import FORM
from engines.objects import Field, ObjectType
from reporting.models import Dashboard, MetricDefinition

REPORT = ObjectType(
    "report",
    MetricDefinition,
    (
        Field("key", "text", {"zh": "标识", "en": "Key"}),
        Field("revision", "integer", {"zh": "版本", "en": "Version"}, written=False),
    ),
    rights=("export", "aggregate", "share"),
    label={"zh": "报表", "en": "Report"},
)
DASHBOARD = ObjectType(
    "dashboard",
    Dashboard,
    (Field("key", "text", {"zh": "标识", "en": "Key"}), Field("shared", "boolean", {"zh": "共享", "en": "Shared"})),
    rights=("export", "share"),
    label={"zh": "仪表盘", "en": "Dashboard"},
)
OBJECTS = (REPORT, DASHBOARD, FORM)
