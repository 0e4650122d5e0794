"""A contract asks for approval, becomes an order, is paid in parts, and makes its customer VIP."""

from datetime import date

import pytest
from sqlalchemy import func, select

from chassis.errors import Problem
from chassis.timers import fire_due
from sales import contracts
from sales.app import SERVICE
from sales.errors import PlanMismatch, WrongState
from sales.models import Account, Contract, Opportunity, Payment, Receivable

TERMS = [{"percent": "30", "after_days": 0, "title": "首付"}, {"percent": "70", "after_days": 30, "title": "尾款"}]


def submit(office, contract_id):
    with office.database.transaction() as session:
        contracts.submit(session, session.get(Contract, contract_id), caller=office.caller("lin"))
    return office.get(Contract, contract_id).request_id


def answer(office, contract_id, outcome, **more):
    contract = office.get(Contract, contract_id)
    data = {
        "subject_kind": "contract",
        "subject_id": contract_id,
        "request_id": contract.request_id,
        "outcome": outcome,
    }
    office.hear("approvals.instance.completed.v1", data | {"instance_id": "i1", "decided_by": "hua"} | more)


def approve(office, contract_id):
    submit(office, contract_id)
    answer(office, contract_id, "approved")


def receive(office, contract_id, minor, external_id, **more):
    data = {"system": "k3cloud", "external_id": external_id, "contract_id": contract_id, "amount_minor": minor}
    office.hear("gateway.erp_payment.received.v1", data | {"currency": "CNY", "paid_at": "2026-03-01T08:00:00Z"} | more)


def receivables(office, contract_id):
    with office.database.reading() as session:
        return session.scalars(
            select(Receivable).where(Receivable.contract_id == contract_id).order_by(Receivable.term)
        ).all()


def test_submitting_asks_the_approvers_with_what_they_branch_on(office):
    contract = office.contract(price="600000", account_id=office.account())
    request_id = submit(office, contract)
    (asked,) = office.events("contract.approval_requested")
    data = asked["data"]
    assert (data["request_id"], data["definition"], data["subject_kind"]) == (request_id, "contract", "contract")
    assert data["snapshot"]["base_minor"] == 60_000_000
    assert asked["names"]["names"]["account_name"] == "上海云帆科技有限公司"
    assert data["snapshot"]["max_discount_percent"] == 0
    assert office.get(Contract, contract).status == "in_approval"


def test_approval_opens_receivables_wins_the_deal_and_asks_for_onboarding(office):
    deal = office.opportunity()
    contract = office.contract(opportunity_id=deal, price="1000.01", terms=TERMS)
    approve(office, contract)
    assert office.get(Contract, contract).status == "approved"
    owed = receivables(office, contract)
    assert [(row.title, row.amount_minor) for row in owed] == [("首付", 30000), ("尾款", 70001)]
    assert sum(row.base_minor for row in owed) == 100001
    assert office.get(Opportunity, deal).category == "won"
    assert office.get(Opportunity, deal).amount_minor == 100001
    (approved,) = office.events("contract.approved")
    assert approved["data"]["payment_plan"][1]["amount_minor"] == 70001
    assert approved["names"]["account"]["name"] == "上海云帆科技有限公司"
    (won,) = office.events("opportunity.won")
    assert won["data"]["contract_id"] == contract
    (ticket,) = office.events("ticket.requested")
    assert ticket["data"]["type"] == "onboarding"
    assert ticket["data"]["contract_id"] == contract


def test_an_answer_given_twice_or_to_an_old_request_changes_nothing(office):
    contract = office.contract()
    old = submit(office, contract)
    answer(office, contract, "returned", comment="补充折扣说明")
    assert office.get(Contract, contract).status == "draft"
    assert office.get(Contract, contract).approval["comment"] == "补充折扣说明"
    submit(office, contract)
    answer(office, contract, "approved", request_id=old)
    assert office.get(Contract, contract).status == "in_approval"
    answer(office, contract, "approved")
    answer(office, contract, "approved")
    assert len(office.events("contract.approved")) == 1
    assert len(receivables(office, contract)) == 1


def test_payments_from_the_erp_close_receivables_once_and_complete_the_contract(office):
    contract = office.contract(price="1000", terms=TERMS)
    approve(office, contract)
    receive(office, contract, 20000, "SK-1")
    receive(office, contract, 20000, "SK-1")
    assert [(row.status, row.paid_minor) for row in receivables(office, contract)] == [
        ("partly_paid", 20000),
        ("open", 0),
    ]
    receive(office, contract, 30000, "SK-2")
    assert [(row.status, row.paid_minor) for row in receivables(office, contract)] == [
        ("closed", 30000),
        ("partly_paid", 20000),
    ]
    receive(office, contract, 60000, "SK-3")
    record = office.get(Contract, contract)
    assert (record.status, record.paid_minor) == ("completed", 100000)
    with office.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 3
        assert session.scalar(select(func.sum(Payment.unallocated_minor))) == 10000
    assert len(office.events("receivable.closed")) == 2
    account = office.get(Account, record.account_id)
    assert (account.contract_minor, account.paid_minor, account.open_minor) == (100000, 100000, 0)


def test_a_payment_for_a_named_term_goes_there_first(office):
    contract = office.contract(price="1000", terms=TERMS)
    approve(office, contract)
    second = receivables(office, contract)[1]
    receive(office, contract, 70000, "SK-9", receivable_number=second.number)
    assert [row.status for row in receivables(office, contract)] == ["open", "closed"]


