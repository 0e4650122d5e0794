"""Rules in memory: conditions and business time, beside packages for the same."""

import subprocess
import time
from datetime import UTC, datetime, timedelta

from engines.conditions import Context, compile_memory
from engines.objects import Field, ObjectType
from service_desk.business_time import calendar
from tests.bench.options import Options
from tests.bench.rows import Row, in_turn, ratio_of, row
from tests.bench.running import ENV, PEERS, ROOT

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


def condition(options: Options) -> list[Row]:
    """A condition of three leaves in memory, all of which are looked at."""
    times = options.some(100_000)
    record = {"region": "华东", "amount": 60_000, "status": "open"}
    test, context = compile_memory(CONDITION, DEAL), Context()
    assert test(record, context)

    def ours() -> float:
        began = time.process_time()
        for _ in range(times):
            test(record, context)
        return (time.process_time() - began) / times * 1e6

    peers = {"cel": 3.0, "rule-engine": 20.0}
    found = in_turn(options.runs, {"ours": ours} | {name: lambda name=name: _peer(name, times // 5) for name in peers})  # type: ignore[misc]
    return [
        row(
            "condition", "µs CPU", f"ratio ≥ {least:g}", found["ours"], found[name], name, more_is_better=False,
            reached=ratio_of(least),
        )
        for name, least in peers.items()
    ]  # fmt: skip


def business_time(options: Options) -> list[Row]:
    """Adding 8 open hours to moments of a week."""
    times = options.some(50_000)
    hours, start = calendar(HOURS), datetime(2026, 3, 3, 3, tzinfo=UTC)
    hours.add(start, 8 * 3600)

    moments = [start + timedelta(minutes=place % 5000) for place in range(times)]

    def ours() -> float:
        began = time.process_time()
        for moment in moments:
            hours.add(moment, 8 * 3600)
        return (time.process_time() - began) / times * 1e6

    name = "businesstimedelta"
    found = in_turn(options.runs, {"ours": ours, name: lambda: _peer(name, options.some(500))})
    return [
        row("business_time", "µs CPU", "ratio ≥ 500", found["ours"], found[name], name, more_is_better=False,
            reached=ratio_of(500))
    ]  # fmt: skip


def _peer(name: str, times: int) -> float:
    command = [PEERS, "-m", "tests.bench.peers.rules_peer", name, str(times)]
    return float(subprocess.run(command, cwd=ROOT, env=ENV, check=True, capture_output=True, text=True).stdout)


BENCHES = (condition, business_time)
