"""The metrics every installation has, as data. Each says its formula in its description; a change raises its version."""

from typing import Any

Body = dict[str, Any]
WON = {"field": "category", "op": "eq", "value": "won"}
LOST = {"field": "category", "op": "eq", "value": "lost"}
OPEN = {"field": "category", "op": "eq", "value": "open"}
OWN = {"field": "merged_into", "op": "is_empty"}  # a lead merged into another is counted there


def _metric(key: str, type_: str, zh: str, en: str, zh_how: str, en_how: str, **more: Any) -> Body:
    return {
        "key": key,
        "type": type_,
        "label": {"zh": zh, "en": en},
        "description": {"zh": zh_how, "en": en_how},
    } | more


LEADS = [
    _metric("leads_captured", "simple", "新增线索", "Leads captured", "期内获取的线索数，合并的线索只计一次",
            "Leads captured in the period; merged ones count once", fact="lead", time="captured_at", condition=OWN),
    _metric("leads_qualified", "simple", "确认线索", "Leads qualified", "期内确认有效的线索数", "Leads qualified in the period",
            fact="lead", time="qualified_at", condition=OWN),
    _metric("leads_converted", "simple", "转化线索", "Leads converted", "期内转为商机的线索数",
            "Leads that became an opportunity in the period", fact="lead", time="converted_at", condition=OWN),
    _metric("lead_conversion", "conversion", "线索转化率", "Lead conversion",
            "期内获取的线索中 90 天内转化的占比（按获取批次）", "Of leads captured in the period, the share converted within 90 days (by cohort)",
            fact="lead", time="captured_at", converted="converted_at", window_days=90, condition=OWN, unit="share"),
    _metric("lead_qualification", "conversion", "线索确认率", "Lead qualification",
            "期内获取的线索中 90 天内确认有效的占比", "Of leads captured in the period, the share qualified within 90 days",
            fact="lead", time="captured_at", converted="qualified_at", window_days=90, condition=OWN, unit="share"),
    _metric("lead_response_median", "simple", "线索响应时间（中位）", "Lead response time (median)",
            "从分配到首次跟进的中位用时，按首次跟进时间归期", "Median time from assignment to the first activity; by the time of that activity",
            fact="lead", time="contacted_at", aggregate="median", of="first_response_seconds", condition=OWN, unit="seconds", good="down"),
    _metric("lead_response_p90", "simple", "线索响应时间（P90）", "Lead response time (p90)",
            "从分配到首次跟进的第 90 百分位用时", "90th percentile of the time from assignment to the first activity",
            fact="lead", time="contacted_at", aggregate="p90", of="first_response_seconds", condition=OWN, unit="seconds", good="down"),
    _metric("leads_waiting", "simple", "待响应线索", "Leads waiting", "现在已分配、未跟进的线索数", "Leads assigned and not contacted yet, now",
            fact="lead", condition={"all": [OWN, {"field": "status", "op": "in", "value": ["new", "assigned"]},
                                            {"field": "contacted_at", "op": "is_empty"}]}, good="down"),
]  # fmt: skip

