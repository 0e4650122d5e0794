"""Automation rules on the records of sales: set off by events, changes and days; explained, bounded, all or nothing."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.caller import SYSTEM
from chassis.timers import fire_due
from engines.explain import DecisionRow
from engines.rules import definitions, publishing, runs, simulation
from engines.rules.errors import RuleWrong
from engines.timeline import Task
from sales import accounts, automation, contracts, opportunities, timers
from sales.models import Account, Opportunity
from tests.rules_running import run_rules

OWNER_TOLD = {"do": "notify", "to": ["owner"], "title": {"zh": "客户 {name}", "en": "Account {name}"}}


@pytest.fixture
def rule(office):
    def publish(key: str, about: str = "account", **body: Any) -> None:
        with office.database.transaction() as session:
            publishing.publish_rule(session, caller=office.caller("hua"), key=key, body={"about": about, **body})

    return publish


def run(office) -> None:
    """Let the worker's loops go on until nothing is left to do."""
    run_rules(office.database)
    while fire_due(office.database, timers.due):
        run_rules(office.database)


def edit(office, id_: str, **values: Any) -> None:
    with office.database.transaction() as session:
        accounts.edit(session, session.get_one(Account, id_), **values)


def results(office, key: str) -> list[str]:
    with office.database.reading() as session:
        rows = session.scalars(select(DecisionRow).where(DecisionRow.rule == key).order_by(DecisionRow.id))
        return [row.outcome["result"] for row in rows]


def test_a_change_of_a_field_sets_a_rule_off_and_a_new_record_does_not(office, rule, time):
    rule(
        "region",
        trigger={"on": "change", "fields": ["region"]},
        actions=[{"do": "update", "values": {"health": "watch"}}],
    )
    id_ = office.account(region="华东")
    run(office)
    assert office.get(Account, id_).health is None
    edit(office, id_, industry="software")
    run(office)
    assert results(office, "region") == []
    edit(office, id_, region="华南")
    run(office)
    assert office.get(Account, id_).health == "watch"
    assert results(office, "region") == ["done"]


def test_what_happened_before_a_rule_was_published_is_not_its_business(office, rule):
    id_ = office.account()
    edit(office, id_, region="华南")
    rule("region", trigger={"on": "change", "fields": ["region"]}, actions=[OWNER_TOLD])
    run(office)
    assert results(office, "region") == []


def test_a_condition_may_look_at_what_changed_and_the_run_log_says_why_it_did_not_hold(office, rule):
    when = {"field": "region", "op": "changed_to", "value": "华南"}
    rule("south", trigger={"on": "change", "fields": ["region"]}, when=when, actions=[OWNER_TOLD])
    id_ = office.account(region="华东")
    edit(office, id_, region="华北")
    edit(office, id_, region="华南")
    run(office)
    assert results(office, "south") == ["not_met", "done"]
    with office.database.reading() as session:
        acted = runs.page(session, office.caller("hua"), key="south")
        every = runs.page(session, office.caller("hua"), key="south", all_occasions=True)
    assert [each.outcome["result"] for each in acted] == ["done"]
    assert every[1].steps[0].data["condition"]["result"] is False
    told = [event for event in office.events("notification.requested") if event["data"]["key"] == "automation"]
    assert [event["data"]["to"] for event in told] == [["lin"]]


def test_all_actions_take_effect_or_none(office, rule):
    actions = [{"do": "update", "values": {"health": "red"}}, {"do": "tag", "add": ["重点"]},
               {"do": "task", "to": ["role:nobody"], "title": {"zh": "跟进", "en": "Follow up"}}]  # fmt: skip
    rule("broken", trigger={"on": "change", "fields": ["region"]}, actions=actions)
    id_ = office.account()
    edit(office, id_, region="华南")
    run(office)
    record = office.get(Account, id_)
    assert (record.health, record.tags) == (None, [])
    assert results(office, "broken") == ["failed"]
    with office.database.reading() as session:
        (found,) = runs.page(session, office.caller("hua"), key="broken")
    assert "role:nobody" in found.steps[-1].read("zh")
    edit(office, id_, region="华北")  # the next change is heard all the same
    run(office)
    assert results(office, "broken") == ["failed", "failed"]


def test_rules_that_set_each_other_off_are_stopped_and_say_so(office, rule):
    for key, seen, put in (("ping", "health", "city"), ("pong", "city", "health")):
        rule(key, trigger={"on": "change", "fields": [seen]}, actions=[
            {"do": "update", "values": {put: "{}"}} | {"values": {put: f"{key}"}},
        ])  # fmt: skip
    rule("undo", trigger={"on": "change", "fields": ["health", "city"]}, place=500,
         actions=[{"do": "update", "values": {"health": "", "city": ""}}])  # fmt: skip
    id_ = office.account()
    edit(office, id_, health="x")
    run(office)
    found = results(office, "ping") + results(office, "pong") + results(office, "undo")
    assert "loop" in found
    assert len(found) < 400
    stopped = [
        event for event in office.events("notification.requested") if event["data"]["key"] == "automation_stopped"
    ]
    assert stopped
    assert all(event["data"]["to"] == ["hua"] for event in stopped)


