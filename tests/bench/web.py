"""Requests to real services on their own gunicorn, beside Django REST Framework on the same gunicorn and PostgreSQL."""

import random
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlencode

import orjson

from tests.bench import backends, sites
from tests.bench.options import Options
from tests.bench.rows import Row, in_turn, ratio_of, row
from tests.bench.sites import Site

RECORDS = 1_000_000
TEMPLATE = "captured through the API"  # the name of the lead that is multiplied
DRF = "Django REST Framework"
# Two hundred sellers; one lead in fifty is open, half of the others converted.
OWNER = "'01900000-0000-7000-8000-' || lpad(to_hex(40960 + i % 200), 12, '0')"
STATUS = (
    "CASE i / 200 % 50 WHEN 0 THEN 'assigned' WHEN 1 THEN 'working'"
    " ELSE (ARRAY['converted', 'disqualified'])[i / 200 % 2 + 1] END"
)


def lead_capture(options: Options, records: int = 0) -> list[Row]:
    """Leads typed in over HTTP with everything on, into a table of a million."""
    count = options.some(1500)
    with ExitStack() as stack:
        mine = own_leads(stack, options, records or options.some(RECORDS))
        peer, _ = _peer_leads(stack, records or options.some(RECORDS))
        for site in (mine, peer):
            site.rate(
                [site.request("POST", _leads_of(site is mine), orjson.dumps(lead(site is mine))) for _ in range(100)]
            )

        def rate(site: Site) -> float:
            bodies = [orjson.dumps(lead(site is mine)) for _ in range(count)]
            return site.rate([site.request("POST", _leads_of(site is mine), body) for body in bodies])

        found = in_turn(options.runs, {"ours": lambda: rate(mine), DRF: lambda: rate(peer)})
    return [row("lead_capture", "requests/s", "ratio ≥ 2", found["ours"], found[DRF], DRF, reached=ratio_of(2))]


def lead_list(options: Options, records: int = 0) -> list[Row]:
    """Fifty leads of a million, filtered by status, newest first, without a count."""
    count = options.some(1000)
    with ExitStack() as stack:
        mine = own_leads(stack, options, records or options.some(RECORDS))
        peer, _ = _peer_leads(stack, records or options.some(RECORDS))
        asked = {mine: list_request(mine), peer: peer.request("GET", "/leads?status=converted")}
        for site, request in asked.items():
            items = orjson.loads(site.ask(request))
            assert len(items.get("items", items.get("results"))) == 50
            site.rate([request] * 50)

        def rate(site: Site) -> float:
            return site.rate([asked[site]] * count)

        found = in_turn(options.runs, {"ours": lambda: rate(mine), DRF: lambda: rate(peer)})
    return [row("lead_list", "requests/s", "ratio ≥ 2.5", found["ours"], found[DRF], DRF, reached=ratio_of(2.5))]


def list_request(site: Site) -> bytes:
    query = {"filter": '{"field":"status","op":"eq","value":"converted"}', "sort": "-created_at", "limit": 50}
    return site.request("GET", "/leads/api/v1/leads?" + urlencode(query))


def stage_move(options: Options) -> list[Row]:
    """Opportunities moved back and forth between two stages: gate, history, event."""
    count, deals = options.some(1500), options.some(20_000)
    with ExitStack() as stack:
        env = stack.enter_context(sites.prepared("sales", options.folder))
        url = env["SALES_DATABASE_URL"]
        mine = sites.ours(stack, "sales", env)
        first, stages = _deal(mine, url)
        sites.multiply(
            url, "opportunity", deals, f"id = '{first}'", id="gen_random_uuid()::text", number="'B' || i",
            updated_at="source.updated_at - i * interval '1 second'",
        )  # fmt: skip
        peer, peer_url = _peer(stack)
        backends.query(
            peer_url, "INSERT INTO bench_opportunity (id, name, amount, stage, probability, done, custom, version,"
            " stage_entered_at, updated_at) SELECT gen_random_uuid()::text, 'Deal ' || i, 125000, %s, 20, '[]', %s, 1, now(),"
            " now() FROM generate_series(1, %s) AS i", stages[0], orjson.dumps(CUSTOM).decode(), deals,
        )  # fmt: skip
        moves = {
            mine: _moves(mine, "/sales/api/v1/opportunities", _ids(url, "opportunity", "number LIKE 'B%%'"), stages),
            peer: _moves(peer, "/opportunities", _ids(peer_url, "bench_opportunity", "true"), stages),
        }
        for site in moves:
            site.rate([next(moves[site]) for _ in range(100)])

        def rate(site: Site) -> float:
            return site.rate([next(moves[site]) for _ in range(count)])

        found = in_turn(options.runs, {"ours": lambda: rate(mine), DRF: lambda: rate(peer)})
    return [row("stage_move", "requests/s", "ratio ≥ 1.2", found["ours"], found[DRF], DRF, reached=ratio_of(1.2))]


CUSTOM = {f"field_{place}": f"value {place}" for place in range(10)}


