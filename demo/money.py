"""Chapters seven and eight: won, a VIP, in the ERP, paid."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.suite import Person, eq, until

if TYPE_CHECKING:
    from demo.story import Stage

ERP_WAIT = 60.0  # seconds; the ERP is asked every five


def the_deal_is_won(stage: "Stage") -> None:
    """The approved contract wins the opportunity and lifts the account over the threshold."""
    tell, owner = stage.narration, stage.seller
    tell.chapter("7. The deal is won and the customer is VIP; the ERP takes over")
    deal = until(lambda: _won(owner, stage.ids["opportunity"]))
    tell.check(deal, f"opportunity {stage.ids['opportunity']} is won")
    account = owner.read(f"/sales/api/v1/accounts/{stage.ids['account']}")
    tell.check(account["tier"] == "VIP", f"account {account['number']} {account['name']} is {account['tier']}")
    decisions = owner.read(f"/sales/api/v1/accounts/{stage.ids['account']}/decisions")["items"]
    tell.check(decisions, "why it is has been kept")
    for decision in decisions[:1]:
        tell.explain(decision)


def the_erp_takes_over(stage: "Stage") -> None:
    """Customer, sales order and receivable are written, each once; their numbers come back onto contract and account."""
    tell, owner, erp = stage.narration, stage.seller, stage.stand_ins.kingdee
    if erp is None:
        tell.say("no K3Cloud stand-in beside this suite: nothing is pushed, the payment is booked by hand")
        return
    path = f"/sales/api/v1/contracts/{stage.ids['contract']}"
    known = until(lambda: _erp_numbers(owner, path), seconds=ERP_WAIT)
    tell.need(known, "order and receivable of the ERP stand on the contract")
    order, receivable = known["order"]["number"], known["receivables"][0]["number"]
    stage.facts["erp_receivable"] = receivable
    tell.say(f"    sales order {order}, receivable {receivable} (id {known['receivables'][0]['external_id']})")
    account = until(lambda: _with_erp_id(owner, stage.ids["account"]))
    tell.check(account, f"the account carries its number in the ERP: {account and account['external_ids']}")
    contract = owner.read(path)
    tell.check(contract["status"] == "active", f"with its order there the contract is {contract['status']}")
    mine = {account["number"]: "BD_Customer", order: "SAL_SaleOrder", receivable: "AR_receivable"} if account else {}
    held = [one for one in erp.book("documents") if mine.get(one["number"]) == one["form"]]
    tell.check(len(held) == len(mine) == 3, f"the ERP holds each once: {', '.join(one['number'] for one in held)}")
    tell.check(all(one["status"] == "C" for one in held), "all of them audited")


def the_customer_pays(stage: "Stage") -> None:
    """Finance registers two receipts in the ERP; each becomes a payment and closes what it covers."""
    tell, owner = stage.narration, stage.seller
    tell.chapter("8. The customer pays")
    rows = _receivables(owner, stage.ids["contract"])
    tell.check(
        [row["status"] for row in rows] == ["open", "open"],
        f"two receivables are owed: {', '.join(row['number'] for row in rows)}",
    )
    _pay(stage, stage.facts["first_term"])
    closed = until(lambda: _statuses(owner, stage) == ["closed", "open"], seconds=ERP_WAIT)
    tell.need(closed, f"the first receipt closes the first receivable: {_statuses(owner, stage)}")
    _pay(stage, 0)
    closed = until(lambda: _statuses(owner, stage) == ["closed", "closed"], seconds=ERP_WAIT)
    tell.need(closed, f"the second one closes the other: {_statuses(owner, stage)}")
    payments = owner.read("/sales/api/v1/payments", filter=eq(contract_id=stage.ids["contract"]))["items"]
    paid = sum(float(row["amount"]["amount"]) for row in payments)
    for row in payments:
        tell.say(
            f"    payment {row['number']}: {row['amount']['amount']} from {row['system'] or 'hand'} {row['external_id'] or ''}"
        )
    tell.check(
        len(payments) == 2 and f"{paid:.2f}" == stage.facts["amount"], f"{len(payments)} payments sum to {paid:.2f}"
    )
    contract = owner.read(f"/sales/api/v1/contracts/{stage.ids['contract']}")
    tell.check(contract["status"] == "completed", f"nothing is owed any more: the contract is {contract['status']}")


def _pay(stage: "Stage", amount: float) -> None:
    """A receipt in the ERP over `amount`, 0 for what is open; by hand where there is no ERP."""
    tell, erp = stage.narration, stage.stand_ins.kingdee
    if erp is not None:
        booked = erp.do("receipt", receivable=stage.facts["erp_receivable"], amount=amount)
        tell.need(
            booked,
            f"finance registers receipt {booked and booked['bill']} over {booked and booked['amount']:.2f} in the ERP",
        )
        return
    left = amount or float(stage.facts["amount"]) - stage.facts["first_term"]
    body = {
        "contract_id": stage.ids["contract"],
        "amount": {"amount": f"{left:.2f}", "currency": "CNY"},
        "paid_at": datetime.now(UTC).isoformat(),
    }
    booked = stage.suite.log_in("zheng.min").post("/sales/api/v1/payments", body)
    tell.need(booked.ok, f"finance books {left:.2f} by hand ({booked.status})")


def _receivables(owner: Person, contract_id: str) -> list[dict[str, Any]]:
    rows = owner.read("/sales/api/v1/receivables", filter=eq(contract_id=contract_id))["items"]
    return sorted(rows, key=lambda row: row["term"])


def _statuses(owner: Person, stage: "Stage") -> list[str]:
    return [row["status"] for row in _receivables(owner, stage.ids["contract"])]


def _won(owner: Person, opportunity_id: str) -> Any:
    deal = owner.read(f"/sales/api/v1/opportunities/{opportunity_id}")
    return deal if deal["category"] == "won" else None


def _erp_numbers(owner: Person, path: str) -> Any:
    erp = owner.read(path)["erp"] or {}
    return erp if erp.get("order", {}).get("external_id") and erp.get("receivables") else None


def _with_erp_id(owner: Person, account_id: str) -> Any:
    account = owner.read(f"/sales/api/v1/accounts/{account_id}")
    return account if "kingdee" in (account["external_ids"] or {}) else None
