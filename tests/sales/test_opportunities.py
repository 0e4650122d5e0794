"""Opportunities move only through open gates, leave a history, and are called out when they stand still."""

import pytest
from sqlalchemy import select

from chassis.timers import fire_due
from sales import moving, opportunities, queries
from sales.app import SERVICE
from sales.errors import GateClosed, OpportunityClosed
from sales.models import Opportunity, StageHistory


def move(office, opportunity_id, stage, who="lin", **how):
    with office.database.transaction() as session:
        record, pipeline = moving.locked(session, office.caller(who), opportunity_id)
        opportunities.move(session, record, caller=office.caller(who), pipeline=pipeline, to_stage=stage, **how)


def edit(office, opportunity_id, **values):
    with office.database.transaction() as session:
        opportunities.edit(session, session.get(Opportunity, opportunity_id), **values)


def test_a_refused_move_names_everything_that_is_missing_and_changes_nothing(office):
    deal = office.opportunity(close_date=None)
    with pytest.raises(GateClosed) as refusal:
        move(office, deal, "negotiation")
    assert refusal.value.facts["missing"] == {
        "fields": ["close_date"],
        "checklist": ["need_confirmed", "decision_maker"],
        "documents": ["quote"],
    }
    assert office.get(Opportunity, deal).stage == "discovery"
    assert not office.events("opportunity.moved")


def test_a_move_writes_history_and_one_event_with_the_change(office, time):
    deal = office.opportunity()
    edit(office, deal, done=["need_confirmed"])
    time.pass_(days=2)
    move(office, deal, "qualified")
    record = office.get(Opportunity, deal)
    assert (record.stage, record.probability, record.category) == ("qualified", 30, "open")
    with office.database.reading() as session:
        rows = session.scalars(
            select(StageHistory).where(StageHistory.opportunity_id == deal).order_by(StageHistory.at)
        ).all()
    assert [(row.from_stage, row.to_stage, row.seconds) for row in rows] == [
        (None, "discovery", 0),
        ("discovery", "qualified", 2 * 86400),
    ]
    (moved,) = office.events("opportunity.moved")
    assert moved["data"]["from_stage"] == "discovery"
    assert moved["data"]["to_stage"] == "qualified"
    assert moved["data"]["base_minor"] == 10_000_000
    assert moved["changes"]["stage"] == ["discovery", "qualified"]


def test_moving_back_is_free_and_moving_to_lost_needs_only_a_reason(office):
    deal = office.opportunity()
    edit(office, deal, done=["need_confirmed"])
    move(office, deal, "qualified")
    move(office, deal, "discovery")
    with pytest.raises(GateClosed) as refusal:
        move(office, deal, "lost")
    assert refusal.value.facts["missing"]["fields"] == ["loss_reason"]
    move(office, deal, "lost", loss_reason="price")
    (lost,) = office.events("opportunity.lost")
    assert (lost["data"]["loss_reason"], lost["data"]["last_stage"]) == ("price", "discovery")
    move(office, deal, "discovery")
    assert office.get(Opportunity, deal).loss_reason is None


def test_a_deal_won_by_an_approved_contract_does_not_move_any_more(office):
    deal = office.opportunity()
    contract = office.contract(opportunity_id=deal)
    from tests.sales.test_contracts import approve

    approve(office, contract)
    with pytest.raises(OpportunityClosed):
        move(office, deal, "discovery")


def test_a_deal_that_stands_still_is_told_to_the_owner_and_later_to_the_manager(office, time):
    deal = office.opportunity()
    time.pass_(days=6, hours=23)
    fire_due(office.database, SERVICE.timers)
    assert not office.events("notification.requested")
    time.pass_(hours=2)
    fire_due(office.database, SERVICE.timers)
    time.pass_(days=3, hours=1)
    fire_due(office.database, SERVICE.timers)
    assert [event["data"]["to"] for event in office.events("notification.requested")] == [["lin"], ["hua", "lin"]]
    assert office.get(Opportunity, deal).stalled
    edit(office, deal, done=["need_confirmed"])
    move(office, deal, "qualified")
    assert not office.get(Opportunity, deal).stalled


def test_a_move_gives_the_new_stage_its_full_time(office, time):
    deal = office.opportunity()
    edit(office, deal, done=["need_confirmed"])
    time.pass_(days=5)
    move(office, deal, "qualified")
    time.pass_(days=6)
    fire_due(office.database, SERVICE.timers)
    assert not office.get(Opportunity, deal).stalled
    time.pass_(days=2)
    fire_due(office.database, SERVICE.timers)
    assert office.get(Opportunity, deal).stalled


def test_the_board_shows_at_most_fifty_cards_and_counts_all(office):
    account = office.account()
    for number in range(53):
        office.opportunity(account, name=f"单 {number}", minor=100)
    with office.database.reading() as session:
        pipeline = opportunities.pipeline_for(session, None)
        columns = queries.board(session, caller=office.caller("lin"), pipeline=pipeline)
        first = columns[0]
        assert (first.count, first.base_minor, len(first.cards)) == (53, 5300, 50)
        rest, more = queries.more_cards(
            session, caller=office.caller("lin"), pipeline=pipeline, stage="discovery", cursor=first.next_cursor
        )
        assert len(rest) == 3
        assert more is None
        assert {card.id for card in first.cards}.isdisjoint(card.id for card in rest)
        assert queries.board(session, caller=office.caller("wang"), pipeline=pipeline)[0].count == 0


def test_the_forecast_weighs_open_deals_by_probability(office):
    account = office.account()
    office.opportunity(account, minor=100_000)
    with office.database.reading() as session:
        found = queries.forecast(session, caller=office.caller("lin"))
    assert found["weighted"] == {"amount": "100.00", "currency": "CNY"}
