"""What callers see while rows are locked and lists are long; spans that leave the process; a broker left clean."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from kombu import Connection
from shared.chassis.gadgets.models import Gadget
from sqlalchemy import event, insert, text

from chassis import paging, telemetry
from chassis.settings import Settings

API = "/gadgets/api/v1"


@pytest.fixture
def impatient(database):
    """Connections opened from here on wait 50 ms for a lock."""
    database.engine.dispose()
    wait = "PRAGMA busy_timeout=50" if database.is_sqlite else "SET lock_timeout = '50ms'"

    def on_connect(connection, _record):
        connection.execute(wait)
        if not database.is_sqlite:
            connection.commit()

    event.listen(database.engine, "connect", on_connect)
    yield database
    event.remove(database.engine, "connect", on_connect)


def test_a_row_locked_for_too_long_is_a_busy_answer(client, impatient):
    maker = client.as_role("all")
    made = maker.post(f"{API}/gadgets", json={"name": "x"}).json
    with impatient.transaction() as holder:
        holder.execute(text("UPDATE gadgets SET size = 5"))
        answer = maker.patch(f"{API}/gadgets/{made['id']}", json={"name": "y"})
        holder.rollback()
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert maker.patch(f"{API}/gadgets/{made['id']}", json={"name": "y"}).status_code == 200


def test_a_long_list_is_counted_only_up_to_the_cap(client, database, monkeypatch):
    monkeypatch.setattr(paging, "COUNT_CAP", 20)
    with database.connection(write=True) as connection:
        rows = [{"id": f"{n:036}", "name": "n", "version": 1, "size": n} for n in range(25)]
        connection.execute(insert(Gadget.__table__), rows)
    page = client.as_role("all").get(f"{API}/gadgets?count=true&limit=1").json
    assert (page["count"], page["count_is_exact"]) == (20, False)
    page = client.as_role("all").get(f"{API}/gadgets?count=true&limit=1&filter=10").json
    assert (page["count"], page["count_is_exact"]) == (14, True)


def test_a_page_costs_one_statement(client, database):
    maker = client.as_role("all")
    maker.post(f"{API}/gadgets", json={"name": "x"})
    maker.get(f"{API}/gadgets")
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    maker.get(f"{API}/gadgets")
    about = [statement for statement in statements if "directory_" not in statement and statement != "BEGIN"]
    assert len(about) == 1


def test_sampled_spans_are_exported_and_others_are_not(tmp_path):
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        telemetry.start(
            Settings(service="leads", trace_endpoint=f"http://127.0.0.1:{server.server_port}", trace_ratio=1.0)
        )
        try:
            with telemetry.span("sampled work", kind="server") as outer, telemetry.span("inner work") as inner:
                assert inner.trace_id == outer.trace_id
            with telemetry.span("quiet work", parent="00-" + "a" * 32 + "-" + "b" * 16 + "-00"):
                pass
        finally:
            telemetry.stop()
            telemetry.start(Settings(service="leads", trace_ratio=0.0))
            server.shutdown()
            thread.join()
    body = b"".join(body for path, body in received if path == "/v1/traces")
    assert b"sampled work" in body
    assert b"inner work" in body
    assert b"quiet work" not in body
    assert bytes.fromhex(outer.trace_id) in body


def test_the_broker_of_a_test_is_left_clean(amqp):
    with Connection(amqp.url) as connection:
        connection.channel().queue_declare(f"{amqp.namespace}.q", durable=True, auto_delete=False)
    assert amqp.names("queues") == [f"{amqp.namespace}.q"]
    amqp.clear()
    assert amqp.names("queues") == []