DEALS = [
    _metric("opportunities_created", "simple", "新增商机", "Opportunities created", "期内创建的商机数", "Opportunities created in the period",
            fact="opportunity", time="created_at"),
    _metric("opportunities_won", "simple", "赢单数", "Opportunities won", "期内赢单的商机数", "Opportunities won in the period",
            fact="opportunity", time="closed_at", condition=WON),
    _metric("opportunities_lost", "simple", "输单数", "Opportunities lost", "期内输单的商机数", "Opportunities lost in the period",
            fact="opportunity", time="closed_at", condition=LOST, good="down"),
    _metric("opportunities_closed", "simple", "关闭商机", "Opportunities closed", "期内赢单与输单之和", "Won and lost in the period",
            fact="opportunity", time="closed_at", condition={"any": [WON, LOST]}),
    _metric("win_rate", "ratio", "赢单率", "Win rate", "期内关闭的商机中：赢单 ÷（赢单 + 输单）",
            "Of opportunities closed in the period: won ÷ (won + lost)", numerator="opportunities_won",
            denominator="opportunities_closed", unit="share"),
    _metric("won_amount", "simple", "赢单金额", "Amount won", "期内赢单的商机按赢单时金额（本位币）求和，归赢单时的负责人",
            "Sum of opportunities won in the period at the amount they were won with, in the base currency",
            fact="opportunity", time="closed_at", aggregate="sum", of="closed_base_minor", condition=WON, unit="money"),
    _metric("closed_amount", "simple", "关闭金额", "Amount closed", "期内赢单与输单金额之和", "Amount won and lost in the period",
            fact="opportunity", time="closed_at", aggregate="sum", of="closed_base_minor", condition={"any": [WON, LOST]}, unit="money"),
    _metric("win_rate_by_value", "ratio", "赢单率（金额）", "Win rate by value", "赢单金额 ÷（赢单金额 + 输单金额）", "Amount won ÷ amount closed",
            numerator="won_amount", denominator="closed_amount", unit="share"),
    _metric("average_deal", "ratio", "平均单价", "Average deal", "赢单金额 ÷ 赢单数", "Amount won ÷ opportunities won",
            numerator="won_amount", denominator="opportunities_won", unit="money"),
    _metric("cycle_median", "simple", "成交周期（中位）", "Cycle length (median)", "期内赢单商机从创建到赢单的中位时长",
            "Median time from creation to winning, of opportunities won in the period", fact="opportunity", time="closed_at",
            aggregate="median", of="seconds(created_at, closed_at)", condition=WON, unit="seconds", good="down"),
    _metric("cycle_p90", "simple", "成交周期（P90）", "Cycle length (p90)", "期内赢单商机从创建到赢单的第 90 百分位时长",
            "90th percentile of the time from creation to winning", fact="opportunity", time="closed_at", aggregate="p90",
            of="seconds(created_at, closed_at)", condition=WON, unit="seconds", good="down"),
    _metric("cycle_average", "simple", "成交周期（平均）", "Cycle length (mean)", "期内赢单商机从创建到赢单的平均时长",
            "Mean time from creation to winning", fact="opportunity", time="closed_at", aggregate="avg",
            of="seconds(created_at, closed_at)", condition=WON, unit="seconds", good="down"),
    _metric("pipeline_count", "simple", "进行中商机", "Open opportunities", "现在进行中的商机数", "Opportunities open now",
            fact="opportunity", condition=OPEN),
    _metric("pipeline_amount", "simple", "管道金额", "Pipeline", "现在进行中商机的金额（本位币）", "Amount of opportunities open now, in the base currency",
            fact="opportunity", aggregate="sum", of="base_minor", condition=OPEN, unit="money"),
    _metric("pipeline_weighted", "simple", "加权预测", "Weighted forecast", "现在进行中商机的金额 × 赢率之和",
            "Sum of amount × probability of opportunities open now", fact="opportunity", aggregate="sum",
            of="base_minor * probability / 100", condition=OPEN, unit="money"),
    _metric("forecast_weighted", "simple", "预计成交（加权）", "Expected to close (weighted)", "预计成交日在期内的进行中商机：金额 × 赢率之和",
            "Open opportunities expected to close in the period: sum of amount × probability", fact="opportunity",
            time="close_date", aggregate="sum", of="base_minor * probability / 100", condition=OPEN, unit="money"),
    _metric("stage_conversion", "conversion", "阶段转化率", "Stage conversion",
            "期内首次到达该阶段（跳过亦算到达，重复进入只计一次）的商机中，90 天内越过该阶段的占比",
            "Of opportunities that first reached the stage in the period (skipped counts as reached, re-entry once), the share that went beyond within 90 days",
            fact="stage_reach", time="reached_at", converted="advanced_at", window_days=90, condition=OPEN, unit="share"),
    _metric("funnel_reached", "simple", "到达阶段的商机", "Opportunities that reached a stage", "期内创建的商机中，到达或越过该阶段的数量（按创建批次）",
            "Of opportunities created in the period, those that got to the stage or beyond (by cohort)", fact="stage_reach",
            time="created_at"),
    _metric("stage_days_median", "simple", "阶段停留（中位）", "Time in stage (median)", "期内离开阶段的停留时长中位数",
            "Median length of stays in a stage that ended in the period", fact="stage_stay", time="left_at", aggregate="median",
            of="seconds(entered_at, left_at)", condition=OPEN, unit="seconds", good="down"),
]  # fmt: skip

