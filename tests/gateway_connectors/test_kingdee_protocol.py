"""The K3Cloud client against the published vector, Kingdee's own SDK and the fake server."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from gateway_connectors.conftest import make_ledger
from gateway_connectors.test_wecom_protocol import VECTORS
from k3cloud_webapi_sdk.main import K3CloudApiSdk

from fakes import kingdee as fake_kingdee
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.kingdee import readback, signing
from integration_gateway.connectors.kingdee.client import equals
from integration_gateway.connectors.kingdee.plugin import CONNECTOR, health

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CUSTOMER = {"number": "ACC-1", "name": "合见工业软件集团", "credit_code": "91310000MA1FL8XQ30"}
LINES = [{"product_code": "P-1", "name": "平台许可", "quantity": "2", "unit_price": "300000.00"}]
ORDER = {"number": "CON-1", "date": "2026-11-22", "customer_number": "ACC-1", "currency": "CNY", "lines": LINES}
RECEIVABLE = ORDER | {
    "number": "CON-1-AR",
    "order_number": "CON-1",
    "plan": [
        {"due_on": "2026-12-01", "percent": 50, "amount": "300000.00"},
        {"due_on": "2027-03-01", "percent": 50, "amount": "300000.00"},
    ],
}


def push(client, action, payload):
    spec = CONNECTOR.actions[action]
    return spec.run(client, spec.payload().load(payload))


def forms(fake):
    return [(one["form"], one["number"], one["status"]) for one in fake.book["documents"]]


def test_the_signed_headers_equal_those_of_the_official_sdk():
    vector = next(one for one in VECTORS if one["id"] == "kingdee-headers")
    identity = signing.Identity(
        acct_id=vector["acct"],
        user=vector["user"],
        app_id=vector["app_id"],
        app_secret=vector["app_secret"],
        lcid=vector["lcid"],
        org=vector["org"],
    )
    made = signing.headers(identity, vector["path"], timestamp=int(vector["timestamp"]), nonce=vector["nonce"])
    assert made["X-Api-Signature"] == vector["x_api_signature"]
    assert made["X-Kd-Appdata"] == vector["x_kd_appdata"]
    assert made["X-Kd-Signature"] == vector["x_kd_signature"]
    assert signing.gateway_secret(vector["app_id"].partition("_")[2]) == vector["decoded_client_secret"]
    login = (vector["acct"], vector["user"], vector["app_id"], vector["app_secret"], vector["timestamp"])
    assert signing.login_signature(*login) == vector["login_by_sign"]


def test_the_official_sdk_works_with_the_fake(kingdee_fake, recwarn):
    sdk = K3CloudApiSdk(kingdee_fake.url + "/k3cloud/")
    sdk.InitConfig(
        fake_kingdee.ACCT,
        fake_kingdee.USER,
        fake_kingdee.APP_ID,
        fake_kingdee.APP_SECRET,
        kingdee_fake.url,
        org_num=100,
    )
    model = {"FNumber": "C1", "FName": "测试", "FCreateOrgId": {"FNumber": "100"}, "FUseOrgId": {"FNumber": "100"}}
    saved = json.loads(sdk.Save("BD_Customer", {"Model": model}))
    assert saved["Result"]["ResponseStatus"]["IsSuccess"]
    assert saved["Result"]["Number"] == "C1"
    assert json.loads(sdk.Submit("BD_Customer", {"Numbers": ["C1"]}))["Result"]["ResponseStatus"]["IsSuccess"]
    assert json.loads(sdk.Audit("BD_Customer", {"Numbers": ["C1"]}))["Result"]["ResponseStatus"]["IsSuccess"]
    query = {"FormId": "BD_Customer", "FieldKeys": "FNumber,FName,FDocumentStatus", "FilterString": "FNumber='C1'"}
    assert json.loads(sdk.ExecuteBillQuery(query)) == [["C1", "测试", "C"]]


@pytest.mark.parametrize("auth", ["signed", "app_secret", "login_signature", "password"])
def test_customer_order_and_receivable_are_placed_and_audited(kingdee_fake, auth):
    client = make_ledger(kingdee_fake.url, auth=auth)
    push(client, "customer", CUSTOMER)
    order = push(client, "sales_order", ORDER)
    push(client, "receivable", RECEIVABLE)
    assert order["status"] == "C"
    assert order["external_id"].isdigit()
    assert forms(kingdee_fake) == [
        ("BD_Customer", "ACC-1", "C"),
        ("SAL_SaleOrder", "CON-1", "C"),
        ("AR_receivable", "CON-1-AR", "C"),
    ]
    assert client.view("AR_receivable", "CON-1-AR")["FEntityPlan"][1]["FPAYAMOUNTFOR"] == 300000


@pytest.mark.parametrize("step", ["Save", "Submit", "Audit"])
@pytest.mark.parametrize("fault", ["drop", "hang", "refuse"])
def test_wherever_the_line_drops_there_is_one_document_in_the_end(ledger, kingdee_fake, step, fault):
    kingdee_fake.faults.append({"on": f".{step}.common", "do": fault, "times": 1})
    with pytest.raises(ConnectorError) as raised:
        push(ledger, "customer", CUSTOMER)
    assert raised.value.uncertain
    assert push(ledger, "customer", CUSTOMER)["status"] == "C"
    assert forms(kingdee_fake) == [("BD_Customer", "ACC-1", "C")]


def test_a_finished_document_is_found_and_an_unfinished_one_is_not(ledger, kingdee_fake):
    spec = CONNECTOR.actions["customer"]
    kingdee_fake.faults.append({"on": ".Audit.", "do": "refuse", "times": 1})
    with pytest.raises(ConnectorError):
        push(ledger, "customer", CUSTOMER)
    assert spec.find(ledger, CUSTOMER) is None
    push(ledger, "customer", CUSTOMER)
    assert spec.find(ledger, CUSTOMER)["number"] == "ACC-1"


def test_an_order_of_an_unknown_customer_is_refused_for_good_with_field_and_reason(ledger):
    with pytest.raises(ConnectorError, match=r"FCustId.*客户") as raised:
        push(ledger, "sales_order", ORDER)
    assert raised.value.permanent
    assert not raised.value.uncertain


def test_a_lost_session_is_replaced_once(kingdee_fake):
    client = make_ledger(kingdee_fake.url, auth="app_secret")
    push(client, "customer", CUSTOMER)
    kingdee_fake.expire_sessions()
    assert push(client, "customer", CUSTOMER)["status"] == "C"
    assert sum("LoginByAppSecret" in one["path"] for one in kingdee_fake.calls) == 2


@pytest.mark.parametrize("answer", [{"do": "status", "status": 500}, {"do": "body", "body": "response_error:timeout"}])
def test_a_server_failure_is_worth_another_try(ledger, kingdee_fake, answer):
    kingdee_fake.faults.append({"on": ".Save.", "times": 1, **answer})
    with pytest.raises(ConnectorError) as raised:
        push(ledger, "customer", CUSTOMER)
    assert not raised.value.permanent
    assert raised.value.uncertain


def test_a_wrong_secret_is_refused_at_the_gateway(kingdee_fake):
    with pytest.raises(ConnectorError) as raised:
        health(make_ledger(kingdee_fake.url, app_secret="wrong"))
    assert raised.value.code == "http_519"
    with pytest.raises(ConnectorError, match="ValidateUser") as raised:
        health(make_ledger(kingdee_fake.url, auth="password", password="wrong"))
    assert raised.value.permanent


def test_receipts_and_shipments_are_read_back(ledger, kingdee_fake):
    for action, payload in (("customer", CUSTOMER), ("sales_order", ORDER), ("receivable", RECEIVABLE)):
        push(ledger, action, payload)
    kingdee_fake.receive_money("CON-1-AR", 250000)
    kingdee_fake.receive_money("CON-1-AR")
    currencies = ledger.base_data["currencies"]
    paid, newest = readback.receipts(ledger, after=LONG_AGO, currencies=currencies)
    assert [(one.receivable_number, one.amount, one.currency) for one in paid] == [
        ("CON-1-AR", Decimal("250000"), "CNY"),
        ("CON-1-AR", Decimal("350000"), "CNY"),
    ]
    again, _ = readback.receipts(ledger, after=newest, currencies=currencies)
    assert {one.external_id for one in again} == {one.external_id for one in paid}
    kingdee_fake.ship("CON-1", 0.5)
    assert readback.orders(ledger, after=LONG_AGO)[0][0].state == "partly_shipped"
    kingdee_fake.ship("CON-1")
    assert readback.orders(ledger, after=LONG_AGO)[0][0].state == "shipped"


def test_quotes_in_a_number_stay_inside_the_filter(ledger):
    assert ledger.query("BD_Customer", ["FNumber"], where=equals("FNumber", "x' or '1'='1")) == []
