"""Pools of leads: claims under limits and in parallel, what a pool hides, going back in time, hand-over of a leaver."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from chassis import changes, directory
from chassis.caller import SYSTEM
from chassis.db import Database
from chassis.errors import Problem
from chassis.subscriptions import Received
from chassis.timers import TABLE, fire_due
from engines import explain, listing
from engines import ownership as engine
from engines.ownership import api, publishing
from engines.ownership.errors import (
    AlreadyOwned,
    ClaimLimitReached,
    CoolingDown,
    Frozen,
    HoldingFull,
    NotAMember,
    PoolRuleWrong,
)
from engines.ownership.models import Claim, HandOver
from engines.ownership.shapes import PoolShape
from leads import bulk, ownership, progress, subscriptions, timers
from leads.models import Lead
from leads.objects import LEAD
from leads.ownership import LEADS

SILENT = {"key": "silent", "title": {"zh": "未跟进", "en": "No contact"}, "days": 10, "since": ["last_activity_at"]}


def pool(**given: Any) -> dict[str, Any]:
    return PoolShape().dump(PoolShape().load(given))


@pytest.fixture
def rules(desk):
    """Put a pool or the holding limits in force."""

    def publish(
        body: dict[str, Any] | None = None, *, key: str = "default", purpose: str = "pool", **given: Any
    ) -> None:
        with desk.database.transaction() as session:
            wanted = body if purpose == "holding" else pool(**(body or {}), **given)
            publishing.publish_rule(session, LEADS, caller=SYSTEM, key=key, purpose=purpose, body=wanted)

    return publish


def lying(desk, number: int = 1) -> list[str]:
    """Leads that no rule takes, in the default pool."""
    return [
        desk.capture(name=f"客户{n}", company=f"甲{n}乙{n}丙", phones=[], emails=[f"c{n}@firm{n}.cn"]).lead.id
        for n in range(number)
    ]


def settle(desk) -> None:
    while fire_due(desk.database, timers.due):
        pass


def test_of_fifty_parallel_claims_of_one_lead_exactly_one_wins(desk, monkeypatch):
    (lead_id,) = lying(desk)
    names = [f"s{n:02}" for n in range(50)]
    for name in names:
        desk.people.add(name, roles=("seller",), department="sales")
    database = Database(desk.database.url.render_as_string(hide_password=False), service="leads", pool_size=12)
    callers = [desk.caller(name) for name in names]
    # Reading the directory takes a second connection; a process that serves has more of them than threads, this has not.
    monkeypatch.setattr(directory.snapshots, "CHECK_SECONDS", 3600.0)
    directory.of(database).snapshot()

    def claim(caller: Any) -> str:
        try:
            with database.transaction() as session:
                ownership.claim(session, session.get_one(Lead, lead_id), caller=caller)
        except Problem as refusal:
            return refusal.code
        return "claimed"

    with ThreadPoolExecutor(50) as many:
        outcomes = list(many.map(claim, callers))
    database.close()
    assert outcomes.count("claimed") == 1
    assert set(outcomes) == {"claimed", "already_owned"}
    with desk.database.reading() as session:
        assert session.scalars(select(Claim.person_id)).all() == [desk.lead(lead_id).owner_id]


def test_parallel_claims_of_one_person_never_pass_the_daily_limit(desk, rules):
    ids = lying(desk, 8)
    rules(claim={"daily_limit": 3})
    wu = desk.caller("wu")

    def claim(lead_id: str) -> str:
        try:
            desk.do(ownership.claim, lead_id, caller=wu)
        except Problem as refusal:
            return refusal.code
        return "claimed"

    with ThreadPoolExecutor(8) as many:
        outcomes = sorted(many.map(claim, ids))
    assert outcomes == ["claim_limit_reached"] * 5 + ["claimed"] * 3


def test_claim_release_claim_counts_twice_and_a_managers_assignment_not_at_all(desk, rules, time):
    first, second, third = lying(desk, 3)
    rules(claim={"daily_limit": 2})
    wu, chen = desk.caller("wu"), desk.caller("chen")
    desk.do(ownership.assign, third, caller=chen, owner_id="wu")
    desk.do(ownership.claim, first, caller=wu)
    desk.do(ownership.release, first, caller=wu)
    desk.do(ownership.claim, first, caller=wu)
    with pytest.raises(ClaimLimitReached) as refused:
        desk.do(ownership.claim, second, caller=wu)
    assert refused.value.facts["made"] == refused.value.facts["limit"] == 2
    time.pass_(days=1)
    desk.do(ownership.claim, second, caller=wu)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(("claim", "release", "assign", "take")), max_size=12))
def test_the_ledger_counts_claims_made_whatever_else_happens(desk, steps):
    (lead_id,) = lying(desk)
    wu, chen, made = desk.caller("wu"), desk.caller("chen"), 0
    with desk.database.reading() as session:
        before = len(session.scalars(select(Claim.id)).all())
    does = {
        "claim": lambda: desk.do(ownership.claim, lead_id, caller=wu),
        "release": lambda: desk.do(ownership.release, lead_id, caller=chen),
        "assign": lambda: desk.do(ownership.assign, lead_id, caller=chen, owner_id="wu"),
        "take": lambda: desk.do(ownership.assign, lead_id, caller=chen, owner_id="anna"),
    }
    for step in steps:
        try:
            does[step]()
        except AlreadyOwned:
            continue
        made += step == "claim"
    with desk.database.reading() as session:
        assert len(session.scalars(select(Claim.id)).all()) - before == made


def test_the_last_owner_waits_while_others_may_claim_at_once(desk, rules, time):
    (lead_id,) = lying(desk)
    rules(claim={"cool_down_days": 5})
    wu, anna = desk.caller("wu"), desk.caller("anna")
    desk.do(ownership.claim, lead_id, caller=wu)
    desk.do(ownership.release, lead_id, caller=wu)
    with pytest.raises(CoolingDown):
        desk.do(ownership.claim, lead_id, caller=wu)
    desk.do(ownership.claim, lead_id, caller=anna)
    desk.do(ownership.release, lead_id, caller=anna)
    time.pass_(days=6)
    desk.do(ownership.claim, lead_id, caller=wu)


def test_a_new_arrival_rests_and_an_admin_of_the_pool_does_not_wait(desk, rules, time):
    first, second = lying(desk, 2)
    rules(claim={"freeze_hours": 24}, admins={"users": ["anna"]})
    with pytest.raises(Frozen):
        desk.do(ownership.claim, first, caller=desk.caller("wu"))
    desk.do(ownership.claim, second, caller=desk.caller("anna"))
    time.pass_(hours=25)
    assert desk.do(ownership.claim, first, caller=desk.caller("wu")).protected_until == time.moment + timedelta(days=7)


def test_a_pool_is_seen_and_claimed_from_by_its_members_alone(desk, client, rules):
    (lead_id,) = lying(desk)
    rules(members={"departments": ["east"]})
    assert client.as_user("wu").get(f"/leads/api/v1/leads/{lead_id}").status_code == 404
    assert client.as_user("anna").get(f"/leads/api/v1/leads/{lead_id}").status_code == 200
    with pytest.raises(NotAMember):
        desk.do(ownership.claim, lead_id, caller=desk.caller("wu"))
    assert client.as_user("wu").get("/leads/api/v1/my-pools").json["items"] == []
    assert client.as_user("anna").post(f"/leads/api/v1/leads/{lead_id}/claim").json["owner_id"] == "anna"


def test_what_a_pool_hides_shows_in_no_answer_search_or_sort_until_it_is_claimed(desk, client, rules):
    (lead_id,) = lying(desk)
    rules(hidden_fields=["emails", "company"], admins={"users": ["chen"]})
    wu, own = client.as_user("wu"), "/leads/api/v1/leads"
    shown = wu.get(f"{own}/{lead_id}").json
    assert shown["emails"] == ["c***@firm0.cn"]
    assert "*" in shown["company"]
    assert "*" in wu.get(f"{own}?fields=id,company").json["items"][0]["company"]
    by_mail = '{"field": "emails", "op": "contains", "value": "c0@firm0.cn"}'
    assert wu.get(own, query_string={"filter": by_mail}).json["items"] == []
    assert wu.get(own, query_string={"q": "甲0乙0丙"}).json["items"] == []
    assert wu.get(own, query_string={"sort": "company"}).json["items"] == []
    assert len(client.as_user("chen").get(own, query_string={"q": "甲0乙0丙"}).json["items"]) == 1
    assert wu.post(f"{own}/{lead_id}/claim").json["emails"] == ["c0@firm0.cn"]
    with desk.database.reading() as session:
        assert session.scalars(listing.readable(session, desk.caller("wu"), LEAD, q="甲0乙0丙")).one()


def test_holding_limits_bind_claims_assignments_and_rules_but_exempt_leads_do_not_count(desk, rules):
    first, second, third = lying(desk, 3)
    rules({"rules": [{"key": "wu", "who": {"users": ["wu"]}, "limit": 1}],
           "exempt": {"field": "company", "op": "eq", "value": "甲2乙2丙"}}, key="holding", purpose="holding")  # fmt: skip
    wu, chen = desk.caller("wu"), desk.caller("chen")
    desk.do(ownership.claim, third, caller=wu)  # does not count
    desk.do(ownership.claim, first, caller=wu)
    with pytest.raises(HoldingFull) as refused:
        desk.do(ownership.claim, second, caller=wu)
    assert refused.value.facts["held"] == refused.value.facts["limit"] == 1
    with pytest.raises(HoldingFull):
        desk.do(ownership.assign, second, caller=chen, owner_id="wu")
    by_rule = desk.capture(name="李雷", phones=["13700000001"], company_size="500-999")
    assert by_rule.lead.pool == "default"  # the rule's only seller is full
    desk.do(ownership.assign, second, caller=chen, owner_id="wu", over_limit=True)
    assert desk.lead(second).owner_id == "wu"


def test_a_silent_lead_is_warned_of_then_taken_back_and_says_why(desk, rules, time):
    time.set(time.moment.replace(year=2025, month=3, day=3, hour=2))
    lead_id = desk.capture(address="上海").lead.id
    rules(reclaim={"rules": [SILENT], "warn_days": [3]})
    settle(desk)
    lead = desk.lead(lead_id)
    due = lead.next_reclaim_at
    assert due == time.moment + timedelta(days=14)  # ten working days
    time.set(due - timedelta(days=2))
    settle(desk)
    assert desk.lead(lead_id).owner_id == lead.owner_id
    told = [
        each["data"] for each in desk.events("notification.requested") if each["data"]["key"] == "lead_reclaim_ahead"
    ]
    assert [each["to"] for each in told] == [[lead.owner_id]]
    time.set(due + timedelta(minutes=1))
    settle(desk)
    back = desk.lead(lead_id)
    assert (back.owner_id, back.pool, back.status, back.next_reclaim_at) == (None, "default", "new", None)
    with desk.database.reading() as session:
        (decision,) = explain.decisions_of(session, f"lead/{lead_id}", kind="reclaim")
        history = api.history(session, LEADS, lead_id)
    assert decision.outcome["reclaimed"] is True
    assert decision.rule == "silent"
    assert (history[0].how, history[0].from_id, history[0].reason) == ("reclaim", lead.owner_id, "未跟进")


def test_a_contact_moves_the_date_at_once_and_the_timer_only_when_it_rings(desk, rules, time):
    lead_id = desk.capture(address="上海").lead.id
    rules(reclaim={"rules": [SILENT], "warn_days": []})
    settle(desk)
    first = desk.lead(lead_id).next_reclaim_at
    armed = _armed(desk, lead_id)
    time.pass_(days=4)
    desk.do(progress.log, lead_id, caller=SYSTEM, kind="call", text="聊过")
    moved = desk.lead(lead_id).next_reclaim_at
    assert moved > first
    assert _armed(desk, lead_id) == armed == first
    time.set(first + timedelta(minutes=1))
    settle(desk)
    assert desk.lead(lead_id).owner_id is not None
    assert _armed(desk, lead_id) == moved


def _armed(desk, lead_id: str) -> Any:
    with desk.database.reading() as session:
        return session.execute(select(TABLE.c.due_at).where(TABLE.c.key == f"lead/{lead_id}")).scalar()


def test_a_lead_just_given_and_never_contacted_is_not_taken_back(desk, rules, time):
    (lead_id,) = lying(desk)
    time.pass_(days=200)
    rules(reclaim={"rules": [SILENT], "grace_days": 3})
    desk.do(ownership.assign, lead_id, caller=desk.caller("chen"), owner_id="wu")
    settle(desk)
    lead = desk.lead(lead_id)
    assert lead.owner_id == "wu"
    assert lead.next_reclaim_at > time.moment + timedelta(days=9)


def test_rules_that_make_a_lead_overdue_at_once_still_warn_first(desk, rules, time):
    lead_id = desk.capture(address="上海").lead.id
    time.pass_(days=300)
    rules(reclaim={"rules": [SILENT], "warn_days": [3, 1]})
    settle(desk)
    lead = desk.lead(lead_id)
    assert lead.owner_id is not None
    assert lead.next_reclaim_at == time.moment + timedelta(days=1)
    assert any(each["data"]["key"] == "lead_reclaim_ahead" for each in desk.events("notification.requested"))
    time.pass_(days=1, minutes=1)
    settle(desk)
    assert desk.lead(lead_id).owner_id is None


def test_protection_keeps_a_lead_and_can_be_taken_away(desk, rules, time):
    lead_id = desk.capture(address="上海").lead.id
    rules(reclaim={"rules": [SILENT]})
    settle(desk)
    plain = desk.lead(lead_id).next_reclaim_at
    until = plain + timedelta(days=30)
    desk.do(ownership.protect, lead_id, caller=desk.caller("chen"), until=until)
    assert desk.lead(lead_id).next_reclaim_at == until
    desk.do(ownership.protect, lead_id, caller=desk.caller("chen"), until=None)
    assert desk.lead(lead_id).next_reclaim_at == plain


def test_a_lead_given_up_goes_back_only_by_a_rule_that_counts_from_then(desk, rules, time):
    lead_id = desk.capture(address="上海").lead.id
    refused = {"key": "refused", "days": 30, "count": "calendar", "since": ["disqualified_at"]}
    rules(reclaim={"rules": [SILENT, refused], "warn_days": []})
    desk.do(progress.disqualify, lead_id, caller=SYSTEM, reason="没有预算")
    assert desk.lead(lead_id).next_reclaim_at == time.moment + timedelta(days=30)
    time.pass_(days=31)
    settle(desk)
    lead = desk.lead(lead_id)
    assert (lead.status, lead.pool, lead.disqualify_reason) == ("new", "default", None)


def test_many_are_claimed_within_the_limit_and_each_says_how_it_went(desk, rules):
    ids = lying(desk, 4)
    rules(claim={"daily_limit": 2})
    with desk.database.transaction() as session:
        result = bulk.run(session, caller=desk.caller("wu"), action="claim", ids=ids)
    assert (result["done"], result["failed"]) == (2, 2)
    assert [row["id"] for row in result["results"]] == ids
    assert {row["code"] for row in result["results"] if not row["ok"]} == {"claim_limit_reached"}


def test_an_admin_of_a_pool_gives_its_leads_away_without_the_right_to_assign(desk, client, rules):
    first, second = lying(desk, 2)
    rules(admins={"users": ["anna"]})
    own = "/leads/api/v1/leads"
    assert client.as_user("anna").post(f"{own}/{first}/assign", json={"owner_id": "bo"}).json["owner_id"] == "bo"
    assert client.as_user("wu").post(f"{own}/{second}/assign", json={"owner_id": "bo"}).status_code == 403


def test_a_definition_that_does_not_hold_is_refused_with_every_place(desk, rules):
    wrong = pool(reclaim={"rules": [{**SILENT, "when": {"field": "nonsense", "op": "eq", "value": 1}}]})
    with desk.database.transaction() as session, pytest.raises(PoolRuleWrong) as refused:
        publishing.publish_rule(session, LEADS, caller=SYSTEM, key="default", body=wrong)
    assert "reclaim.rules.0.when" in str(refused.value.errors)
    wrong = pool(hidden_fields=["nothing"], reclaim={"rules": [{**SILENT, "since": ["name"]}]})
    with desk.database.transaction() as session, pytest.raises(PoolRuleWrong) as refused:
        publishing.publish_rule(session, LEADS, caller=SYSTEM, key="default", body=wrong)
    assert set(refused.value.errors) == {"hidden_fields", "reclaim.rules.0.since"}
    with desk.database.reading() as session:
        assert not session.scalars(select(engine.PoolRule.id)).all()


def test_a_draft_is_tried_over_what_is_held_and_over_a_past_period(desk, client, time):
    start = time.moment
    lead_id = desk.capture(address="上海").lead.id
    time.pass_(days=40)
    desk.do(progress.log, lead_id, caller=SYSTEM, kind="call", text="聊过")
    desk.people.role(
        "keeper", {"lead": {"read": "all"}, "pool_rule": {"read": "all", "edit": "all", "rights": ["simulate"]}}
    )
    desk.people.add("kim", roles=("keeper",))
    kim, address = client.as_user("kim"), "/leads/api/v1/pools/simulate"
    draft = {"reclaim": {"rules": [SILENT]}}
    now = kim.post(address, json={"definition": draft}).json
    assert (now["records"], now["changed"], now["reclaimed"]) == (1, 1, 0)
    period = {"from": start.isoformat(), "to": time.moment.isoformat()}
    past = kim.post(address, json={"definition": draft, "history": period}).json
    assert (past["reclaimed"], past["items"][0]["id"]) == (1, lead_id)
    assert desk.lead(lead_id).next_reclaim_at is None
    assert client.as_user("wu").post(address, json={"definition": draft}).status_code == 403


def test_pools_are_kept_by_page_and_api_with_versions(desk, client):
    desk.people.role("keeper", {"lead": {"read": "all"}, "pool_rule": {"read": "all", "edit": "all", "create": True}})
    desk.people.add("kim", roles=("keeper",))
    kim, address = client.as_user("kim"), "/leads/api/v1/pools/east"
    made = kim.put(address, json={"definition": {"claim": {"daily_limit": 5}}, "title": {"zh": "华东", "en": "East"}})
    assert made.json["revision"] == 1
    kim.put(address, json={"definition": {"claim": {"daily_limit": 6}}})
    assert [each["revision"] for each in kim.get(f"{address}/versions").json["items"]] == [2, 1]
    assert [each["key"] for each in kim.get("/leads/api/v1/pools").json["items"]] == ["east"]
    assert kim.put("/leads/api/v1/holding-limits", json={"definition": {"rules": []}}).status_code == 200
    assert len(desk.events("pool_rule.published")) == 3
    assert client.as_user("anna").put(address, json={"definition": {}}).status_code == 403


def received(type_: str, **data: Any) -> Received:
    from chassis import clock

    return Received("0199", "gateway", type_, "hand_over/h1", clock.now(), 1, "e", 0, data)


def heard(desk, type_: str, **data: Any) -> None:
    (found,) = [group.match(type_) for group in subscriptions.on.groups.values() if group.match(type_)]
    with desk.database.transaction() as session:
        found.handle(session, found.load(received(type_, **data)))


def test_a_leavers_leads_and_tasks_go_to_the_successors_once(desk):
    ids = [
        desk.capture(name=f"客户{n}", phones=[f"138{n:08}"], company=f"甲{n}乙{n}丙", owner_id="wu").lead.id
        for n in range(60)
    ]
    order = {"hand_over_id": "h1", "leaver_id": "wu"}
    heard(desk, "gateway.hand_over.preview_requested.v1", **order)
    (counted,) = desk.events("hand_over.counted")
    assert counted["data"]["counts"] == {"lead": 60, "task": 60}
    start = order | {"successors": {"lead": "anna", "*": "bo"}, "requested_by": "chen"}
    heard(desk, "gateway.hand_over.started.v1", **start)
    heard(desk, "gateway.hand_over.started.v1", **start)
    settle(desk)
    assert {desk.lead(lead_id).owner_id for lead_id in ids} == {"anna"}
    (done,) = desk.events("hand_over.completed")
    assert done["data"]["moved"] == {"lead": 60}  # their tasks went along
    assert done["data"]["refused"] == []
    assert len([each for each in desk.events("lead.assigned") if each["data"]["how"] == "hand_over"]) == 60
    with desk.database.reading() as session:
        assert session.get_one(HandOver, "h1").completed_at


def test_a_hand_over_to_somebody_who_left_too_reports_what_stayed(desk):
    lead_id = desk.capture(name="客户", phones=["13800000001"], owner_id="wu").lead.id
    desk.people.add("gone", active=False)
    order = {"hand_over_id": "h1", "leaver_id": "wu", "successors": {"*": "gone"}, "requested_by": "chen"}
    heard(desk, "gateway.hand_over.started.v1", **order)
    settle(desk)
    (done,) = desk.events("hand_over.completed")
    assert [each["code"] for each in done["data"]["refused"] if each["kind"] == "lead"] == ["unknown_person"]
    assert desk.lead(lead_id).owner_id == "wu"
    with desk.database.transaction() as session:
        assert not changes.pending(session, session.get_one(Lead, lead_id))
