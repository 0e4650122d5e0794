"""Connectors and deliveries as kinds of records that access is granted on."""

from engines.objects import Field, ObjectType
from integration_gateway.connectors.models import Connector, Delivery

CONNECTOR = ObjectType(
    "connector",
    Connector,
    (
        Field("kind", "text", {"zh": "系统", "en": "System"}, written=False),
        Field("name", "text", {"zh": "名称", "en": "Name"}),
        Field("enabled", "boolean", {"zh": "启用", "en": "Enabled"}),
    ),
    rights=("administer",),
    label={"zh": "连接器", "en": "Connector"},
    searched=("name",),
)
DELIVERY = ObjectType(
    "delivery",
    Delivery,
    (
        Field("connector_id", "id", {"zh": "连接器", "en": "Connector"}, written=False),
        Field("action", "text", {"zh": "动作", "en": "Action"}, written=False),
        Field("subject", "text", {"zh": "对象", "en": "Subject"}, written=False),
        Field("state", "choice", {"zh": "状态", "en": "State"}, written=False,
              choices={
                  "pending": {"zh": "待发送", "en": "Pending"},
                  "sending": {"zh": "发送中", "en": "Sending"},
                  "uncertain": {"zh": "待核实", "en": "Uncertain"},
                  "succeeded": {"zh": "成功", "en": "Succeeded"},
                  "failed": {"zh": "失败", "en": "Failed"},
                  "cancelled": {"zh": "已取消", "en": "Cancelled"},
              }),
        Field("attempts", "integer", {"zh": "尝试次数", "en": "Tries"}, written=False),
        Field("next_at", "datetime", {"zh": "下次尝试", "en": "Next try"}, written=False),
        Field("created_at", "datetime", {"zh": "创建时间", "en": "Created"}, written=False),
    ),
    rights=("retry", "replay", "cancel"),
    label={"zh": "投递", "en": "Delivery"},
    searched=("subject", "key"),
    adds_record_fields=False,
)  # fmt: skip
OBJECTS = (CONNECTOR, DELIVERY)
