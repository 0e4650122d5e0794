"""What K3Cloud knows and we do not: receipts against our receivables, and how far our orders are shipped."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from integration_gateway.connectors.kingdee.client import QUERY_LIMIT, K3Cloud, since
from integration_gateway.connectors.kingdee.documents import AUDITED, ORDER, RECEIVABLE

RECEIPT = "AR_RECEIVEBILL"
OVERLAP = timedelta(minutes=2)  # K3Cloud stamps changes before they become visible
ZONE = ZoneInfo("Asia/Shanghai")

_RECEIPT_KEYS = [
    "FBillNo",
    "FRECEIVEBILLSRCENTRY_FEntryID",
    "FSRCBILLTYPEID",
    "FSRCBILLNO",
    "FREALRECAMOUNTFOR_S",
    "FCURRENCYID.FNumber",
    "FDATE",
    "FModifyDate",
]
_ORDER_KEYS = [
    "FBillNo",
    "FDocumentStatus",
    "FCloseStatus",
    "FCancelStatus",
    "FQty",
    "FStockOutQty",
    "FModifyDate",
]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Money received against one receivable: a row of an audited receipt bill."""

    external_id: str
    receivable_number: str
    amount: Decimal
    currency: str
    paid_on: str


@dataclass(frozen=True, kw_only=True)
class OrderState:
    """How far an order is: `open`, `partly_shipped`, `shipped`, `closed` or `cancelled`."""

    number: str
    state: str
    ordered: Decimal
    shipped: Decimal


def receipts(client: K3Cloud, *, after: datetime, currencies: dict[str, str]) -> tuple[list[Receipt], datetime]:
    """Audited receipts changed since `after` (with overlap, so known ones come again) and the newest change seen."""
    where = f"{since('FModifyDate', _local(after - OVERLAP))} and FDOCUMENTSTATUS='{AUDITED}'"
    codes = {number: code for code, number in currencies.items()}
    found, newest = [], after
    for row in _pages(client, RECEIPT, _RECEIPT_KEYS, where):
        newest = max(newest, _moment(row["FModifyDate"]))
        if row["FSRCBILLTYPEID"] != RECEIVABLE:
            continue
        number = row["FCURRENCYID.FNumber"]
        found.append(
            Receipt(
                external_id=f"{row['FBillNo']}/{row['FRECEIVEBILLSRCENTRY_FEntryID']}",
                receivable_number=row["FSRCBILLNO"],
                amount=Decimal(str(row["FREALRECAMOUNTFOR_S"])),
                currency=codes.get(number, number),
                paid_on=str(row["FDATE"])[:10],
            )
        )
    return found, newest


def orders(client: K3Cloud, *, after: datetime) -> tuple[list[OrderState], datetime]:
    """Orders changed since `after`, entries added up, and the newest change seen."""
    totals: dict[str, tuple[Decimal, Decimal, dict[str, Any]]] = {}
    newest = after
    for row in _pages(client, ORDER, _ORDER_KEYS, since("FModifyDate", _local(after - OVERLAP))):
        newest = max(newest, _moment(row["FModifyDate"]))
        ordered, shipped, _ = totals.get(row["FBillNo"], (Decimal(0), Decimal(0), row))
        ordered += Decimal(str(row["FQty"] or 0))
        shipped += Decimal(str(row["FStockOutQty"] or 0))
        totals[row["FBillNo"]] = (ordered, shipped, row)
    found = [
        OrderState(number=number, state=_state(row, ordered, shipped), ordered=ordered, shipped=shipped)
        for number, (ordered, shipped, row) in totals.items()
    ]
    return found, newest


def _state(row: dict[str, Any], ordered: Decimal, shipped: Decimal) -> str:
    if row["FCancelStatus"] == "B":
        return "cancelled"
    if row["FCloseStatus"] == "B":
        return "closed"
    if shipped >= ordered > 0:
        return "shipped"
    return "partly_shipped" if shipped > 0 else "open"


def _pages(client: K3Cloud, form: str, keys: list[str], where: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        page = client.query(form, keys, where=where, order="FModifyDate,FBillNo", start=len(rows), limit=QUERY_LIMIT)
        rows += page
        if len(page) < QUERY_LIMIT:
            return rows


def _local(moment: datetime) -> str:
    """K3Cloud's times are Chinese wall time without a zone."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=ZONE)
