"""The state table has no dead ends, and every step tells what it did."""

import pytest
from sqlalchemy import select

from chassis.caller import SYSTEM
from chassis.timers import fire_due
from engines import timeline
from engines.ownership.errors import AlreadyOwned, UnknownPerson
from leads import conversion, lifecycle, merging, ownership, progress
from leads.app import SERVICE
from leads.errors import ChooseCandidate, MergedAway, NothingToUndo, WrongStatus
from leads.models import Behaviour, Lead


def reachable(status):
    found, todo = {status}, [status]
    while todo:
        here = todo.pop()
        for moves in lifecycle.STEPS.values():
            if here in moves and moves[here] not in found:
                found.add(moves[here])
                todo.append(moves[here])
    return found


@pytest.mark.parametrize("status", lifecycle.STATUSES)
def test_every_status_is_reached_and_none_is_stuck(status):
    assert status in reachable("new")
    assert "converted" in reachable(status)
    assert status == "converted" or "disqualified" in reachable(status)


def test_every_step_leads_to_a_known_status():
    for moves in lifecycle.STEPS.values():
        assert set(moves) | set(moves.values()) <= set(lifecycle.STATUSES)


def test_the_first_activity_answers_the_first_response(desk, time):
    lead = desk.capture(address="上海").lead
    time.pass_(minutes=20)
    anna = desk.caller("anna")
    desk.do(progress.log, lead.id, caller=anna, kind="call", text="聊过了")
    found = desk.lead(lead.id)
    assert (found.status, found.first_activity_at, found.last_activity_at) == ("working", time.moment, time.moment)
    (event,) = desk.events("lead.contacted")
    assert event["data"]["first_response_seconds"] == 1200
    assert event["changes"]["status"] == ["assigned", "working"]
    with desk.database.reading() as session:
        assert timeline.open_tasks(session, "lead", lead.id) == []
    time.pass_(days=1)
    desk.do(progress.log, lead.id, caller=anna, kind="visit", text="再访")
    assert len(desk.events("lead.contacted")) == 1
    assert desk.lead(lead.id).last_activity_at == time.moment


def test_a_lead_goes_back_and_forth_and_is_given_up_and_taken_up_again(desk):
    lead = desk.capture(address="上海").lead
    anna = desk.caller("anna")
    desk.do(progress.nurture, lead.id)
    desk.do(progress.resume, lead.id)
    desk.do(progress.disqualify, lead.id, caller=anna, reason="没有预算")
    assert desk.lead(lead.id).disqualify_reason == "没有预算"
    with pytest.raises(WrongStatus) as wrong:
        desk.do(progress.qualify, lead.id)
    assert wrong.value.facts == {"present": "disqualified", "allowed": ["release", "contact", "reopen"]}
    desk.do(progress.reopen, lead.id)
    assert (desk.lead(lead.id).status, desk.lead(lead.id).disqualify_reason) == ("assigned", None)


def test_a_lead_without_owner_reopens_as_new(desk):
    lead = desk.capture(phones=[], emails=["x@y.cn"]).lead
    assert lead.owner_id is None
    desk.do(progress.disqualify, lead.id, caller=SYSTEM, reason="空号")
    assert desk.do(progress.reopen, lead.id).status == "new"


def test_assigning_by_hand_moves_open_tasks_and_tells_the_new_owner(desk):
    lead = desk.capture(address="上海").lead
    desk.do(ownership.assign, lead.id, caller=desk.caller("chen"), owner_id="wu")
    found = desk.lead(lead.id)
    assert (found.owner_id, found.department_id) == ("wu", "sales")
    with desk.database.reading() as session:
        assert [task.assignee_id for task in timeline.open_tasks(session, "lead", lead.id)] == ["wu"]
    assert desk.events("lead.assigned")[-1]["data"]["previous_owner_id"] == "anna"
    assert desk.events("notification.requested")[-1]["data"]["to"] == ["wu"]
    with pytest.raises(UnknownPerson):
        desk.do(ownership.assign, lead.id, caller=desk.caller("chen"), owner_id="nobody")


def test_a_released_lead_is_claimed_by_one_person_only(desk):
    lead = desk.capture(address="上海").lead
    desk.do(ownership.release, lead.id, caller=desk.caller("anna"), reason="忙不过来")
    assert (desk.lead(lead.id).pool, desk.lead(lead.id).status) == ("default", "new")
    desk.do(ownership.claim, lead.id, caller=desk.caller("wu"))
    assert (desk.lead(lead.id).owner_id, desk.lead(lead.id).pool) == ("wu", None)
    with pytest.raises(AlreadyOwned):
        desk.do(ownership.claim, lead.id, caller=desk.caller("bo"))


