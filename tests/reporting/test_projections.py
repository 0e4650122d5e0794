"""Facts end the same whatever order the logs are heard in, and however often."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from chassis import replay
from reporting.app import SERVICE
from reporting.models import Base, Lead, Opportunity, SlaClock, Stage, StageInterval, Usage
from tests.reporting.conftest import Logs, take_in

GROUPS = [group for group in SERVICE.subscriptions.groups.values() if group.name != "directory"]


def story() -> Logs:
    """A company's quarter, with changes of owner, re-entries, late answers and corrections."""
    logs = Logs()
    logs.pipeline("discovery", "qualified", "won")
    logs.account()
    for n in range(6):
        logs.pass_(hours=5).lead(f"l{n}")
        logs.pass_(minutes=20).lead(f"l{n}", "assigned", status="assigned", owner_id="lin" if n % 2 else "wang")
        if n % 3:
            logs.pass_(minutes=30).lead(f"l{n}", "contacted", status="working", first_response_seconds=1800 + n)
            logs.activity(f"act{n}", f"lead/l{n}")
    logs.lead("l1", "qualified", status="qualified")
    logs.pass_(days=1).lead("l1", "converted", status="converted", account_id="a1", opportunity_id="o1")
    logs.lead("l5", "merged", merged_id="l4")
    for n in range(4):
        logs.pass_(hours=3).deal(f"o{n}", step="created", lead_id="l1" if n == 1 else None)
        logs.pass_(days=2).deal(f"o{n}", "qualified", owner_id="lin" if n % 2 else "wang")
        logs.pass_(days=1).deal(f"o{n}", "discovery")
        logs.pass_(days=4).deal(f"o{n}", "won" if n % 2 else "lost")
    logs.pipeline()
    logs.deal("o1", step="changed", stage="won", owner_id="hua")
    logs.account(tier="VIP")
    logs.contract("c1", "created")
    logs.contract("c1")
    logs.receivable("r1", due="2026-09-01")
    logs.pass_(days=1).receivable("r1", "changed", due="2026-09-01", paid=10_000)
    logs.payment("p1", 10_000)
    for n in range(3):
        logs.pass_(hours=2).ticket(f"t{n}")
        logs.pass_(minutes=30).ticket(f"t{n}", "replied", is_first=True, first_response_minutes=30)
        logs.met(f"t{n}", "first_response", in_time=n != 1)
        logs.ticket(f"t{n}", "solved", status="solved", resolution_minutes=50, replies=1)
    logs.ticket(
        "t1", "breached", metric="first_response", due_at=logs.now.isoformat(), policy="standard", target_minutes=60
    )
    logs.answered("s1", "t1", 5)
    logs.tell("approvals.instance.started.v1", "instance/i1", instance_id="i1", definition="contract", subject_kind="contract",
              subject_id="c1")  # fmt: skip
    logs.task("k1")
    logs.pass_(hours=4).task("k1", "completed", outcome="approved", opened_at=None)
    for service in ("leads", "sales"):
        logs.usage(service, ("lin", "leads.leads", "2026-08-10", 3), ("wang", "sales.board", "2026-08-11", 2))
        logs.pass_(hours=1).usage(service, ("lin", "leads.leads", "2026-08-10", 4))
    logs.tell(
        "gateway.user.changed.v1", "user/lin", user_id="lin", department_id="east", name="Lin", roles=[], active=True
    )
    return logs


def shuffled(logs: Logs, chance: random.Random) -> list[list[Any]]:
    """The logs in batches, interleaved at random, with events delivered again now and then."""
    heads = dict.fromkeys(logs.events, 0)
    batches: list[list[Any]] = []
    while heads:
        source = chance.choice(sorted(heads))
        log, start = logs.events[source], heads[source]
        again = chance.randint(0, min(start, 5)) if chance.random() < 0.4 else 0
        end = min(start + chance.randint(1, 9), len(log))
        batches.append(log[start - again : end])
        heads[source] = end
        if end == len(log):
            del heads[source]
            if chance.random() < 0.5:
                batches.append(log[-3:])
    return batches


def fingerprints(database: Any) -> dict[str, tuple[int, str]]:
    with database.reading() as session:
        return {table.name: replay.fingerprint(session, table) for group in GROUPS for table in group.tables}


def emptied(database: Any) -> None:
    with database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        for name in ("event_cursors", "event_applied"):
            session.execute(replay.Base.metadata.tables[name].delete())


