"""From an approved contract to customer, order and receivable in K3Cloud, and back to payments and shipments."""

from decimal import Decimal
from typing import Any

import pytest

from chassis.db import Database
from integration_gateway import chat, erp
from integration_gateway.connectors import configured
from integration_gateway.connectors.models import Connector, Delivery, ErpCursor

CONTRACT = {
    "contract_id": "c-1",
    "number": "CON-2026-0001",
    "title": "平台许可",
    "account_id": "a-1",
    "currency": "CNY",
    "amount_minor": 61_234_500,
    "lines": [
        {"code": "P-1", "name": "许可", "quantity": "3", "unit_price": "200000", "tax_percent": "13", "total_minor": 60_000_000},
        {"code": "P-2", "name": "服务", "quantity": "1", "unit_price": "12345", "tax_percent": "6", "total_minor": 1_234_500},
    ],
    "payment_plan": [
        {"term": 1, "amount_minor": 30_000_000, "due_date": "2026-12-01"},
        {"term": 2, "amount_minor": 31_234_500, "due_date": "2027-03-01"},
    ],
    "account": {
        "number": "ACC-7", "name": "合见工软", "legal_name": "合见工业软件集团", "credit_code": "91310000MA1FL8XQ30",
    },
}  # fmt: skip
RECEIVABLE = "CON-2026-0001-AR"


@pytest.fixture
def read_back(database: Database, erp_connector: Connector):
    def look() -> None:
        with database.reading() as session:
            client = configured.client(configured.get(session, erp_connector.id))
        erp.read_back(database, erp_connector.id, client)

    return look


def test_an_approved_contract_becomes_three_documents_and_their_numbers_come_back(
    hear, carry_out, published, erp_connector, kingdee_fake
):
    hear("sales.contract.approved.v1", **CONTRACT)
    hear("sales.contract.approved.v1", **CONTRACT)
    assert carry_out() == 3
    documents = {one["form"]: one for one in kingdee_fake.book["documents"]}
    assert len(kingdee_fake.book["documents"]) == 3
    assert {one["status"] for one in documents.values()} == {"C"}
    order = documents["SAL_SaleOrder"]["model"]["FSaleOrderEntry"]
    assert sum(line["FQty"] * line["FTaxPrice"] for line in order) == pytest.approx(612345.00)
    assert [row["FPAYAMOUNTFOR"] for row in documents["AR_receivable"]["model"]["FEntityPlan"]] == [300000, 312345]
    told = published("gateway.erp_document.pushed.v1")
    assert [(one["kind"], one["subject_kind"], one["subject_id"], one["number"]) for one in told] == [
        ("customer", "account", "a-1", "ACC-7"),
        ("sales_order", "contract", "c-1", "CON-2026-0001"),
        ("receivable", "contract", "c-1", RECEIVABLE),
    ]
    assert all(one["external_id"].isdigit() for one in told)


def test_a_second_contract_of_the_same_customer_writes_the_customer_once(hear, carry_out, erp_connector, kingdee_fake):
    hear("sales.contract.approved.v1", **CONTRACT)
    hear("sales.contract.approved.v1", **(CONTRACT | {"contract_id": "c-2", "number": "CON-2026-0002"}))
    carry_out()
    forms = [one["form"] for one in kingdee_fake.book["documents"]]
    assert (forms.count("BD_Customer"), forms.count("SAL_SaleOrder"), forms.count("AR_receivable")) == (1, 2, 2)


@pytest.mark.parametrize("step", ["Save", "Submit", "Audit"])
def test_whatever_the_erp_does_there_is_one_of_each_in_the_end(
    hear, carry_out, erp_connector, kingdee_fake, time, step
):
    for fault in ({"do": "drop"}, {"do": "status", "status": 500}, {"do": "refuse"}):
        kingdee_fake.faults.append({"on": f".{step}.", "times": 1, **fault})
    hear("sales.contract.approved.v1", **CONTRACT)
    for _ in range(12):
        carry_out()
        time.pass_(minutes=2)
    documents = [(one["form"], one["status"]) for one in kingdee_fake.book["documents"]]
    assert documents == [("BD_Customer", "C"), ("SAL_SaleOrder", "C"), ("AR_receivable", "C")]


def test_payments_come_back_once_each_with_the_contract(
    hear, carry_out, published, erp_connector, kingdee_fake, read_back
):
    hear("sales.contract.approved.v1", **CONTRACT)
    carry_out()
    kingdee_fake.receive_money(RECEIVABLE, 300000)
    read_back()
    read_back()
    kingdee_fake.receive_money(RECEIVABLE)
    read_back()
    told = published("gateway.erp_payment.received.v1")
    assert [(one["contract_id"], one["amount_minor"], one["currency"], one["system"]) for one in told] == [
        ("c-1", 30_000_000, "CNY", "kingdee"),
        ("c-1", 31_234_500, "CNY", "kingdee"),
    ]
    assert len({one["external_id"] for one in told}) == 2
    assert told[0]["receivable_number"] == RECEIVABLE


