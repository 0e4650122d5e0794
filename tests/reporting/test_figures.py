"""Golden figures: each definition of a metric, worked out by hand, on both databases."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from chassis import clock
from chassis.caller import SYSTEM
from chassis.errors import Invalid
from reporting.metrics import catalogue
from reporting.metrics.definition import read
from reporting.querying.answer import Question, ask
from reporting.querying.funnel import funnel
from reporting.querying.periods import Period, buckets, period

AUGUST = {"from": date(2026, 8, 1), "to": date(2026, 8, 31)}


def figures(company: Any, *metrics: str, who: Any = SYSTEM, within: Any = AUGUST, **asked: Any) -> Any:
    with company.database.reading() as session:
        return ask(session, caller=who, question=Question(metrics=metrics, period=within, **asked))


def total(company: Any, metric: str, **asked: Any) -> Any:
    return figures(company, metric, **asked).total.values[metric]


def by(company: Any, metric: str, dimension: str, **asked: Any) -> dict[Any, Any]:
    answer = figures(company, metric, dimensions=[dimension], **asked)
    name = dimension.partition(":")[0]
    return {row.key[name]: row.values[metric] for row in answer.rows}


@pytest.fixture
def deals(company):
    """Five deals: two won (5 and 10 days), one lost, one open in proposal that skipped a stage, one back in discovery."""
    logs = company.logs
    logs.pipeline()
    start = logs.now
    for id_, path in {
        "w1": [("qualified", 2), ("proposal", 1), ("won", 2)],
        "w2": [("qualified", 4), ("proposal", 4), ("won", 2)],
        "x1": [("qualified", 1), ("lost", 1)],
        "p1": [("proposal", 3)],
        "d1": [("qualified", 1), ("discovery", 1), ("qualified", 1), ("discovery", 1)],
    }.items():
        logs.now = start
        logs.deal(id_, step="created", owner_id="wang" if id_ == "w2" else "lin")
        for stage, days in path:
            more = {"base_minor": 300_000, "owner_id": "wang"} if id_ == "w2" else {}
            logs.pass_(days=days).deal(id_, stage, **more)
    company.catch_up()
    return company


def test_win_rate_is_won_by_closed(deals):
    assert total(deals, "win_rate") == pytest.approx(2 / 3, abs=1e-6)
    assert total(deals, "win_rate_by_value") == pytest.approx(400 / 500, abs=1e-6)
    assert total(deals, "won_amount") == 400_000
    assert total(deals, "average_deal") == 200_000


def test_shares_are_ratios_of_sums_not_means_of_shares(deals):
    answer = figures(deals, "win_rate", dimensions=["closed_owner_id"])
    shares = {row.key["closed_owner_id"]: row.values["win_rate"] for row in answer.rows}
    assert shares == {"lin": 0.5, "wang": 1.0}
    assert answer.total.values["win_rate"] == pytest.approx(2 / 3, abs=1e-6)


def test_the_cycle_is_told_by_median_and_p90(deals):
    day = 86400
    assert total(deals, "cycle_median") == 7.5 * day
    assert total(deals, "cycle_p90") == 9.5 * day
    assert total(deals, "cycle_average") == 7.5 * day


def test_stage_conversion_counts_each_deal_once_and_skipped_stages_as_reached(deals):
    """discovery: 5 reached, 5 beyond; qualified: 5 (p1 skipped it), 3 beyond; proposal: 3, 2 beyond."""
    assert by(deals, "stage_conversion", "stage") == {
        "discovery": 1.0,
        "qualified": 0.6,
        "proposal": pytest.approx(2 / 3, abs=1e-6),
    }


def test_the_cohort_funnel_stands_beside_the_snapshot(deals):
    with deals.database.reading() as session:
        found = funnel(session, caller=SYSTEM, pipeline="standard", period=Period(date(2026, 8, 1), date(2026, 8, 31)),
                       condition={"all": []})  # fmt: skip
        assert [(rung.stage, rung.reached, rung.now) for rung in found.rungs] == [
            ("discovery", 5, 1), ("qualified", 5, 0), ("proposal", 3, 1), ("won", 2, 0),
        ]  # fmt: skip
        assert [rung.of_all for rung in found.rungs] == [1.0, 1.0, 0.6, 0.4]
        assert found.rungs[2].of_previous == 0.6
        assert found.rungs[3].days == 7.5
        quick = funnel(
            session, caller=SYSTEM, pipeline="standard", period=found.period, condition={"all": []}, within_days=6
        )
        assert [rung.reached for rung in quick.rungs] == [5, 5, 2, 1]


def test_time_in_stage_counts_every_stay(deals):
    days = {stage: seconds / 86400 for stage, seconds in by(deals, "stage_days_median", "stage").items()}
    assert days == {"discovery": 1.5, "qualified": 1.0, "proposal": 2.0}


def test_the_weighted_pipeline_is_amount_times_probability(deals):
    assert total(deals, "pipeline_count") == 2
    assert total(deals, "pipeline_amount") == 200_000
    assert total(deals, "pipeline_weighted") == 60_000
    september = {"from": date(2026, 9, 1), "to": date(2026, 9, 30)}
    assert total(deals, "forecast_weighted", within=september) == 60_000


def test_credit_goes_to_the_owner_at_the_time_of_winning(deals):
    deals.logs.deal("w2", "won", step="changed", owner_id="hua", base_minor=300_000)
    deals.catch_up()
    assert by(deals, "won_amount", "closed_owner_id")["wang"] == 300_000
    assert "hua" not in by(
        deals, "won_amount", "closed_owner_id", condition={"field": "category", "op": "eq", "value": "won"}
    )


def test_leads_convert_by_cohort_within_the_window(company):
    logs = company.logs
    for n in range(4):
        logs.lead(f"l{n}", source="website" if n < 3 else "event")
        logs.lead(f"l{n}", "assigned", status="assigned", source="website" if n < 3 else "event")
    first = logs.now
    logs.pass_(minutes=10).lead("l0", "contacted", first_response_seconds=600, created_at=first.isoformat())
    logs.pass_(minutes=20).lead("l1", "contacted", first_response_seconds=1800, created_at=first.isoformat())
    logs.pass_(days=10).lead("l0", "converted", account_id="a1", created_at=first.isoformat())
    logs.pass_(days=100).lead("l1", "converted", account_id="a1", created_at=first.isoformat())
    company.catch_up()
    assert total(company, "leads_captured") == 4
    assert total(company, "lead_conversion") == 0.25  # the second came after more than 90 days
    assert by(company, "lead_conversion", "source") == {"website": pytest.approx(1 / 3, abs=1e-6), "event": 0.0}
    assert total(company, "lead_response_median") == 1200
    logs.lead("l3", "merged", merged_id="l2")
    company.catch_up()
    assert total(company, "leads_captured") == 3


def test_money_that_is_due_paid_and_overdue(company, time):
    logs = company.logs
    time.set(logs.now)
    logs.contract("c1")
    logs.receivable("r1", due="2026-08-10")
    logs.receivable("r2", due="2026-08-20")
    logs.receivable("r1", "changed", due="2026-08-10", paid=10_000)
    logs.payment("p1", 10_000)
    company.catch_up()
    assert total(company, "contract_amount") == 60_000
    assert total(company, "payments_collected") == 10_000
    assert total(company, "receivables_open") == 50_000
    assert total(company, "collection_rate") == pytest.approx(1 / 6, abs=1e-6)
    assert total(company, "receivables_overdue") == 0
    time.pass_(days=10)
    assert total(company, "receivables_overdue") == 20_000


def test_attainment_counts_clocks_that_were_judged(company):
    logs = company.logs
    for n in range(4):
        logs.ticket(f"t{n}", type="incident" if n else "question")
    for n, in_time in enumerate((True, True, False)):
        logs.met(f"t{n}", "first_response", in_time=in_time)
    logs.met("t0", "solution")
    logs.ticket("t1", "breached", type="incident", metric="solution", due_at=logs.now.isoformat(),
                policy="standard", target_minutes=60)  # fmt: skip
    logs.answered("s0", "t0", 5)
    logs.answered("s1", "t1", 2)
    logs.ticket("t0", "solved", status="solved", resolution_minutes=40, replies=1)
    company.catch_up()
    assert total(company, "first_response_attainment") == pytest.approx(2 / 3, abs=1e-6)
    assert total(company, "resolution_attainment") == 0.5
    assert by(company, "first_response_attainment", "type") == {"question": 1.0, "incident": 0.5}
    assert total(company, "csat") == 0.5
    assert total(company, "survey_response_rate") == 2.0
    assert total(company, "first_contact_resolution") == 1.0
    assert total(company, "tickets_open") == 3


def test_approval_time_runs_from_a_persons_turn_and_leaves_out_what_was_handed_on(company):
    logs = company.logs
    for n in range(3):
        logs.task(f"k{n}", node="finance" if n else "risk")
    opened = logs.pass_(hours=1).now.isoformat()
    logs.pass_(hours=2).task("k0", "completed", outcome="approved", opened_at=opened)
    logs.task("k1", "completed", outcome="rejected")
    logs.pass_(hours=20).task("k2", "completed", outcome="cancelled")
    company.catch_up()
    assert by(company, "approval_median", "node") == {"contract/risk": 7200, "contract/finance": 10800}
    assert total(company, "approval_median") == 9000
    assert total(company, "approval_tasks_done") == 2


def test_monthly_active_users_are_no_sum_of_days(company):
    lins = [("lin", "leads.leads", f"2026-08-{day:02d}", 2) for day in (1, 10, 31)]
    company.logs.usage("leads", *lins, ("wang", "leads.leads", "2026-08-05", 1),
                       ("hua", "sales.board", "2026-08-02", 1))  # fmt: skip
    company.catch_up()
    answer = figures(company, "dau", "wau", "mau")
    assert answer.total.values == {"dau": 1, "wau": 1, "mau": 2}
    daily = by(company, "mau", "time:day")
    assert (daily["2026-08-01"], daily["2026-08-05"], daily["2026-08-30"], daily["2026-08-31"]) == (1, 3, 2, 2)
    assert by(company, "feature_uses", "feature") == {"leads.leads": 7, "sales.board": 1}


def test_a_time_axis_has_every_step_and_days_are_the_companys(company):
    logs = company.logs
    logs.now = clock.parse("2026-08-31T15:59:59Z")  # one second before midnight in Shanghai
    logs.lead("l1")
    logs.now = clock.parse("2026-08-31T16:00:00Z")
    logs.lead("l2")
    company.catch_up()
    within = {"from": date(2026, 7, 1), "to": date(2026, 9, 30)}
    assert by(company, "leads_captured", "time:month", within=within) == {
        "2026-07-01": 0,
        "2026-08-01": 1,
        "2026-09-01": 1,
    }


def test_periods_compare_with_what_came_before(deals):
    september = {"from": date(2026, 9, 1), "to": date(2026, 9, 30)}
    answer = figures(deals, "opportunities_won", within=september, compare="previous", dimensions=["time:month"])
    assert answer.total.values["opportunities_won"] == 0
    assert answer.total.previous["opportunities_won"] == 2
    assert answer.rows[0].previous["opportunities_won"] == 2
    assert Period(date(2026, 9, 1), date(2026, 9, 30)).before("previous") == Period(date(2026, 8, 1), date(2026, 8, 31))
    assert Period(date(2024, 2, 29), date(2024, 2, 29)).before("last_year").first == date(2023, 2, 28)


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_buckets_cover_a_period_without_gap_or_overlap(grain):
    of = Period(date(2025, 11, 12), date(2026, 11, 11))
    found = buckets(of, grain, "Europe/Berlin")
    assert (found[0].first, found[-1].last) == (of.first, of.last)
    assert all(before.end == after.start for before, after in pairwise(found))


def test_every_metric_answers_by_every_dimension_it_allows(deals):
    """Four dimensions at a time, each with its joins; the time axis with the first of them."""
    known = catalogue.shipped_metrics()
    for metric in known.values():
        allowed = catalogue.dimensions(known, metric)
        for start in range(0, len(allowed), 4):
            figures(deals, metric.key, dimensions=allowed[start : start + 4])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"fact": "nothing"}, "fact"),
        ({"aggregate": "sum", "of": "__import__('os').system('true')"}, "of"),
        ({"aggregate": "sum", "of": "owner_id"}, "of"),
        ({"aggregate": "sum", "of": "base_minor; drop table"}, "of"),
        ({"aggregate": "count_distinct", "of": "base_minor"}, "of"),
        ({"condition": {"field": "secret", "op": "eq", "value": 1}}, "condition.field"),
        ({"time": "owner_id"}, "time"),
        ({"type": "derived", "formula": "a ** b"}, "formula"),
        ({"type": "cumulative"}, "window_days"),
        ({"type": "conversion", "converted": "name"}, "converted"),
    ],
)
def test_a_definition_that_does_not_hold_is_refused_by_its_place(change, place):
    body = {
        "key": "own",
        "label": {"zh": "自", "en": "Own"},
        "type": "simple",
        "fact": "opportunity",
        "time": "created_at",
    }
    with pytest.raises(Invalid) as refused:
        read(body | change)
    assert place in refused.value.errors


def test_presets_end_today(time):
    time.set(clock.parse("2026-08-15T02:00:00Z"))
    assert period("this_month", "Asia/Shanghai") == Period(date(2026, 8, 1), date(2026, 8, 15))
    assert period("last_month", "Asia/Shanghai") == Period(date(2026, 7, 1), date(2026, 7, 31))
    assert period("last_7_days", "Asia/Shanghai") == Period(date(2026, 8, 9), date(2026, 8, 15))
    assert period("last_12_months", "Asia/Shanghai").first == date(2025, 9, 1)