MONEY = [
    _metric("contracts_approved", "simple", "批准合同", "Contracts approved", "期内批准的合同数", "Contracts approved in the period",
            fact="contract", time="approved_at"),
    _metric("contract_amount", "simple", "合同金额", "Contract amount", "期内批准的合同金额（本位币）",
            "Amount of contracts approved in the period, in the base currency", fact="contract", time="approved_at",
            aggregate="sum", of="base_minor", unit="money"),
    _metric("payments_collected", "simple", "回款金额", "Payments collected", "期内到账的回款（本位币）",
            "Payments that came in during the period, in the base currency", fact="payment", time="paid_at", aggregate="sum",
            of="base_minor", unit="money"),
    _metric("receivables_due", "simple", "到期应收", "Receivables due", "到期日在期内的应收金额（本位币）",
            "Amount of receivables due in the period, in the base currency", fact="receivable", time="due_date", aggregate="sum",
            of="base_minor", condition={"field": "status", "op": "ne", "value": "cancelled"}, unit="money"),
    _metric("receivables_unpaid", "simple", "到期未收", "Due and unpaid", "到期日在期内、尚未收回的金额", "What is still owed of receivables due in the period",
            fact="receivable", time="due_date", aggregate="sum", of="open_base_minor",
            condition={"field": "status", "op": "ne", "value": "cancelled"}, unit="money", good="down"),
    _metric("collection_paid", "derived", "到期已收", "Due and paid", "到期应收 − 到期未收", "Receivables due − due and unpaid",
            formula="receivables_due - receivables_unpaid", unit="money"),
    _metric("collection_rate", "ratio", "回款率", "Collection rate", "到期已收 ÷ 到期应收", "Due and paid ÷ receivables due",
            numerator="collection_paid", denominator="receivables_due", unit="share"),
    _metric("receivables_open", "simple", "应收余额", "Receivables open", "现在尚未收回的应收金额（本位币）",
            "What is still owed now, in the base currency", fact="receivable", aggregate="sum", of="open_base_minor",
            condition={"field": "status", "op": "in", "value": ["open", "partly_paid"]}, unit="money", good="down"),
    _metric("receivables_overdue", "simple", "逾期应收", "Receivables overdue", "现在已过到期日、尚未收回的金额",
            "What is still owed now and past its due date", fact="receivable", aggregate="sum", of="open_base_minor",
            condition={"all": [{"field": "status", "op": "in", "value": ["open", "partly_paid"]},
                               {"field": "due_date", "op": "before_now"}]}, unit="money", good="down"),
]  # fmt: skip


def _clock(name: str) -> dict[str, Any]:
    return {"field": "clock", "op": "eq", "value": name}


def _attainment(key: str, clock: str, zh: str, en: str) -> list[Body]:
    """Clocks that were judged in the period, those in time, and the share."""
    return [
        _metric(f"{key}_judged", "simple", f"{zh}判定数", f"{en} clocks judged", "期内完成或超时的时钟数",
                "Clocks met or run out in the period", fact="sla_clock", time="judged_at", condition=_clock(clock)),
        _metric(f"{key}_in_time", "simple", f"{zh}达标数", f"{en} clocks in time", "期内按时完成的时钟数", "Clocks met in time in the period",
                fact="sla_clock", time="judged_at", aggregate="sum", of="in_time", condition=_clock(clock)),
        _metric(f"{key}_attainment", "ratio", f"{zh}达标率", f"{en} attainment", "达标 ÷（达标 + 超时），未到期的不计",
                "Met in time ÷ (met in time + run out); clocks not due yet are left out", numerator=f"{key}_in_time",
                denominator=f"{key}_judged", unit="share"),
    ]  # fmt: skip


SERVICE = [
    _metric("tickets_created", "simple", "新增工单", "Tickets created", "期内创建的工单数", "Tickets created in the period",
            fact="ticket", time="created_at", good="down"),
    _metric("tickets_solved", "simple", "解决工单", "Tickets solved", "期内解决的工单数", "Tickets solved in the period",
            fact="ticket", time="solved_at"),
    _metric("tickets_open", "simple", "未解决工单", "Tickets open", "现在未解决的工单数", "Tickets not solved now", fact="ticket",
            condition={"field": "status", "op": "not_in", "value": ["solved", "closed"]}, good="down"),
    _metric("response_median", "simple", "首次响应（中位）", "First response (median)", "期内首次响应用时的中位数（营业时间）",
            "Median open time to the first answer, of tickets first answered in the period", fact="ticket", time="first_response_at",
            aggregate="median", of="first_response_minutes", unit="minutes", good="down"),
    _metric("resolution_median", "simple", "解决用时（中位）", "Time to resolution (median)", "期内解决的工单用时中位数（营业时间，扣除暂停）",
            "Median open time, without pauses, of tickets solved in the period", fact="ticket", time="solved_at",
            aggregate="median", of="resolution_minutes", unit="minutes", good="down"),
    *_attainment("first_response", "first_response", "首次响应", "First response"),
    *_attainment("resolution", "solution", "解决时限", "Resolution"),
    _metric("solved_at_once", "simple", "一次解决数", "Solved at first contact", "期内解决、只回复一次且未重开的工单",
            "Tickets solved in the period with one answer and never re-opened", fact="ticket", time="solved_at",
            condition={"all": [{"field": "replies", "op": "le", "value": 1}, {"field": "reopened", "op": "le", "value": 0}]}),
    _metric("first_contact_resolution", "ratio", "一次解决率", "First contact resolution", "一次解决数 ÷ 解决工单",
            "Solved at first contact ÷ tickets solved", numerator="solved_at_once", denominator="tickets_solved", unit="share"),
    _metric("surveys_answered", "simple", "评价数", "Surveys answered", "期内收到的评价数", "Surveys answered in the period",
            fact="csat", time="answered_at"),
    _metric("surveys_satisfied", "simple", "满意评价数", "Satisfied answers", "期内 4–5 分的评价数", "Answers of 4 or 5 in the period",
            fact="csat", time="answered_at", condition={"field": "score", "op": "ge", "value": 4}),
    _metric("csat", "ratio", "客户满意度", "CSAT", "4–5 分的评价 ÷ 全部评价（1–5 分）", "Answers of 4 or 5 ÷ all answers (1–5)",
            numerator="surveys_satisfied", denominator="surveys_answered", unit="share"),
    _metric("csat_score", "simple", "平均评分", "Mean score", "期内评价的平均分（1–5）", "Mean score of the answers in the period (1–5)",
            fact="csat", time="answered_at", aggregate="avg", of="score", unit="score"),
    _metric("survey_response_rate", "ratio", "评价回复率", "Survey response rate", "收到的评价 ÷ 解决工单", "Surveys answered ÷ tickets solved",
            numerator="surveys_answered", denominator="tickets_solved", unit="share"),
]  # fmt: skip

