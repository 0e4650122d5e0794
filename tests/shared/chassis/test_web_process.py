"""The process around the routes: health, metrics, proxies, usage, background work, undeclared views."""

import threading
import urllib.request
from collections import Counter
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from flask import Blueprint
from shared.chassis.gadgets.app import SERVICE
from sqlalchemy import select, text

from chassis import causation, clock, directory, event_log, metrics, revisions, telemetry, upkeep, usage, web
from chassis.caller import Caller
from chassis.subscriptions import Received, Subscriptions
from chassis.timers import TABLE as TIMERS
from chassis.timers import Timers, fire_due

API = "/gadgets/api/v1"
ANN = Caller(id="ann", kind="user")


def test_readiness_is_the_database_and_its_schema(client, app, database):
    assert client.get("/gadgets/healthz").json == {"service": "gadgets", "alive": True}
    answer = client.get("/gadgets/readyz")
    assert (answer.status_code, answer.json["schema"]) == (503, "missing")
    heads = revisions.code_heads(Path(__file__).parent / "gadgets")
    with database.connection(write=True) as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num varchar(64))"))
        for head in heads:
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head})
    try:
        fresh = web.build(SERVICE, client.settings, database=database).test_client().get("/gadgets/readyz")
        assert (fresh.status_code, fresh.json["ready"], fresh.json["bus"]) == (200, True, {"transport": "pull"})
        asked = "/gadgets/readyz?directory"  # nobody could log in before the people have arrived
        assert web.build(SERVICE, client.settings, database=database).test_client().get(asked).status_code == 503
        with database.transaction() as session:
            directory.heard(session)
        directory.of(database).forget()
        assert web.build(SERVICE, client.settings, database=database).test_client().get(asked).status_code == 200
    finally:
        with database.connection(write=True) as connection:
            connection.execute(text("DROP TABLE alembic_version"))


def test_a_service_without_its_database_is_alive_but_not_ready(client, database, monkeypatch):
    def away(*_args, **_kwargs):
        from sqlalchemy.exc import OperationalError

        raise OperationalError("", {}, Exception("connection refused"))

    monkeypatch.setattr(database, "connection", away)
    monkeypatch.setattr(database, "reading", away)
    assert client.get("/gadgets/healthz").status_code == 200
    assert client.get("/gadgets/readyz").status_code == 503
    answer = client.as_role("all").get(f"{API}/gadgets")
    assert (answer.status_code, answer.json["code"]) == (503, "busy")


def test_requests_are_measured_by_route_template(client):
    client.as_role("all").get(f"{API}/gadgets/some-id")
    client.get("/gadgets/nowhere/at/all")
    labels = {
        (sample.labels["http_route"], sample.labels["http_response_status_code"])
        for metric in metrics.REQUEST_SECONDS.collect()
        for sample in metric.samples
        if sample.name.endswith("_count")
    }
    assert (f"{API}/gadgets/<id>", "404") in labels
    assert ("unmatched", "404") in labels
    assert not any("some-id" in route for route, _status in labels)


def test_every_metric_has_a_help_text_and_the_port_serves_it(client):
    listed = metrics.declared()
    assert all(item.help and item.name.startswith(("crm_", "http_")) for item in listed)
    server = metrics.serve("127.0.0.1", 0)
    try:
        client.get(f"{API}/ping")
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as answer:
            assert b"http_server_request_duration_seconds_bucket" in answer.read()
    finally:
        server.shutdown()
        server.server_close()


def test_forwarded_headers_are_believed_only_from_the_front_door(client):
    headers = {
        "X-Forwarded-For": "9.9.9.9, 203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "crm.example",
    }
    asking = client.as_role("see")
    behind = asking.get(f"{API}/whoami", headers=headers, environ_base={"REMOTE_ADDR": "127.0.0.1"})
    assert (behind.json["address"], behind.json["url"]) == ("203.0.113.7", "https://crm.example/")
    assert "Strict-Transport-Security" in behind.headers
    direct = asking.get(f"{API}/whoami", headers=headers, environ_base={"REMOTE_ADDR": "198.51.100.1"})
    assert (direct.json["address"], direct.json["url"]) == ("198.51.100.1", "http://localhost/")


def test_events_of_a_request_say_who_from_where_and_in_which_trace(client, database, people):
    people.add("ann", roles=("all",))
    parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-00"
    made = client.as_user("ann").post(
        f"{API}/gadgets", json={"name": "x"}, headers={"traceparent": parent}, environ_base={"REMOTE_ADDR": "10.0.0.7"}
    )
    assert made.status_code == 201
    with database.reading() as session:
        row = session.execute(select(event_log.LOG)).one()
    assert (row.actor, row.origin) == ("ann", "api 10.0.0.7")
    assert row.traceparent.startswith("00-" + "a" * 32)
    assert row.subject == f"gadget/{made.json['id']}"
    assert causation.current().actor == "system"
    assert telemetry.current() is None


