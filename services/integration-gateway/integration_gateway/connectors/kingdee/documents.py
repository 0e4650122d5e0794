"""Customer, sales order and receivable as K3Cloud forms, each written exactly once under our own number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.kingdee.client import K3Cloud, equals

CUSTOMER, ORDER, RECEIVABLE = "BD_Customer", "SAL_SaleOrder", "AR_receivable"
DRAFT, CREATED, SUBMITTED, AUDITED, REAUDIT = "Z", "A", "B", "C", "D"  # FDocumentStatus


@dataclass(frozen=True, kw_only=True)
class Form:
    """Where a form keeps its number and its inner id."""

    id: str
    number: str
    key: str


FORMS = {
    CUSTOMER: Form(id=CUSTOMER, number="FNumber", key="FCUSTID"),
    ORDER: Form(id=ORDER, number="FBillNo", key="FID"),
    RECEIVABLE: Form(id=RECEIVABLE, number="FBillNo", key="FID"),
}


def find(client: K3Cloud, form: str, number: str) -> dict[str, str] | None:
    """{id, number, status} of the document with our number, None when there is none."""
    spec = FORMS[form]
    keys = [spec.key, spec.number, "FDocumentStatus"]
    rows = client.query(form, keys, where=equals(spec.number, number), limit=2)
    if not rows:
        return None
    return {"external_id": str(rows[0][spec.key]), "number": rows[0][spec.number], "status": rows[0]["FDocumentStatus"]}


def finished(client: K3Cloud, form: str, number: str) -> dict[str, str] | None:
    """The document if it is there and audited, so that nothing is left to do."""
    found = find(client, form, number)
    return found if found and found["status"] == AUDITED else None


def place(client: K3Cloud, form: str, number: str, model: dict[str, Any]) -> dict[str, str]:
    """Save, submit and audit, going on from whatever state the document already has.

    K3Cloud knows no idempotency key, so our number is asked for before anything is written: however often this runs
    and wherever it was cut off, there is one document.
    """
    found = find(client, form, number)
    if found is None:
        client.save(form, model)
        found = find(client, form, number)
        if found is None:
            raise ConnectorError(f"{form} {number}: saved but not to be found", code="vanished", uncertain=True)
    if found["status"] in {DRAFT, CREATED, REAUDIT}:
        client.submit(form, number)
        found["status"] = SUBMITTED
    if found["status"] == SUBMITTED:
        client.audit(form, number)
        found["status"] = AUDITED
    return found


def customer(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Master data of the customer; its number is our account's number."""
    org = _ref(settings["org_number"])
    return {
        "FCUSTID": 0,
        "FCreateOrgId": org,
        "FUseOrgId": org,
        "FNumber": given["number"],
        "FName": given["name"],
        "FINVOICETITLE": given.get("invoice_title") or given["name"],
        "FTAXREGISTERCODE": given.get("credit_code", ""),
        "FSOCIALCRECODE": given.get("credit_code", ""),
        "FADDRESS": given.get("address", ""),
        "FTEL": given.get("phone", ""),
        "FTRADINGCURRID": _ref(_currency(settings, given["currency"])),
    }


def sales_order(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The order of a contract. K3Cloud fills from top to bottom, so the head comes before the entries."""
    org = _ref(settings["org_number"])
    return {
        "FID": 0,
        "FBillTypeID": {"FNUMBER": settings["order_type"]},
        "FBillNo": given["number"],
        "FDate": given["date"],
        "FSaleOrgId": org,
        "FCustId": _ref(given["customer_number"]),
        "FNote": given.get("note", ""),
        "FSaleOrderFinance": {
            "FSettleCurrId": _ref(_currency(settings, given["currency"])),
            "FIsIncludedTax": True,
            "FExchangeTypeId": _ref(settings["exchange_type"]),
        },
        "FSaleOrderEntry": [
            {
                "FRowType": "Standard",
                "FMaterialId": _ref(line.get("product_code") or settings["default_material"]),
                "FUnitID": _ref(line.get("unit") or settings["unit"]),
                "FQty": float(line["quantity"]),
                "FTaxPrice": float(line["unit_price"]),
                "FEntryTaxRate": float(line.get("tax_percent") or settings["tax_percent"]),
                "FDeliveryDate": given["date"],
                "FEntryNote": line.get("name", ""),
            }
            for line in given["lines"]
        ],
        "FSaleOrderPlan": [{"FNeedRecAdvance": False, "FRecAdvanceRate": 100.0}],
    }


def receivable(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The receivable of a contract with the payment plan as its plan entries."""
    org = _ref(settings["org_number"])
    currency = _ref(_currency(settings, given["currency"]))
    last = max((row["due_on"] for row in given["plan"]), default=given["date"])
    return {
        "FID": 0,
        "FBillTypeID": {"FNUMBER": settings["receivable_type"]},
        "FBillNo": given["number"],
        "FDATE": given["date"],
        "FENDDATE_H": last,
        "FCUSTOMERID": _ref(given["customer_number"]),
        "FCURRENCYID": currency,
        "FISTAX": True,
        "FSETTLEORGID": org,
        "FPAYORGID": org,
        "FSALEORGID": org,
        "FCancelStatus": "A",
        "FBUSINESSTYPE": "BZ",
        "FSetAccountType": "1",
        "FsubHeadFinc": {
            "FACCNTTIMEJUDGETIME": given["date"],
            "FMAINBOOKSTDCURRID": _ref(settings["base_currency"]),
            "FEXCHANGETYPE": _ref(settings["exchange_type"]),
            "FExchangeRate": float(given.get("rate") or 1),
        },
        "FEntityDetail": [
            {
                "FMATERIALID": _ref(line.get("product_code") or settings["default_material"]),
                "FPRICEUNITID": _ref(line.get("unit") or settings["unit"]),
                "FPriceQty": float(line["quantity"]),
                "FTaxPrice": float(line["unit_price"]),
                "FEntryTaxRate": float(line.get("tax_percent") or settings["tax_percent"]),
                "FORDERNUMBER": given["order_number"],
            }
            for line in given["lines"]
        ],
        "FEntityPlan": [
            {"FENDDATE": row["due_on"], "FPAYRATE": row["percent"], "FPAYAMOUNTFOR": float(row["amount"])}
            for row in given["plan"]
        ],
    }


def _ref(number: str) -> dict[str, str]:
    return {"FNumber": number}


def _currency(settings: Mapping[str, Any], code: str) -> str:
    try:
        return str(settings["currencies"][code])
    except KeyError:
        raise ConnectorError(f"currency {code} has no number in K3Cloud", code="no_currency", permanent=True) from None
