"""What comes back from the ERP: document numbers and the state of orders."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from sales import accounts, contracts, receivables
from sales.models import Account, Contract, Receivable

STATES_THAT_ACTIVATE = ("open", "partly_shipped", "shipped", "closed")


def document_pushed(session: Session, report: dict[str, Any]) -> bool:
    """Keep the number the ERP gave to a customer, an order or a receivable; False when we do not know the subject.

    With its order in the ERP an approved contract takes effect.
    """
    kind, subject_id = report["subject_kind"], report["subject_id"]
    if kind == "account":
        account = session.get(Account, subject_id, with_for_update=True)
        if account is not None:
            account.external_ids = _with(account.external_ids, report)
            accounts.changed(session, account)
        return account is not None
    if kind == "receivable":
        receivable = session.get(Receivable, subject_id, with_for_update=True)
        if receivable is not None:
            receivable.external_ids = _with(receivable.external_ids, report)
            receivables.changed(session, receivable)
        return receivable is not None
    contract = session.get(Contract, subject_id, with_for_update=True)
    if contract is None:
        return False
    _on_contract(session, contract, report)
    return True


def order_changed(session: Session, report: dict[str, Any]) -> bool:
    """Keep the state of the contract's order; False when we do not know the contract."""
    contract = session.get(Contract, report["contract_id"] or "", with_for_update=True)
    if contract is None:
        return False
    order = dict((contract.erp or {}).get("order") or {})
    news = {name: report[name] for name in ("number", "state", "ordered", "shipped") if report.get(name) is not None}
    contract.erp = {**(contract.erp or {}), "order": order | news | {"at": clock.iso(clock.now())}}
    if contract.status == "approved" and report.get("state") in STATES_THAT_ACTIVATE:
        contracts.activate(session, contract)
    contracts.changed(session, contract)
    return True


def _on_contract(session: Session, contract: Contract, report: dict[str, Any]) -> None:
    document = {"number": report.get("number") or report["external_id"], "external_id": report["external_id"]}
    document |= {"system": report["system"], "at": clock.iso(clock.now())}
    kind = report["kind"]
    if kind == "receivable":
        _on_term(session, contract, report)
        known = (contract.erp or {}).get("receivables") or []
        others = [item for item in known if item["external_id"] != report["external_id"]]
        contract.erp = {**(contract.erp or {}), "receivables": [*others, document]}
    else:
        name = "order" if kind == "sales_order" else kind
        before = (contract.erp or {}).get(name)
        present = before if isinstance(before, dict) else {}
        contract.erp = {**(contract.erp or {}), name: present | document}
    if kind == "sales_order":
        contract.external_ids = _with(contract.external_ids, report)
        if contract.status == "approved":
            contracts.activate(session, contract)
    contracts.changed(session, contract)


def _on_term(session: Session, contract: Contract, report: dict[str, Any]) -> None:
    """An ERP receivable of the whole contract belongs to its only term; of several none is meant alone."""
    rows = session.scalars(select(Receivable).where(Receivable.contract_id == contract.id).limit(2)).all()
    if len(rows) == 1:
        rows[0].external_ids = _with(rows[0].external_ids, report)
        receivables.changed(session, rows[0])


def _with(known: dict[str, str] | None, report: dict[str, Any]) -> dict[str, str]:
    return {**(known or {}), report["system"]: report["external_id"]}