def test_any_interleaving_with_duplicates_ends_in_the_same_facts(database):
    logs = story()
    take_in(database, list(logs.events.values()))
    expected = fingerprints(database)
    assert all(rows for name, (rows, _digest) in expected.items() if name not in ("record_shares",)), expected

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32))
    def same(seed: int) -> None:
        emptied(database)
        take_in(database, shuffled(logs, random.Random(seed)))
        assert fingerprints(database) == expected

    same()


def test_handlers_themselves_forgive_repetition_and_order(database):
    """Without the cursor's help: each projection but the sums of uses is idempotent and commutative event by event."""
    logs = story()
    take_in(database, list(logs.events.values()))
    groups = [group for group in GROUPS if group.name != "usage_facts"]
    expected = fingerprints(database)
    chance = random.Random(7)
    emptied(database)
    todo = [event for log in logs.events.values() for event in log] * 2
    chance.shuffle(todo)
    with database.transaction() as session:
        for event in todo:
            for group in groups:
                found = group.match(event.type)
                if found is not None:
                    loaded = found.load(event)
                    found.handle(session, [loaded] if found.batch else loaded)
    found = fingerprints(database)
    assert {name: value for name, value in found.items() if name != Usage.__tablename__} == {
        name: value for name, value in expected.items() if name != Usage.__tablename__
    }


def test_a_replay_rebuilds_the_same_facts(database):
    logs = story()
    take_in(database, shuffled(logs, random.Random(3)))

    def read(source: str, after: int) -> list[Any]:
        return logs.events.get(source, [])[after : after + 20]

    for group in GROUPS:
        report = replay.rebuild(database, group, sources=sorted(logs.events), read=read, swap=False)
        assert report.equal, (group.name, report.failed, [table for table in report.tables if not table.equal])


def test_a_stay_in_a_stage_ends_where_the_next_begins(company):
    logs = company.logs
    logs.pipeline()
    logs.deal("o1", step="created")
    logs.pass_(days=2).deal("o1", "proposal")
    logs.pass_(days=3).deal("o1", "discovery")
    company.catch_up()
    with company.database.reading() as session:
        stays = session.scalars(select(StageInterval).order_by(StageInterval.seq)).all()
        assert [stay.stage for stay in stays] == ["discovery", "proposal", "discovery"]
        assert [stay.left_at and (stay.left_at - stay.entered_at).days for stay in stays] == [2, 3, None]
        deal = session.get(Opportunity, "o1")
        assert (deal.stage, deal.closed_at) == ("discovery", None)


def test_a_lead_keeps_the_first_of_each_step_and_the_last_of_its_state(company):
    logs = company.logs
    logs.lead("l1")
    logs.pass_(hours=1).lead("l1", "contacted", status="working", first_response_seconds=60, owner_id="lin")
    logs.pass_(hours=1).lead("l1", "contacted", status="working", first_response_seconds=5, owner_id="wang")
    company.catch_up()
    with company.database.reading() as session:
        lead = session.get(Lead, "l1")
        assert (lead.first_response_seconds, lead.owner_id, lead.status) == (60, "wang", "working")


def test_a_late_answer_stays_a_breach_whichever_is_told_first(company):
    logs = company.logs
    logs.ticket("t1")
    due = logs.now.isoformat()
    logs.pass_(hours=2).met("t1", "first_response", in_time=False)
    logs.ticket("t1", "breached", metric="first_response", due_at=due, policy="standard", target_minutes=60)
    company.catch_up()
    with company.database.reading() as session:
        clock = session.scalars(select(SlaClock)).one()
        assert clock.breached_at.isoformat() == due
        assert clock.met_at > clock.breached_at


def test_a_stage_that_was_taken_out_loses_its_place_and_keeps_its_label(company):
    company.logs.pipeline("discovery", "qualified", "won")
    company.logs.pipeline("discovery", "won")
    company.catch_up()
    with company.database.reading() as session:
        rows = {row.stage: row for row in session.scalars(select(Stage))}
        assert rows["qualified"].place is None
        assert rows["qualified"].label["zh"] == "qualified阶段"
        assert [rows[key].place for key in ("discovery", "won", "lost")] == [0, 1, 2]


@pytest.mark.parametrize("service_name", ["leads", "sales"])
def test_uses_of_a_feature_add_up_over_summaries(company, service_name):
    company.logs.usage(service_name, ("lin", "leads.leads", "2026-08-10", 3))
    company.logs.usage(service_name, ("lin", "leads.leads", "2026-08-10", 4))
    company.catch_up()
    company.catch_up()
    with company.database.reading() as session:
        assert session.scalars(select(Usage.uses)).one() == 7
