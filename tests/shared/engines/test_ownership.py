"""The pure parts of ownership: working days, the date a record goes back, whose holding limit applies."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.directory import Department, Person, Snapshot
from engines.ownership.definitions import Holding, HoldingRule, InForce, Pool, ReclaimRule, Who
from engines.ownership.ownable import Pause
from engines.ownership.reclaiming import Held, due_date
from engines.workdays import Workdays, workdays

CHINA = workdays(zone="Asia/Shanghai")
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
moments = st.integers(0, 3 * 366 * 86_400).map(lambda seconds: BEGINNING + timedelta(seconds=seconds))
counts = st.integers(0, 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def test_spring_festival_is_off_and_the_made_up_sunday_is_on():
    assert not CHINA.is_working(date(2025, 1, 29))  # 春节
    assert CHINA.is_working(date(2025, 1, 26))  # 调休, a Sunday
    assert not CHINA.is_working(date(2025, 1, 25))  # a plain Saturday
    assert CHINA.add(at("2025-01-27T10:00"), 1) == at("2025-02-05T10:00")


def test_a_company_adds_days_off_and_working_days_of_its_own():
    own = workdays(zone="Asia/Shanghai", off=["2025-03-03"], on=["2025-03-08"])
    assert [own.is_working(date(2025, 3, day)) for day in (3, 4, 8, 9)] == [False, True, True, False]


def test_years_not_published_yet_have_the_days_the_law_fixes():
    assert not CHINA.is_working(date(2040, 10, 1))
    assert CHINA.is_working(date(2040, 10, 9))


@given(start=moments, later=st.timedeltas(timedelta(0), timedelta(days=40)), days=counts, more=counts)
def test_working_days_never_go_back(start: datetime, later: timedelta, days: int, more: int):
    assert CHINA.add(start, days) <= CHINA.add(start + later, days)
    assert CHINA.add(start, days) <= CHINA.add(start, days + more)
    assert CHINA.add(start, days) >= start
    assert CHINA.is_working(CHINA.add(start, days).astimezone(at("2025-01-01T00:00").tzinfo).date())


@given(start=moments, days=st.integers(1, 40))
def test_as_many_working_days_lie_between_as_were_added(start: datetime, days: int):
    on = CHINA.add(start, 0)
    assert CHINA.between(on, CHINA.add(on, days)) == days


def rule(key: str = "silent", days: int = 15, since: tuple[str, ...] = ("last_activity_at",), working: bool = True):
    return ReclaimRule(key, {"zh": key, "en": key}, lambda record, context: True, {}, since, days, working)


@given(
    owned=moments, activity=moments, later=st.timedeltas(timedelta(0), timedelta(days=90)), days=st.integers(1, 60),
    working=st.booleans(),
)  # fmt: skip
def test_another_contact_never_brings_the_date_nearer(owned, activity, later, days, working):
    pool, rules = Pool("default"), [rule(days=days, working=working), rule("old", days=90, since=())]
    first = due_date(pool, rules, Held(owned, {"last_activity_at": activity}), CHINA)
    second = due_date(pool, rules, Held(owned, {"last_activity_at": activity + later}), CHINA)
    assert first.at <= second.at


@given(owned=moments, grace=st.integers(0, 20), days=st.integers(1, 30), protected=st.none() | moments)
def test_what_was_just_given_is_kept_through_grace_and_protection(owned, grace, days, protected):
    pool = Pool("default", grace_days=grace)
    found = due_date(pool, [rule(days=days)], Held(owned, {}, protected_until=protected), CHINA)
    assert found.at >= CHINA.add(owned, grace)
    assert found.at > owned  # never contacted counts from the day it was given, not as overdue
    assert protected is None or found.at >= protected


def test_the_earliest_rule_counts_and_every_rule_is_explained():
    found = due_date(Pool("default"), [rule("slow", 40), rule("fast", 10)], Held(at("2025-03-03T09:00"), {}), CHINA)
    assert (found.rule, found.at) == ("fast", at("2025-03-17T09:00"))
    assert [step.data["rule"] for step in found.steps] == ["slow", "fast"]
    assert "工作日" in found.steps[0].read("zh")
    assert "working days" in found.steps[0].read("en")


def test_an_open_contract_pauses_and_its_end_begins_the_count_anew():
    held = Held(at("2025-03-03T09:00"), {}, pauses=(Pause({"zh": "合同 C-1", "en": "contract C-1"}),))
    paused = due_date(Pool("default"), [rule(days=10)], held, CHINA)
    assert paused.at is None
    assert "C-1" in paused.steps[0].read("en")
    resumed = Held(at("2025-03-03T09:00"), {}, resumed_at=at("2025-06-02T09:00"))
    assert due_date(Pool("default"), [rule(days=10, working=False)], resumed, CHINA).at == at("2025-06-12T09:00")


def people() -> Snapshot:
    def person(id_: str, department: str, *roles: str) -> Person:
        return Person(id_, id_, "", "zh", department, False, roles, True, False, 0)

    users = [person("lin", "east", "seller"), person("bo", "east", "seller", "key"), person("wu", "west", "seller")]
    departments = [Department("all", None, "all", None, ("all",)), Department("east", "all", "east", None, ("all", "east")),
                   Department("west", "all", "west", None, ("all", "west"))]  # fmt: skip
    return Snapshot(None, {u.id: u for u in users}, {d.id: d for d in departments}, {}, {}, frozenset())


@pytest.mark.parametrize(("who", "limit"), [("lin", 30), ("bo", 99), ("wu", 50), ("nobody", None)])
def test_a_persons_own_limit_beats_the_departments_and_that_the_roles(who: str, limit: int | None):
    holding = Holding(1, (
        HoldingRule("role", {}, Who(roles=frozenset({"seller"})), 50),
        HoldingRule("east", {}, Who(departments=frozenset({"east"})), 30),
        HoldingRule("bo", {}, Who(users=frozenset({"bo"})), 99),
    ))  # fmt: skip
    found = holding.limit_of(people(), who)
    assert (found.limit if found else None) == limit


def test_records_return_to_the_pool_of_the_nearest_department():
    pools = {"all": Pool("all", collects=frozenset({"all"})), "east": Pool("east", collects=frozenset({"east"}))}
    known = InForce(1, pools, Holding(), Workdays("Asia/Shanghai"))
    assert known.home(people(), "east").key == "east"
    assert known.home(people(), "west").key == "all"
    assert known.home(people(), None).key == "default"


def test_a_pool_named_after_nobody_is_open_to_everybody_and_run_by_nobody():
    nobody = Who()
    assert nobody.nobody
    assert not nobody.holds(people(), "lin")
    assert Who(departments=frozenset({"all"})).holds(people(), "lin")
