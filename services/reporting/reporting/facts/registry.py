"""Every fact that metrics may be made of."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, func

from chassis.directory import DirectoryUser
from engines.money import base_currency
from engines.objects import Field
from reporting import models
from reporting.errors import MetricInvalid
from reporting.facts import choices, stages
from reporting.facts.shape import Fact, Join


def _f(name: str, kind: str, zh: str, en: str, column: str = "", choices: Any = ()) -> Field:
    currency = base_currency() if kind == "money" else None  # amounts of all services arrive in the base currency
    return Field(name, kind, {"zh": zh, "en": en}, column=column, choices=choices, currency=currency)


def _owner(column: str = "owner_id") -> Field:
    return _f("owner_id", "person", "负责人", "Owner", column)


_DEPARTMENT = _f("department_id", "department", "部门", "Department")
_REGION = _f("region", "text", "区域", "Region")
_SOURCE = _f("source", "text", "来源", "Source", choices=choices.SOURCES)
_ACCOUNT = (
    _f("account_id", "id", "客户", "Account"),
    _f("account_tier", "text", "客户等级", "Account tier", choices=choices.TIERS),
    _f("account_industry", "text", "客户行业", "Account's industry", choices=choices.INDUSTRIES),
)
_MONEY = _f("base_minor", "money", "金额", "Amount")


def _account_of(column: str = "account_id") -> Join:
    return Join(
        table=models.Account.__table__,  # type: ignore[arg-type]
        on=lambda row, joined: joined.id == row[column],
        columns={"account_tier": "tier", "account_industry": "industry"},
    )


def _department_of(column: str) -> Join:
    """The department a person is in now."""
    return Join(
        table=DirectoryUser.__table__,  # type: ignore[arg-type]
        on=lambda row, joined: joined.id == row[column],
        columns={"department_id": "department_id"},
    )


def _ticket_of(column: str, **columns: str) -> Join:
    return Join(
        table=models.Ticket.__table__,  # type: ignore[arg-type]
        on=lambda row, joined: joined.id == row[column],
        columns=columns,
    )


LEAD = Fact(
    key="lead", label={"zh": "线索", "en": "Leads"}, table=models.Lead.__table__, record="lead", record_id="id",  # type: ignore[arg-type]
    link="/leads/leads/{id}", shown=("source", "region", "owner_id", "status", "captured_at"),
    fields=(
        _f("number", "text", "编号", "Number"), _f("captured_at", "datetime", "获取时间", "Captured"),
        _f("assigned_at", "datetime", "首次分配", "First assigned"), _f("contacted_at", "datetime", "首次响应", "First response"),
        _f("qualified_at", "datetime", "确认时间", "Qualified"), _f("converted_at", "datetime", "转化时间", "Converted"),
        _f("disqualified_at", "datetime", "放弃时间", "Disqualified"),
        _f("first_response_seconds", "integer", "首次响应用时", "Time to first response"), _f("score", "integer", "评分", "Score"),
        _SOURCE, _f("channel", "text", "渠道", "Channel"), _f("campaign_id", "id", "营销活动", "Campaign"), _REGION,
        _f("city", "text", "城市", "City"), _f("industry", "text", "行业", "Industry", choices=choices.INDUSTRIES),
        _f("company_size", "text", "规模", "Company size"),
        _f("status", "text", "状态", "Status", choices=choices.LEAD_STATUSES), _f("grade", "text", "等级", "Grade"),
        _f("disqualify_reason", "text", "放弃原因", "Reason"), _f("merged_into", "id", "合并至", "Merged into"), _owner(), _DEPARTMENT,
    ),
)  # fmt: skip

OPPORTUNITY = Fact(
    key="opportunity", label={"zh": "商机", "en": "Opportunities"}, table=models.Opportunity.__table__,  # type: ignore[arg-type]
    record="opportunity", record_id="id", link="/sales/opportunities/{id}", title=("name", "number"),
    shown=("account_id", "stage", "base_minor", "owner_id", "created_at", "closed_at"), joins=(_account_of(),),
    fields=(
        _f("number", "text", "编号", "Number"), _f("name", "text", "名称", "Name"),
        _f("created_at", "datetime", "创建时间", "Created"), _f("closed_at", "datetime", "关闭时间", "Closed"),
        _f("stage_entered_at", "datetime", "进入阶段时间", "In stage since"), _f("close_date", "date", "预计成交", "Expected close"),
        _MONEY, _f("closed_base_minor", "money", "关闭时金额", "Amount at closing"),
        _f("probability", "integer", "赢率", "Probability"),
        _f("pipeline", "text", "销售流程", "Pipeline"), _f("stage", "text", "阶段", "Stage"),
        _f("category", "text", "结果", "Outcome", choices=choices.CATEGORIES),
        _f("forecast_category", "text", "预测类别", "Forecast category", choices=choices.FORECASTS),
        _f("loss_reason", "text", "输单原因", "Loss reason", choices=choices.LOSS_REASONS), _SOURCE, _REGION, *_ACCOUNT,
        _f("lead_id", "id", "线索", "Lead"), _owner(), _DEPARTMENT,
        _f("closed_owner_id", "person", "成交时负责人", "Owner at closing"),
        _f("closed_department_id", "department", "成交时部门", "Department at closing"),
    ),
)  # fmt: skip

STAGE_STAY = Fact(
    key="stage_stay", label={"zh": "阶段停留", "en": "Stays in stages"}, table=models.StageInterval.__table__,  # type: ignore[arg-type]
    record="opportunity", record_id="opportunity_id", link="/sales/opportunities/{opportunity_id}", title=("stage",),
    shown=("stage", "entered_at", "left_at", "base_minor", "owner_id"),
    fields=(
        _f("entered_at", "datetime", "进入时间", "Entered"), _f("left_at", "datetime", "离开时间", "Left"), _MONEY,
        _f("pipeline", "text", "销售流程", "Pipeline"), _f("stage", "text", "阶段", "Stage"),
        _f("category", "text", "结果", "Outcome", choices=choices.CATEGORIES), _SOURCE, _REGION, _owner(), _DEPARTMENT,
    ),
)  # fmt: skip

STAGE_REACH = Fact(
    key="stage_reach", label={"zh": "到达阶段", "en": "Stages reached"}, table=None, source=stages.reach,
    record="opportunity", record_id="opportunity_id", link="/sales/opportunities/{opportunity_id}", title=("name", "number"),
    shown=("stage", "reached_at", "advanced_at", "base_minor", "owner_id"),
    fields=(
        _f("number", "text", "编号", "Number"), _f("name", "text", "名称", "Name"),
        _f("reached_at", "datetime", "首次到达", "First reached"), _f("advanced_at", "datetime", "首次越过", "First went beyond"),
        _f("created_at", "datetime", "创建时间", "Created"), _MONEY, _f("place", "integer", "次序", "Place"),
        _f("pipeline", "text", "销售流程", "Pipeline"), _f("stage", "text", "阶段", "Stage"),
        _f("category", "text", "阶段类别", "Category", choices=choices.CATEGORIES), _SOURCE, _REGION, _owner(), _DEPARTMENT,
    ),
)  # fmt: skip

CONTRACT = Fact(
    key="contract", label={"zh": "合同", "en": "Contracts"}, table=models.Contract.__table__, record="contract",  # type: ignore[arg-type]
    record_id="id", link="/sales/contracts/{id}", title=("title", "number"), joins=(_account_of(),),
    shown=("number", "account_id", "base_minor", "status", "owner_id", "approved_at"),
    fields=(
        _f("number", "text", "编号", "Number"), _f("title", "text", "名称", "Title"),
        _f("created_at", "datetime", "创建时间", "Created"), _f("approved_at", "datetime", "批准时间", "Approved"),
        _f("activated_at", "datetime", "生效时间", "Activated"), _f("completed_at", "datetime", "完成时间", "Completed"),
        _f("terminated_at", "datetime", "终止时间", "Terminated"), _MONEY,
        _f("status", "text", "状态", "Status", choices=choices.CONTRACT_STATUSES), _REGION, *_ACCOUNT,
        _f("opportunity_id", "id", "商机", "Opportunity"), _owner(), _DEPARTMENT,
    ),
)  # fmt: skip

RECEIVABLE = Fact(
    key="receivable", label={"zh": "应收", "en": "Receivables"}, table=models.Receivable.__table__, record="receivable",  # type: ignore[arg-type]
    record_id="id", link="/sales/contracts/{contract_id}", joins=(_account_of(),),
    shown=("account_id", "base_minor", "open_base_minor", "due_date", "status", "owner_id"),
    fields=(
        _f("number", "text", "编号", "Number"), _f("due_date", "date", "到期日", "Due"),
        _f("opened_at", "datetime", "开立时间", "Opened"), _f("overdue_at", "datetime", "逾期时间", "Fell overdue"),
        _f("closed_at", "datetime", "结清时间", "Closed"), _MONEY, _f("open_base_minor", "money", "未收金额", "Still owed"),
        _f("status", "text", "状态", "Status", choices=choices.RECEIVABLE_STATUSES), *_ACCOUNT,
        _f("contract_id", "id", "合同", "Contract"), _owner(), _DEPARTMENT,
    ),
)  # fmt: skip

PAYMENT = Fact(
    key="payment", label={"zh": "回款", "en": "Payments"}, table=models.Payment.__table__, record="payment", record_id="id",  # type: ignore[arg-type]
    link="/sales/contracts/{contract_id}", joins=(_account_of(),), shown=("account_id", "base_minor", "paid_at", "system", "owner_id"),
    fields=(
        _f("number", "text", "编号", "Number"), _f("paid_at", "datetime", "到账时间", "Paid"), _MONEY,
        _f("system", "text", "来源系统", "System"), *_ACCOUNT, _f("contract_id", "id", "合同", "Contract"), _owner(), _DEPARTMENT,
    ),
)  # fmt: skip

TICKET = Fact(
    key="ticket", label={"zh": "工单", "en": "Tickets"}, table=models.Ticket.__table__, record="ticket", record_id="id",  # type: ignore[arg-type]
    link="/service-desk/tickets/{id}", joins=(_account_of(),),
    shown=("account_id", "type", "priority", "status", "assignee_id", "created_at"),
    fields=(
        _f("number", "text", "编号", "Number"), _f("created_at", "datetime", "创建时间", "Created"),
        _f("first_response_at", "datetime", "首次响应", "First response"), _f("solved_at", "datetime", "解决时间", "Solved"),
        _f("closed_at", "datetime", "关闭时间", "Closed"), _f("next_due_at", "datetime", "下一时限", "Next due"),
        _f("first_response_minutes", "integer", "首次响应用时", "Time to first response"),
        _f("resolution_minutes", "integer", "解决用时", "Time to resolution"), _f("replies", "integer", "回复次数", "Answers"),
        _f("reopened", "integer", "重开次数", "Times re-opened"), _f("breached", "boolean", "超时", "Breached"),
        _f("status", "text", "状态", "Status", choices=choices.TICKET_STATUSES),
        _f("channel", "text", "渠道", "Channel", choices=choices.TICKET_CHANNELS),
        _f("type", "text", "类型", "Type", choices=choices.TICKET_TYPES),
        _f("priority", "text", "优先级", "Priority", choices=choices.PRIORITIES), _f("queue", "text", "队列", "Queue"), *_ACCOUNT,
        _f("sla_policy", "text", "SLA 策略", "SLA policy"), _f("assignee_id", "person", "处理人", "Assignee"), _owner("assignee_id"),
        _DEPARTMENT,
    ),
)  # fmt: skip

SLA_CLOCK = Fact(
    key="sla_clock", label={"zh": "SLA 时钟", "en": "SLA clocks"}, table=models.SlaClock.__table__, record="ticket",  # type: ignore[arg-type]
    record_id="ticket_id", link="/service-desk/tickets/{ticket_id}",
    shown=("clock", "priority", "target_minutes", "used_minutes", "judged_at", "breached_at"),
    joins=(_account_of(), _ticket_of("ticket_id", department_id="department_id", queue="queue", type="type", number="number")),
    computed={
        "judged_at": lambda row: func.coalesce(row["breached_at"], row["met_at"]),
        "in_time": lambda row: case((row["breached_at"].is_(None), 1), else_=0),
    },
    fields=(
        _f("number", "text", "编号", "Number"), _f("judged_at", "datetime", "判定时间", "Judged"),
        _f("met_at", "datetime", "完成时间", "Met"), _f("breached_at", "datetime", "超时时间", "Ran out"),
        _f("target_minutes", "integer", "目标分钟", "Target minutes"), _f("used_minutes", "integer", "用时分钟", "Minutes used"),
        _f("in_time", "integer", "达标", "In time"), _f("clock", "text", "时钟", "Clock", "metric", choices.CLOCKS),
        _f("priority", "text", "优先级", "Priority", choices=choices.PRIORITIES), _f("policy", "text", "SLA 策略", "SLA policy"),
        _f("queue", "text", "队列", "Queue"), _f("type", "text", "类型", "Type", choices=choices.TICKET_TYPES), *_ACCOUNT,
        _f("assignee_id", "person", "处理人", "Assignee"), _owner("assignee_id"), _DEPARTMENT,
    ),
)  # fmt: skip

CSAT = Fact(
    key="csat", label={"zh": "满意度", "en": "Satisfaction"}, table=models.Csat.__table__, record="ticket", record_id="ticket_id",  # type: ignore[arg-type]
    link="/service-desk/tickets/{ticket_id}", shown=("score", "answered_at", "queue", "assignee_id"),
    joins=(_account_of(), _ticket_of("ticket_id", department_id="department_id", type="type", number="number")),
    fields=(
        _f("number", "text", "编号", "Number"), _f("answered_at", "datetime", "评价时间", "Answered"),
        _f("score", "integer", "评分", "Score"), _f("queue", "text", "队列", "Queue"),
        _f("type", "text", "类型", "Type", choices=choices.TICKET_TYPES), *_ACCOUNT,
        _f("assignee_id", "person", "处理人", "Assignee"), _owner("assignee_id"), _DEPARTMENT,
    ),
)  # fmt: skip

APPROVAL_TASK = Fact(
    key="approval_task", label={"zh": "审批任务", "en": "Approval tasks"}, table=models.ApprovalTask.__table__,  # type: ignore[arg-type]
    record="approval", record_id="id", link="/approvals/instances/{instance_id}", title=("node",),
    shown=("definition", "node", "assignee_id", "outcome", "created_at", "completed_at"), joins=(_department_of("assignee_id"),),
    computed={"begun_at": lambda row: func.coalesce(row["opened_at"], row["created_at"])},
    fields=(
        _f("begun_at", "datetime", "轮到时间", "Turn came"),
        _f("created_at", "datetime", "到达时间", "Arrived"), _f("completed_at", "datetime", "完成时间", "Completed"),
        _f("due_at", "datetime", "时限", "Due"), _f("definition", "text", "流程", "Flow"), _f("node", "text", "节点", "Node"),
        _f("outcome", "text", "结果", "Outcome", choices=choices.OUTCOMES),
        _f("subject_kind", "text", "对象", "Subject", choices=choices.KINDS), _f("instance_id", "id", "审批单", "Approval"),
        _f("assignee_id", "person", "审批人", "Approver"), _owner("assignee_id"), _DEPARTMENT,
    ),
)  # fmt: skip

ACTIVITY = Fact(
    key="activity", label={"zh": "跟进", "en": "Activities"}, table=models.Activity.__table__, record="", record_id="subject_id",  # type: ignore[arg-type]
    record_kinds=("lead", "account", "opportunity", "contract", "ticket"), title=("kind",), shown=("subject_kind", "kind", "owner_id", "at"),
    joins=(_department_of("by"),),
    fields=(
        _f("at", "datetime", "时间", "At"), _f("kind", "text", "方式", "Kind", choices=choices.ACTIVITIES),
        _f("subject_kind", "text", "对象", "Subject", choices=choices.KINDS), _f("subject_id", "id", "记录", "Record"), _owner("by"),
        _DEPARTMENT,
    ),
)  # fmt: skip

USAGE = Fact(
    key="usage", label={"zh": "使用", "en": "Use"}, table=models.Usage.__table__, record="usage", record_id="user_id",  # type: ignore[arg-type]
    title=("feature",), shown=("feature", "owner_id", "day", "uses"), joins=(_department_of("user_id"),),
    fields=(
        _f("day", "date", "日期", "Day"), _f("uses", "integer", "次数", "Uses"), _f("feature", "text", "功能", "Feature"),
        _owner("user_id"), _DEPARTMENT,
    ),
)  # fmt: skip

FACTS: Mapping[str, Fact] = {
    item.key: item
    for item in (
        LEAD, OPPORTUNITY, STAGE_STAY, STAGE_REACH, CONTRACT, RECEIVABLE, PAYMENT, TICKET, SLA_CLOCK, CSAT, APPROVAL_TASK,
        ACTIVITY, USAGE,
    )
}  # fmt: skip


def fact(key: str) -> Fact:
    """The fact of that name; MetricInvalid when there is none."""
    found = FACTS.get(key)
    if found is None:
        raise MetricInvalid(errors={"fact": [f"{', '.join(FACTS)}"]})
    return found
