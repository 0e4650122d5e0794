"""Closed lists of values that figures are grouped by, with their labels."""

SOURCES = {
    "website": {"zh": "网站表单", "en": "Website form"},
    "landing_page": {"zh": "落地页", "en": "Landing page"},
    "api": {"zh": "接口", "en": "API"},
    "email": {"zh": "邮件", "en": "E-mail"},
    "phone": {"zh": "电话", "en": "Phone"},
    "event": {"zh": "活动扫码", "en": "Event"},
    "business_card": {"zh": "名片", "en": "Business card"},
    "partner": {"zh": "合作伙伴", "en": "Partner"},
    "download": {"zh": "资料下载", "en": "Download"},
    "baidu": {"zh": "百度推广", "en": "Baidu Ads"},
    "tencent": {"zh": "腾讯广告", "en": "Tencent Ads"},
    "ocean_engine": {"zh": "巨量引擎", "en": "Ocean Engine"},
    "wechat": {"zh": "微信公众号", "en": "WeChat"},
    "wecom": {"zh": "企业微信", "en": "WeCom"},
    "douyin": {"zh": "抖音", "en": "Douyin"},
    "referral": {"zh": "转介绍", "en": "Referral"},
    "import": {"zh": "导入", "en": "Import"},
    "manual": {"zh": "手工录入", "en": "By hand"},
}
INDUSTRIES = {
    "manufacturing": {"zh": "制造业", "en": "Manufacturing"},
    "software": {"zh": "软件与信息技术", "en": "Software and IT"},
    "retail": {"zh": "零售", "en": "Retail"},
    "finance": {"zh": "金融", "en": "Finance"},
    "healthcare": {"zh": "医疗健康", "en": "Healthcare"},
    "education": {"zh": "教育", "en": "Education"},
    "logistics": {"zh": "物流", "en": "Logistics"},
    "energy": {"zh": "能源", "en": "Energy"},
    "construction": {"zh": "建筑工程", "en": "Construction"},
    "other": {"zh": "其他", "en": "Other"},
}
LEAD_STATUSES = {
    "new": {"zh": "待分配", "en": "New"},
    "assigned": {"zh": "已分配", "en": "Assigned"},
    "working": {"zh": "跟进中", "en": "Working"},
    "nurturing": {"zh": "培育中", "en": "Nurturing"},
    "qualified": {"zh": "已确认", "en": "Qualified"},
    "converting": {"zh": "转化中", "en": "Converting"},
    "conversion_failed": {"zh": "转化失败", "en": "Conversion failed"},
    "converted": {"zh": "已转化", "en": "Converted"},
    "disqualified": {"zh": "已放弃", "en": "Disqualified"},
}
CATEGORIES = {
    "open": {"zh": "进行中", "en": "Open"},
    "won": {"zh": "赢单", "en": "Won"},
    "lost": {"zh": "输单", "en": "Lost"},
}
FORECASTS = {
    "omitted": {"zh": "不计入", "en": "Omitted"},
    "pipeline": {"zh": "管道", "en": "Pipeline"},
    "best_case": {"zh": "乐观", "en": "Best case"},
    "most_likely": {"zh": "大概率", "en": "Most likely"},
    "commit": {"zh": "承诺", "en": "Commit"},
    "closed": {"zh": "已关闭", "en": "Closed"},
}
LOSS_REASONS = {
    "price": {"zh": "价格", "en": "Price"},
    "competitor": {"zh": "竞争对手", "en": "Competitor"},
    "no_budget": {"zh": "无预算", "en": "No budget"},
    "no_decision": {"zh": "未决策", "en": "No decision"},
    "timing": {"zh": "时机不合适", "en": "Timing"},
    "product_gap": {"zh": "产品不满足", "en": "Product gap"},
    "relationship": {"zh": "关系", "en": "Relationship"},
    "other": {"zh": "其他", "en": "Other"},
}
CONTRACT_STATUSES = {
    "draft": {"zh": "草稿", "en": "Draft"},
    "in_approval": {"zh": "审批中", "en": "In approval"},
    "approved": {"zh": "已批准", "en": "Approved"},
    "active": {"zh": "执行中", "en": "Active"},
    "completed": {"zh": "已完成", "en": "Completed"},
    "terminated": {"zh": "已终止", "en": "Terminated"},
}
RECEIVABLE_STATUSES = {
    "open": {"zh": "待回款", "en": "Open"},
    "partly_paid": {"zh": "部分回款", "en": "Partly paid"},
    "closed": {"zh": "已结清", "en": "Closed"},
    "cancelled": {"zh": "已取消", "en": "Cancelled"},
}
TIERS = {name: {"zh": name, "en": name} for name in ("VIP", "A", "B", "C")}
PRIORITIES = {
    "urgent": {"zh": "紧急", "en": "Urgent"},
    "high": {"zh": "高", "en": "High"},
    "normal": {"zh": "普通", "en": "Normal"},
    "low": {"zh": "低", "en": "Low"},
}
TICKET_STATUSES = {
    "new": {"zh": "新建", "en": "New"},
    "open": {"zh": "处理中", "en": "Open"},
    "pending": {"zh": "待客户回复", "en": "Pending"},
    "on_hold": {"zh": "挂起", "en": "On hold"},
    "solved": {"zh": "已解决", "en": "Solved"},
    "closed": {"zh": "已关闭", "en": "Closed"},
}
TICKET_CHANNELS = {
    "email": {"zh": "邮件", "en": "E-mail"},
    "portal": {"zh": "网页表单", "en": "Web form"},
    "phone": {"zh": "电话", "en": "Phone"},
    "wechat": {"zh": "微信", "en": "WeChat"},
    "api": {"zh": "接口", "en": "API"},
    "staff": {"zh": "代客登记", "en": "Entered by staff"},
    "sales": {"zh": "销售交接", "en": "From sales"},
}
TICKET_TYPES = {
    "question": {"zh": "咨询", "en": "Question"},
    "incident": {"zh": "故障", "en": "Incident"},
    "request": {"zh": "需求", "en": "Request"},
    "complaint": {"zh": "投诉", "en": "Complaint"},
    "onboarding": {"zh": "上线交付", "en": "Onboarding"},
    "billing": {"zh": "账务", "en": "Billing"},
}
CLOCKS = {
    "first_response": {"zh": "首次响应", "en": "First response"},
    "update": {"zh": "后续响应", "en": "Next response"},
    "solution": {"zh": "解决", "en": "Resolution"},
}
OUTCOMES = {
    "approved": {"zh": "通过", "en": "Approved"},
    "rejected": {"zh": "驳回", "en": "Rejected"},
    "returned": {"zh": "退回", "en": "Returned"},
    "withdrawn": {"zh": "撤回", "en": "Withdrawn"},
    "cancelled": {"zh": "取消", "en": "Cancelled"},
    "transferred": {"zh": "转交", "en": "Transferred"},
}
ACTIVITIES = {
    "call": {"zh": "电话", "en": "Call"},
    "visit": {"zh": "拜访", "en": "Visit"},
    "mail": {"zh": "邮件", "en": "E-mail"},
    "meeting": {"zh": "会议", "en": "Meeting"},
    "note": {"zh": "备注", "en": "Note"},
}
KINDS = {
    "lead": {"zh": "线索", "en": "Lead"},
    "account": {"zh": "客户", "en": "Account"},
    "contact": {"zh": "联系人", "en": "Contact"},
    "opportunity": {"zh": "商机", "en": "Opportunity"},
    "quote": {"zh": "报价", "en": "Quote"},
    "contract": {"zh": "合同", "en": "Contract"},
    "ticket": {"zh": "工单", "en": "Ticket"},
}
