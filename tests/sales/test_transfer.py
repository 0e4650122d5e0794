"""Records of sales in and out as files: parents and children, references by name, nothing changed by its own export."""

import csv
from io import StringIO

import pytest
from sqlalchemy import func, select

from chassis import event_log
from chassis.caller import SYSTEM
from sales import catalogue
from sales.models import Account, Contact, Contract, Opportunity, Payment, PriceBook, Product
from tests.transferring import Transfer


@pytest.fixture
def files(client, database, settings):
    with database.transaction() as session:
        catalogue.ensure_pipelines(session, caller=SYSTEM)
    return Transfer(client.as_role("admin"), database, settings, service="sales")


def all_of(database, model):
    with database.reading() as session:
        return list(session.scalars(select(model).order_by(model.created_at, model.id)))


def said(database):
    with database.reading() as session:
        own = [event_log.LOG.c.type.not_like(f"%{name}%") for name in ("import.", "records.exported", "notification.")]
        return session.scalar(select(func.count()).select_from(event_log.LOG).where(*own))


ACCOUNTS = """客户名称,行业,城市,联系人 姓名,联系人 电话
华信科技有限公司,软件,上海,张三,13800000001
,,,李四,13800000002
远大制造,制造业,广州,王五,13800000003
"""


def test_accounts_and_their_people_stand_in_one_sheet(files, database):
    job = files.take("account", ACCOUNTS)
    assert (job["created"], job["rows"]) == (3, 3), files.rows(job)
    assert [record.name for record in all_of(database, Account)] == ["华信科技有限公司", "远大制造"]
    names = {person.name: person.account_id for person in all_of(database, Contact)}
    assert len(names) == 3
    assert names["张三"] == names["李四"] != names["王五"]
    again = files.take("account", ACCOUNTS, mode="upsert", key="name")
    assert (again["updated"], again["skipped"]) == (0, 3), files.rows(again)
    more = files.take("account", ACCOUNTS.replace("王五", "赵六"), mode="upsert", key="name")
    assert (more["updated"], more["skipped"]) == (1, 2), files.rows(more)


def test_contacts_and_deals_name_their_account_as_people_do(files, database):
    files.take("account", "客户名称\n华信科技有限公司\n远大制造\n")
    number = all_of(database, Account)[1].number
    job = files.take(
        "contact", f"姓名,客户,电话\n张三,华信科技有限公司,13800000001\n李四,{number},13800000002\n王五,没有的公司,1\n"
    )
    assert (job["created"], job["failed"]) == (2, 1)
    assert "没有的公司" in str(files.rows(job)[2]["reason"])
    deals = files.take("opportunity", "商机名称,客户,金额,预计成交日\nERP 升级,华信科技有限公司,12.5万,2026-12-31\n")
    assert deals["created"] == 1, files.rows(deals)
    assert all_of(database, Opportunity)[0].amount_minor == 12_500_000


def test_customers_that_exist_are_skipped_as_by_hand(files):
    files.take("account", "客户名称\n华信科技有限公司\n")
    job = files.take("account", "客户名称\n华信科技有限公司\n另一家公司\n")
    assert (job["created"], job["skipped"]) == (1, 1)
    assert files.rows(job)[0]["reason"]["code"] == "duplicate_account"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_kind_taken_in_from_its_own_export_stays_as_it_is(files, database, form):
    files.take("account", ACCOUNTS)
    files.take(
        "product", "产品编码,产品名称,单位,税率,单位成本,在售\nP-1,软件许可,套,13,0.5,是\nP-2,实施服务,人天,6,,yes\n"
    )
    files.take(
        "price_book",
        "名称,币种,价格 产品,价格 起订量,价格 单价\n标准,CNY,P-1,1,1000\n,,P-1,10,900.5\n,,P-2,1,2000\n",
        fields=["name", "currency", "prices.product_id", "prices.min_quantity", "prices.unit_price"],
    )
    files.take("opportunity", "商机名称,客户,金额\nERP 升级,远大制造,120000\n海外,远大制造,99.5 CNY\n")
    contracts = files.take(
        "contract", "标题,客户,币种,明细 产品,明细 名称,明细 数量,明细 单价,明细 税率\n"
        "合同一,远大制造,CNY,P-1,许可,2,1000,13\n,,,P-2,实施,3.5,2000,6\n",
        fields=["title", "account_id", "currency", "lines.product_id", "lines.name", "lines.quantity", "lines.unit_price",
                "lines.tax_percent"],
    )  # fmt: skip
    assert contracts["created"] == 2, files.rows(contracts)
    assert len(all_of(database, Contract)) == 1
    assert len(all_of(database, Contract)[0].lines) == 2
    assert [len(all_of(database, model)) for model in (Product, PriceBook, Opportunity)] == [2, 1, 2]
    before = said(database)
    for kind, resource in (
        ("account", "accounts"), ("contact", "contacts"), ("product", "products"), ("price_book", "price-books"),
        ("opportunity", "opportunities"), ("contract", "contracts"),
    ):  # fmt: skip
        job = files.take(kind, files.export(resource, form), name=f"x.{form}")
        assert job["skipped"] == job["rows"] > 0, (kind, files.rows(job))
    assert said(database) == before


def test_payments_come_from_a_list_once(files, database, client):
    files.take("account", ACCOUNTS)
    files.take("contract", "标题,客户,明细 名称,明细 数量,明细 单价\n合同一,远大制造,许可,2,1000\n", fields=[
        "title", "account_id", "lines.name", "lines.quantity", "lines.unit_price"])  # fmt: skip
    number = all_of(database, Contract)[0].number
    content = f"合同,金额,回款时间,外部单号\n{number},500.25,2026-05-06 10:00,B-1\n{number},abc,2026-05-06,B-2\n"
    job = files.take("payment", content)
    assert (job["created"], job["failed"]) == (1, 1), files.rows(job)
    again = files.take("payment", content)
    assert (again["skipped"], again["failed"]) == (1, 1)
    assert [payment.amount_minor for payment in all_of(database, Payment)] == [50_025]


def test_what_others_build_on_is_kept_when_an_import_is_undone(files, database):
    accounts = files.take("account", ACCOUNTS)
    files.take("opportunity", "商机名称,客户,金额\nERP 升级,远大制造,120000\n")
    done = files.undo(accounts)
    assert (done["undone"], done["kept"]) == (1, 1), files.rows(accounts)
    assert [record.name for record in all_of(database, Account)] == ["远大制造"]
    assert {person.name for person in all_of(database, Contact)} == {"王五"}


def test_an_account_may_stand_below_one_of_the_same_file(files, database):
    job = files.take("account", "客户名称,上级客户\n集团公司,\n上海分公司制造,集团公司\n")
    assert job["created"] == 2, files.rows(job)
    parent, child = all_of(database, Account)
    assert child.parent_id == parent.id


def test_what_a_file_cannot_change_is_said_and_not_passed_over(files, database):
    files.take("account", ACCOUNTS)
    files.take("opportunity", "商机名称,客户,金额\nERP 升级,远大制造,120000\n")
    number = all_of(database, Opportunity)[0].number
    job = files.take(
        "opportunity", f"编号,客户\n{number},华信科技有限公司\n", mode="upsert", key="number", defaults={"name": "x"}
    )
    assert job["failed"] == 1
    assert "keeps this as it is" in str(files.rows(job)[0]["reason"])
    lines = list(csv.reader(StringIO(files.export("opportunities", columns="number,name").decode("utf-8-sig"))))
    assert lines[1][1] == "ERP 升级"
