"""The records of this service as fields: what conditions, access, lists and screens know of them."""

from engines.forms.objects import FORM
from engines.objects import Field, ObjectType
from engines.ownership import POOL_RULE, in_my_pools
from engines.rules.objects import AUTOMATION_RULE
from engines.transfer import IMPORT
from leads import assignment, lifecycle, regions
from leads.models import Definition, Lead

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
STATUSES = {
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
SIZES = {
    "1-19": {"zh": "1–19 人", "en": "1–19 people"},
    "20-99": {"zh": "20–99 人", "en": "20–99 people"},
    "100-499": {"zh": "100–499 人", "en": "100–499 people"},
    "500-999": {"zh": "500–999 人", "en": "500–999 people"},
    "1000+": {"zh": "1000 人以上", "en": "1,000 people and more"},
}
BEHAVIOURS = {
    "page_view": {"zh": "浏览页面", "en": "Page view"},
    "download": {"zh": "下载资料", "en": "Download"},
    "form": {"zh": "提交表单", "en": "Form"},
    "mail_open": {"zh": "打开邮件", "en": "Mail opened"},
    "mail_click": {"zh": "点击邮件链接", "en": "Mail clicked"},
    "webinar": {"zh": "参加直播", "en": "Webinar"},
    "demo_request": {"zh": "申请演示", "en": "Demo request"},
    "unsubscribe": {"zh": "退订", "en": "Unsubscribed"},
}
GRADES = {grade: {"zh": grade, "en": grade} for grade in "ABCD"}
STRATEGIES = {
    "round_robin": {"zh": "轮流", "en": "Round robin"},
    "least_open": {"zh": "在办最少", "en": "Fewest open leads"},
    "weighted": {"zh": "按权重", "en": "Weighted"},
    "best_converter": {"zh": "转化率最高", "en": "Best converter"},
}
assert tuple(STATUSES) == lifecycle.STATUSES
assert tuple(STRATEGIES) == assignment.STRATEGIES


def _text(name: str, zh: str, en: str, kind: str = "text", **rest: object) -> Field:
    return Field(name, kind, {"zh": zh, "en": en}, **rest)  # type: ignore[arg-type]


LEAD_FIELDS = (
    _text("name", "姓名", "Name"),
    _text("company", "公司", "Company"),
    _text("title", "职位", "Title"),
    _text("phones", "电话", "Phones", "texts"),
    _text("emails", "邮箱", "E-mails", "texts"),
    _text("wechat", "微信", "WeChat"),
    _text("address", "地址", "Address"),
    _text("message", "留言", "Message"),
    _text("credit_code", "统一社会信用代码", "Credit code"),
    _text("source", "来源", "Source", "choice", choices=SOURCES),
    _text("channel", "渠道", "Channel"),
    _text("campaign_id", "营销活动", "Campaign", "id"),
    _text("country", "国家", "Country"),
    _text("province", "省份", "Province"),
    _text("city", "城市", "City"),
    _text("region", "区域", "Region", "choice", choices=regions.REGIONS),
    _text("industry", "行业", "Industry", "choice", choices=INDUSTRIES),
    _text("company_size", "规模", "Company size", "choice", choices=SIZES),
    _text("product_interest", "意向产品", "Product interest", "texts"),
    _text("budget", "预算", "Budget", "money", column="budget_minor", currency_column="budget_currency"),
    _text("status", "状态", "Status", "choice", choices=STATUSES, written=False),
    _text("score", "评分", "Score", "integer", written=False),
    _text("grade", "等级", "Grade", "choice", choices=("A", "B", "C", "D"), written=False),
    _text("pool", "公海", "Pool", written=False),
    _text("unassigned_since", "进入公海时间", "In the pool since", "datetime", written=False),
    _text("protected_until", "保护期至", "Protected until", "datetime", written=False),
    _text("next_reclaim_at", "预计回收时间", "Goes back to the pool", "datetime", written=False),
    _text("disqualified_at", "放弃时间", "Given up", "datetime", written=False),
    _text("form_key", "表单", "Form", written=False),
    _text("assigned_at", "分配时间", "Assigned", "datetime", written=False),
    _text("response_due_at", "应响应时间", "Response due", "datetime", written=False),
    _text("first_activity_at", "首次跟进", "First activity", "datetime", written=False),
    _text("last_activity_at", "最近跟进", "Last activity", "datetime", written=False),
    _text("next_action_at", "下次跟进", "Next action", "datetime"),
    _text("duplicate_of", "合并至", "Merged into", "id", written=False),
    _text("disqualify_reason", "放弃原因", "Reason", written=False),
    _text("account_id", "客户", "Account", "id", written=False),
)

LEAD = ObjectType(
    "lead",
    Lead,
    LEAD_FIELDS,
    rights=("assign", "claim", "merge", "convert", "import", "export", "bulk", "see_pool"),
    label={"zh": "线索", "en": "Lead"},
    open_to={"see_pool": in_my_pools("lead")},
    searched=("name", "company", "number"),
)
_DEFINITION_FIELDS = (
    _text("key", "标识", "Key"),
    _text("revision", "版本", "Version", "integer"),
    _text("active", "启用", "Active", "boolean"),
)
SCORING_MODEL, ASSIGNMENT_RULE, CAPTURE_FORM = (
    ObjectType(kind, Definition, _DEFINITION_FIELDS, rights=("simulate",), label=label, registered=False)
    for kind, label in (
        ("scoring_model", {"zh": "评分模型", "en": "Scoring model"}),
        ("assignment_rule", {"zh": "分配规则", "en": "Assignment rules"}),
        ("capture_form", {"zh": "采集表单", "en": "Capture form"}),
    )
)
OBJECTS = (LEAD, SCORING_MODEL, ASSIGNMENT_RULE, CAPTURE_FORM, IMPORT, POOL_RULE, FORM, AUTOMATION_RULE)
