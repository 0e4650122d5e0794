"""The supervisor's small server on loopback: health of the whole suite, and commands for who may read DATA/suite.json."""

import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder, State
from chassis.suite.ports import HOST, Ports


class Suite(Protocol):
    """What the server asks of the supervisor."""

    token: str
    data: Path

    def health(self) -> tuple[bool, dict[str, Any]]: ...
    def listing(self) -> list[dict[str, Any]]: ...
    def command(self, verb: str, service: str) -> str: ...


def server(suite: Suite, port: int) -> ThreadingHTTPServer:
    """A server for `suite`, not yet serving."""

    class Handler(BaseHTTPRequestHandler):
        server_version = "crm"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path == "/healthz":
                ready, parts = suite.health()
                self._answer(200 if ready else 503, {"status": "ready" if ready else "starting", "parts": parts})
            elif self.path == "/suite":
                self._answer(200, {"data": str(suite.data)})
            elif self.path == "/ps":
                self._allowed(lambda: {"processes": suite.listing()})
            else:
                self._answer(404, {"error": "nothing is here"})

        def do_POST(self) -> None:
            verb, _, service = self.path.strip("/").partition("/")
            if verb in ("stop", "start"):
                self._allowed(lambda: {"done": suite.command(verb, service)})
            else:
                self._answer(404, {"error": "nothing is here"})

        def _allowed(self, act: Callable[[], dict[str, Any]]) -> None:
            given = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(), suite.token.encode()):
                self._answer(403, {"error": "this needs the token in DATA/suite.json"})
                return
            try:
                self._answer(200, act())
            except SuiteError as problem:
                self._answer(404, {"error": str(problem)})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """The front door's log has it."""

    listening = ThreadingHTTPServer((HOST, port), Handler)
    listening.daemon_threads = True
    return listening


def running(data: Path, port: int | None) -> tuple[Folder, State]:
    """The running suite on `data`, or the one whose front door is at `port`; SuiteError when there is none."""
    if port is not None:
        data = Path(_call(Ports(port).control, "/suite", missing=f"no suite answers at port {port}")["data"])
    folder = Folder(data)
    state = folder.read()
    if state is None or not folder.is_running():
        raise SuiteError(f"no suite runs on {data}; name another by --data or --port, or start one: ./crm up")
    return folder, state


def ask(state: State, path: str, method: str = "GET") -> dict[str, Any]:
    """Call the running suite's server; SuiteError with its answer when it refuses."""
    missing = "the suite does not answer; is it stopping?"
    return _call(Ports(state.front).control, path, method=method, token=state.token, missing=missing)


def _call(port: int, path: str, *, missing: str, method: str = "GET", token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback never goes through a proxy
    try:
        with opener.open(request, timeout=10) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refused:
        with refused:
            raise SuiteError(json.load(refused)["error"]) from None
    except (OSError, ValueError):
        raise SuiteError(missing) from None
