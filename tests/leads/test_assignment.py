"""Assignment is fair, respects caps and absence, and says why everybody else did not get the lead."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leads import assignment
from leads.assignment import Hours, Rule, Seller, Turn

names = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True)


def ANY(record, context):
    return True


WEEK = Hours(frozenset({1, 2, 3, 4, 5}), time(9), time(18), "Asia/Shanghai")


def play(rule, sellers, rounds, day="d"):
    """Assign `rounds` leads one after the other; the owners in order."""
    turn, owners = Turn(), []
    for _ in range(rounds):
        choice, _step = assignment.choose(rule, sellers, turn, day=day)
        owners.append(choice.owner_id if choice else None)
        turn = choice.turn if choice and choice.turn else turn
    return owners


@given(names, st.integers(1, 60))
def test_round_robin_differs_by_at_most_one(users, rounds):
    counts = Counter(play(Rule("r", {}, ANY, users=tuple(users)), [Seller(u) for u in users], rounds))
    assert max(counts.values()) - min(counts.get(u, 0) for u in users) <= 1


@given(names, st.data())
def test_weighted_shares_are_exact_over_a_full_cycle(users, data):
    weights = {user: data.draw(st.integers(1, 5)) for user in users}
    rule = Rule("r", {}, ANY, users=tuple(users), strategy="weighted", weights=weights)
    assert Counter(play(rule, [Seller(u) for u in users], sum(weights.values()))) == Counter(weights)


@given(names, st.integers(1, 4), st.integers(1, 40))
def test_a_daily_cap_is_never_passed_and_starts_anew_each_day(users, cap, rounds):
    rule = Rule("r", {}, ANY, users=tuple(users), daily_cap=cap)
    owners = Counter(play(rule, [Seller(u) for u in users], rounds))
    del owners[None]
    assert all(count <= cap for count in owners.values())
    assert sum(owners.values()) == min(rounds, cap * len(users))
    full = Turn("a", "d", dict.fromkeys(users, cap))
    assert assignment.choose(rule, [Seller(u) for u in users], full, day="next")[0].owner_id in users


@given(names, st.sets(st.sampled_from("abcdefgh")), st.sampled_from(assignment.STRATEGIES))
def test_an_absent_seller_gets_nothing_and_somebody_present_does(users, away, strategy):
    rule = Rule("r", {}, ANY, users=tuple(users), strategy=strategy)
    owners = set(play(rule, [Seller(u, absent=u in away) for u in users], 20))
    assert not owners & away
    assert owners == {None} or owners <= set(users) - away
    assert (owners == {None}) == (set(users) <= away)


@given(names, st.data())
def test_least_open_takes_one_of_the_least_busy(users, data):
    sellers = [Seller(u, open_leads=data.draw(st.integers(0, 5))) for u in users]
    rule = Rule("r", {}, ANY, users=tuple(users), strategy="least_open")
    choice, step = assignment.choose(rule, sellers, Turn(), day="d")
    chosen = next(s for s in sellers if s.id == choice.owner_id)
    assert chosen.open_leads == min(s.open_leads for s in sellers)
    assert [each["id"] for each in step["candidates"]] == sorted(users)


def test_the_best_converter_gets_it_until_the_cap():
    rule = Rule("r", {}, ANY, users=("a", "b"), strategy="best_converter", daily_cap=2)
    sellers = [Seller("a", conversion_rate=0.1), Seller("b", conversion_rate=0.4)]
    assert play(rule, sellers, 5) == ["b", "b", "a", "a", None]


def test_each_refusal_says_why():
    rule = Rule("r", {}, ANY, departments=("d",), daily_cap=1)
    sellers = [Seller("a", "d", active=False), Seller("b", "d", absent=True), Seller("c", "d"), Seller("x", "other")]
    choice, step = assignment.choose(rule, sellers, Turn(day="t", today={"c": 1}), day="t")
    assert choice is None
    assert {each["id"]: each["why_not"] for each in step["candidates"]} == {
        "a": "inactive", "b": "absent", "c": "daily_cap"
    }  # fmt: skip


def test_rules_are_tried_in_order_and_closed_hours_are_skipped():
    closed = Rule("night", {}, ANY, users=("a",), hours=WEEK, outside_hours="skip")
    rules = assignment.RuleSet(
        1, (Rule("no", {}, lambda r, c: False), closed, Rule("rest", {}, ANY, pool="p")), "default", 60
    )
    sunday = datetime(2026, 3, 1, 4, tzinfo=UTC)
    taken, steps = assignment.matching(rules, {}, now=sunday)
    assert [rule.key for rule in taken] == ["rest"]
    assert [step["outcome"] for step in steps] == ["condition_not_met", "outside_hours"]


moments = st.integers(0, 14 * 24 * 60).map(
    lambda minutes: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(moments, st.integers(1, 900), st.integers(1, 900))
def test_working_time_is_additive(start, first, second):
    both = assignment.due_at(start, first + second, WEEK)
    assert assignment.due_at(assignment.due_at(start, first, WEEK), second, WEEK) == both


@given(moments, st.integers(1, 900))
def test_a_response_is_due_within_working_hours(start, minutes):
    local = assignment.due_at(start, minutes, WEEK).astimezone(__import__("zoneinfo").ZoneInfo("Asia/Shanghai"))
    assert local.isoweekday() <= 5
    assert time(9) <= local.time() <= time(18)


def test_a_choice_is_the_same_for_the_same_facts():
    rule = Rule("r", {}, ANY, users=("a", "b", "c"))
    sellers = [Seller(u) for u in "abc"]
    once = assignment.choose(rule, sellers, Turn("a", "d"), day="d")
    assert once == assignment.choose(rule, list(reversed(sellers)), replace(Turn("a", "d")), day="d")