DONE = {"field": "completed_at", "op": "is_not_empty"}
DECIDED = {
    "field": "outcome",
    "op": "in",
    "value": ["approved", "rejected", "returned"],
}  # not handed on, not called off
BY_PEOPLE = {"field": "owner_id", "op": "ne", "value": "system"}
PEOPLE = [
    _metric("approval_tasks", "simple", "审批任务", "Approval tasks", "期内到达的审批任务数", "Approval tasks that arrived in the period",
            fact="approval_task", time="created_at"),
    _metric("approval_tasks_done", "simple", "完成审批", "Approvals decided", "期内完成的审批任务数", "Approval tasks decided in the period",
            fact="approval_task", time="completed_at", condition=DECIDED),
    _metric("approval_waiting", "simple", "待审批", "Approvals waiting", "现在待处理的审批任务数", "Approval tasks waiting now",
            fact="approval_task", condition={"not": DONE}, good="down"),
    _metric("approval_median", "simple", "审批用时（中位）", "Approval time (median)", "期内完成的审批任务从到达到决定的中位时长",
            "Median time from arrival to decision, of tasks decided in the period", fact="approval_task", time="completed_at",
            aggregate="median", of="seconds(begun_at, completed_at)", condition=DECIDED, unit="seconds", good="down"),
    _metric("approval_p90", "simple", "审批用时（P90）", "Approval time (p90)", "期内完成的审批任务从到达到决定的第 90 百分位时长",
            "90th percentile of the time from arrival to decision", fact="approval_task", time="completed_at", aggregate="p90",
            of="seconds(begun_at, completed_at)", condition=DECIDED, unit="seconds", good="down"),
    _metric("activities", "simple", "跟进次数", "Activities", "期内记录的跟进次数", "Activities in the period", fact="activity", time="at",
            condition=BY_PEOPLE),
    _metric("dau", "cumulative", "日活跃用户", "Daily active users", "期末当天至少有一次业务操作的人数",
            "People with at least one action on the last day", fact="usage", time="day", aggregate="count_distinct", of="owner_id",
            window_days=1),
    _metric("wau", "cumulative", "周活跃用户", "Weekly active users", "截至期末 7 天内至少有一次业务操作的人数",
            "People with at least one action in the 7 days up to the end", fact="usage", time="day", aggregate="count_distinct",
            of="owner_id", window_days=7),
    _metric("mau", "cumulative", "月活跃用户", "Monthly active users", "截至期末 28 天内至少有一次业务操作的人数；不是日活之和",
            "People with at least one action in the 28 days up to the end; no sum of days", fact="usage", time="day",
            aggregate="count_distinct", of="owner_id", window_days=28),
    _metric("stickiness", "ratio", "粘性", "Stickiness", "日活 ÷ 月活", "Daily ÷ monthly active users", numerator="dau", denominator="mau",
            unit="share"),
    _metric("feature_uses", "simple", "功能使用次数", "Uses of features", "期内功能使用次数", "Uses of features in the period", fact="usage",
            time="day", aggregate="sum", of="uses"),
    _metric("feature_users", "simple", "功能使用人数", "People using", "期内使用过的人数", "People who used it in the period", fact="usage",
            time="day", aggregate="count_distinct", of="owner_id"),
]  # fmt: skip

SHIPPED: list[Body] = [*LEADS, *DEALS, *MONEY, *SERVICE, *PEOPLE]
