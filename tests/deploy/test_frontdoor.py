"""The front door of production and that of `./crm up`: two Caddys before the same services, asked the same questions."""

import http.client
import json
import os
import runpy
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chassis.places import places
from chassis.suite import frontdoor
from chassis.suite.folder import Folder
from chassis.suite.ports import Ports, suggestion
from tests.deploy.conftest import ROOT

DOWN = "reporting"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        """What a service said it was asked; else the body."""
        return json.loads(self.body) if self.headers.get("content-type") == "application/json" else self.body


def ask(port: int, path: str, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return found


def service(name: str, port: int) -> ThreadingHTTPServer:
    """A service that says its name and what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            forwarded = {
                key.lower(): self.headers[key] for key in self.headers if key.lower().startswith("x-forwarded")
            }
            body = json.dumps({"service": name, "path": self.path, "forwarded": forwarded}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    made = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
    return made


@dataclass
class Doors:
    embedded: int
    production: int
    asset: str


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Both doors, with one of the services away."""
    data = tmp_path_factory.mktemp("doors")
    front = suggestion(20000 + 1000 * (os.getpid() % 20))
    assert front
    ports = Ports(front)
    servers = [service("supervisor", ports.control)]
    servers += [service(place.name, ports.web(place)) for place in places() if place.name != DOWN]
    (data / "embedded.json").write_text(json.dumps(frontdoor.configuration(Folder(data), ports)))
    runpy.run_path(str(ROOT / "deploy/frontdoor/export_assets.py"))["export"](data / "exported")
    production = front + 299
    environment = os.environ | {
        "FRONT_DOOR_SITE": f"http://127.0.0.1:{production}",
        "FRONT_DOOR_ASSETS": str(data / "exported"),
        "FRONT_DOOR_TRUSTED_PROXIES": "192.0.2.1/32",
        "XDG_DATA_HOME": str(data),
        "XDG_CONFIG_HOME": str(data),
    }
    for place in places():
        environment[f"{place.prefix}_WEB"] = f"127.0.0.1:{ports.web(place)}"
    commands = [["--config", str(data / "embedded.json")], ["--config", str(ROOT / "deploy/frontdoor/Caddyfile")]]
    with (data / "caddy.log").open("wb") as log:
        running = [
            subprocess.Popen([frontdoor.binary(), "run", *options], env=environment, stdout=log, stderr=log)
            for options in commands
        ]
    try:
        for port in (front, production):
            _wait(port, data / "caddy.log")
        yield Doors(front, production, next((data / "exported").glob("console.*.css")).name)
    finally:
        for process in running:
            process.terminate()
            process.wait(15)
        for server in servers:
            server.shutdown()
            server.server_close()


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            ask(port, "/healthz")
            return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)  # between tries for a connection


PATHS = [
    "/leads", "/leads/", "/leads/api/v1/leads?page=2", "/sales/x", "/service-desk/portal", "/approvals/inbox",
    "/gateway/.well-known/jwks.json", "/leadsx", "/service_desk/", "/nothing", "/metrics", "/events", "/readyz",
    "/sales/%2e%2e/metrics", "/assets/missing.0123.js", "/assets/", "/", f"/{DOWN}/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_both_doors_lead_to_the_same_place(doors: Doors, path: str) -> None:
    embedded, production = ask(doors.embedded, path), ask(doors.production, path)
    assert production.status == embedded.status
    assert production.headers.get("location") == embedded.headers.get("location")
    assert production.headers.get("retry-after") == embedded.headers.get("retry-after")
    if embedded.headers.get("content-type") == "application/json":
        assert {k: production.said[k] for k in ("service", "path")} == {
            k: embedded.said[k] for k in ("service", "path")
        }
    else:
        assert production.body == embedded.body


def test_each_service_is_reached_by_its_name_and_nothing_else_is(doors: Doors) -> None:
    for place in places():
        answer = ask(doors.production, f"/{place.name}/readyz")
        assert answer.status == (503 if place.name == DOWN else 200)
        assert place.name == DOWN or answer.said["service"] == place.name
    assert ask(doors.production, "/metrics").status == 404


def test_a_service_that_is_away_is_a_problem_document_in_both_languages(doors: Doors) -> None:
    answer = ask(doors.production, f"/{DOWN}/api/v1/x")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["status"] == 503
    assert "暂不可用" in problem["title"]


@pytest.mark.parametrize("door", ["embedded", "production"])
def test_scripts_and_styles_come_from_disk_for_ever_and_packed(doors: Doors, door: str) -> None:
    answer = ask(getattr(doors, door), f"/assets/{doors.asset}", Accept_Encoding="gzip")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-encoding"] == "gzip"


def test_health_of_the_door_needs_no_service(doors: Doors) -> None:
    assert ask(doors.production, "/healthz").said == {"status": "ready"}


def test_a_client_cannot_say_who_it_is(doors: Doors) -> None:
    said = ask(doors.production, "/leads/", X_Forwarded_For="6.6.6.6", X_Forwarded_Host="evil.example").said
    assert said["forwarded"]["x-forwarded-for"] == "127.0.0.1"
    assert "evil" not in said["forwarded"]["x-forwarded-host"]
