"""The records of this service as fields: what conditions, access, lists and screens know of them."""

from engines.forms.objects import FORM
from engines.objects import Field, ObjectType
from engines.rules.objects import AUTOMATION_RULE
from engines.transfer import IMPORT
from service_desk import dispatch, lifecycle
from service_desk.models import Account, Definition, Ticket


def _choices(**labels: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {key: {"zh": zh, "en": en} for key, (zh, en) in labels.items()}


STATUSES = _choices(
    new=("新建", "New"), open=("处理中", "Open"), pending=("待客户回复", "Pending"), on_hold=("挂起", "On hold"),
    solved=("已解决", "Solved"), closed=("已关闭", "Closed"),
)  # fmt: skip
PRIORITIES = _choices(low=("低", "Low"), normal=("普通", "Normal"), high=("高", "High"), urgent=("紧急", "Urgent"))
CHANNELS = _choices(
    email=("邮件", "E-mail"), portal=("网页表单", "Web form"), phone=("电话", "Phone"), wechat=("微信", "WeChat"),
    api=("接口", "API"), staff=("代客登记", "Entered by staff"), sales=("销售交接", "From sales"),
)  # fmt: skip
TYPES = _choices(
    question=("咨询", "Question"), incident=("故障", "Incident"), request=("需求", "Request"), complaint=("投诉", "Complaint"),
    onboarding=("上线交付", "Onboarding"), billing=("账务", "Billing"),
)  # fmt: skip
TIERS = _choices(VIP=("VIP", "VIP"), A=("A", "A"), B=("B", "B"), C=("C", "C"))
METRICS = _choices(
    first_response=("首次响应", "First response"), update=("后续响应", "Next response"), solution=("解决", "Resolution")
)
CLOCK_STATES = _choices(
    running=("计时中", "Running"), paused=("暂停", "Paused"), met=("达标", "Met"), breached=("超时", "Breached"),
    cancelled=("取消", "Cancelled"),
)  # fmt: skip
STRATEGIES = _choices(round_robin=("轮流", "Round robin"), least_open=("在办最少", "Fewest open tickets"))
assert tuple(STATUSES) == lifecycle.STATUSES
assert tuple(STRATEGIES) == dispatch.STRATEGIES


def _text(name: str, zh: str, en: str, kind: str = "text", **rest: object) -> Field:
    return Field(name, kind, {"zh": zh, "en": en}, **rest)  # type: ignore[arg-type]


TICKET = ObjectType(
    "ticket",
    Ticket,
    (
        _text("subject", "主题", "Subject"),
        _text("channel", "渠道", "Channel", "choice", choices=CHANNELS, written=False),
        _text("type", "类型", "Type", "choice", choices=TYPES),
        _text("priority", "优先级", "Priority", "choice", choices=PRIORITIES),
        _text("status", "状态", "Status", "choice", choices=STATUSES, written=False),
        _text("queue", "队列", "Queue"),
        _text("assignee_id", "处理人", "Assignee", "person", column="owner_id", written=False),
        _text("language", "语言", "Language", "choice", choices=("zh", "en")),
        _text("requester_name", "请求人", "Requester"),
        _text("requester_email", "请求人邮箱", "Requester's e-mail"),
        _text("requester_phone", "请求人电话", "Requester's phone"),
        _text("account_id", "客户", "Account", "id"),
        _text("account_tier", "客户等级", "Account tier", "choice", choices=TIERS, written=False),
        _text("contract_id", "合同", "Contract", "id"),
        _text("sla_policy", "SLA 策略", "SLA policy", written=False),
        _text("next_due_at", "最近时限", "Next due", "datetime", written=False),
        _text("breached", "已超时", "Breached", "boolean", written=False),
        _text("first_response_at", "首次响应时间", "First answered", "datetime", written=False),
        _text("last_customer_at", "客户最近来信", "Customer wrote", "datetime", written=False),
        _text("last_agent_at", "最近回复", "Last answered", "datetime", written=False),
        _text("solved_at", "解决时间", "Solved", "datetime", written=False),
        _text("closed_at", "关闭时间", "Closed", "datetime", written=False),
        _text("reopened", "重开次数", "Re-opened", "integer", written=False),
        _text("csat", "满意度", "Satisfaction", "integer", written=False),
    ),
    rights=("assign", "claim", "merge", "export", "import", "bulk", "see_pool"),
    label={"zh": "工单", "en": "Ticket"},
    open_to={"see_pool": {"field": "owner_id", "op": "is_empty"}},
    searched=("subject", "number", "requester_name"),
)
_DEFINITION_FIELDS = (
    _text("key", "标识", "Key"),
    _text("revision", "版本", "Version", "integer"),
    _text("active", "启用", "Active", "boolean"),
)
QUEUE, SLA_POLICY, CALENDAR = (
    ObjectType(kind, Definition, _DEFINITION_FIELDS, rights=("simulate",), label=label, registered=False)
    for kind, label in (
        ("queue", {"zh": "队列", "en": "Queue"}),
        ("sla_policy", {"zh": "SLA 策略", "en": "SLA policy"}),
        ("calendar", {"zh": "工作日历", "en": "Business calendar"}),
    )
)
# Customers belong to sales; the desk's replica of them is judged by the same grants on what it knows of them.
ACCOUNT = ObjectType(
    "account",
    Account,
    (
        Field("id", "id"),
        Field("number", "text"),
        Field("name", "text"),
        Field("tier", "text"),
        Field("owner_id", "person"),
        Field("department_id", "department"),
    ),
    adds_record_fields=False,
)
OBJECTS = (TICKET, QUEUE, SLA_POLICY, CALENDAR, FORM, AUTOMATION_RULE, IMPORT)
