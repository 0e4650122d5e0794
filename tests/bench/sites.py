"""Web processes under load: a service of ours as `./crm serve` starts it, or the Django REST Framework peer, on gunicorn."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from chassis import keys
from chassis.caller import SYSTEM
from chassis.db import Database
from chassis.places import find
from chassis.testing import People
from engines.forms import publishing
from integration_gateway import demo_people
from tests.bench import backends
from tests.bench.running import ENV, LEASH, PEERS, ROOT, until

OWN_FIELDS = {"leads": ("lead",), "sales": ("opportunity",)}
FIELDS = [
    {"key": f"field_{place}", "kind": "text", "label": {"zh": f"字段 {place}", "en": f"Field {place}"}}
    for place in range(10)
]
FORM = {"sections": [{"key": "more", "title": {"zh": "更多", "en": "More"}, "fields": FIELDS}]}
CONNECTIONS = 8  # as many as either server has threads
ALL = {"create": True, "read": "all", "edit": "all", "delete": "all"}
GRANTS = {
    "lead": ALL | {"rights": ["see_pool", "claim", "convert", "assign", "merge", "import", "bulk", "export"]},
    "opportunity": ALL | {"rights": ["move", "assign", "export"]},
    "account": ALL,
    "report": ALL,
    "dashboard": ALL,
}


class Site:
    """A listening server and how to speak to it; close it with the stack it was started on."""

    def __init__(self, stack: ExitStack, command: list[str], *, port: int, env: dict[str, str], token: str, ready: str):
        self.port, self.token = port, token
        process = subprocess.Popen(
            [*LEASH, str(os.getpid()), *command],
            cwd=ROOT,
            env=ENV | env,
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        self.pid = process.pid
        until(lambda: process.poll() is not None or self._answers(ready), seconds=60, step=0.1)

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A request's bytes, made before the clock starts."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return f"{head}\r\n".encode() + body

    def rate(self, requests: Sequence[bytes]) -> float:
        """Requests a second over CONNECTIONS kept-open connections; RuntimeError for any answer but 2xx."""
        todo, failed = iter(requests), []
        lock = threading.Lock()

        def work() -> None:
            try:
                with Line(self.port) as line:
                    while True:
                        with lock:
                            request = next(todo, None)
                        if request is None:
                            return
                        line.ask(request)
            except Exception as error:  # told by the caller's thread
                failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return len(requests) / (time.perf_counter() - began)

    def ask(self, request: bytes) -> bytes:
        with Line(self.port) as line:
            return line.ask(request)

    def _answers(self, path: str) -> bool:
        try:
            self.ask(self.request("GET", path))
        except (OSError, RuntimeError):
            return False
        return True


class Line:
    """One kept-open HTTP connection with as little of our own CPU as can be."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """The body of the answer; RuntimeError unless it is 2xx."""
        self._socket.sendall(request)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        head = answer[:end].lower()
        if (start := head.find(b"content-length:")) >= 0:
            stop = head.find(b"\r\n", start)
            length = end + 4 + int(head[start + 15 : stop if stop > 0 else end])
            while len(answer) < length:
                answer += self._more()
        else:  # in chunks, which the peer's server sends whole
            while not answer.endswith(b"\r\n0\r\n\r\n"):
                answer += self._more()
            body = answer[end + 4 :]
            answer = answer[: end + 4] + body[body.index(b"\r\n") + 2 : -7]
        if answer[9:10] != b"2":
            raise RuntimeError(answer[:2000].decode(errors="replace"))
        return answer[end + 4 :]

    def _more(self) -> bytes:
        some = self._socket.recv(262_144)
        if not some:
            raise RuntimeError("the server closed the connection")
        return some


@contextmanager
def prepared(service: str, folder: Path) -> Iterator[dict[str, str]]:
    """The settings of a service with demo data in a PostgreSQL database of its own, its people known."""
    with backends.scratch(service.replace("-", "_")) as url:
        prefix = service.upper().replace("-", "_")
        env = {f"{prefix}_DATABASE_URL": url, "CRM_DATA": str(folder), "CRM_LOG_LEVEL": "WARNING"}
        subprocess.run(
            [sys.executable, "-m", "chassis.cli", "prepare", service, "--demo"], cwd=ROOT, env=ENV | env, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        database = Database(url, service=service)
        people = People(database)
        people.role("bench", GRANTS)
        company = demo_people.load()
        for department in company["departments"]:
            people.department(department["id"], parent=department.get("parent_id"))
        for person in company["people"]:
            people.add(person["id"], roles=("bench",), department=person.get("department_id"), name=person["key"])
        find(service).service()  # makes its kinds of records known
        with database.transaction() as session:
            for kind in OWN_FIELDS.get(service, ()):
                publishing.publish_form(session, kind, FORM, caller=SYSTEM)
        database.close()
        yield env


def ours(stack: ExitStack, service: str, env: dict[str, str]) -> Site:
    """A service's web process, its metrics and traces on (a share of the requests is sampled, as by default)."""
    port, declared = backends.free_port(), find(service).service()
    prefix = service.upper().replace("-", "_")
    env = env | {
        f"{prefix}_PORT": str(port), f"{prefix}_WEB_METRICS_PORT": str(backends.free_port()),
        f"{prefix}_INTERNAL_PORT": str(backends.free_port()), "CRM_TRACE_ENDPOINT": f"http://127.0.0.1:{_sink(stack)}",
    }  # fmt: skip
    settings = declared.settings(service=service, data=env["CRM_DATA"])
    token = keys.issue_local_token(settings, user=demo_people.load()["people"][0]["id"])
    command = [sys.executable, "-m", "chassis.cli", "serve", service]
    return Site(stack, command, port=port, env=env, token=token, ready=f"/{service}/healthz")


def drf(stack: ExitStack, url: str) -> Site:
    """Django REST Framework: the same gunicorn, kind of worker and number of threads."""
    env = {"BENCH_DATABASE": url, "BENCH_SECRET": "b" * 40}
    made = subprocess.run(
        [PEERS, "-c", "from tests.bench.peers import drf_peer; drf_peer.create()"], cwd=ROOT, env=ENV | env,
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    port = backends.free_port()
    command = [
        str(PEERS),
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--worker-class",
        "gthread",
        "--workers",
        "1",
    ]
    command += ["--threads", str(CONNECTIONS), "--keep-alive", "75", "--log-level", "warning", "--no-control-socket"]
    command += ["tests.bench.peers.drf_peer:application"]
    return Site(stack, command, port=port, env=env, token=made.stdout.split()[-1], ready="/leads?status=none")


def multiply(url: str, table: str, count: int, where: str, **columns: str) -> None:
    """`count` copies of one row by SQL; `columns` are expressions over `i`. Indexes are made anew after it, as bulk loads do."""
    names = [name for (name,) in backends.query(url, NAMES, table)]
    values = ", ".join(columns.get(name, f'source."{name}"') for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    indexes = backends.query(url, INDEXES, table)
    for name, _ in indexes:
        backends.query(url, f'DROP INDEX "{name}"')
    backends.query(
        url, f"INSERT INTO {table} ({listed}) SELECT {values} FROM generate_series(1, {count}) AS i,"
        f" (SELECT * FROM {table} WHERE {where} LIMIT 1) AS source",
    )  # fmt: skip
    for _, definition in indexes:
        backends.query(url, definition)
    backends.query(url, f"VACUUM ANALYZE {table}")


NAMES = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = %s AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def _sink(stack: ExitStack) -> int:
    """Port of something that takes traces and forgets them."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_values: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", backends.free_port()), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    return int(server.server_port)
