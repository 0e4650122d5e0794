"""Sample records of the gallery; names and figures are made up."""

import random
from datetime import date, timedelta
from typing import Any

from chassis import clock
from console import details, forms, lists
from console.fields import Choice, Field


def two(zh: str, en: str) -> dict[str, str]:
    """A text in both languages."""
    return {"zh": zh, "en": en}


CHANCE = random.Random(7)
STATUS = (
    Choice(value="new", label=two("新建", "New"), colour="azure"),
    Choice(value="assigned", label=two("已分配", "Assigned"), colour="indigo"),
    Choice(value="working", label=two("跟进中", "Working"), colour="blue"),
    Choice(value="nurturing", label=two("培育中", "Nurturing"), colour="purple"),
    Choice(value="qualified", label=two("已确认", "Qualified"), colour="green"),
    Choice(value="disqualified", label=two("已作废", "Disqualified"), colour="grey"),
)
SOURCE = tuple(
    Choice(value=value, label=two(zh, en), colour=colour)
    for value, zh, en, colour in (
        ("web", "官网表单", "Website", "teal"),
        ("event", "展会", "Event", "orange"),
        ("baidu", "百度推广", "Baidu ads", "red"),
        ("wecom", "企业微信", "WeCom", "green"),
        ("partner", "合作伙伴", "Partner", "purple"),
    )
)
PEOPLE = [
    {"value": f"u{place}", "label": name, "hint": team}
    for place, (name, team) in enumerate(
        [
            ("王磊", "华东销售部"),
            ("李娜", "华南销售部"),
            ("赵敏", "华北销售部"),
            ("Anna Smith", "Overseas"),
            ("陈静", "华东销售部"),
        ]
    )
]
NAMES = [
    "张伟",
    "王芳",
    "李强",
    "刘洋",
    "陈明",
    "杨帆",
    "黄丽",
    "周涛",
    "吴迪",
    "Maria Garcia",
    "John O’Neil",
    "欧阳文静",
]
FIRMS = [
    "上海恒信机械有限公司",
    "深圳市蓝海科技股份有限公司",
    "北京中科智能装备集团有限责任公司",
    "苏州工业园区纳米新材料技术研究院有限公司",
    "Bright Optics GmbH",
    "广州天禾农业",
    "成都蓉城软件",
    "杭州云栖数据",
]
REGIONS = ["华东", "华南", "华北", "西南"]
NOW = clock.now()

ROWS: list[dict[str, Any]] = [
    {
        "id": f"l{place}",
        "number": f"L-2026-{place:05d}",
        "name": NAMES[place % len(NAMES)],
        "company": FIRMS[place % len(FIRMS)],
        "status": STATUS[CHANCE.randrange(6)].value,
        "source": SOURCE[CHANCE.randrange(5)].value,
        "score": CHANCE.randrange(8, 99),
        "region": REGIONS[place % 4],
        "owner": {"id": "u0", "name": PEOPLE[place % 5]["label"]},
        "version": 1,
        "budget": {"amount": f"{CHANCE.randrange(8, 900) * 1000}.00", "currency": "CNY"},
        "mobile": f"+86138{10000000 + place * 7919}",
        "created_at": NOW - timedelta(hours=3 * place + 1),
        "email": f"lead{place}@example.com",
        "tags": ["重点", "二次到访"][: place % 3],
        "message": "希望了解年度服务方案，下周安排一次线上演示。\n预算已经批复。",
        "consent": True,
        "product_interest": ["crm", "bi"][: 1 + place % 2],
        "birthday": date(1988, 5, 1 + place % 27),
        "discount": 12.5,
        "website": "https://example.com",
        "visit_at": NOW + timedelta(days=2),
    }
    for place in range(1, 64)
]


def fields() -> list[Field]:
    return [
        Field(name="name", label=two("姓名", "Name"), sortable=True),
        Field(name="company", label=two("公司", "Company"), editable=True),
        Field(name="status", label=two("状态", "Status"), kind="choice", choices=STATUS, sortable=True, editable=True),
        Field(name="score", label=two("评分", "Score"), kind="score", sortable=True),
        Field(name="source", label=two("来源", "Source"), kind="choice", choices=SOURCE),
        Field(name="owner", label=two("负责人", "Owner"), kind="person", lookup="/leads/people"),
        Field(name="budget", label=two("预算", "Budget"), kind="money", sortable=True),
        Field(name="region", label=two("区域", "Region")),
        Field(name="mobile", label=two("手机", "Mobile"), kind="phone"),
        Field(name="created_at", label=two("创建时间", "Created"), kind="relative", sortable=True),
        Field(name="number", label=two("编号", "Number")),
        Field(name="tags", label=two("标签", "Tags"), kind="texts"),
    ]


