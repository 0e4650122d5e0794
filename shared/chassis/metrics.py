"""Metrics of the web process, and the list of every metric a process declares. Names follow Prometheus' practice.

A module declares its metrics at the top with prometheus_client; `declared()` finds them for docs/metrics.md.
"""

from dataclasses import dataclass
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, start_http_server
from prometheus_client.metrics import MetricWrapperBase
from sqlalchemy.pool import QueuePool

from chassis.db import Database

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

REQUEST_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Time from a request's arrival to its answer; the route is the template, unknown addresses are one",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=_BUCKETS,
)
IN_FLIGHT = Gauge("http_server_active_requests", "Requests being answered now")
PROBLEMS = Counter("crm_problems_total", "Problem documents answered", ["code", "status"])
POOL = Gauge("crm_db_pool_connections", "Database connections of this process", ["state"])
FEATURE_USES = Counter("crm_feature_uses_total", "Uses of a feature of the closed list, by all people", ["feature"])
REPLICA_AGE = Gauge("crm_directory_replica_age_seconds", "Time since the directory of people was last known current")
TOKENS_REFUSED = Counter("crm_tokens_refused_total", "Requests with a token or cookie that does not hold", ["reason"])
JWKS_FETCHES = Counter("crm_jwks_fetches_total", "Times the log-in service's keys were fetched", ["outcome"])
REPLAYED = Counter("crm_idempotent_replays_total", "POST requests answered from the first one's stored answer")

_children: dict[tuple[str, str, int], Any] = {}


@dataclass(frozen=True)
class Declared:
    """One metric as docs/metrics.md lists it."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]


def declared() -> list[Declared]:
    """Every metric declared by the modules imported so far, by name."""
    found = []
    for collector in list(REGISTRY._collector_to_names):
        if isinstance(collector, MetricWrapperBase):
            suffix = "_total" if collector._type == "counter" else ""
            found.append(
                Declared(
                    collector._name + suffix,
                    str(collector._type),
                    collector._documentation,
                    tuple(collector._labelnames),
                )
            )
    return sorted(found, key=lambda item: item.name)


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    key = (method, route, status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = REQUEST_SECONDS.labels(method, route, str(status))
    child.observe(seconds)


def watch_pool(database: Database) -> None:
    """Report the connection pool of `database` at every scrape."""
    pool = database.engine.pool
    if isinstance(pool, QueuePool):
        POOL.labels("used").set_function(pool.checkedout)
        POOL.labels("idle").set_function(pool.checkedin)


def serve(host: str, port: int) -> Any:
    """Answer `GET /metrics` on a thread of its own; returns the server (call `.shutdown()`)."""
    server, _thread = start_http_server(port, addr=host)
    return server
