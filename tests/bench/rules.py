"""Rules in memory: conditions and business time."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engines.conditions import Context, compile_memory
from engines.objects import Field, ObjectType
from service_desk.business_time import calendar
from tests.bench.rows import row

TIMES = 20_000
DEAL = ObjectType(
    "bench_deal", None, (Field("region", "text"), Field("amount", "integer"), Field("status", "text")), registered=False,
    adds_record_fields=False,
)  # fmt: skip
CONDITION = {
    "all": [
        {"field": "region", "op": "in", "value": ["华东", "华南"]},
        {"field": "amount", "op": "ge", "value": 50_000},
        {"field": "status", "op": "ne", "value": "lost"},
    ]
}
HOURS = {
    "timezone": "Asia/Shanghai",
    "business_hours": {day: [["09:00", "12:00"], ["13:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}


def condition(_folder: Path, runs: int) -> dict[str, Any]:
    """Three leaves in memory, the same test written in Python by hand beside it."""
    record = {"region": "华东", "amount": 60_000, "status": "open"}
    test, context = compile_memory(CONDITION, DEAL), Context()
    assert test(record, context)

    def ours() -> float:
        began = time.process_time()
        for _ in range(TIMES):
            test(record, context)
        return (time.process_time() - began) / TIMES * 1e6

    def by_hand() -> float:
        began = time.process_time()
        for _ in range(TIMES):
            record["region"] in ("华东", "华南") and record["amount"] >= 50_000 and record["status"] != "lost"  # type: ignore[operator]
        return (time.process_time() - began) / TIMES * 1e6

    return row("condition", "µs", "≤ 1", runs, ours, by_hand, "plain Python", more_is_better=False)


def business_time(_folder: Path, runs: int) -> dict[str, Any]:
    """Adding 8 open hours, a walk over the local minutes beside it."""
    hours, start = calendar(HOURS), datetime(2026, 3, 3, 3, tzinfo=UTC)
    hours.add(start, 8 * 3600)

    def ours() -> float:
        began = time.process_time()
        for place in range(TIMES):
            hours.add(start + timedelta(minutes=place % 5000), 8 * 3600)
        return (time.process_time() - began) / TIMES * 1e6

    def walk() -> float:
        began, moment, left = time.process_time(), start, 8 * 60
        while left:
            left -= hours.is_open(moment)
            moment += timedelta(minutes=1)
        return (time.process_time() - began) * 1e6

    return row("business_time", "µs", "ratio ≥ 500", runs, ours, walk, "a walk by minutes", more_is_better=False)


BENCHES = (condition, business_time)