def test_a_payment_in_another_currency_is_kept_as_a_prepayment(office):
    from sales import rates

    contract = office.contract(price="1000")
    approve(office, contract)
    with office.database.transaction() as session:
        rates.set_rate(session, currency="USD", rate=7, valid_from=date(2020, 1, 1))
    receive(office, contract, 1000, "SK-US", currency="USD")
    with office.database.reading() as session:
        payment = session.scalars(select(Payment)).one()
    assert (payment.base_minor, payment.unallocated_minor) == (7000, 1000)
    assert receivables(office, contract)[0].status == "open"


def test_the_erp_number_is_kept_and_makes_the_contract_active(office):
    contract = office.contract(terms=TERMS)
    approve(office, contract)
    pushed = {"system": "k3cloud", "subject_kind": "contract", "subject_id": contract, "external_id": "100123"}
    office.hear("gateway.erp_document.pushed.v1", pushed | {"kind": "sales_order", "number": "XSDD-0001"})
    record = office.get(Contract, contract)
    assert (record.status, record.external_ids, record.erp["order"]["number"]) == (
        "active",
        {"k3cloud": "100123"},
        "XSDD-0001",
    )
    moved = {"system": "k3cloud", "contract_id": contract, "number": "XSDD-0001", "state": "shipped"}
    office.hear("gateway.erp_order.changed.v1", moved)
    assert office.get(Contract, contract).erp["order"]["state"] == "shipped"
    customer = pushed | {
        "subject_kind": "account",
        "subject_id": record.account_id,
        "kind": "customer",
        "external_id": "C9",
    }
    office.hear("gateway.erp_document.pushed.v1", customer)
    assert office.get(Account, record.account_id).external_ids == {"k3cloud": "C9"}


def test_the_account_becomes_vip_with_an_explanation_when_its_contracts_pass_the_threshold(office):
    account = office.account()
    approve(office, office.contract(price="300000", account_id=account))
    assert office.get(Account, account).tier == "C"
    approve(office, office.contract(price="250000", account_id=account))
    assert office.get(Account, account).tier == "VIP"
    (changed,) = office.events("account.tier_changed")
    assert (changed["data"]["from_tier"], changed["data"]["to_tier"]) == ("C", "VIP")
    from sales import queries

    with office.database.reading() as session:
        (decision,) = queries.decisions(session, subject=f"account/{account}", locale="zh")
    assert decision["id"] == changed["data"]["decision_id"]
    assert "550000.00" in decision["steps"][0]["text"]
    assert [ticket["data"]["priority"] for ticket in office.events("ticket.requested")] == ["normal", "high"]


def test_a_contract_without_amount_or_with_a_plan_that_falls_short_is_not_submitted(office):
    contract = office.contract(price="0")
    with pytest.raises(PlanMismatch):
        submit(office, contract)
    with pytest.raises(PlanMismatch):
        office.contract(terms=[{"percent": "50"}])


def test_only_a_draft_can_be_changed_and_new_lines_keep_the_shares_of_the_plan(office):
    contract = office.contract(price="1000", terms=TERMS)
    with office.database.transaction() as session:
        record = session.get(Contract, contract)
        contracts.edit(session, record, lines=[{"name": "服务", "quantity": "1", "unit_price": "2000"}])
        assert [term["amount_minor"] for term in record.payment_plan] == [60000, 140000]
    submit(office, contract)
    with pytest.raises(WrongState), office.database.transaction() as session:
        contracts.edit(session, session.get(Contract, contract), title="x")


def test_terminating_a_contract_cancels_what_is_owed(office):
    contract = office.contract(price="1000", terms=TERMS)
    approve(office, contract)
    with office.database.transaction() as session:
        contracts.terminate(session, session.get(Contract, contract), reason="客户破产")
    assert {row.status for row in receivables(office, contract)} == {"cancelled"}
    assert office.get(Account, office.get(Contract, contract).account_id).open_minor == 0


def test_owner_and_later_manager_are_reminded_of_what_falls_due(office, time):
    contract = office.contract(price="1000", terms=[{"percent": "100", "after_days": 30}])
    approve(office, contract)
    due = receivables(office, contract)[0]
    keys = []
    for _day in range(46):
        time.pass_(days=1)
        fire_due(office.database, SERVICE.timers)
    for event in office.events("notification.requested"):
        if event["subject"] == f"receivable/{due.id}":
            keys.append((event["data"]["key"], event["data"]["to"]))
    assert keys == [
        ("receivable_due", ["lin"]),
        ("receivable_due", ["lin"]),
        ("receivable_overdue", ["hua", "lin"]),
        ("receivable_overdue", ["hua", "lin"]),
        ("receivable_overdue", ["hua", "lin"]),
    ]
    assert len(office.events("receivable.overdue")) == 1
    assert receivables(office, contract)[0].overdue


def test_an_approver_sees_the_contract_and_its_customer_only_while_the_task_is_open(office):
    from engines import access

    contract = office.contract()
    account = office.get(Contract, contract).account_id
    wang = office.caller("wang")

    def sees(model, id_):
        with office.database.reading() as session:
            try:
                return bool(access.get(session, wang, model, id_))
            except Problem:
                return False

    assert not sees(Contract, contract)
    task = {"task_id": "t1", "subject_kind": "contract", "subject_id": contract, "assignee_id": "wang", "due_at": None}
    office.hear("approvals.task.created.v1", task)
    assert sees(Contract, contract)
    assert sees(Account, account)
    office.hear("approvals.task.completed.v1", {"task_id": "t1"})
    assert not sees(Contract, contract)
    assert not sees(Account, account)
