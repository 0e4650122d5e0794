"""Forms as a kind of record that access is granted on."""

from engines.forms.models import Form
from engines.objects import Field, ObjectType

FORM = ObjectType(
    "form",
    Form,
    (
        Field("subject_kind", "text", {"zh": "对象", "en": "Kind of record"}),
        Field("own", "boolean", {"zh": "自定义对象", "en": "Own object"}),
        Field("active", "boolean", {"zh": "启用", "en": "Active"}),
        Field("revision", "integer", {"zh": "版本", "en": "Version"}),
    ),
    label={"zh": "表单", "en": "Form"},
)
