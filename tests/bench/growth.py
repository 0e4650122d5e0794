"""How cost grows: the same requests on ten thousand, a hundred thousand and a million records."""

import statistics
import time
from contextlib import ExitStack
from dataclasses import replace

import orjson

from tests.bench import backends, relaying, sites, web
from tests.bench.options import Options
from tests.bench.rows import Row, row
from tests.bench.sites import Site

SIZES = (10_000, 100_000, 1_000_000)
FACT_LEADS = """
    INSERT INTO fact_lead (id, captured_at, assigned_at, contacted_at, qualified_at, converted_at, first_response_seconds,
        status, source, region, industry, score, grade, owner_id)
    SELECT gen_random_uuid()::text, at, at, at + interval '1 hour', CASE WHEN i % 3 = 0 THEN at + interval '1 day' END,
        CASE WHEN i % 7 = 0 THEN at + interval '3 days' END, i % 86400, 'working', 'source-' || i % 8, 'region-' || i % 5,
        'industry-' || i % 9, i % 100, chr(65 + i % 4), 'owner-' || i % 200
    FROM (SELECT i, now() - i * interval '3 years' / %(count)s AS at FROM generate_series(1, %(count)s) AS i) AS made
"""
FACT_DEALS = """
    INSERT INTO fact_opportunity (id, name, pipeline, probability, forecast_category, amount_minor, currency, base_minor,
        owner_id, region, source, created_at, stage, category, stage_entered_at, closed_at, closed_base_minor, closed_owner_id)
    SELECT gen_random_uuid()::text, 'Deal', 'standard', 20, 'pipeline', 1250000, 'CNY', 1250000, 'owner-' || i % 200,
        'region-' || i % 5, 'source-' || i % 8, at, 'stage-' || i % 5,
        CASE WHEN i % 10 = 0 THEN 'open' WHEN i % 3 = 0 THEN 'won' ELSE 'lost' END, at,
        CASE WHEN i % 10 > 0 THEN at + interval '30 days' END, 1250000, 'owner-' || i % 200
    FROM (SELECT i, now() - i * interval '3 years' / %(count)s AS at FROM generate_series(1, %(count)s) AS i) AS made
"""
BOARD = "/reporting/dashboards/sales_director"


def growth(options: Options) -> list[Row]:
    """Milliseconds of one request, and events a second of a repair, by the number of records."""
    rows = []
    for size in [options.some(size) for size in SIZES]:
        for name, milliseconds in (_leads(options, size) | _dashboard(options, size)).items():
            rows.append(
                row(f"growth_{name}", "ms", f"at {size:,} records", milliseconds, reached=lambda _ours, _ratio: True)
            )
        pulled = relaying.pull_repair(replace(options, runs=1), size)[0]
        rows.append(pulled | {"name": "growth_pull_repair", "goal": f"at {size:,} records", "reached": True})
    return rows


def _leads(options: Options, size: int) -> dict[str, list[float]]:
    with ExitStack() as stack:
        site = web.own_leads(stack, options, size)
        captures = [site.request("POST", "/leads/api/v1/leads", orjson.dumps(web.lead(True))) for _ in range(60)]
        return {"lead_list": _each(site, [web.list_request(site)] * 60), "lead_capture": _each(site, captures)}


def _dashboard(options: Options, size: int) -> dict[str, list[float]]:
    with ExitStack() as stack:
        env = stack.enter_context(sites.prepared("reporting", options.folder))
        for statement in (FACT_LEADS, FACT_DEALS):
            backends.query(env["REPORTING_DATABASE_URL"], statement.replace("%(count)s", str(size)))
        backends.query(env["REPORTING_DATABASE_URL"], "VACUUM ANALYZE")
        site = sites.ours(stack, "reporting", env)
        return {"dashboard": _each(site, [site.request("GET", BOARD)] * 5)}


def _each(site: Site, requests: list[bytes]) -> list[float]:
    """Milliseconds of each request, one after the other; the first tenth warms up."""
    taken = []
    for request in requests:
        began = time.perf_counter()
        site.ask(request)
        taken.append((time.perf_counter() - began) * 1000)
    return [statistics.median(taken[len(taken) // 10 :])]


BENCHES = (growth,)