def lead(mine: bool) -> dict[str, object]:
    """A person nobody knows yet: 20 fields and 10 of the company's own."""
    digits = f"{random.randrange(10**8):08d}"
    phone, email = f"138{digits}", f"{uuid.uuid4().hex[:12]}@{uuid.uuid4().hex[:8]}.example"
    common = {
        "name": f"王{digits[:4]}", "company": f"{uuid.uuid4().hex[:10]} 科技有限公司", "title": "采购经理",
        "wechat": f"w{digits}", "address": "上海市浦东新区张江路 1 号", "message": "想了解贵公司的产品和价格。" * 5,
        "channel": "search",
        "referrer_url": "https://example.com/products?from=search", "country": "CN", "province": "上海", "city": "上海",
        "region": random.choice(("华东", "华南", "华北", "西南")), "industry": random.choice(("manufacturing", "retail")),
        "company_size": random.choice(("1-19", "20-99", "100-499", "1000+")), "tags": ["expo", "north"],
        "consent": {"version": "2026-01"}, "custom": CUSTOM, "source": "api",
    }  # fmt: skip
    if mine:
        more = {"phones": [phone], "emails": [email], "budget": {"amount": "125000.00", "currency": "CNY"}}
        return common | more | {"product_interest": ["suite"]}
    return common | {"phone": phone, "email": email, "budget": "125000.00"}


def _leads_of(mine: bool) -> str:
    return "/leads/api/v1/leads" if mine else "/leads"


def own_leads(stack: ExitStack, options: Options, records: int) -> Site:
    """The leads service with so many leads: one is captured and multiplied with keys of its own."""
    env = stack.enter_context(sites.prepared("leads", options.folder))
    url = env["LEADS_DATABASE_URL"]
    site = sites.ours(stack, "leads", env)
    site.ask(site.request("POST", _leads_of(True), orjson.dumps(lead(True) | {"name": TEMPLATE})))
    sites.multiply(
        url, "lead", records, f"name = '{TEMPLATE}'", id="'b' || lpad(i::text, 35, '0')", number="'B' || i",
        created_at="source.created_at - (i % 400000) * interval '1 minute'", score="i % 100",
        status=STATUS, owner_id=OWNER,
    )  # fmt: skip
    key = backends.query(url, "SELECT key FROM lead_key LIMIT 1")[0][0][:2]
    backends.query(
        url, "INSERT INTO lead_key (key, lead_id) SELECT %s || '+8613' || i, 'b' || lpad(i::text, 35, '0')"
        " FROM generate_series(1, %s) AS i", key, records,
    )  # fmt: skip
    backends.query(url, "VACUUM ANALYZE lead_key")
    return site


def _peer(stack: ExitStack) -> tuple[Site, str]:
    url = stack.enter_context(backends.scratch("drf"))
    return sites.drf(stack, url), url


def _peer_leads(stack: ExitStack, records: int) -> tuple[Site, str]:
    site, url = _peer(stack)
    site.ask(site.request("POST", _leads_of(False), orjson.dumps(lead(False) | {"name": TEMPLATE})))
    sites.multiply(
        url, "bench_lead", records, f"name = '{TEMPLATE}'", id="'b' || lpad(i::text, 35, '0')", phone="'+8613' || i",
        email="i || '@bench.example'", created_at="source.created_at - (i % 400000) * interval '1 minute'", score="i % 100",
        status=STATUS, owner_id=OWNER,
    )  # fmt: skip
    return site, url


def _deal(site: Site, url: str) -> tuple[str, list[str]]:
    """An opportunity made through the API, and two open stages it may stand in."""
    account = backends.query(url, "SELECT id FROM account ORDER BY id LIMIT 1")[0][0]
    body = {
        "name": "Deal",
        "account_id": account,
        "amount": {"amount": "125000.00", "currency": "CNY"},
        "custom": CUSTOM,
    }
    made = orjson.loads(site.ask(site.request("POST", "/sales/api/v1/opportunities", orjson.dumps(body))))
    stages = backends.query(url, "SELECT stages FROM pipeline WHERE id = %s", made["pipeline_id"])[0][0]
    keys = [stage["key"] for stage in stages if stage["category"] == "open"]
    needed = [item["key"] for stage in stages for item in stage.get("checklist", ())]
    backends.query(
        url, "UPDATE opportunity SET done = %s::jsonb, close_date = now(), next_step = 'call' WHERE id = %s",
        orjson.dumps(needed).decode(), made["id"],
    )  # fmt: skip
    return made["id"], [keys[0], keys[1]]


def _ids(url: str, table: str, where: str) -> list[str]:
    return [found for (found,) in backends.query(url, f"SELECT id FROM {table} WHERE {where}".replace("%%", "%"))]


def _moves(site: Site, path: str, ids: list[str], stages: list[str]) -> Iterator[bytes]:
    """Every deal to the second stage, then every deal back."""
    while True:
        for stage in (stages[1], stages[0]):
            body = orjson.dumps({"stage": stage})
            for each in ids:
                yield site.request("POST", f"{path}/{each}/move", body)


BENCHES = (lead_capture, lead_list, stage_move)
