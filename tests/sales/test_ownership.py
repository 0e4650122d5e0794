"""Accounts change hands: with their contacts, paused by open contracts, by tier, and away from a leaver."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from chassis import clock
from chassis.caller import SYSTEM
from chassis.timers import fire_due
from engines import timeline
from engines.ownership import api, publishing, reclaiming
from engines.ownership.errors import ClaimLimitReached
from engines.ownership.shapes import PoolShape
from sales import accounts, contacting, contracts, ownership, timers
from sales.models import Account, Contact, Contract, Opportunity
from sales.ownership import ACCOUNTS

SILENT = {"key": "silent", "title": {"zh": "未跟进", "en": "No contact"}, "days": 10, "since": ["last_activity_at"],
          "when": {"field": "tier", "op": "ne", "value": "VIP"}}  # fmt: skip


@pytest.fixture
def rules(office):
    def publish(**given: Any) -> None:
        body = PoolShape().dump(PoolShape().load(given))
        with office.database.transaction() as session:
            publishing.publish_rule(session, ACCOUNTS, caller=SYSTEM, key="default", body=body)
        settle(office)

    return publish


@pytest.fixture
def sellers_claim(office):
    """Sellers may see the pool and claim from it."""
    from tests.sales.conftest import SELLER

    office.people.role("seller", SELLER | {"account": SELLER["account"] | {"rights": ["see_pool", "claim"]}})


def settle(office) -> None:
    while fire_due(office.database, timers.due):
        pass


def do(office, function: Any, model: Any, id_: str, **arguments: Any) -> Any:
    with office.database.transaction() as session:
        return function(session, session.get_one(model, id_), **arguments)


def test_a_silent_account_goes_back_and_its_contacts_with_it(office, rules, time):
    id_ = office.account()
    with office.database.transaction() as session:
        contact = accounts.add_contact(session, caller=office.caller("lin"), account_id=id_, name="周敏").id
    rules(reclaim={"rules": [SILENT], "warn_days": []})
    time.set(office.get(Account, id_).next_reclaim_at + timedelta(minutes=1))
    settle(office)
    record = office.get(Account, id_)
    assert (record.owner_id, record.pool) == (None, "default")
    assert office.get(Contact, contact).owner_id is None
    do(office, ownership.claim_account, Account, id_, caller=office.caller("wang"))
    assert office.get(Account, id_).owner_id == office.get(Contact, contact).owner_id == "wang"
    assert office.events("account.changed")[-1]["data"]["owner_id"] == "wang"


def test_an_account_made_while_the_rules_are_in_force_has_its_date_and_goes_back_then(office, rules, time):
    rules(reclaim={"rules": [SILENT], "warn_days": []})
    id_ = office.account()
    due = office.get(Account, id_).next_reclaim_at
    assert due is not None
    time.set(due + timedelta(minutes=1))
    settle(office)
    assert (office.get(Account, id_).owner_id, office.get(Account, id_).pool) == (None, "default")


def test_tiers_have_their_own_rules_and_a_new_tier_moves_the_date(office, rules):
    id_ = office.account(tier="C")
    rules(reclaim={"rules": [SILENT]})
    assert office.get(Account, id_).next_reclaim_at is not None
    do(office, accounts.edit, Account, id_, tier="VIP")
    assert office.get(Account, id_).next_reclaim_at is None


def test_an_open_contract_pauses_the_date_and_its_end_begins_the_count_anew(office, rules, time):
    id_ = office.account()
    rules(reclaim={"rules": [SILENT], "warn_days": []})
    contract = office.contract(account_id=id_)
    do(office, contracts.submit, Contract, contract, caller=office.caller("lin"))
    paused = office.get(Account, id_)
    assert paused.next_reclaim_at is None
    assert "C-" in paused.reclaim["paused"][0]["en"]
    with office.database.reading() as session:
        shown = api.ownership_of(session, ACCOUNTS, session.get_one(Account, id_))
    assert "contract" in str(shown["explanation"]["steps"]) or "合同" in str(shown["explanation"]["steps"])
    time.pass_(days=400)
    settle(office)
    assert office.get(Account, id_).owner_id == "lin"
    do(office, contracts.decide, Contract, contract, outcome="rejected", decision={"request_id": "x", "comment": ""})
    resumed = office.get(Account, id_)
    assert resumed.next_reclaim_at > time.moment + timedelta(days=9)
    assert resumed.reclaim["resumed_at"] == clock.iso(time.moment)


def test_a_receivable_that_is_still_owed_pauses_too(office, rules):
    id_ = office.account()
    rules(reclaim={"rules": [SILENT]})
    contract = office.contract(account_id=id_)
    do(office, contracts.submit, Contract, contract, caller=office.caller("lin"))
    do(office, contracts.decide, Contract, contract, outcome="approved", decision={"request_id": "x", "comment": ""})
    with office.database.transaction() as session:
        session.execute(update(Contract).where(Contract.id == contract).values(status="completed"))
        ownership.review(session, id_)
    record = office.get(Account, id_)
    assert record.next_reclaim_at is None
    assert record.reclaim["paused"][0]["en"].startswith("receivable")


def test_an_activity_on_what_is_sold_counts_for_the_customer(office, rules, time):
    id_ = office.account()
    deal = office.opportunity(id_)
    rules(reclaim={"rules": [SILENT]})
    before = office.get(Account, id_).next_reclaim_at
    time.pass_(days=3)
    with office.database.transaction() as session:
        lin = office.caller("lin")
        logged = timeline.log_activity(
            session, caller=lin, subject_kind="opportunity", subject_id=deal, kind="call", text="聊过"
        )
        contacting.after_activity(session, lin, session.get_one(Opportunity, deal), logged)
    record = office.get(Account, id_)
    assert record.last_activity_at == time.moment
    assert record.next_reclaim_at > before


def test_accounts_are_claimed_within_limits_by_api_one_by_one_and_many_at_once(office, client, rules, sellers_claim):
    ids = [office.account(f"公司{n}") for n in range(3)]
    rules(claim={"daily_limit": 2})
    own = "/sales/api/v1/accounts"
    released = client.as_user("hua").post(f"{own}/bulk/release", json={"ids": ids})
    assert released.json["done"] == 3
    assert client.as_user("wang").post(f"{own}/{ids[0]}/claim", json={}).json["owner_id"] == "wang"
    many = client.as_user("wang").post(f"{own}/bulk/claim", json={"ids": ids[1:]}).json
    assert many["done"] == 1
    assert [row["problem"]["code"] for row in many["items"] if not row["ok"]] == [ClaimLimitReached.code]
    given = client.as_user("hua").post(f"{own}/bulk/assign", json={"ids": ids, "owner_id": "lin"})
    assert given.json["done"] == 3
    story = client.as_user("hua").get(f"{own}/{ids[0]}/ownership").json
    assert [each["how"] for each in story["history"]] == ["hand", "claim", "release"]
    assert client.as_user("wang").post(f"{own}/bulk/assign", json={"ids": ids, "owner_id": "lin"}).status_code == 403


def test_a_manager_protects_and_takes_back_with_a_reason(office, client):
    id_ = office.account()
    address = f"/sales/api/v1/accounts/{id_}"
    hua = client.as_user("hua")
    until = "2031-01-01T00:00:00Z"
    assert hua.post(f"{address}/protect", json={"until": until}).json["protected_until"] == until
    assert hua.post(f"{address}/reclaim", json={}).status_code == 422
    taken = hua.post(f"{address}/reclaim", json={"reason": "长期不跟进"}).json
    assert (taken["owner_id"], taken["pool"], taken["protected_until"]) == (None, "default", None)
    assert hua.post(f"{address}/reclaim", json={"reason": "再次"}).status_code == 409
    assert client.as_user("lin").post(f"{address}/reclaim", json={"reason": "x"}).status_code == 403


def test_contracts_and_opportunities_are_given_to_others_too(office, client):
    contract, deal = office.contract(), office.opportunity()
    hua = client.as_user("hua")
    assert hua.post(f"/sales/api/v1/contracts/{contract}/assign", json={"owner_id": "wang"}).json["owner_id"] == "wang"
    given = hua.post("/sales/api/v1/opportunities/bulk/assign", json={"ids": [deal], "owner_id": "wang"})
    assert given.json["done"] == 1
    refused = hua.post(f"/sales/api/v1/contracts/{contract}/assign", json={"owner_id": "nobody"})
    assert refused.status_code == 422


def test_all_that_is_open_of_a_leaver_goes_to_successors_and_what_is_closed_stays(office):
    account = office.account()
    deal, won = office.opportunity(account), office.opportunity(account)
    contract = office.contract(account_id=account)
    with office.database.transaction() as session:
        accounts.add_contact(session, caller=office.caller("lin"), account_id=account, name="周敏")
        session.execute(update(Opportunity).where(Opportunity.id == won).values(category="won"))
    order = {"hand_over_id": "h1", "leaver_id": "lin"}
    office.hear("gateway.hand_over.preview_requested.v1", order)
    counts = office.events("hand_over.counted")[0]["data"]["counts"]
    assert counts == {
        "account": 1,
        "contact": 1,
        "opportunity": 1,
        "quote": 0,
        "contract": 1,
        "receivable": 0,
        "task": 0,
    }
    chosen = {"successors": {"account": "wang", "*": "hua"}, "requested_by": "hua"}
    office.hear("gateway.hand_over.started.v1", order | chosen, sequence=2)
    settle(office)
    assert office.get(Account, account).owner_id == "wang"
    assert office.get(Opportunity, deal).owner_id == office.get(Contract, contract).owner_id == "hua"
    assert office.get(Opportunity, won).owner_id == "lin"
    done = office.events("hand_over.completed")[0]["data"]
    assert done["moved"] == {"account": 1, "opportunity": 1, "contract": 1}
    with office.database.reading() as session:
        assert reclaiming.explain(session, ACCOUNTS, session.get_one(Account, account)) is not None
