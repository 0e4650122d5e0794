"""The way to the ERP and back: an approved contract becomes customer, order and receivable; payments and shipments return."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.db import Database
from chassis.events import publish
from chassis.service import Runtime
from chassis.subscriptions import Received, Subscriptions
from engines import money
from integration_gateway import deliveries
from integration_gateway.connectors import configured, settings
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.events import ErpDocumentPushed, ErpOrderChanged, ErpPaymentReceived
from integration_gateway.connectors.kingdee import documents, readback
from integration_gateway.connectors.models import Connector, Delivery, ErpCursor, ErpDocument, ErpReceipt

log = logging.getLogger(__name__)
on = Subscriptions()

KINDS = {"customer": documents.CUSTOMER, "sales_order": documents.ORDER, "receivable": documents.RECEIVABLE}
FIRST_LOOK = timedelta(days=30)


class ContractApproved(Schema):
    """What the ERP needs of an approved contract."""

    contract_id = fields.String(required=True)
    number = fields.String(required=True)
    title = fields.String(load_default="", allow_none=True)
    account_id = fields.String(required=True)
    currency = fields.String(required=True)
    amount_minor = fields.Integer(required=True)
    lines = fields.List(fields.Dict(), required=True)
    payment_plan = fields.List(fields.Dict(), required=True)
    account = fields.Dict(required=True)


@on("sales.contract.approved.v1", group="erp", kind="reaction", reads=ContractApproved)
def push_contract(session: Session, event: Received) -> None:
    """Order the three documents, each after the one it refers to. Without an ERP nothing happens."""
    connector = configured.with_capability(session, "sales_order")
    if connector is not None:
        push(session, connector, contract=event.data, on_day=event.time)


def push(session: Session, connector: Connector, *, contract: Mapping[str, Any], on_day: datetime) -> list[Delivery]:
    """Deliveries of customer, sales order and receivable of one contract; keys make each of them happen once."""
    account, subject = contract["account"], f"contract/{contract['contract_id']}"
    customer_of = f"account/{contract['account_id']}"
    number = own_number(session, connector, "sales_order", contract["number"], subject)
    known_as = str(account.get("number") or contract["account_id"])
    customer_number = own_number(session, connector, "customer", known_as, customer_of)
    customer = deliveries.enqueue(
        session,
        connector=connector,
        action="customer",
        key=f"customer/{customer_number}",
        payload=_customer(account, customer_number, contract["currency"]),
        subject=customer_of,
    )
    head = {
        "number": number,
        "date": on_day.astimezone(readback.ZONE).date().isoformat(),
        "customer_number": customer_number,
        "currency": contract["currency"],
        "note": str(contract.get("title") or "")[:200],
        "lines": [_line(one, contract["currency"]) for one in contract["lines"]],
    }
    order = deliveries.enqueue(
        session,
        connector=connector,
        action="sales_order",
        key=f"sales_order/{number}",
        payload=head,
        subject=subject,
        after=customer,
    )
    receivable = deliveries.enqueue(
        session,
        connector=connector,
        action="receivable",
        key=f"receivable/{number}",
        payload=head | {"number": receivable_number(number), "order_number": number, "plan": _plan(contract)},
        subject=subject,
        after=order,
    )
    return [customer, order, receivable]


def own_number(session: Session, connector: Connector, kind: str, number: str, subject: str) -> str:
    """The number a record's document bears in the ERP: its own, unless another record's document has that already.

    A sales service that was restored from an older backup gives numbers a second time; the new record's document must
    neither be taken for the old one's nor be lost.
    """
    wanted = select(Delivery.subject).where(Delivery.connector_id == connector.id, Delivery.key == f"{kind}/{number}")
    holder = session.scalar(wanted)
    document = session.get(ErpDocument, (connector.id, kind, number))
    if holder is None and document is not None:
        holder = f"{document.subject_kind}/{document.subject_id}"
    return number if holder in (None, subject) else f"{number}-{subject.replace('-', '')[-6:]}"


def receivable_number(contract_number: str) -> str:
    """The ERP's number of a contract's receivable."""
    return f"{contract_number}-AR"


def _pushed(session: Session, delivery: Delivery) -> None:
    """A document stands in the ERP: remember it and tell."""
    connector = session.get(Connector, delivery.connector_id)
    assert connector is not None
    subject_kind, _, subject_id = delivery.subject.partition("/")
    number, external_id = delivery.payload["number"], str(delivery.result["external_id"])
    if session.get(ErpDocument, (connector.id, delivery.action, number)) is None:
        session.add(
            ErpDocument(
                connector_id=connector.id,
                kind=delivery.action,
                number=number,
                external_id=external_id,
                subject_kind=subject_kind,
                subject_id=subject_id,
                contract_id=subject_id if subject_kind == "contract" else None,
                pushed_at=clock.now(),
            )
        )
    publish(
        session,
        ErpDocumentPushed(
            subject=delivery.subject,
            system=connector.kind,
            kind=delivery.action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            contract_id=subject_id if subject_kind == "contract" else None,
            external_id=external_id,
            number=number,
        ),
    )


for _kind in KINDS:
    deliveries.when_done("kingdee", _kind)(_pushed)


def run_forever(runtime: Runtime) -> None:
    """Read payments and orders of every ERP again and again until the worker stops."""
    while not runtime.stopping.is_set():
        try:
            with runtime.database.reading() as session:
                connectors = [
                    (one.id, configured.client(one))
                    for one in configured.listed(session)
                    if one.enabled and "payments" in configured.kind_of(one.kind).capabilities
                ]
            for connector_id, client in connectors:
                read_back(runtime.database, connector_id, client)
        except Exception:
            log.exception("reading from the ERP failed")
        runtime.stopping.wait(settings.current().erp_poll_seconds)


def read_back(database: Database, connector_id: str, client: Any) -> None:
    """One round: new receipts, then changed orders. A failure is kept with the cursor and the next round tries again."""
    currencies = client.base_data["currencies"]
    for stream in ("payments", "orders"):
        after = _cursor(database, connector_id, stream)
        try:
            if stream == "payments":
                receipts, newest = readback.receipts(client, after=after, currencies=currencies)
                with database.transaction() as session:
                    for receipt in receipts:
                        book(session, connector_id, receipt)
                    _move(session, connector_id, stream, newest)
            else:
                orders, newest = readback.orders(client, after=after)
                with database.transaction() as session:
                    for order in orders:
                        note_order(session, connector_id, order)
                    early = any(_on_its_way(session, connector_id, order.number) for order in orders)
                    _move(session, connector_id, stream, after if early else newest)
        except Exception as error:  # one document we cannot read must not keep the other streams from being read
            if not isinstance(error, ConnectorError):
                log.exception("what the ERP sent could not be taken in", extra={"stream": stream})
            with database.transaction() as session:
                _move(session, connector_id, stream, after, error=str(error)[:1000])


def book(session: Session, connector_id: str, receipt: readback.Receipt) -> bool:
    """Tell of a receipt once; False when it is known or belongs to no receivable of ours."""
    if session.get(ErpReceipt, (connector_id, receipt.external_id)) is not None:
        return False
    contract_id = _contract_of(session, connector_id, receipt.receivable_number)
    if contract_id is None:
        return False
    connector = session.get(Connector, connector_id)
    assert connector is not None
    amount = minor(receipt.amount, receipt.currency)
    if amount <= 0:  # money going back is a refund bill, not a receipt
        return False
    session.add(
        ErpReceipt(
            connector_id=connector_id,
            external_id=receipt.external_id,
            receivable_number=receipt.receivable_number,
            contract_id=contract_id,
            amount_minor=amount,
            currency=receipt.currency,
            seen_at=clock.now(),
        )
    )
    paid = datetime.fromisoformat(receipt.paid_on).replace(hour=12, tzinfo=readback.ZONE)
    publish(
        session,
        ErpPaymentReceived(
            subject=f"contract/{contract_id}",
            system=connector.kind,
            external_id=receipt.external_id,
            contract_id=contract_id,
            receivable_number=receipt.receivable_number,
            amount_minor=amount,
            currency=receipt.currency,
            paid_at=clock.iso(paid),
        ),
    )
    return True


def note_order(session: Session, connector_id: str, order: readback.OrderState) -> bool:
    """Tell when an order of ours moved; False when it did not, or is not ours."""
    document = session.get(ErpDocument, (connector_id, "sales_order", order.number))
    if document is None or (document.order_state, document.shipped) == (order.state, str(order.shipped)):
        return False
    connector = session.get(Connector, connector_id)
    assert connector is not None
    document.order_state, document.shipped = order.state, str(order.shipped)
    publish(
        session,
        ErpOrderChanged(
            subject=f"contract/{document.contract_id}",
            system=connector.kind,
            contract_id=document.contract_id,
            number=order.number,
            state=order.state,
            ordered=str(order.ordered),
            shipped=str(order.shipped),
        ),
    )
    return True


def _contract_of(session: Session, connector_id: str, receivable: str) -> str | None:
    """The contract of a receivable. It may be paid before we know that writing it succeeded: then the order knows."""
    document = session.get(ErpDocument, (connector_id, "receivable", receivable))
    if document is not None:
        return document.contract_id
    key = f"receivable/{receivable.removesuffix('-AR')}"
    subject = session.scalar(select(Delivery.subject).where(Delivery.connector_id == connector_id, Delivery.key == key))
    return subject.removeprefix("contract/") if subject else None


def _on_its_way(session: Session, connector_id: str, number: str) -> bool:
    """Whether we are writing this order and do not know yet that it is there."""
    if session.get(ErpDocument, (connector_id, "sales_order", number)) is not None:
        return False
    writing = select(Delivery.id).where(
        Delivery.connector_id == connector_id,
        Delivery.key == f"sales_order/{number}",
        Delivery.state.in_(deliveries.OPEN),
    )
    return session.scalar(writing) is not None


def minor(amount: Decimal, currency: str) -> int:
    """An amount of the ERP in minor units."""
    return int(amount.scaleb(money.digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _customer(account: Mapping[str, Any], number: str, currency: str) -> dict[str, Any]:
    name = str(account.get("legal_name") or account.get("name") or number)
    return {
        "number": number,
        "name": name,
        "invoice_title": name,
        "credit_code": str(account.get("credit_code") or ""),
        "address": str(account.get("address") or ""),
        "currency": currency,
    }


def _line(line: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A contract line with its price after discount and with tax, so that the ERP's total is the contract's."""
    quantity = Decimal(str(line["quantity"]))
    total = line.get("total_minor")
    price = Decimal(str(line.get("unit_price", 0)))
    if total is not None and quantity:
        price = (money.major(int(total), currency) / quantity).quantize(Decimal("0.000001"))
    return {
        "product_code": str(line.get("code") or ""),
        "name": str(line.get("name") or ""),
        "quantity": str(line["quantity"]),
        "unit_price": str(price),
        "tax_percent": str(line.get("tax_percent") or ""),
    }


def _plan(contract: Mapping[str, Any]) -> list[dict[str, Any]]:
    total = int(contract["amount_minor"]) or 1
    return [
        {
            "due_on": str(row["due_date"])[:10],
            "percent": round(100 * int(row["amount_minor"]) / total, 4),
            "amount": str(money.major(int(row["amount_minor"]), contract["currency"])),
        }
        for row in contract["payment_plan"]
    ]


def _cursor(database: Database, connector_id: str, stream: str) -> datetime:
    with database.reading() as session:
        cursor = session.get(ErpCursor, (connector_id, stream))
        return cursor.after if cursor else clock.now() - FIRST_LOOK


def _move(session: Session, connector_id: str, stream: str, after: datetime, *, error: str | None = None) -> None:
    """Move a cursor forward and note how the round went."""
    cursor = session.get(ErpCursor, (connector_id, stream))
    if cursor is None:
        cursor = ErpCursor(connector_id=connector_id, stream=stream, after=after)
        session.add(cursor)
    cursor.after = max(cursor.after, after)
    cursor.read_at, cursor.error = clock.now(), error
