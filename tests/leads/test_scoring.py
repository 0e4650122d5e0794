"""A score is bounded, monotone in what speaks for a lead, and explains itself."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leads import scoring

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
points = st.integers(-60, 60)
kinds = ("page_view", "download", "form")


def model(rule_points, behaviour_points=(3, 5, 8), base=0):
    definition = {
        "base": base,
        "rules": [{"key": f"r{i}", "points": value, "when": i} for i, value in enumerate(rule_points)],
        "behaviours": [
            {"kind": kind, "points": value, "half_life_days": 7, "cap": 20}
            for kind, value in zip(kinds, behaviour_points, strict=True)
        ],
        "grades": {"A": 80, "B": 55, "C": 30},
    }
    return scoring.compile_model(
        definition, key="m", version=1, condition=lambda i: lambda record, context: i in record
    )


done = st.lists(
    st.tuples(st.sampled_from(kinds), st.integers(0, 400).map(lambda h: NOW - timedelta(hours=h))), max_size=30
)


@given(st.lists(points, max_size=8), st.sets(st.integers(0, 7)), done)
def test_a_score_is_between_0_and_100_and_has_a_grade(rule_points, met, behaviours):
    result = scoring.evaluate(model(rule_points), met, behaviours, now=NOW)
    assert 0 <= result.score <= 100
    assert result.grade in "ABCD"


@given(st.lists(points, min_size=1, max_size=8), st.sets(st.integers(0, 7)), st.integers(0, 7), done)
def test_meeting_one_more_rule_moves_the_score_the_way_its_points_say(rule_points, met, extra, behaviours):
    compiled = model(rule_points)
    before = scoring.evaluate(compiled, met - {extra}, behaviours, now=NOW).score
    after = scoring.evaluate(compiled, met | {extra}, behaviours, now=NOW).score
    worth = rule_points[extra] if extra < len(rule_points) else 0
    assert after >= before if worth >= 0 else after <= before


@given(done, st.sampled_from(kinds), st.integers(0, 400))
def test_one_more_good_behaviour_never_lowers_the_score(behaviours, kind, hours):
    compiled = model([20])
    before = scoring.evaluate(compiled, set(), behaviours, now=NOW).score
    assert (
        scoring.evaluate(compiled, set(), [*behaviours, (kind, NOW - timedelta(hours=hours))], now=NOW).score >= before
    )


@given(done, st.integers(0, 2000))
def test_time_passing_never_raises_a_score_of_good_behaviour(behaviours, hours):
    compiled = model([20])
    before = scoring.evaluate(compiled, {0}, behaviours, now=NOW).score
    assert scoring.evaluate(compiled, {0}, behaviours, now=NOW + timedelta(hours=hours)).score <= before


@given(st.lists(points, max_size=8), st.sets(st.integers(0, 7)), done)
def test_the_steps_add_up_to_the_score(rule_points, met, behaviours):
    result = scoring.evaluate(model(rule_points, base=7), met, behaviours, now=NOW)
    assert max(0, min(100, round(sum(step["points"] for step in result.steps)))) == result.score


def test_points_halve_after_the_half_life():
    assert scoring.decayed(8, 7, 7 * 86_400) == 4
    assert scoring.decayed(8, 7, -100) == 8