def test_a_payment_that_comes_before_we_know_our_receivable_is_there_is_not_lost(
    database, hear, carry_out, published, erp_connector, kingdee_fake, read_back
):
    hear("sales.contract.approved.v1", **CONTRACT)
    kingdee_fake.faults.append({"on": ".Audit.", "about": RECEIVABLE, "do": "drop", "times": 1})
    carry_out()
    with database.reading() as session:
        assert session.query(Delivery).filter_by(action="receivable").one().state == "uncertain"
    kingdee_fake.receive_money(RECEIVABLE, 1000)
    read_back()
    assert published("gateway.erp_payment.received.v1")[0]["contract_id"] == "c-1"


def test_receipts_for_other_peoples_receivables_are_none_of_ours(
    hear, carry_out, published, erp_connector, kingdee_fake, read_back
):
    hear("sales.contract.approved.v1", **CONTRACT)
    carry_out()
    other = {"form": "AR_receivable", "id": 7, "number": "AR0007", "status": "C", "created": "", "modified": ""}
    model = {"FCURRENCYID": {"FNumber": "PRE001"}, "FCUSTOMERID": {"FNumber": "X"}, "FEntityDetail": []}
    kingdee_fake.book["documents"].append(other | {"model": model})
    kingdee_fake.receive_money("AR0007", 5)
    read_back()
    assert published("gateway.erp_payment.received.v1") == []


def test_shipments_are_told_when_they_move_and_not_otherwise(
    hear, carry_out, published, erp_connector, kingdee_fake, read_back
):
    hear("sales.contract.approved.v1", **CONTRACT)
    carry_out()
    read_back()
    kingdee_fake.ship("CON-2026-0001", 0.5)
    read_back()
    read_back()
    kingdee_fake.ship("CON-2026-0001")
    read_back()
    kingdee_fake.close_order("CON-2026-0001")
    read_back()
    told: list[dict[str, Any]] = published("gateway.erp_order.changed.v1")
    assert [one["state"] for one in told] == ["open", "partly_shipped", "shipped", "closed"]
    assert {one["contract_id"] for one in told} == {"c-1"}
    assert told[1]["shipped"] == "2.0"


def test_an_erp_that_does_not_answer_moves_no_cursor(database, erp_connector, kingdee_fake, read_back):
    kingdee_fake.faults.append({"on": "ExecuteBillQuery", "do": "status", "status": 500, "times": 2})
    read_back()
    with database.reading() as session:
        before = session.get(ErpCursor, (erp_connector.id, "payments"))
    assert "500" in before.error
    read_back()
    with database.reading() as session:
        assert session.get(ErpCursor, (erp_connector.id, "payments")).error is None


def test_without_an_erp_nothing_is_ordered(database, hear):
    hear("sales.contract.approved.v1", **CONTRACT)
    with database.reading() as session:
        assert session.query(Delivery).count() == 0


@pytest.mark.parametrize(
    ("currency", "minor", "amount"), [("JPY", 1234, "1234"), ("KWD", 1234, "1.234"), ("CNY", 1234, "12.34")]
)
def test_amounts_of_the_ledger_have_the_digits_of_their_currency(currency: str, minor: int, amount: str) -> None:
    assert erp.minor(Decimal(amount), currency) == minor
    assert chat._highlight({"kind": "money", "currency": currency, "value": amount}, "en")[1].endswith(
        amount.replace("1234", "1,234")
    )


def test_a_number_that_a_restored_sales_service_gives_again_hides_no_new_order(
    hear, carry_out, published, erp_connector, kingdee_fake, read_back
):
    """The gateway knows CON-2026-0001; sales, restored from an older backup, gives it to another contract and customer."""
    hear("sales.contract.approved.v1", **CONTRACT)
    carry_out()
    again = CONTRACT | {"contract_id": "c-900001", "account_id": "a-900002", "amount_minor": 61_234_500}
    hear("sales.contract.approved.v1", **again)
    hear("sales.contract.approved.v1", **again)
    assert carry_out() == 3
    told = [(one["kind"], one["subject_id"], one["number"]) for one in published("gateway.erp_document.pushed.v1")][3:]
    assert told == [
        ("customer", "a-900002", "ACC-7-900002"),
        ("sales_order", "c-900001", "CON-2026-0001-900001"),
        ("receivable", "c-900001", "CON-2026-0001-900001-AR"),
    ]
    forms = [one["form"] for one in kingdee_fake.book["documents"]]
    assert (forms.count("BD_Customer"), forms.count("SAL_SaleOrder"), forms.count("AR_receivable")) == (2, 2, 2)
    kingdee_fake.receive_money(RECEIVABLE, 100)
    kingdee_fake.receive_money("CON-2026-0001-900001-AR", 200)
    read_back()
    paid = {one["contract_id"]: one["amount_minor"] for one in published("gateway.erp_payment.received.v1")}
    assert paid == {"c-1": 10_000, "c-900001": 20_000}
