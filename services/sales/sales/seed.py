"""Demo data: a software company's customers, price list, deals in every stage, and a contract half paid."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import SYSTEM
from chassis.events import publish
from engines import timeline
from engines.ownership import publishing
from sales import (
    accounts,
    catalogue,
    contracts,
    events,
    moving,
    names,
    opportunities,
    payments,
    quotes,
    rates,
    shipped_pools,
)
from sales.models import Account, Contract, Opportunity, Pipeline, PriceBook, Product, Receivable
from sales.money import Amount
from sales.ownership import ACCOUNTS

# people and departments of the demo company, whose directory the gateway seeds
_PEOPLE = "01900000-0000-7000-8000-00000000a0"
DIRECTOR, MANAGER, EAST_HEAD, ZHANG, WU = (f"{_PEOPLE}{n:02d}" for n in range(3, 8))
SALES, EAST = "01900000-0000-7000-8000-00000000d002", "01900000-0000-7000-8000-00000000d003"

# code, name, category, unit, tax, cost, price, price from 10 on
PRODUCTS = (
    ("ERP-STD", "启明云 ERP 标准版（年）", "软件订阅", "套", "6", "6000", "28000", "25200"),
    ("ERP-PRO", "启明云 ERP 专业版（年）", "软件订阅", "套", "6", "15000", "68000", "61200"),
    ("MES-BASE", "启明 MES 基础版", "软件许可", "套", "13", "32000", "160000", "144000"),
    ("WMS-SITE", "启明 WMS 仓库站点", "软件许可", "站点", "13", "9000", "45000", "40500"),
    ("SRV-IMPL", "实施服务", "服务", "人天", "6", "1100", "2500", "2300"),
    ("SRV-TRAIN", "用户培训", "服务", "场", "6", "1500", "6000", "5400"),
    ("HW-PDA", "工业手持终端 PDA", "硬件", "台", "13", "1350", "2180", "1980"),
    ("HW-GATE", "车间数据采集网关", "硬件", "台", "13", "2600", "4800", "4400"),
)
RATES = (("USD", Decimal("7.12")), ("EUR", Decimal("8.26")))
OWNERS = {"manager": MANAGER, "east_head": EAST_HEAD, "zhang": ZHANG, "wu": WU}
# company, name, products with quantities, pipeline, stage, days in stage, days to close
DEALS = (
    (0, "ERP 升级与车间采集", (("ERP-PRO", 6), ("HW-GATE", 12)), "standard", "negotiation", 4, 20),
    (1, "模具 MES 一期", (("MES-BASE", 2), ("SRV-IMPL", 60)), "consultative", "solution", 9, 60),
    (2, "电商仓 WMS", (("WMS-SITE", 3), ("HW-PDA", 20)), "standard", "proposal", 2, 35),
    (3, "质量追溯系统", (("ERP-STD", 4), ("SRV-IMPL", 20)), "standard", "qualified", 11, 50),
    (4, "光伏组件厂 MES", (("MES-BASE", 4), ("SRV-IMPL", 120), ("HW-GATE", 40)), "consultative", "bidding", 16, 30),
    (5, "供应链协同平台", (("ERP-PRO", 5), ("SRV-TRAIN", 4)), "standard", "discovery", 3, 80),
    (6, "芯片封测追溯", (("MES-BASE", 3), ("SRV-IMPL", 90)), "consultative", "needs", 6, 120),
    (7, "家具厂 ERP", (("ERP-STD", 8),), "standard", "proposal", 13, 25),
    (8, "研发项目管理", (("ERP-STD", 5), ("SRV-TRAIN", 2)), "standard", "discovery", 1, 90),
    (9, "港区仓储改造", (("WMS-SITE", 6), ("HW-PDA", 60)), "consultative", "budget", 5, 100),
    (10, "门店供应链", (("ERP-PRO", 3), ("WMS-SITE", 2)), "standard", "negotiation", 8, 14),
    (11, "零部件 MES 二期", (("MES-BASE", 3), ("SRV-IMPL", 80)), "consultative", "contracting", 7, 21),
    (12, "激光设备售后", (("ERP-STD", 2),), "standard", "lost", 5, 0),
    (14, "Plant Taicang ERP", (("ERP-STD", 3), ("SRV-IMPL", 10)), "standard", "proposal", 1, 45),
)
LOSS = {"loss_reason": "no_budget", "loss_note": "客户今年预算冻结，明年一季度再联系"}


def run(session: Session) -> None:
    """Fill an empty database; every step goes through the use cases, at the time it would have happened."""
    now = clock.now()
    pipelines = {record.key: record for record in catalogue.ensure_pipelines(session, caller=SYSTEM)}
    publishing.publish_rule(
        session, ACCOUNTS, caller=SYSTEM, key="default", title=shipped_pools.DEFAULT["title"],
        body=publishing.slower(shipped_pools.DEFAULT["body"], days=75),
    )  # fmt: skip
    for record in pipelines.values():
        publish(
            session, events.PipelineSaved(record, id=record.id, key=record.key, name=record.name, stages=record.stages)
        )
    with clock.at(now - timedelta(days=120)):
        products = _products(session)
        for currency, rate in RATES:
            rates.set_rate(session, currency=currency, rate=rate, valid_from=rates.today())
        customers = _customers(session)
    for plan in DEALS:
        _deal(session, now, customers[plan[0]], plan, products=products, pipelines=pipelines)
    _finished_contract(session, now, customers[13], products)


def _products(session: Session) -> dict[str, tuple[Product, Decimal, Decimal]]:
    made = {}
    for code, name, category, unit, tax, cost, price, many in PRODUCTS:
        values: dict[str, Any] = {"code": code, "name": name, "category": category, "unit": unit}
        values |= {"tax_percent": Decimal(tax), "unit_cost": Decimal(cost)}
        record = catalogue.save_product(session, Product(), caller=SYSTEM, **values)
        made[code] = (record, Decimal(price), Decimal(many))
    tiers: list[dict[str, Any]] = [
        {"product_id": record.id, "min_quantity": Decimal(low), "unit_price": price}
        for record, *steps in made.values()
        for low, price in zip((1, 10), steps, strict=True)
    ]
    named = {"name": "标准价目表", "currency": "CNY", "is_default": True}
    catalogue.save_price_book(session, PriceBook(), caller=SYSTEM, prices=tiers, **named)
    dollars = [tier | {"unit_price": (tier["unit_price"] / 7).quantize(Decimal(1))} for tier in tiers]
    catalogue.save_price_book(session, PriceBook(), caller=SYSTEM, prices=dollars, name="Export USD", currency="USD")
    return made


def companies() -> list[dict[str, str]]:
    """The demo customers: one row each of demo_companies.csv, the credit code without its check character."""
    text = resources.files("sales").joinpath("demo_companies.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _customers(session: Session) -> list[Account]:
    made: list[Account] = []
    for place, row in enumerate(companies()):
        owner = OWNERS[row["owner"]]
        account = accounts.create(
            session, caller=SYSTEM, allow_duplicate=True, name=row["name"], legal_name=row["name"],
            credit_code=names.with_check_character(row["credit_code"]), owner_id=owner,
            department_id=EAST if owner in (ZHANG, EAST_HEAD) else SALES,
            **{key: row[key] for key in ("industry", "region", "city", "size", "source")},
        )  # fmt: skip
        accounts.add_contact(
            session, caller=SYSTEM, account_id=account.id, name=row["contact"], title=row["title"],
            decision_role=row["decision_role"], phones=[f"+86139{13500000 + place * 7919:08d}"],
            emails=[f"contact{place + 1}@customer{place + 1}.example"],
        )  # fmt: skip
        made.append(account)
    return made


def _deal(
    session: Session,
    now: datetime,
    account: Account,
    plan: tuple[Any, ...],
    *,
    products: dict[str, tuple[Product, Decimal, Decimal]],
    pipelines: dict[str, Pipeline],
) -> None:
    _company, name, wanted, pipeline_key, stage, days, closes_in = plan
    pipeline = pipelines[pipeline_key]
    total = sum((products[code][2] if count >= 10 else products[code][1]) * count for code, count in wanted)
    path = [item["key"] for item in pipeline.stages if item["category"] == "open"]
    before = path[: path.index(stage)] if stage in path else path[:3]
    with clock.at(now - timedelta(days=days + 8 * len(before))):
        record = opportunities.create(
            session, caller=SYSTEM, account_id=account.id, name=name, amount=Amount(int(total * 100), "CNY"),
            pipeline_id=pipeline.id, source=account.source, close_date=rates.today() + timedelta(days=closes_in + 60),
        )  # fmt: skip
        timeline.log_activity(
            session, caller=SYSTEM, subject_kind="opportunity", subject_id=record.id, kind="visit",
            text=f"拜访{account.name}，确认需求范围与预算周期。",
        )  # fmt: skip
    _prepare(session, record, pipeline)
    for place, key in enumerate([*before[1:], stage] if before else []):
        with clock.at(now - timedelta(days=days + 8 * (len(before) - 1 - place))):
            if key in ("negotiation", "bidding"):
                _quote(session, record, wanted, products)
            how = LOSS if key == "lost" else {}
            deal, stages = moving.locked(session, SYSTEM, record.id)
            opportunities.move(session, deal, caller=SYSTEM, pipeline=stages, to_stage=key, **how)
    if stage in ("proposal", "negotiation", "contracting"):
        timeline.create_task(
            session, subject_kind="opportunity", subject_id=record.id, assignee_id=record.owner_id,
            title={"zh": f"跟进 {name} 报价", "en": f"Follow up the quote: {name}"}, due_at=now + timedelta(days=2),
            link=f"/sales/opportunities/{record.id}",
        )  # fmt: skip


def _prepare(session: Session, record: Opportunity, pipeline: Pipeline) -> None:
    """Tick what the gates of the pipeline ask for."""
    done = [item["key"] for stage in pipeline.stages for item in stage["checklist"]]
    filed = (
        [{"kind": "competitor_analysis", "name": "竞品对比.xlsx", "link": None}]
        if pipeline.key == "consultative"
        else []
    )
    opportunities.edit(session, record, done=done, documents=filed, competitors=["金蝶", "鼎捷"][: len(filed) + 1])


def _quote(
    session: Session, record: Opportunity, wanted: Any, products: dict[str, tuple[Product, Decimal, Decimal]]
) -> None:
    lines = [
        {"product_id": products[code][0].id, "quantity": str(count), "discount_percent": "5"} for code, count in wanted
    ]
    quotes.create(session, caller=SYSTEM, opportunity_id=record.id, lines=lines)


def _finished_contract(
    session: Session, now: datetime, account: Account, products: dict[str, tuple[Product, Decimal, Decimal]]
) -> None:
    """A contract that was approved two months ago and is half paid, its second term overdue."""
    with clock.at(now - timedelta(days=75)):
        deal = opportunities.create(
            session, caller=SYSTEM, account_id=account.id, name="纺织集团 ERP", amount=Amount(36_000_000, "CNY"),
            source=account.source,
        )  # fmt: skip
        line = {"product_id": products["ERP-PRO"][0].id, "quantity": "5"}
        terms = [
            {"percent": "40", "after_days": 5, "title": "首付款"},
            {"percent": "60", "after_days": 60, "title": "验收款"},
        ]
        contract = contracts.create(session, caller=SYSTEM, opportunity_id=deal.id, lines=[line], payment_terms=terms)
        contracts.submit(session, contract, caller=SYSTEM)
        contracts.decide(session, contract, outcome="approved", decision={"decided_by": DIRECTOR, "comment": "同意"})
        contracts.activate(session, contract)
    with clock.at(now - timedelta(days=68)):
        first = session.scalars(
            select(Receivable).where(Receivable.contract_id == contract.id).order_by(Receivable.term).limit(1)
        ).one()
        payments.record_payment(
            session, caller=SYSTEM, contract=session.get_one(Contract, contract.id),
            amount=Amount(first.amount_minor, "CNY"), paid_at=clock.now().astimezone(UTC), receivable_id=first.id,
            method="银行转账",
        )  # fmt: skip
