"""What a condition means, what is refused and where, and which instants a day or week has."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from chassis import i18n
from chassis.db import Database
from engines import conditions
from engines.conditions import ConditionError, Context, NotInSql, check, compile_memory, moments
from engines.conditions.check import parse
from engines.conditions.language import MAX_DEPTH, MAX_LEAVES, MAX_VALUES, Offset
from engines.conditions.sql import clause
from engines.objects import Field, ObjectType, without
from tests.shared.engines import things
from tests.shared.engines.things import THING, Thing

CONTEXT = Context(caller=things.CALLER, now=things.NOW, zone=things.ZONE)


def holds(condition: Any, on_event: bool = False, context: Context = CONTEXT, **record: Any) -> bool:
    return compile_memory(condition, THING, on_event)(record, context)


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def mistakes(condition: Any, on_event: bool = False) -> dict[str, list[str]]:
    with pytest.raises(ConditionError) as refused:
        check(condition, THING, on_event)
    return {place: [str(text) for text in texts] for place, texts in (refused.value.errors or {}).items()}


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_value_matches_only_is_empty_and_the_negative_operators(missing: Any) -> None:
    true = {
        op
        for op in ("eq", "ne", "contains", "not_contains", "starts_with", "ends_with")
        if holds(leaf("name", op, "a"), name=missing)
    }
    true |= {op for op in ("in", "not_in") if holds(leaf("name", op, ["a"]), name=missing)}
    true |= {op for op in ("is_empty", "is_not_empty") if holds(leaf("name", op), name=missing)}
    assert true == {"is_empty", "ne", "not_in", "not_contains"}


def test_an_empty_list_counts_as_missing_and_zero_and_false_do_not() -> None:
    assert holds(leaf("tags", "is_empty"), tags=[])
    assert holds(leaf("count", "is_not_empty"), count=0)
    assert holds(leaf("active", "is_not_empty"), active=False)


def test_empty_all_is_true_and_empty_any_is_false() -> None:
    assert holds({"all": []})
    assert not holds({"any": []})


@pytest.mark.parametrize(
    ("op", "value", "minor", "result"),
    [
        ("eq", "0.1", 10, True), ("eq", 0.1, 10, True), ("eq", "0.105", 10, False), ("eq", "0.105", 11, False),
        ("lt", "0.105", 10, True), ("lt", "0.105", 11, False), ("ge", "0.105", 11, True), ("gt", "0.105", 10, False),
        ("le", "-0.105", -11, True), ("le", "-0.105", -10, False), ("eq", {"amount": "5", "currency": "CNY"}, 500, True),
        ("ge", 10**15, 2**63 - 1, True), ("in", ["0.105", "1"], 100, True), ("in", ["0.105"], 10, False),
        ("between", ["0.995", "1.005"], 100, True), ("between", ["1.001", "1.009"], 100, False),
    ],
)  # fmt: skip
def test_money_is_compared_exactly(op: str, value: Any, minor: int, result: bool) -> None:
    assert holds(leaf("amount", op, value), amount_minor=minor) is result


@pytest.mark.parametrize(
    ("currency", "op", "value", "minor", "result"),
    [
        ("JPY", "ge", "500000", 500_000, True), ("CNY", "ge", "500000", 500_000, False),
        ("CNY", "ge", "500000", 500_000_00, True), ("KWD", "ge", "500000", 500_000_00, False),
        ("KWD", "ge", "500000", 500_000_000, True), ("KWD", "eq", "0.125", 125, True), ("JPY", "eq", "0.125", 0, False),
        (None, "eq", "1.25", 125, True), ("JPY", "ne", "125", 125, False), ("JPY", "between", ["1", "2"], 2, True),
        ("JPY", "in", ["7", "125"], 125, True), ("CNY", "in", ["7", "125"], 125, False),
        ("JPY", "ge", {"amount": "5", "currency": "JPY"}, 5, True),
        ("CNY", "ge", {"amount": "5", "currency": "JPY"}, 500, False),
    ],
)  # fmt: skip
def test_an_amount_is_compared_in_whole_units_of_its_records_own_currency(
    currency: str | None, op: str, value: Any, minor: int, result: bool
) -> None:
    assert holds(leaf("fee", op, value), fee_minor=minor, fee_currency=currency) is result


def test_a_currency_nobody_knows_is_refused_in_a_condition() -> None:
    with pytest.raises(ConditionError):
        holds(leaf("fee", "ge", {"amount": "5", "currency": "XXX"}))


def test_text_is_exact_in_equality_and_ignores_the_case_of_a_to_z_in_parts() -> None:
    assert not holds(leaf("name", "eq", "acme"), name="ACME")
    assert holds(leaf("name", "contains", "CME"), name="acme")
    assert holds(leaf("name", "starts_with", "äc"), name="äCME")
    assert not holds(leaf("name", "starts_with", "äc"), name="Äcme")
    assert not holds(leaf("name", "contains", "k"), name="\u212a")  # the Kelvin sign is no K


def test_a_list_holds_a_value_and_in_asks_for_any() -> None:
    assert holds(leaf("tags", "contains", "b"), tags=["a", "b"])
    assert not holds(leaf("tags", "contains", "B"), tags=["a", "b"])
    assert holds(leaf("tags", "in", ["x", "b"]), tags=["a", "b"])
    assert holds(leaf("tags", "not_in", ["x"]), tags=["a"])


def test_people_are_me_and_my_team() -> None:
    assert holds(leaf("owner_id", "eq", {"me": True}), owner_id=things.ME)
    assert holds(leaf("owner_id", "in", {"my_team": True}), owner_id=things.MATE)
    assert not holds(leaf("owner_id", "in", {"my_team": True}), owner_id=things.STRANGER)
    assert holds(leaf("owner_id", "in", [{"me": True}, things.STRANGER]), owner_id=things.STRANGER)


def test_on_events_a_change_is_seen_with_its_sides() -> None:
    changed = Context(
        changes={"status": ["new", "won"], "custom": [{"whole": 1, "text": "x"}, {"whole": 2, "text": "x"}]}
    )
    for condition, result in [
        (leaf("status", "changed"), True), (leaf("name", "changed"), False),
        (leaf("status", "changed_from", "new"), True), (leaf("status", "changed_to", "new"), False),
        (leaf("custom.whole", "changed_to", 2), True), (leaf("custom.text", "changed"), False),
        (leaf("custom.text", "changed_to", "x"), False),
    ]:  # fmt: skip
        assert holds(condition, True, changed) is result, condition
    assert "condition.op" in mistakes(leaf("status", "changed"))
    with pytest.raises(NotInSql):
        clause(parse(leaf("status", "changed"), THING, True), CONTEXT, Thing)


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        (None, "condition"), ([], "condition"), ({}, "condition"), ({"all": [], "any": []}, "condition"),
        ({"all": {}}, "condition.all"), ({"any": [{"all": [7]}]}, "condition.any[0].all[0]"),
        ({"not": {"field": "nope", "op": "eq", "value": 1}}, "condition.not.field"),
        ({"field": ["name"], "op": "eq", "value": 1}, "condition.field"),
        ({"field": "name", "op": ["eq"], "value": "1"}, "condition.op"),
        ({"field": "name", "op": "lt", "value": "1"}, "condition.op"),
        ({"field": "name", "op": "eq", "value": "1", "extra": 1}, "condition.extra"),
        (leaf("name", "eq"), "condition.value"), (leaf("name", "eq", ""), "condition.value"),
        (leaf("name", "eq", 5), "condition.value"), (leaf("name", "eq", "a\0"), "condition.value"),
        (leaf("name", "eq", "\ud800"), "condition.value"), (leaf("name", "eq", "x" * 1001), "condition.value"),
        (leaf("name", "is_empty", 1), "condition.value"), (leaf("name", "in", []), "condition.value"),
        (leaf("name", "in", "abc"), "condition.value"), (leaf("name", "in", ["a", 5]), "condition.value[1]"),
        (leaf("name", "eq", {"me": True}), "condition.value"), (leaf("status", "eq", {"me": True}), "condition.value"),
        (leaf("status", "eq", "lost"), "condition.value"), (leaf("count", "eq", True), "condition.value"),
        (leaf("count", "eq", "1e400"), "condition.value"), (leaf("count", "eq", float("nan")), "condition.value"),
        (leaf("count", "eq", 10**16), "condition.value"), (leaf("count", "eq", 10**400), "condition.value"),
        (leaf("count", "between", [1]), "condition.value"), (leaf("count", "between", [1, "x"]), "condition.value[1]"),
        (leaf("amount", "eq", {"amount": "5", "currency": "USD"}), "condition.value"),
        (leaf("limit", "eq", {"amount": "5", "currency": "CNY"}), "condition.value"),
        (leaf("active", "eq", "true"), "condition.value"), (leaf("active", "eq", 1), "condition.value"),
        (leaf("born", "eq", "29.3.2026"), "condition.value"), (leaf("born", "eq", "2026-02-30"), "condition.value"),
        (leaf("born", "eq", "2026-03-29T00:00:00Z"), "condition.value"),
        (leaf("met", "eq", "2026-03-29T00:00:00"), "condition.value"),
        (leaf("born", "within_last", "3h"), "condition.value"), (leaf("met", "within_last", "-3h"), "condition.value"),
        (leaf("met", "this", "decade"), "condition.value"), (leaf("met", "eq", {"now": "soon"}), "condition.value"),
        (leaf("met", "eq", {"now": "-7d", "x": 1}), "condition.value"),
        (leaf("met", "eq", {"now": "-99999d"}), "condition.value"),
        (leaf("count", "eq", {"field": "name"}), "condition.value.field"),
        (leaf("count", "eq", {"field": "nope"}), "condition.value.field"),
        (leaf("count", "eq", {"field": "amount"}), "condition.value.field"),
        (leaf("name", "contains", {"field": "nick"}), "condition.op"),
        (leaf("tags", "eq", "a"), "condition.op"),
    ],
)  # fmt: skip
def test_each_mistake_is_refused_at_its_place(condition: Any, place: str) -> None:
    assert list(mistakes(condition)) == [place]


def test_all_mistakes_are_named_at_once_in_the_readers_language() -> None:
    condition = {"all": [leaf("nope", "eq", 1), leaf("count", "contains", 1)]}
    i18n.use("engines")
    with i18n.speaking("zh"):
        assert mistakes(condition) == {
            "condition.all[0].field": ["没有字段 nope。"],
            "condition.all[1].op": ["contains 不能用于 integer 类型的字段。"],
        }


def test_depth_and_size_are_limited() -> None:
    deep: dict[str, Any] = {"all": []}
    for _level in range(5000):
        deep = {"not": deep}
    assert list(mistakes(deep)) == ["condition" + ".not" * MAX_DEPTH]
    assert mistakes({"any": [leaf("name", "is_empty")] * (MAX_LEAVES + 1)})
    nested = {"any": [{"all": [leaf("name", "is_empty")] * 3}] * (MAX_LEAVES // 3 + 1)}
    assert mistakes(nested)
    assert mistakes(leaf("name", "in", ["x"] * (MAX_VALUES + 1)))
    check({"any": [leaf("name", "is_empty")] * MAX_LEAVES}, THING)
    check(leaf("name", "in", ["x"] * MAX_VALUES), THING)


def test_a_field_that_is_not_there_is_unknown_and_custom_fields_can_be_added() -> None:
    with pytest.raises(ConditionError):
        check(leaf("name", "is_empty"), without(THING, frozenset({"name"})))
    kind = ObjectType("more", Thing, (Field("name", "text"),), registered=False)
    with pytest.raises(ConditionError):
        check(leaf("custom.size", "gt", 3), kind)


@pytest.mark.parametrize(
    ("zone", "now", "period", "first", "after"),
    [
        ("Asia/Shanghai", "2026-03-29T16:30:00Z", "day", "2026-03-29T16:00:00Z", "2026-03-30T16:00:00Z"),
        ("Asia/Shanghai", "2026-03-29T15:59:59Z", "week", "2026-03-22T16:00:00Z", "2026-03-29T16:00:00Z"),
        ("Europe/Berlin", "2026-03-29T12:00:00Z", "day", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-25T12:00:00Z", "day", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("Europe/Berlin", "2026-03-31T22:30:00Z", "month", "2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z"),
        ("America/New_York", "2026-01-01T04:00:00Z", "quarter", "2025-10-01T04:00:00Z", "2026-01-01T05:00:00Z"),
        ("America/New_York", "2026-01-01T04:00:00Z", "year", "2025-01-01T05:00:00Z", "2026-01-01T05:00:00Z"),
        (
            "America/Santiago",
            "2026-09-06T12:00:00Z",
            "day",
            "2026-09-06T04:00:00Z",
            "2026-09-07T03:00:00Z",
        ),  # no midnight
    ],
)
def test_this_period_is_the_companys_also_where_clocks_change(
    zone: str, now: str, period: str, first: str, after: str
) -> None:
    context = Context(now=datetime.fromisoformat(now), zone=zone)
    start, end = datetime.fromisoformat(first), datetime.fromisoformat(after)
    tick = timedelta(microseconds=1)
    this, last = leaf("met", "this", period), leaf("met", "last", period)
    assert [holds(this, context=context, met=at) for at in (start - tick, start, end - tick, end)] == [
        False,
        True,
        True,
        False,
    ]
    assert [holds(last, context=context, met=at) for at in (start - tick, start)] == [True, False]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - hypothesis wants them naive
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    period=st.sampled_from(["day", "week", "month", "quarter", "year"]),
)  # fmt: skip
def test_every_instant_lies_in_exactly_one_of_this_and_last(moment: datetime, zone: str, period: str) -> None:
    now = moment.replace(tzinfo=UTC)
    context = Context(now=now, zone=zone)
    assert holds(leaf("met", "this", period), context=context, met=now)
    assert not holds(leaf("met", "last", period), context=context, met=now)
    first, after = moments.period(period, context.today)
    assert first <= context.today < after
    assert moments.period(period, first - timedelta(days=1))[1] == first


def test_offsets_keep_the_time_of_day_and_the_end_of_the_month() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 28, 9, tzinfo=berlin)
    assert moments.shift(before, Offset(1, "d"), berlin) == datetime(2026, 3, 29, 9, tzinfo=berlin)
    assert moments.shift(before, Offset(24, "h"), berlin) == datetime(2026, 3, 29, 10, tzinfo=berlin)
    assert moments.shift_day(date(2026, 1, 31), Offset(1, "mo")) == date(2026, 2, 28)
    assert moments.shift_day(date(2024, 2, 29), Offset(-1, "y")) == date(2023, 2, 28)
    assert moments.shift_day(date(2026, 1, 1), Offset(9999, "y")) == date.max


def test_a_date_on_a_time_stands_for_the_whole_day() -> None:
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    for op, results in {"eq": "110", "le": "110", "lt": "000", "gt": "001", "ge": "111"}.items():
        times = (start, start + timedelta(hours=22, minutes=59), start + timedelta(hours=23))
        assert "".join(str(int(holds(leaf("met", op, "2026-03-29"), met=at))) for at in times) == results, op


def test_text_with_a_nul_that_sqlite_may_hold_is_judged_alike(engines_database: Database) -> None:
    if not engines_database.is_sqlite:
        pytest.skip("PostgreSQL holds no such text")
    with engines_database.transaction() as session:
        session.execute(delete(Thing))
        session.add_all([Thing(id="1", name="a\0B"), Thing(id="2", name="\0"), Thing(id="3", name="B\0a\0")])
    with engines_database.reading() as session:
        loaded = list(session.scalars(select(Thing)))
        for op in ("contains", "starts_with", "ends_with", "eq"):
            for value in ("a", "b", "B"):
                condition = leaf("name", op, value)
                found = set(session.scalars(select(Thing.id).where(conditions.to_sql(condition, THING, CONTEXT))))
                assert found == {record.id for record in loaded if compile_memory(condition, THING)(record, CONTEXT)}, (
                    condition
                )
    with engines_database.transaction() as session:
        session.execute(delete(Thing))
