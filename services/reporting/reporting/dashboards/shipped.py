"""The dashboards every installation has, as data."""

from typing import Any

Body = dict[str, Any]


def _tile(key: str, kind: str, metrics: str, dimension: str = "", **more: Any) -> Body:
    return {"key": key, "kind": kind, "metrics": metrics.split(), "dimension": dimension} | more


def _number(metric: str, **more: Any) -> Body:
    return _tile(f"n_{metric}"[:40], "number", metric, compare="previous", **more)


def _title(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


SALES_DIRECTOR: Body = {
    "key": "sales_director",
    "label": _title("销售总监", "Sales director"),
    "roles": ["sales_director", "sales_manager", "seller"],
    "tiles": [
        _number("won_amount"), _number("win_rate"), _number("cycle_median"), _number("pipeline_amount"),
        _number("pipeline_weighted"), _number("opportunities_created"),
        _tile("funnel", "funnel", "", title=_title("商机漏斗（按创建批次）", "Opportunity funnel (by cohort)")),
        _tile("stage_conversion", "bar", "stage_conversion", "stage", title=_title("各阶段转化率", "Conversion per stage")),
        _tile("won_by_month", "bar", "won_amount", "time:month", period="last_12_months",
              title=_title("每月赢单金额", "Amount won by month")),
        _tile("pipeline_by_stage", "bar", "pipeline_amount pipeline_weighted", "stage",
              title=_title("管道与加权预测", "Pipeline and weighted forecast")),
        _tile("leaderboard", "leaderboard", "won_amount opportunities_won win_rate", "closed_owner_id",
              title=_title("销售排行榜", "Leaderboard")),
        _tile("activity_heat", "heat", "activities", "time:week", split="owner_id", title=_title("跟进热力图", "Activities by person and week")),
        _tile("stage_days", "bar", "stage_days_median", "stage", title=_title("各阶段停留（中位）", "Time in stage (median)")),
        _tile("losses", "pie", "opportunities_lost", "loss_reason", period="last_12_months", title=_title("输单原因", "Why deals were lost")),
    ],
}  # fmt: skip

CEO: Body = {
    "key": "ceo",
    "label": _title("总经理", "Chief executive"),
    "roles": ["ceo", "admin", "finance", "risk_control"],
    "tiles": [
        _number("contract_amount"), _number("payments_collected"), _number("receivables_overdue"), _number("win_rate"),
        _number("csat"), _number("mau"),
        _tile("contracts_by_month", "bar", "contract_amount payments_collected", "time:month", period="last_12_months",
              title=_title("合同与回款", "Contracts and payments")),
        _tile("region", "bar", "pipeline_amount", "region", title=_title("各区域管道", "Pipeline by region")),
        _tile("funnel", "funnel", "", title=_title("商机漏斗（按创建批次）", "Opportunity funnel (by cohort)")),
        _tile("receivables", "bar", "receivables_open receivables_overdue", "department_id",
              title=_title("应收与逾期（按部门）", "Receivables by department")),
        _tile("approval_time", "bar", "approval_median approval_p90", "node", title=_title("审批用时（按节点）", "Approval time per node")),
        _tile("sla", "line", "first_response_attainment resolution_attainment", "time", title=_title("服务时限达标率", "Service level attainment"),
              target=0.9),
        _tile("active_users", "line", "dau wau mau", "time:day", period="last_30_days", title=_title("活跃用户", "Active users")),
        _tile("tiers", "table", "won_amount opportunities_won average_deal", "account_tier", title=_title("按客户等级", "By account tier")),
    ],
}  # fmt: skip

SERVICE: Body = {
    "key": "service",
    "label": _title("客户服务", "Service"),
    "roles": ["service_lead", "service_agent"],
    "period": "last_30_days",
    "tiles": [
        _number("tickets_created"), _number("tickets_open"), _number("first_response_attainment"),
        _number("resolution_attainment"), _number("csat"), _number("survey_response_rate"),
        _tile("flow", "line", "tickets_created tickets_solved", "time", title=_title("新增与解决", "Created and solved")),
        _tile("attainment", "bar", "first_response_attainment resolution_attainment", "priority",
              title=_title("达标率（按优先级）", "Attainment by priority"), target=0.9),
        _tile("by_channel", "pie", "tickets_created", "channel", title=_title("工单渠道", "Tickets by channel")),
        _tile("agents", "leaderboard", "tickets_solved csat response_median", "assignee_id", title=_title("客服排行榜", "Agents"),
              sort="-tickets_solved"),
        _tile("heat", "heat", "tickets_created", "time:day", split="type", title=_title("工单热力图", "Tickets by type and day")),
        _tile("by_queue", "table", "tickets_created tickets_solved resolution_median first_contact_resolution", "queue",
              title=_title("按队列", "By queue")),
    ],
}  # fmt: skip

MARKETING: Body = {
    "key": "marketing",
    "label": _title("市场", "Marketing"),
    "roles": ["marketing"],
    "tiles": [
        _number("leads_captured"), _number("leads_qualified"), _number("lead_conversion"), _number("lead_response_median"),
        _number("leads_waiting"), _number("won_amount"),
        _tile("by_source", "bar", "leads_captured leads_converted", "source", title=_title("各渠道线索", "Leads by channel")),
        _tile("conversion_by_source", "bar", "lead_conversion", "source", title=_title("各渠道转化率", "Conversion by channel")),
        _tile("trend", "stacked", "leads_captured", "time", split="source", title=_title("线索走势", "Leads over time")),
        _tile("region_heat", "heat", "leads_captured", "region", split="industry", title=_title("行业与区域", "Industry and region")),
        _tile("response", "bar", "lead_response_median lead_response_p90", "owner_id", title=_title("响应时间（按人）", "Response time by person")),
        _tile("channels", "table", "leads_captured leads_qualified leads_converted lead_conversion", "source",
              title=_title("渠道效果", "Channels")),
        _tile("features", "bar", "feature_uses feature_users", "feature", title=_title("功能使用", "Use of features")),
    ],
}  # fmt: skip

SHIPPED: list[Body] = [SALES_DIRECTOR, CEO, SERVICE, MARKETING]
