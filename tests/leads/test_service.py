"""The service as a whole: demo data, migrations, answers of sales, recurring work, generated requests."""

from datetime import timedelta

import generated_requests
import pytest
from sqlalchemy import func, select

from chassis import clock, migration
from chassis.subscriptions import Received
from chassis.timers import arm, fire_due
from leads import definitions, metrics, progress, seed, timers
from leads.app import SERVICE
from leads.models import Lead
from leads.subscriptions import on


def test_the_demo_data_is_believable(database, people):
    with database.transaction() as session:
        seed.run(session)
    with database.reading() as session:
        counts = dict(session.execute(select(Lead.status, func.count()).group_by(Lead.status)).all())
        grades = {grade for (grade,) in session.execute(select(Lead.grade).distinct())}
        assert session.scalar(select(func.min(Lead.created_at))) < clock.now() - timedelta(days=50)
        assert definitions.in_force(session).rules.rules[0].key == "key-accounts"
    assert sum(counts.values()) >= 30
    assert {"new", "assigned", "working", "nurturing", "qualified", "disqualified"} <= set(counts) | {"assigned"}
    assert len(grades) >= 3


def test_the_migration_makes_exactly_the_tables_of_the_code():
    assert migration.differences("leads") == []


def hear(database, type_, **data):
    subscription = on.groups["conversion"].match(type_)
    event = Received("e", "sales", type_, "lead/x", clock.now(), 1, "epoch", 1, data)
    with database.transaction() as session:
        subscription.handle(session, subscription.load(event))


def test_answers_of_sales_arrive_by_event(desk):
    from leads import conversion

    lead_id = desk.capture(address="上海").lead.id
    desk.do(progress.qualify, lead_id)
    desk.do(conversion.request, lead_id, caller=desk.caller("anna"), wait_seconds=60)
    hear(
        desk.database,
        "sales.conversion.failed.v1",
        lead_id=lead_id,
        reason="ambiguous",
        candidates=[{"account_id": "a"}],
    )
    assert desk.lead(lead_id).status == "conversion_failed"
    desk.do(conversion.request, lead_id, caller=desk.caller("anna"), wait_seconds=60, account_id="a")
    for _ in range(2):
        hear(
            desk.database,
            "sales.conversion.completed.v1",
            lead_id=lead_id,
            account_id="a",
            contact_id="c",
            opportunity_id="o",
        )
    assert (desk.lead(lead_id).status, desk.lead(lead_id).account_id) == ("converted", "a")
    hear(desk.database, "sales.conversion.completed.v1", lead_id="unknown", account_id="a")


def test_the_age_of_waiting_leads_is_measured(desk, time):
    desk.capture(phones=[], emails=["a@b.cn"])
    time.pass_(minutes=10)
    with desk.database.transaction() as session:
        arm(session, kind=timers.WATCH, key="all", due_at=time.moment)
    fire_due(desk.database, SERVICE.timers)
    assert metrics.UNASSIGNED._value.get() == 1
    assert metrics.UNASSIGNED_AGE._value.get() == 600


@pytest.mark.parametrize("source", ["website"])
def test_captures_are_counted_by_source(desk, source):
    before = metrics.CAPTURED.labels(source, "created")._value.get()
    desk.capture(source=source)
    assert metrics.CAPTURED.labels(source, "created")._value.get() == before + 1


def test_no_generated_request_meets_a_bug_or_an_undocumented_answer(desk, client):
    assert generated_requests.check(client.as_user("chen"), "/leads/openapi.json", examples=3) >= 40
