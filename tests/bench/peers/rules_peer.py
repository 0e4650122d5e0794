"""The rules' peers, timed in their own process: a number of repetitions in, microseconds of CPU for one out."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle

RECORD = {"region": "华东", "amount": 60_000, "status": "open"}


def cel() -> Callable[[], object]:
    """CEL by its Rust binding, compiled once."""
    from cel import Context, compile

    program = compile('region in ["华东", "华南"] && amount >= 50000 && status != "lost"')
    assert program.execute(RECORD) is True
    assert program.execute(Context(variables=RECORD)) is True
    return lambda: program.execute(RECORD)


def rule_engine() -> Callable[[], object]:
    import rule_engine as engine

    rule = engine.Rule('region in ["华东", "华南"] and amount >= 50000 and status != "lost"')
    assert rule.matches(RECORD)
    return lambda: rule.matches(RECORD)


def businesstimedelta() -> Callable[[], object]:
    """Two shifts a day, Monday to Friday, in Shanghai."""
    import businesstimedelta as business
    import pytz

    zone, start = pytz.timezone("Asia/Shanghai"), datetime(2026, 3, 3, 3, tzinfo=UTC)
    shifts = [((9, 0), (12, 0)), ((13, 30), (18, 0))]
    from datetime import time as at

    rules = business.Rules(
        [business.WorkDayRule(at(*begin), at(*end), working_days=[0, 1, 2, 3, 4], tz=zone) for begin, end in shifts]
    )
    eight = business.BusinessTimeDelta(rules, hours=8)
    moments = cycle([start + timedelta(minutes=place) for place in range(5000)])
    return lambda: next(moments) + eight


if __name__ == "__main__":
    run, times = (
        {"cel": cel, "rule-engine": rule_engine, "businesstimedelta": businesstimedelta}[sys.argv[1]](),
        int(sys.argv[2]),
    )
    run()
    began = time.process_time()
    for _ in range(times):
        run()
    print((time.process_time() - began) / times * 1e6)
