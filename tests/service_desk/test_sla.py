"""SLA clocks against the shared cases, and the properties that hold for every history."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_desk import sla
from service_desk.business_time import calendar

_BESIDE = Path(__file__).parents[3] / "shared" / "cases" / "sla_cases.json"
CASES = json.loads((_BESIDE if _BESIDE.exists() else Path(__file__).parent / "sla_cases.json").read_text())


def shown(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def check(ledger: sla.Ledger, expect: dict[str, Any]) -> None:
    found = sla.summary(ledger)
    assert {key: shown(found[key]) for key in expect} == expect


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_shared_case(case: dict[str, Any]) -> None:
    ledger = sla.new_ledger(calendar(case["calendar"]), case["sla"])
    for place, event in enumerate(case["events"]):
        sla.take(ledger, event | {"at": datetime.fromisoformat(event["at"])})
        for item in case["checks"]:
            if item["after_event"] == place:
                if item.get("at"):
                    sla.take(ledger, {"at": datetime.fromisoformat(item["at"]), "kind": "tick"})
                check(ledger, item["expect"])
    check(ledger, case["expect"])


CHINA = calendar({
    "timezone": "Asia/Shanghai",
    "business_hours": {day: [["09:00", "12:00"], ["13:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-10-01", "2026-10-02"],
    "overrides": {"2026-10-10": [["09:00", "18:00"]]},
})  # fmt: skip
START = datetime(2026, 9, 28, 2, tzinfo=UTC)
TARGETS = {"first_response_min": 15, "update_min": 60, "solution_min": 120}
kinds = st.sampled_from(
    ["agent_reply", "customer_reply", "internal_note", "pause", "resume", "closed", "reopened", "tick"]
)
histories = st.lists(st.tuples(kinds, st.integers(1, 2 * 86_400)), max_size=12)


def events(history: list[tuple[str, int]]) -> list[dict[str, Any]]:
    at, made = START, [{"at": START, "kind": "created", "pausing": False, "customer_message": True}]
    for kind, gap in history:
        at += timedelta(seconds=gap)
        change = {"kind": "state_change", "pausing": kind == "pause"} if kind in ("pause", "resume") else {"kind": kind}
        made.append({"at": at, **change})
    return made


@settings(deadline=None)
@given(histories)
def test_a_miss_is_never_taken_back_and_use_never_exceeds_open_time(history: list[tuple[str, int]]) -> None:
    ledger = sla.new_ledger(CHINA, TARGETS)
    missed: set[str] = set()
    for event in events(history):
        sla.take(ledger, event)
        assert missed <= set(ledger.missed)
        missed = set(ledger.missed)
        for clock in ledger.clocks.values():
            if clock.started_at:
                assert 0 <= clock.used(CHINA, event["at"]) <= CHINA.between(clock.started_at, event["at"])


@settings(deadline=None)
@given(histories, st.integers(1, 86_400))
def test_pausing_moves_the_due_time_by_exactly_the_open_time_paused(history: list[tuple[str, int]], gap: int) -> None:
    ledger = sla.replay(CHINA, TARGETS, events([item for item in history if item[0] not in ("closed", "pause")]))
    solution = ledger.clocks[sla.SOLUTION]
    before = solution.due_at(CHINA)
    now = ledger.now
    assert before is not None
    assert now is not None
    if before <= now:
        return
    sla.take(ledger, {"at": now, "kind": "state_change", "pausing": True})
    assert solution.due_at(CHINA) is None
    sla.take(ledger, {"at": now + timedelta(seconds=gap), "kind": "state_change", "pausing": False})
    after = solution.due_at(CHINA)
    assert after is not None
    assert CHINA.between(before, after) == CHINA.between(now, now + timedelta(seconds=gap))


def test_a_holiday_and_a_make_up_workday_move_the_due_time_and_the_explanation_says_so() -> None:
    start = datetime(
        2026, 9, 30, 9, 30, tzinfo=UTC
    )  # Wednesday 17:30 in Shanghai, the last half hour before the holiday
    ledger = sla.replay(CHINA, {"solution_min": 90}, [{"at": start, "kind": "created", "pausing": False}])
    (clock,) = sla.clocks_explained(ledger)
    assert shown(clock["due_at"]) == "2026-10-05T02:00:00Z"
    assert {"date": "2026-10-01", "reason": "holiday"} in clock["why"]["closed_days"]
    saturday = datetime(2026, 10, 10, 1, tzinfo=UTC)
    assert CHINA.is_open(saturday)
    assert CHINA.add(saturday, 3600) == saturday + timedelta(hours=1)


def test_a_changed_priority_keeps_start_and_used_time() -> None:
    ledger = sla.replay(CHINA, TARGETS, events([("tick", 1800)]))
    sla.take(ledger, {"at": START + timedelta(minutes=30), "kind": "priority_change", "sla": {"solution_min": 60}})
    due = ledger.clocks[sla.SOLUTION].due_at(CHINA)
    assert due == START + timedelta(minutes=60)