def lead_list() -> lists.List:
    owner = Field(name="owner", label=two("负责人", "Owner"), kind="person", lookup="/leads/people", required=True)
    return lists.List(
        key="leads.leads",
        title=two("线索", "Leads"),
        url="/leads/leads",
        link="/leads/leads/{id}",
        fields=fields(),
        columns=["name", "company", "status", "score", "source", "owner", "budget", "created_at"],
        quick=["status", "source"],
        create=("/leads/leads/new", two("新建线索", "New lead")),
        edit="/leads/leads/{id}/cells/{field}",
        exports=[("Excel", "/leads/leads/export.xlsx"), ("CSV", "/leads/leads/export.csv")],
        imports="/leads/imports",
        search_hint=two("姓名、公司、手机、编号", "Name, company, mobile, number"),
        bulk=[
            lists.Bulk(
                key="assign",
                label=two("分配", "Assign"),
                url="/leads/leads/bulk/assign",
                icon="user-plus",
                fields=[owner],
            ),
            lists.Bulk(
                key="release",
                label=two("退回公海", "Return to pool"),
                url="/leads/leads/bulk/assign",
                icon="pool",
                confirm=two("把所选线索退回公海？", "Return the selected leads to the pool?"),
            ),
        ],
    )


def found_leads(asked: lists.Asked) -> list[dict[str, Any]]:
    """Filtered enough for a gallery: text search, `in` on one field, sort."""
    rows = [row for row in ROWS if asked.q in row["name"] + row["company"]]
    for part in (asked.condition or {}).get("all", []):
        if part.get("op") == "in":
            rows = [row for row in rows if row.get(part["field"]) in part["value"]]
        if part.get("op") == "ge":
            rows = [row for row in rows if row.get(part["field"]) >= float(part["value"])]
    key = asked.sort.lstrip("-")
    return sorted(
        rows, key=lambda row: str(row[key]) if key != "score" else row[key], reverse=asked.sort.startswith("-")
    )


def lead(id: str) -> dict[str, Any]:
    return next(row for row in ROWS if row["id"] == id)


def lead_form() -> forms.Form:
    products = (
        Choice(value="crm", label="CRM"),
        Choice(value="bi", label=two("商业智能", "Analytics")),
        Choice(value="erp", label="ERP"),
    )
    return forms.Form(
        key="lead:new",
        title=two("新建线索", "New lead"),
        action="/leads/leads/new",
        cancel="/leads/leads",
        submit=two("保存线索", "Save lead"),
        groups=[
            forms.Group(
                title=two("联系人", "Person"),
                fields=[
                    Field(name="name", label=two("姓名", "Name"), required=True, autocomplete="name"),
                    Field(name="company", label=two("公司", "Company"), autocomplete="organization"),
                    Field(
                        name="mobile",
                        label=two("手机", "Mobile"),
                        kind="phone",
                        help=two("11 位手机号，或 + 国家代码", "11 digits, or + country code"),
                    ),
                    Field(name="email", label=two("邮箱", "E-mail"), kind="email"),
                    Field(name="birthday", label=two("生日", "Birthday"), kind="date"),
                    Field(name="website", label=two("网站", "Website"), kind="url"),
                ],
            ),
            forms.Group(
                title=two("需求", "Needs"),
                help=two("越完整，评分越准。", "The fuller, the better the score."),
                fields=[
                    Field(name="source", label=two("来源", "Source"), kind="choice", choices=SOURCE, required=True),
                    Field(name="owner", label=two("负责人", "Owner"), kind="person", lookup="/leads/people"),
                    Field(name="budget", label=two("预算", "Budget"), kind="money"),
                    Field(name="discount", label=two("期望折扣", "Discount wished for"), kind="percent"),
                    Field(name="visit_at", label=two("到访时间", "Visit"), kind="datetime"),
                    Field(name="tags", label=two("标签", "Tags"), kind="texts"),
                    Field(
                        name="product_interest",
                        label=two("感兴趣的产品", "Products of interest"),
                        kind="choices",
                        choices=products,
                    ),
                    Field(name="consent", label=two("已同意接收信息", "Agrees to be contacted"), kind="boolean"),
                    Field(name="message", label=two("留言", "Message"), kind="long_text"),
                ],
            ),
        ],
    )


DECISION = {
    "kind": "score",
    "rule": "标准评分模型 / Standard model",
    "version": 4,
    "at": "2026-08-01T06:20:00Z",
    "outcome": {"score": 82, "grade": "A"},
    "inputs": {"region": "华东", "source": "web", "budget": "128000 CNY", "page_views": 14},
    "steps": [
        {"text": two("预算超过 10 万", "Budget above 100,000"), "data": {"matched": True, "points": 30}},
        {"text": two("来自重点区域", "From a focus region"), "data": {"matched": True, "points": 20}},
        {
            "text": two("30 天内访问官网 14 次", "Visited the site 14 times in 30 days"),
            "data": {"matched": True, "points": 32},
        },
        {"text": two("下载过产品手册", "Downloaded the brochure"), "data": {"matched": False, "points": 0}},
    ],
}