def test_a_page_error_is_a_page_for_browsers(client):
    answer = client.get("/gadgets/nowhere", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_an_app_with_an_undeclared_view_does_not_start(settings, database):
    loose = Blueprint("loose", __name__)
    loose.add_url_rule("/loose", "loose", lambda: "open to all")
    bad = replace(SERVICE, blueprints=lambda: [loose], subscriptions=Subscriptions(), timers=Timers())
    with pytest.raises(web.UndeclaredRoute):
        web.build(bad, settings, database=database)


def test_start_and_stop_leave_no_thread_behind(settings, database):
    app = web.build(SERVICE, replace(settings, jwks_url="http://127.0.0.1:9/none", internal_port=9), database=database)
    before = set(threading.enumerate())
    web.start(app)
    assert len(database.on_events) == 1
    assert set(threading.enumerate()) > before
    web.stop(app)
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_uses_are_counted_and_each_is_reported_once(database, time):
    counts = usage.Counts(database, time_zone="Asia/Shanghai")
    for _ in range(3):
        counts.count(ANN, "leads.board")
    counts.count(Caller(id="erp", kind="client"), "leads.board")
    counts.flush()
    counts.flush()
    with database.transaction() as session:
        upkeep.begin(session)
    time.pass_(hours=1)
    assert fire_due(database, upkeep.due) == 2
    counts.count(ANN, "leads.board")
    counts.flush()
    time.pass_(hours=1)
    fire_due(database, upkeep.due)
    with database.reading() as session:
        rows = session.execute(select(event_log.LOG.c.type, event_log.LOG.c.data)).all()
        assert len(session.execute(select(TIMERS.c.id)).all()) == 2
    assert {row.type for row in rows} == {"gadgets.usage.summarised.v1"}
    uses = Counter()
    for row in rows:
        for item in orjson.loads(row.data)["counts"]:
            uses[item["user_id"], item["feature"]] += item["uses"]
    assert uses == {("ann", "leads.board"): 4}


def test_uses_wait_in_memory_while_the_database_is_away(database, monkeypatch):
    counts = usage.Counts(database, time_zone="Asia/Shanghai")
    counts.count(ANN, "leads.board")
    with monkeypatch.context() as patched:
        patched.setattr(usage, "add", lambda *_: 1 / 0)
        counts.flush()
    counts.flush()
    with database.reading() as session:
        assert session.execute(select(usage.TABLE.c.uses)).scalar_one() == 1


def test_the_replica_follows_the_gateways_events(database):
    handlers = directory.on.groups["directory"]

    def deliver(kind, sequence, **data):
        event = Received(
            id=f"e{sequence}", source="gateway", type=f"gateway.{kind}.v1", subject="x/1", time=clock.now(),
            sequence=sequence, epoch="a", aggregateversion=1, data=data,
        )  # fmt: skip
        subscription = handlers.match(event.type)
        with database.transaction() as session:
            subscription.handle(session, subscription.load(event))

    deliver("department.changed", 1, department_id="d1", parent_id=None, name="Shop", head_id="ann")
    deliver("role.changed", 2, key="seller", name={"en": "Seller"}, grants={"lead": {"read": "own"}})
    deliver("user.changed", 3, user_id="ann", name="Ann", email="a@b.c", locale="zh", department_id="d1", is_head=True,
            roles=["seller"], active=True, epoch=2, absent=False, future="ignored")  # fmt: skip
    deliver("session.revoked", 4, session_id="s9")
    deliver("session.revoked", 5, user_id="ann", epoch=5)
    deliver("user.changed", 6, user_id="ann", name="Ann B", locale="zh", department_id="d1", roles=["seller"], epoch=3)
    snapshot = directory.of(database).snapshot()
    assert (snapshot.users["ann"].name, snapshot.users["ann"].epoch) == ("Ann B", 5)
    assert snapshot.grants["seller"] == {"lead": {"read": "own"}}
    assert snapshot.revoked == {"s9"}
    with database.reading() as session:
        caller = directory.caller_for(session, "ann")
        assert directory.names(session, ["ann", "who", None]) == {"ann": "Ann B"}
    assert (caller.roles, caller.locale, caller.department_ids) == (("seller",), "zh", ("d1",))
