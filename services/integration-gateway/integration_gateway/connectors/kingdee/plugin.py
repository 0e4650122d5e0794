"""Kingdee K3Cloud (金蝶云星空) as a connector: customer, sales order and receivable."""

from typing import Any

from marshmallow import Schema, fields, validate

from integration_gateway.connectors.contract import Action, Connector, Health
from integration_gateway.connectors.kingdee import documents
from integration_gateway.connectors.kingdee.client import K3Cloud
from integration_gateway.connectors.kingdee.signing import Identity

SECRET = {"secret": True}
DECIMAL = validate.Regexp(r"\d{1,15}(\.\d{1,6})?\Z")
DAY = validate.Regexp(r"\d{4}-\d{2}-\d{2}\Z")


class Settings(Schema):
    """Access and the base data of the tenant that our documents refer to."""

    url = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)
    auth = fields.String(
        load_default="signed", validate=validate.OneOf(["signed", "app_secret", "login_signature", "password"])
    )
    acct_id = fields.String(required=True)
    user = fields.String(required=True)
    app_id = fields.String(load_default="")
    app_secret = fields.String(load_default="", metadata=SECRET)
    password = fields.String(load_default="", metadata=SECRET)
    lcid = fields.Integer(load_default=2052, validate=validate.Range(1, 65535))
    org_number = fields.String(load_default="100")
    currencies = fields.Dict(
        keys=fields.String(), values=fields.String(), load_default=lambda: {"CNY": "PRE001", "USD": "PRE007"}
    )
    base_currency = fields.String(load_default="PRE001")
    exchange_type = fields.String(load_default="HLTX01_SYS")
    order_type = fields.String(load_default="XSDD01_SYS")
    receivable_type = fields.String(load_default="YSD01_SYS")
    default_material = fields.String(load_default="CRM-SERVICE")
    unit = fields.String(load_default="Pcs")
    tax_percent = fields.Float(load_default=13.0)


class Customer(Schema):
    """Customer master data."""

    number = fields.String(required=True, validate=validate.Length(1, 30))
    name = fields.String(required=True)
    credit_code = fields.String(load_default="")
    invoice_title = fields.String(load_default="")
    address = fields.String(load_default="")
    phone = fields.String(load_default="")
    currency = fields.String(load_default="CNY")


class Line(Schema):
    """A line of an order or receivable; the price includes tax."""

    product_code = fields.String(load_default="")
    name = fields.String(load_default="")
    quantity = fields.String(required=True, validate=DECIMAL)
    unit_price = fields.String(required=True, validate=DECIMAL)
    unit = fields.String(load_default="")
    tax_percent = fields.String(load_default="", validate=validate.Regexp(r"(\d{1,3}(\.\d{1,6})?)?\Z"))


class PlanRow(Schema):
    """An instalment."""

    due_on = fields.String(required=True, validate=DAY)
    percent = fields.Float(required=True)
    amount = fields.String(required=True, validate=DECIMAL)


class SalesOrder(Schema):
    """The sales order of a contract."""

    number = fields.String(required=True)
    date = fields.String(required=True, validate=DAY)
    customer_number = fields.String(required=True)
    currency = fields.String(required=True)
    note = fields.String(load_default="")
    lines = fields.List(fields.Nested(Line), required=True, validate=validate.Length(min=1))


class Receivable(SalesOrder):
    """The receivable of a contract."""

    order_number = fields.String(required=True)
    rate = fields.Float(load_default=1.0)
    plan = fields.List(fields.Nested(PlanRow), required=True)


class Ledger(K3Cloud):
    """The client with the tenant's base data."""

    def __init__(self, settings: dict[str, Any]):
        org = settings["org_number"]
        super().__init__(
            url=settings["url"],
            auth=settings["auth"],
            password=settings["password"],
            identity=Identity(
                acct_id=settings["acct_id"],
                user=settings["user"],
                app_id=settings["app_id"],
                app_secret=settings["app_secret"],
                lcid=settings["lcid"],
                org=int(org) if org.isdigit() else 0,
            ),
        )
        self.base_data = settings


MODELS = {
    documents.CUSTOMER: documents.customer,
    documents.ORDER: documents.sales_order,
    documents.RECEIVABLE: documents.receivable,
}


def _action(form: str, payload: type[Schema], zh: str, en: str) -> Action:
    build = MODELS[form]
    return Action(
        doc={"zh": zh, "en": en},
        payload=payload,
        run=lambda client, given: documents.place(client, form, given["number"], build(client.base_data, given)),
        find=lambda client, given: documents.finished(client, form, given["number"]),
        draft=lambda client, given: {"formid": form, "Model": build(client.base_data, given)},
    )


def health(client: Ledger) -> Health:
    """A signed query proves address, signature and rights at once."""
    client.query(documents.CUSTOMER, ["FNumber"], where="", limit=1)
    return Health(ok=True, detail=f"{client.identity.user}@{client.identity.acct_id}", facts={"auth": client.auth})


CONNECTOR = Connector(
    kind="kingdee",
    title={"zh": "金蝶云星空", "en": "Kingdee K3Cloud"},
    capabilities=frozenset({"customer", "sales_order", "receivable", "payments", "orders"}),
    settings=Settings,
    open=Ledger,
    health=health,
    rate=5.0,
    burst=5,
    actions={
        "customer": _action(documents.CUSTOMER, Customer, "推送客户", "Push a customer"),
        "sales_order": _action(documents.ORDER, SalesOrder, "推送销售订单", "Push a sales order"),
        "receivable": _action(documents.RECEIVABLE, Receivable, "推送应收单", "Push a receivable"),
    },
    mappings={
        "customer": {
            "account.number": "FNumber",
            "account.name": "FName",
            "account.credit_code": "FSOCIALCRECODE, FTAXREGISTERCODE",
            "account.address": "FADDRESS",
        },
        "sales_order": {
            "contract.number": "FBillNo",
            "account.number": "FCustId.FNumber",
            "line.product_code": "FSaleOrderEntry.FMaterialId.FNumber",
            "line.quantity": "FSaleOrderEntry.FQty",
            "line.unit_price": "FSaleOrderEntry.FTaxPrice",
        },
        "receivable": {
            "contract.number + -AR": "FBillNo",
            "payment_plan.due_on": "FEntityPlan.FENDDATE",
            "payment_plan.amount": "FEntityPlan.FPAYAMOUNTFOR",
        },
    },
)
