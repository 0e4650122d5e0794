"""The kinds of records of sales and their fields, for conditions, access, lists and screens."""

from engines.forms.objects import FORM
from engines.money import base_currency
from engines.objects import Field, ObjectType
from engines.ownership import POOL_RULE, in_my_pools
from engines.rules.objects import AUTOMATION_RULE
from engines.transfer import IMPORT
from sales import gates
from sales.models import (
    Account,
    Contact,
    Contract,
    Opportunity,
    Payment,
    Pipeline,
    PriceBook,
    Product,
    Quote,
    Receivable,
)
from sales.models.contracts import CONTRACT_STATUSES
from sales.models.customers import DECISION_ROLES, TIERS
from sales.models.deals import QUOTE_STATUSES

BASE = base_currency()


def _field(name: str, kind: str, zh: str, en: str, **more: object) -> Field:
    return Field(name, kind, {"zh": zh, "en": en}, **more)  # type: ignore[arg-type]


def _choices(**labels: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {key: {"zh": zh, "en": en} for key, (zh, en) in labels.items()}


# Industries as leads name them, for customers that came out of a lead; what people type stands as it is.
INDUSTRIES = _choices(
    manufacturing=("制造业", "Manufacturing"), software=("软件与信息技术", "Software and IT"), retail=("零售", "Retail"),
    finance=("金融", "Finance"), healthcare=("医疗健康", "Healthcare"), education=("教育", "Education"),
    logistics=("物流", "Logistics"), energy=("能源", "Energy"), construction=("建筑工程", "Construction"),
    other=("其他", "Other"),
)  # fmt: skip
SYSTEMS = _choices(kingdee=("金蝶", "Kingdee"), yonyou=("用友", "Yonyou"), wecom=("企业微信", "WeCom"))
CATEGORIES = _choices(open=("进行中", "Open"), won=("赢单", "Won"), lost=("输单", "Lost"))
FORECASTS = _choices(
    omitted=("不计入", "Omitted"), pipeline=("管道", "Pipeline"), best_case=("乐观", "Best case"),
    most_likely=("大概率", "Most likely"), commit=("承诺", "Commit"), closed=("已关闭", "Closed"),
)  # fmt: skip
LOSS_REASONS = _choices(
    price=("价格", "Price"), competitor=("竞争对手", "Competitor"), no_budget=("无预算", "No budget"),
    no_decision=("未决策", "No decision"), timing=("时机不合适", "Timing"), product_gap=("产品不满足", "Product gap"),
    relationship=("关系", "Relationship"), other=("其他", "Other"),
)  # fmt: skip
DECISION_ROLE_LABELS = _choices(
    decision_maker=("决策人", "Decision maker"), influencer=("影响者", "Influencer"), user=("使用者", "User"),
    purchaser=("采购", "Purchaser"), gatekeeper=("把关人", "Gatekeeper"), other=("其他", "Other"),
)  # fmt: skip
QUOTE_STATUS_LABELS = _choices(
    draft=("草稿", "Draft"), in_approval=("审批中", "In approval"), approved=("已批准", "Approved"), sent=("已发送", "Sent"),
    accepted=("已接受", "Accepted"), rejected=("已拒绝", "Rejected"), superseded=("已被替代", "Superseded"),
    expired=("已过期", "Expired"),
)  # fmt: skip
CONTRACT_STATUS_LABELS = _choices(
    draft=("草稿", "Draft"), in_approval=("审批中", "In approval"), approved=("已批准", "Approved"), active=("执行中", "Active"),
    completed=("已完成", "Completed"), terminated=("已终止", "Terminated"),
)  # fmt: skip
RECEIVABLE_STATUS_LABELS = _choices(
    open=("待回款", "Open"), partly_paid=("部分回款", "Partly paid"), closed=("已结清", "Closed"),
    cancelled=("已取消", "Cancelled"),
)  # fmt: skip
TIER_LABELS = _choices(VIP=("VIP", "VIP"), A=("A", "A"), B=("B", "B"), C=("C", "C"))

assert tuple(TIER_LABELS) == TIERS
assert set(DECISION_ROLE_LABELS) == set(DECISION_ROLES)
assert tuple(LOSS_REASONS) == gates.LOSS_REASONS
assert tuple(FORECASTS) == gates.FORECASTS
assert tuple(QUOTE_STATUS_LABELS) == QUOTE_STATUSES
assert tuple(CONTRACT_STATUS_LABELS) == CONTRACT_STATUSES

ACCOUNT = ObjectType(
    "account",
    Account,
    (
        _field("name", "text", "客户名称", "Name"),
        _field("legal_name", "text", "工商名称", "Legal name"),
        _field("credit_code", "text", "统一社会信用代码", "Credit code"),
        _field("industry", "text", "行业", "Industry"),
        _field("region", "text", "区域", "Region"),
        _field("city", "text", "城市", "City"),
        _field("address", "text", "地址", "Address"),
        _field("size", "text", "规模", "Size"),
        _field("source", "text", "来源", "Source"),
        _field("tier", "choice", "等级", "Tier", choices=TIER_LABELS),
        _field("health", "text", "健康度", "Health"),
        _field("parent_id", "id", "上级客户", "Parent account"),
        _field("pool", "text", "公海", "Pool", written=False),
        _field("pooled_at", "datetime", "进入公海时间", "In the pool since", written=False),
        _field("owned_since", "datetime", "分配时间", "Owned since", written=False),
        _field("protected_until", "datetime", "保护期至", "Protected until", written=False),
        _field("last_activity_at", "datetime", "最近跟进", "Last activity", written=False),
        _field("next_reclaim_at", "datetime", "预计回收时间", "Goes back to the pool", written=False),
        _field(
            "contract_total", "money", "合同总额", "Contracts", column="contract_minor", currency=BASE, written=False
        ),
        _field("paid_total", "money", "回款总额", "Paid", column="paid_minor", currency=BASE, written=False),
        _field("open_total", "money", "应收余额", "Still owed", column="open_minor", currency=BASE, written=False),
    ),
    rights=("assign", "bulk", "claim", "export", "import", "see_pool", "set_tier"),
    label={"zh": "客户", "en": "Account"},
    open_to={"see_pool": in_my_pools("account")},
    searched=("name", "number", "credit_code"),
)
CONTACT = ObjectType(
    "contact",
    Contact,
    (
        _field("account_id", "id", "客户", "Account"),
        _field("name", "text", "姓名", "Name"),
        _field("title", "text", "职务", "Title"),
        _field("decision_role", "choice", "决策角色", "Decision role", choices=DECISION_ROLE_LABELS),
        _field("phones", "texts", "电话", "Phones"),
        _field("emails", "texts", "邮箱", "E-mails"),
        _field("wechat", "text", "微信", "WeChat"),
        _field("birthday", "date", "生日", "Birthday"),
    ),
    rights=("bulk", "export", "import"),
    label={"zh": "联系人", "en": "Contact"},
    searched=("name", "number"),
)
OPPORTUNITY = ObjectType(
    "opportunity",
    Opportunity,
    (
        _field("name", "text", "商机名称", "Name"),
        _field("account_id", "id", "客户", "Account"),
        _field("amount", "money", "金额", "Amount", column="amount_minor", currency_column="currency"),
        _field("base_amount", "money", "本币金额", "Base amount", column="base_minor", currency=BASE, written=False),
        _field("currency", "text", "币种", "Currency"),
        _field("close_date", "date", "预计成交日", "Close date"),
        _field("pipeline_id", "id", "销售流程", "Pipeline"),
        _field("stage", "text", "阶段", "Stage", written=False),
        _field("category", "choice", "状态", "State", choices=CATEGORIES, written=False),
        _field("probability", "integer", "赢率", "Probability", written=False),
        _field("forecast_category", "choice", "预测类别", "Forecast category", choices=FORECASTS, written=False),
        _field("stage_entered_at", "datetime", "进入阶段时间", "In stage since", written=False),
        _field("stalled", "boolean", "停滞", "Stalled", written=False),
        _field("loss_reason", "choice", "输单原因", "Loss reason", choices=LOSS_REASONS, written=False),
        _field("next_step", "text", "下一步", "Next step"),
        _field("source", "text", "来源", "Source"),
        _field("region", "text", "区域", "Region"),
        _field("competitors", "texts", "竞争对手", "Competitors"),
        _field("lead_id", "id", "线索", "Lead", written=False),
        _field("closed_at", "datetime", "关闭时间", "Closed", written=False),
    ),
    rights=("assign", "bulk", "export", "import"),
    label={"zh": "商机", "en": "Opportunity"},
    searched=("name", "number"),
)
QUOTE = ObjectType(
    "quote",
    Quote,
    (
        _field("title", "text", "标题", "Title"),
        _field("account_id", "id", "客户", "Account"),
        _field("opportunity_id", "id", "商机", "Opportunity"),
        _field("revision", "integer", "版本", "Revision", written=False),
        _field("status", "choice", "状态", "Status", choices=QUOTE_STATUS_LABELS, written=False),
        _field("total", "money", "总额", "Total", column="total_minor", currency_column="currency", written=False),
        _field("base_amount", "money", "本币金额", "Base amount", column="base_minor", currency=BASE, written=False),
        _field("currency", "text", "币种", "Currency"),
        _field("max_discount_percent", "percent", "最大折扣", "Largest discount", scale=6, written=False),
        _field("valid_until", "date", "有效期至", "Valid until"),
        _field("opens", "integer", "打开次数", "Opened", written=False),
    ),
    rights=("bulk", "export", "import"),
    label={"zh": "报价", "en": "Quote"},
    searched=("title", "number"),
)
CONTRACT = ObjectType(
    "contract",
    Contract,
    (
        _field("title", "text", "标题", "Title"),
        _field("account_id", "id", "客户", "Account"),
        _field("opportunity_id", "id", "商机", "Opportunity"),
        _field("quote_id", "id", "报价", "Quote", written=False),
        _field("status", "choice", "状态", "Status", choices=CONTRACT_STATUS_LABELS, written=False),
        _field(
            "amount", "money", "合同金额", "Amount", column="amount_minor", currency_column="currency", written=False
        ),
        _field("base_amount", "money", "本币金额", "Base amount", column="base_minor", currency=BASE, written=False),
        _field("paid", "money", "已回款", "Paid", column="paid_minor", currency_column="currency", written=False),
        _field("currency", "text", "币种", "Currency"),
        _field("max_discount_percent", "percent", "最大折扣", "Largest discount", scale=6, written=False),
        _field("signed_on", "date", "签订日期", "Signed on"),
        _field("starts_on", "date", "开始日期", "Starts on"),
        _field("ends_on", "date", "结束日期", "Ends on"),
        _field("approved_at", "datetime", "批准时间", "Approved", written=False),
        _field("completed_at", "datetime", "完成时间", "Completed", written=False),
    ),
    rights=("assign", "bulk", "export", "import", "terminate"),
    label={"zh": "合同", "en": "Contract"},
    searched=("title", "number"),
)
RECEIVABLE = ObjectType(
    "receivable",
    Receivable,
    (
        _field("account_id", "id", "客户", "Account"),
        _field("contract_id", "id", "合同", "Contract"),
        _field("term", "integer", "期次", "Term", written=False),
        _field("status", "choice", "状态", "Status", choices=RECEIVABLE_STATUS_LABELS, written=False),
        _field("amount", "money", "金额", "Amount", column="amount_minor", currency_column="currency", written=False),
        _field("paid", "money", "已回款", "Paid", column="paid_minor", currency_column="currency", written=False),
        _field("currency", "text", "币种", "Currency", written=False),
        _field("due_date", "date", "到期日", "Due date"),
        _field("overdue", "boolean", "逾期", "Overdue", written=False),
    ),
    rights=("export",),
    label={"zh": "应收", "en": "Receivable"},
    searched=("number",),
)
PAYMENT = ObjectType(
    "payment",
    Payment,
    (
        _field("account_id", "id", "客户", "Account"),
        _field("contract_id", "id", "合同", "Contract"),
        _field("amount", "money", "金额", "Amount", column="amount_minor", currency_column="currency"),
        _field(
            "unallocated",
            "money",
            "未核销",
            "Not allocated",
            column="unallocated_minor",
            currency_column="currency",
            written=False,
        ),
        _field("currency", "text", "币种", "Currency"),
        _field("paid_at", "datetime", "回款时间", "Paid at"),
        _field("system", "text", "来源系统", "System", written=False),
        _field("external_id", "text", "外部单号", "External id"),
    ),
    rights=("export", "import"),
    label={"zh": "回款", "en": "Payment"},
    searched=("number", "external_id"),
)
PRODUCT = ObjectType(
    "product",
    Product,
    (
        _field("code", "text", "产品编码", "Code"),
        _field("name", "text", "产品名称", "Name"),
        _field("category", "text", "类别", "Category"),
        _field("unit", "text", "单位", "Unit"),
        _field("tax_percent", "percent", "税率", "Tax", scale=6),
        _field("unit_cost", "number", "单位成本", "Unit cost", scale=6),
        _field("active", "boolean", "在售", "Active"),
    ),
    rights=("export", "import"),
    label={"zh": "产品", "en": "Product"},
    searched=("name", "code"),
)
PRICE_BOOK = ObjectType(
    "price_book",
    PriceBook,
    (
        _field("name", "text", "名称", "Name"),
        _field("currency", "text", "币种", "Currency"),
        _field("valid_from", "date", "生效日", "Valid from"),
        _field("valid_until", "date", "失效日", "Valid until"),
        _field("active", "boolean", "启用", "Active"),
    ),
    rights=("export", "import"),
    label={"zh": "价目表", "en": "Price book"},
    searched=("name",),
)
PIPELINE = ObjectType(
    "pipeline",
    Pipeline,
    (_field("key", "text", "标识", "Key"), _field("active", "boolean", "启用", "Active")),
    label={"zh": "销售流程", "en": "Pipeline"},
)
OBJECTS = (
    ACCOUNT,
    CONTACT,
    OPPORTUNITY,
    QUOTE,
    CONTRACT,
    RECEIVABLE,
    PAYMENT,
    PRODUCT,
    PRICE_BOOK,
    PIPELINE,
    POOL_RULE,
    FORM,
    AUTOMATION_RULE,
    IMPORT,
)