def test_a_rule_rests_once_it_acted_as_often_as_it_may_in_an_hour(office, rule, time):
    rule("busy", trigger={"on": "change", "fields": ["region"]}, hourly=2, actions=[OWNER_TOLD])
    id_ = office.account()
    for region in ("华东", "华南", "华北", "华中"):
        edit(office, id_, region=region)
    run(office)
    assert results(office, "busy") == ["done", "done", "bound", "bound"]
    time.pass_(hours=1)
    edit(office, id_, region="西南")
    run(office)
    assert results(office, "busy")[-1] == "done"


def test_rules_run_in_their_order_and_one_may_keep_later_ones_away(office, rule):
    for key, place, stop in (("third", 30, False), ("first", 10, False), ("second", 20, True)):
        rule(
            key,
            trigger={"on": "change", "fields": ["region"]},
            place=place,
            stop=stop,
            actions=[{"do": "tag", "add": [key]}],
        )
    id_ = office.account()
    edit(office, id_, region="华南")
    run(office)
    assert office.get(Account, id_).tags == ["first", "second"]
    assert results(office, "third") == []


def test_a_switched_off_rule_does_nothing_and_begins_anew_when_it_is_on_again(office, rule):
    rule("region", trigger={"on": "change", "fields": ["region"]}, actions=[OWNER_TOLD])
    id_ = office.account()
    with office.database.transaction() as session:
        publishing.switch(session, definitions.find(session, "region"), caller=SYSTEM, active=False)
    edit(office, id_, region="华南")
    run(office)
    with office.database.transaction() as session:
        publishing.switch(session, definitions.find(session, "region"), caller=SYSTEM, active=True)
    run(office)
    assert results(office, "region") == []
    edit(office, id_, region="华北")
    run(office)
    assert results(office, "region") == ["done"]


def ready(office, key: str) -> None:
    label, body = automation.READY[key]
    with office.database.transaction() as session:
        publishing.publish_rule(session, caller=office.caller("hua"), key=key.replace("_", "-"), body=body, title=label)


def tasks(office) -> list[tuple[str, str | None]]:
    with office.database.reading() as session:
        return [(task.title["zh"], task.assignee_id) for task in session.scalars(select(Task).order_by(Task.id))]


def test_every_ready_rule_holds(office):
    for key in automation.READY:
        ready(office, key)
    with office.database.reading() as session:
        assert len(definitions.in_force(session).rules) == len(automation.READY)


def test_a_birthday_is_told_three_days_ahead_each_year_and_once(office, time):
    account = office.account()
    with office.database.transaction() as session:
        accounts.add_contact(
            session, caller=office.caller("lin"), account_id=account, name="周敏", birthday=date(1990, 3, 1)
        )
    time.set(clock.now().replace(year=2031, month=2, day=25, hour=4))
    ready(office, "birthday")
    expected = []
    for day in range(5):
        run(office)
        if day == 1:  # 26 February, 2031 has no 29th
            expected.append(("周敏 将于 3 天后生日，请送上祝福", "lin"))
        assert tasks(office) == expected
        time.pass_(days=1)
    time.set(clock.now().replace(year=2032, month=2, day=28, hour=4))
    run(office)
    assert len(tasks(office)) == 2


def test_a_deal_that_stands_still_is_told_to_its_owner_and_then_to_the_manager(office, time):
    office.opportunity()
    for key in ("stalled_reminder", "stalled_manager"):
        ready(office, key)
    time.pass_(days=7, hours=2)
    run(office)
    assert tasks(office) == [("商机 ERP 升级 已 7 天未推进，请跟进", "lin")]
    time.pass_(days=3)
    run(office)
    told = [
        event["data"]["to"] for event in office.events("notification.requested") if event["data"]["key"] == "automation"
    ]
    assert told == [["hua"]]
    assert len(tasks(office)) == 1


def test_a_silent_customer_of_tier_a_gets_a_care_task_after_ninety_days_and_not_again(office, time):
    id_ = office.account()
    office.account("杭州另一家公司")
    edit(office, id_, last_activity_at=clock.now())
    with office.database.transaction() as session:
        session.get_one(Account, id_).tier = "A"
        accounts.changed(session, session.get_one(Account, id_))
    ready(office, "silent_a")
    time.pass_(days=89)
    run(office)
    assert tasks(office) == []
    time.pass_(days=1, hours=2)
    run(office)
    assert [title for title, _who in tasks(office)] == ["A 类客户 上海云帆科技有限公司 已 90 天未联系，请关怀"]
    time.pass_(days=1)
    run(office)
    assert len(tasks(office)) == 1