# Long because it is one whole sample record, read from top to bottom as on the page.
def lead_detail(id: str) -> details.Detail:
    row = lead(id)
    owner = Field(name="owner", label=two("负责人", "Owner"), kind="person", lookup="/leads/people", required=True)
    shown = {item.name: item for item in lead_form().all_fields()}
    ago = lambda **distance: NOW - timedelta(**distance)  # noqa: E731
    return details.Detail(
        title=row["name"],
        number=row["number"],
        record=row,
        back=("/leads/leads", two("线索", "Leads")),
        version=3,
        status=STATUS[2],
        steps=[
            details.Step(label=two("新建", "New"), state="done"),
            details.Step(label=two("已分配", "Assigned"), state="done"),
            details.Step(label=two("跟进中", "Working"), state="now"),
            details.Step(label=two("已确认", "Qualified")),
            details.Step(label=two("已转化", "Converted")),
        ],
        actions=[
            details.Action(
                label=two("转为商机", "Convert"),
                url=f"/leads/leads/{id}/convert",
                icon="arrow-right",
                primary=True,
                confirm=two("转为客户、联系人和商机？", "Make an account, a contact and an opportunity of it?"),
            ),
            details.Action(
                label=two("分配", "Assign"), url=f"/leads/leads/{id}/assign", icon="user-plus", fields=[owner]
            ),
            details.Action(label=two("编辑", "Edit"), url=f"/leads/leads/{id}/edit", icon="edit", method="get"),
            details.Action(
                label=two("作废", "Disqualify"),
                url=f"/leads/leads/{id}/convert",
                icon="user-off",
                more=True,
                confirm=two("作废这条线索？", "Disqualify this lead?"),
            ),
        ],
        facts=[
            details.Fact(label=two("评分", "Score"), value=82, kind="score", decision=DECISION),
            details.Fact(label=two("预算", "Budget"), value=row["budget"], kind="money"),
            details.Fact(label=two("负责人", "Owner"), value=row["owner"], kind="person"),
            details.Fact(
                label=two("下次跟进", "Next step"),
                value=NOW + timedelta(hours=5),
                kind="relative",
                hint=two("电话", "Call"),
            ),
        ],
        sections=[
            details.Section(
                title=two("联系人", "Contact"),
                edit=f"/leads/leads/{id}/edit",
                fields=[shown[name] for name in ("company", "mobile", "email", "website", "birthday")],
            ),
            details.Section(
                title=two("需求", "Needs"),
                fields=[
                    shown[name]
                    for name in ("source", "product_interest", "discount", "visit_at", "tags", "consent", "message")
                ],
            ),
        ],
        tabs=[
            details.Tab(key="quotes", label=two("报价", "Quotes"), url=f"/leads/leads/{id}/fragments/quotes", count=2)
        ],
        timeline=[
            details.Entry(
                at=ago(minutes=20),
                title=two("电话", "Call"),
                who="王磊",
                icon="phone",
                colour="green",
                text="客户对交付周期比较关注，约好周四下午演示。",
            ),
            details.Entry(
                at=ago(hours=3),
                title=two("修改", "Changed"),
                who="陈静",
                icon="pencil",
                colour="grey",
                changes=[(two("预算", "Budget"), "90,000", "128,000"), (two("状态", "Status"), "新建", "跟进中")],
            ),
            details.Entry(
                at=ago(hours=4),
                title=two("自动分配给王磊", "Assigned to 王磊"),
                icon="switch-horizontal",
                colour="purple",
                decision={**DECISION, "kind": "assignment", "outcome": "王磊"},
            ),
            details.Entry(at=ago(days=1), title=two("官网表单提交", "Website form"), icon="world"),
        ],
        timeline_more=f"/leads/leads/{id}/timeline",
        composer=forms.Form(
            key=f"activity:{id}",
            title=two("记录跟进", "Log an activity"),
            action=f"/leads/leads/{id}/activities",
            submit=two("记录", "Log"),
            fields=[
                Field(
                    name="kind",
                    label=two("方式", "Kind"),
                    kind="choice",
                    required=True,
                    choices=(
                        Choice(value="call", label=two("电话", "Call")),
                        Choice(value="visit", label=two("拜访", "Visit")),
                    ),
                ),
                Field(name="note", label=two("内容", "What happened"), kind="long_text"),
            ],
        ),
        tasks=[
            details.Task(
                id="t1",
                title="发送产品资料",
                due_at=ago(hours=2),
                assignee="王磊",
                late=True,
                done_url="/leads/leads/bulk/assign",
            ),
            details.Task(
                id="t2",
                title="准备周四演示",
                due_at=NOW + timedelta(days=2),
                assignee="陈静",
                done_url="/leads/leads/bulk/assign",
            ),
            details.Task(id="t3", title="首次电话", due_at=ago(days=1), assignee="王磊", done=True),
        ],
        task_form=forms.Form(
            key=f"task:{id}",
            title=two("新任务", "Add a task"),
            action="/leads/tasks",
            fields=[
                Field(name="title", label=two("任务", "Task"), required=True),
                Field(name="due_at", label=two("截止", "Due"), kind="datetime"),
            ],
        ),
        side=[
            details.Fragment(
                title=two("工单", "Tickets"),
                url="/service-desk/fragments/account/a1",
                service="service-desk",
                icon="ticket",
            ),
            details.Fragment(
                title=two("回款", "Payments"),
                url="/service-desk/fragments/account/away",
                service="sales",
                icon="currency-yuan",
            ),
        ],
    )
