"""Timers: what has fallen due among a million that have not."""

import time

from sqlalchemy import text

from chassis import clock, event_log, timers
from chassis.db import Base, Database
from tests.bench import backends
from tests.bench.options import Options
from tests.bench.rows import Row, at_most, in_turn, row

FILL = """
    INSERT INTO timers (id, kind, key, due_at, payload, attempts)
    SELECT gen_random_uuid()::text, 'bench', 'key' || i, now() + (i - 500) * interval '1 second', '{}', 0
    FROM generate_series(1, %s) AS i
"""


def timers_claim(options: Options) -> list[Row]:
    """Finding the 500 that are due, as the worker does; a scan of the whole table beside."""
    with backends.scratch("timers") as url:
        database = Database(url, service="bench")
        Base.metadata.create_all(database.engine, tables=[timers.TABLE, event_log.STATE])
        backends.query(url, FILL, options.some(1_000_000))
        backends.query(url, "VACUUM ANALYZE timers")

        def claim(by_scan: bool) -> float:
            with database.reading() as session:
                if by_scan:
                    for kind in ("indexscan", "indexonlyscan", "bitmapscan"):
                        session.execute(text(f"SET LOCAL enable_{kind} = off"))
                session.execute(text("SELECT 1"))
                began = time.perf_counter()
                found = session.execute(timers.DUE, {"moment": clock.now()}).all()
                assert len(found) == timers.AT_ONCE
                return (time.perf_counter() - began) * 1000

        claim(False)
        found = in_turn(options.runs, {"ours": lambda: claim(False), "full scan": lambda: claim(True)})
        database.close()
    return [
        row("timers_claim", "ms", "≤ 5", found["ours"], found["full scan"], "full scan", more_is_better=False,
            reached=at_most(5))
    ]  # fmt: skip


BENCHES = (timers_claim,)