def qualified(desk):
    lead = desk.capture(company="华信科技有限公司", address="上海", budget_minor=50_000_00, budget_currency="CNY").lead
    desk.do(progress.qualify, lead.id)
    return lead.id


def ask(desk, lead_id, **more):
    return desk.do(conversion.request, lead_id, caller=desk.caller("anna"), wait_seconds=900, **more)


def test_a_conversion_is_asked_for_and_answered_once(desk, time):
    lead_id = qualified(desk)
    ask(desk, lead_id)
    (event,) = desk.events("conversion_requested")
    assert event["data"]["opportunity"] == {"name": "华信科技有限公司", "amount": "50000.00", "currency": "CNY"}
    assert event["personal"]["data"]["phones"] == ["+8613812345678"]
    assert desk.lead(lead_id).status == "converting"
    answer = {"account_id": "a" * 36, "contact_id": "c" * 36, "opportunity_id": "o" * 36}
    for _ in range(2):
        with desk.database.transaction() as session:
            conversion.completed(session, lead_id=lead_id, **answer)
    assert desk.lead(lead_id).status == "converted"
    assert desk.lead(lead_id).account_id == "a" * 36
    assert len(desk.events("lead.converted")) == 1
    with pytest.raises(WrongStatus):
        ask(desk, lead_id)


def test_after_a_failure_a_candidate_is_chosen_and_asked_for_again(desk):
    lead_id = qualified(desk)
    ask(desk, lead_id)
    with desk.database.transaction() as session:
        conversion.failed(
            session, lead_id=lead_id, reason="two accounts look alike", candidates=[{"account_id": "one"}]
        )
    assert desk.lead(lead_id).status == "conversion_failed"
    assert desk.lead(lead_id).conversion["candidates"] == [{"account_id": "one"}]
    with pytest.raises(ChooseCandidate):
        ask(desk, lead_id, account_id="another")
    ask(desk, lead_id, account_id="one")
    first, second = desk.events("conversion_requested")
    assert second["data"]["account_id"] == "one"
    assert second["data"]["request_id"] != first["data"]["request_id"]
    assert second["data"]["opportunity"] == first["data"]["opportunity"]


def test_a_conversion_without_answer_is_asked_for_again(desk, time):
    lead_id = qualified(desk)
    ask(desk, lead_id)
    time.pass_(seconds=901)
    fire_due(desk.database, SERVICE.timers)
    assert len(desk.events("conversion_requested")) == 2
    assert desk.events("notification.requested")[-1]["data"]["key"] == "lead_conversion_waits"


def test_a_merge_keeps_everything_and_can_be_undone(desk):
    anna = desk.caller("anna")
    kept = desk.capture(source="event", address="上海", title="经理", company="").lead.id
    gone = desk.capture(
        source="event", company="华信科技有限公司", title="总监", emails=["z@huaxin.cn"], phones=["13900000000"]
    ).lead.id
    desk.do(progress.log, gone, caller=anna, kind="call", text="问过价格")
    desk.do(progress.record_behaviours, gone, done=[{"kind": "download"}])
    before = {lead.id: merging.snapshot(lead) for lead in desk.leads()}
    with desk.database.transaction() as session:
        row = merging.merge(session, session.get_one(Lead, kept), session.get_one(Lead, gone), caller=anna)
    lead = desk.lead(kept)
    assert lead.phones == ["+8613812345678", "+8613900000000"]
    assert (lead.company, lead.title, lead.emails) == ("华信科技有限公司", "经理", ["z@huaxin.cn"])
    assert row.conflicts["title"] == ["经理", "总监"]
    assert desk.lead(gone).duplicate_of == kept
    with desk.database.reading() as session:
        assert [each.text for each in timeline.activities(session, "lead", kept)] == ["问过价格"]
        assert session.scalars(select(Behaviour.lead_id)).all() == [kept]
        assert len(timeline.open_tasks(session, "lead", kept)) == 1
    with pytest.raises(MergedAway):
        desk.do(progress.qualify, gone)
    with desk.database.transaction() as session:
        merging.undo(session, row.id)
    assert {lead.id: merging.snapshot(lead) for lead in desk.leads()} == before
    with desk.database.reading() as session:
        assert [each.text for each in timeline.activities(session, "lead", gone)] == ["问过价格"]
    with pytest.raises(NothingToUndo), desk.database.transaction() as session:
        merging.undo(session, row.id)


def test_behaviour_raises_the_score_and_it_decays(desk, time):
    lead = desk.capture(address="上海").lead
    assert desk.do(progress.record_behaviours, lead.id, done=[{"kind": "download"}, {"kind": "download"}]).score == 50
    with desk.database.transaction() as session:
        from leads import timers

        timers.arm(session, kind=timers.RESCORE, key="all", due_at=time.pass_(days=7))
    fire_due(desk.database, SERVICE.timers)
    assert desk.lead(lead.id).score == 40
