"""The gateway's records as fields: what conditions, access and lists know of them."""

from engines.forms.objects import FORM
from engines.objects import Field, ObjectType
from integration_gateway.models import ApiClient, Department, HandOver, Role, User

LANGUAGES = {"zh": {"zh": "中文", "en": "Chinese"}, "en": {"zh": "英文", "en": "English"}}
USER = ObjectType(
    "user",
    User,
    (
        Field("name", "text", {"zh": "姓名", "en": "Name"}),
        Field("email", "text", {"zh": "邮箱", "en": "E-mail"}),
        Field("mobile", "text", {"zh": "手机", "en": "Mobile"}),
        Field("title", "text", {"zh": "职务", "en": "Position"}),
        Field("locale", "choice", {"zh": "语言", "en": "Language"}, choices=LANGUAGES),
        Field("roles", "texts", {"zh": "角色", "en": "Roles"}),
        Field("active", "boolean", {"zh": "在职", "en": "Active"}),
        Field("absent", "boolean", {"zh": "缺勤", "en": "Absent"}, written=False),
    ),
    rights=("administer",),
    label={"zh": "人员", "en": "Person"},
    searched=("name", "email", "title"),
)
DEPARTMENT = ObjectType(
    "department",
    Department,
    (
        Field("name", "text", {"zh": "名称", "en": "Name"}),
        Field("parent_id", "department", {"zh": "上级部门", "en": "Parent"}),
        Field("head_id", "person", {"zh": "负责人", "en": "Head"}),
    ),
    label={"zh": "部门", "en": "Department"},
    searched=("name",),
)
ROLE = ObjectType(
    "role",
    Role,
    (
        Field("key", "text", {"zh": "标识", "en": "Key"}),
        Field("shipped", "boolean", {"zh": "内置", "en": "Shipped"}, written=False),
    ),
    label={"zh": "角色", "en": "Role"},
)
API_CLIENT = ObjectType(
    "api_client",
    ApiClient,
    (
        Field("client_id", "text", {"zh": "客户端标识", "en": "Client id"}),
        Field("name", "text", {"zh": "名称", "en": "Name"}),
        Field("scopes", "texts", {"zh": "权限范围", "en": "Scopes"}),
        Field("roles", "texts", {"zh": "角色", "en": "Roles"}),
        Field("active", "boolean", {"zh": "启用", "en": "Active"}),
        Field("expires_at", "datetime", {"zh": "到期", "en": "Expires"}),
    ),
    label={"zh": "接口客户端", "en": "API client"},
    searched=("name", "client_id"),
)
HAND_OVER = ObjectType(
    "hand_over",
    HandOver,
    (
        Field("leaver_id", "person", {"zh": "离职人员", "en": "Who leaves"}),
        Field("status", "choice", {"zh": "状态", "en": "Status"}, choices=("counting", "running", "done", "cancelled")),
        Field("started_at", "datetime", {"zh": "开始时间", "en": "Started"}, written=False),
        Field("finished_at", "datetime", {"zh": "完成时间", "en": "Done"}, written=False),
    ),
    label={"zh": "离职交接", "en": "Hand-over"},
)
OBJECTS = (USER, DEPARTMENT, ROLE, API_CLIENT, HAND_OVER, FORM)