def test_an_approved_contract_sends_mail_and_asks_for_a_ticket_and_an_invoice(office):
    account = office.account()
    with office.database.transaction() as session:
        accounts.add_contact(
            session, caller=office.caller("lin"), account_id=account, name="周敏", emails=["zhou@example.com"]
        )
    ready(office, "contract_approved")
    id_ = office.contract(account_id=account)
    with office.database.transaction() as session:
        record = session.get_one(contracts.Contract, id_)
        contracts.submit(session, record, caller=office.caller("lin"))
        contracts.decide(session, record, outcome="approved", decision={})
        number = record.number
    run(office)
    assert results(office, "contract-approved") == ["done"]
    (mail,) = office.events("mail.requested")
    assert "zhou@example.com" in mail["personal"]
    assert f"合同 {number} 已生效" in mail["personal"]
    assert "zhou@example.com" not in str(mail["data"])
    asked = [event["data"] for event in office.events("ticket.requested")]
    assert [each["type"] for each in asked if number in each["subject"]].count("billing") == 1


def test_a_customer_of_a_million_becomes_vip_with_a_service_flow_and_explains_it(office):
    ready(office, "big_customer")
    id_ = office.account()
    with office.database.transaction() as session:
        record = session.get_one(Account, id_)
        record.contract_minor = 120_000_000
        accounts.changed(session, record)
    run(office)
    assert office.get(Account, id_).tier == "VIP"
    assert [event["data"]["priority"] for event in office.events("ticket.requested")] == ["high"]


def test_a_rule_can_be_tried_on_the_last_days_with_records_as_they_were(office, time):
    id_ = office.account(region="华东")
    for region in ("华南", "华北", "华南"):
        time.pass_(days=1)
        edit(office, id_, region=region, city=region)
    edit(office, id_, city="later")
    body = {"about": "account", "trigger": {"on": "change", "fields": ["region"]},
            "when": {"field": "city", "op": "eq", "value": "华南"}, "actions": [OWNER_TOLD]}  # fmt: skip
    before = office.events()
    with office.database.reading() as session:
        found = simulation.simulate(session, caller=office.caller("hua"), body=body, days=30)
        seller = simulation.simulate(session, caller=office.caller("wang"), body=body, days=30)
    assert (found["occasions"], found["acts"], found["unusable"]) == (3, 2, 0)
    assert found["load"] == {"lin": {"notify": 2}}
    assert (seller["acts"], seller["unusable"]) == (0, 3)
    assert office.events() == before


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"about": "nothing"}, "about"),
        ({"trigger": {"on": "event", "events": ["account.exploded"]}}, "trigger.events"),
        ({"trigger": {"on": "change", "fields": ["secret"]}}, "trigger.fields"),
        ({"trigger": {"on": "date", "field": "name"}}, "trigger.field"),
        ({"trigger": {"on": "date", "field": "last_activity_at", "yearly": True}}, "trigger.yearly"),
        ({"when": {"field": "nothing", "op": "eq", "value": 1}}, "when"),
        ({"actions": [{"do": "update", "values": {"tier": "VIP"}}]}, "actions.0.values.tier"),
        ({"actions": [OWNER_TOLD, {"do": "step:explode"}]}, "actions.1.do"),
        ({"actions": [{"do": "step:set_tier", "values": {"tier": "Z"}}]}, "actions.0.values.tier"),
        ({"actions": [{"do": "step:set_tier"}]}, "actions.0.values.tier"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_place(office, change, place):
    body = {
        "about": "account",
        "trigger": {"on": "event", "events": ["account.created"]},
        "actions": [OWNER_TOLD],
    } | change
    with office.database.transaction() as session, pytest.raises(RuleWrong) as refused:
        publishing.publish_rule(session, caller=SYSTEM, key="wrong", body=body)
    assert any(name.startswith(place) for name in refused.value.errors)


def test_an_approved_quote_and_an_activated_contract_move_the_deal(office):
    ready(office, "contract_won")
    opportunity = office.opportunity()
    id_ = office.contract(opportunity_id=opportunity)
    with office.database.transaction() as session:
        record = session.get_one(contracts.Contract, id_)
        record.status = "approved"
        contracts.changed(session, record)
        contracts.activate(session, record)
    run(office)
    assert office.get(Opportunity, opportunity).category == "won"
    assert opportunities.gates.WON == "won"
