"""Sample board, charts and notices of the gallery; names and figures are made up."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from console import boards
from tests.browser.gallery_data import CHANCE, FIRMS, NOW, PEOPLE, ROWS, SOURCE, two

STAGES = [
    ("contact", two("初步接触", "First contact"), "azure"),
    ("need", two("需求确认", "Needs"), "blue"),
    ("proposal", two("方案报价", "Proposal"), "indigo"),
    ("negotiation", two("商务谈判", "Negotiation"), "orange"),
    ("contract", two("合同", "Contract"), "green"),
]


FULL = 50  # cards of a full column


def board(q: str, *, full: bool = False) -> boards.Board:
    """The sample board; a full one has ten columns of 50 cards."""
    columns = []
    stages = [(f"{key}{n}", label, colour) for n in range(2) for key, label, colour in STAGES] if full else STAGES
    for place, (key, label, colour) in enumerate(stages):
        cards = [
            boards.Card(
                id=f"{key}{n}",
                title=f"{FIRMS[(n + place) % 8][:12]} {('年度服务', '扩容', '新购')[n % 3]}",
                link=f"/sales/opportunities/{key}{n}",
                subtitle=FIRMS[(n + place) % 8],
                amount={"amount": str((n * 37 + place * 11 + 9) * 10000), "currency": "CNY"},
                owner=PEOPLE[n % 5]["label"],
                due=date(2026, 9, 1 + n % 28),
                version=1,
                warning=two("停滞 9 天", "Stalled for 9 days") if n % 4 == 1 else "",
                labels=[(two("重点", "Key deal"), "red")] if n % 5 == 2 else [],
                movable=key != "contract" or n > 0,
            )
            for n in range(FULL if full else (7, 5, 6, 3, 2)[place])
        ]
        columns.append(
            boards.Column(
                id=key,
                label=label,
                colour=colour,
                cards=[card for card in cards if q in card.title],
                count=len(cards) + (60 if place == 0 else 0),
                total={"amount": str(1234567 * (place + 1)), "currency": "CNY"},
                next_cursor="50" if place == 0 and not q else None,
                note=two(f"概率 {(10, 25, 50, 75, 90)[place % 5]}%", f"{(10, 25, 50, 75, 90)[place % 5]}% likely"),
            )
        )
    return boards.Board(
        key="sales.opportunities",
        title=two("商机", "Opportunities"),
        url="/sales/opportunities",
        columns=columns,
        q=q,
        move_url="/sales/opportunities/{id}/move",
        create=("/sales/opportunities/new", two("新建商机", "New opportunity")),
        others=[(two("列表", "List"), "/sales/opportunities/list", "list")],
        tabs=[
            (two("标准流程", "Standard"), "/sales/opportunities", True),
            (two("渠道流程", "Channel"), "/sales/opportunities?pipeline=2", False),
        ],
    )


def rest_of(column: boards.Column) -> boards.Column:
    return boards.Column(
        id=column.id,
        label=column.label,
        cards=[boards.Card(id=f"more{n}", title=f"更多商机 {n}", link="/sales/opportunities/x") for n in range(5)],
    )


# Long because each kind of chart needs its sample figures.
def charts(chart: Any, series: Any) -> list[Any]:
    months = [
        {"zh": f"{month} 月", "en": name} for month, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun"), 1)
    ]
    note = two("截至 2026-08-01 14:20，口径 v3", "As of 1 Aug 2026 14:20, definition v3")
    link = "/sales/opportunities"
    return [
        chart(
            key="funnel",
            title=two("销售漏斗", "Sales funnel"),
            kind="funnel",
            categories=[stage[1] for stage in STAGES],
            note=note,
            series=[series(name=two("商机", "Deals"), values=[320, 214, 130, 72, 41], links=[link] * 5)],
        ),
        chart(
            key="won",
            title=two("月度签约", "Won per month"),
            kind="bar",
            unit="CNY",
            categories=months,
            target=900000,
            note=note,
            series=[series(name=two("签约额", "Won"), values=[820000, 640000, 910000, 1130000, 980000, 1240000])],
        ),
        chart(
            key="rate",
            title=two("转化率", "Win rate"),
            kind="line",
            unit="%",
            categories=months,
            series=[
                series(name=two(region, en), values=[0.18 + 0.03 * place + 0.02 * n for n in range(6)])
                for place, (region, en) in enumerate((("华东", "East"), ("华南", "South")))
            ],
        ),
        chart(
            key="heat",
            title=two("跟进热力", "Activity by weekday"),
            kind="heat",
            categories=[
                {"zh": f"周{day}", "en": en}
                for day, en in zip("一二三四五", ("Mon", "Tue", "Wed", "Thu", "Fri"), strict=True)
            ],
            series=[
                series(name=person["label"], values=[CHANCE.randrange(0, 20) for _day in range(5)]) for person in PEOPLE
            ],
        ),
        chart(
            key="source",
            title=two("线索来源", "Leads by source"),
            kind="pie",
            categories=[item.label for item in SOURCE],
            series=[series(name=two("线索", "Leads"), values=[42, 17, 23, 31, 9])],
        ),
        chart(
            key="stack",
            title=two("区域业绩", "Revenue by region"),
            kind="stacked",
            unit="CNY",
            categories=months,
            series=[
                series(name=two(region, en), values=[CHANCE.randrange(10, 60) * 10000 for _month in range(6)])
                for region, en in (("华东", "East"), ("华南", "South"), ("华北", "North"))
            ],
        ),
    ]


def notices() -> list[tuple[Any, Any, str, datetime, bool]]:
    return [
        (
            two("新线索分配给你", "A lead was assigned to you"),
            two("张伟 · 上海恒信机械", "张伟 · 上海恒信机械"),
            "/leads/leads/l1",
            NOW - timedelta(minutes=3),
            False,
        ),
        (
            two("合同待审批", "A contract waits for you"),
            "C-2026-0031 · ¥560,000",
            "/approvals/tasks/1",
            NOW - timedelta(hours=2),
            False,
        ),
        (
            two("任务逾期", "A task is overdue"),
            "发送产品资料",
            "/leads/leads/l1",
            datetime(2026, 7, 30, tzinfo=UTC),
            True,
        ),
    ]


def hits(q: str) -> list[tuple[str, str, str, str]]:
    return [(row["name"], row["company"], f"/leads/leads/{row['id']}", "target") for row in ROWS if q in row["name"]][
        :4
    ]
