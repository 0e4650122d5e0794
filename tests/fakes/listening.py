"""A small HTTP server on loopback with a book of what happened, a file to keep it in, and faults to play."""

import argparse
import json
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """What came in; `form` is the body of a browser's form."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def given(self) -> dict[str, Any]:
        """Body of a control request: JSON, or a form from the page."""
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode()))
        return dict(self.json())


@dataclass
class Reply:
    """What goes out: a str is HTML or text, anything else JSON."""

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Fake:
    """Base of a fake server: subclasses answer `handle(request)` and keep everything in `self.book`.

    Faults: `POST /_fake/faults {"on": "message/send", "do": "drop", "times": 1}`, `about` narrows it to bodies with a
    text. `do` is `drop` (the call takes effect,
    then the connection is cut), `refuse` (cut before), `hang` (takes effect, answers after `seconds`), `status`
    (answer `status`, no effect) or `body` (200 with `body`, no effect). `GET /_fake/book` shows the book,
    `POST /_fake/reset` empties it, `POST /_fake/well` ends all faults.
    """

    def __init__(self, state: Path | None = None):
        self.lock = threading.RLock()
        self.state = state
        self.book: dict[str, Any] = self.empty()
        if state and state.exists():
            self.book |= json.loads(state.read_text())
        self.faults: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.stopped = threading.Event()

    def empty(self) -> dict[str, Any]:
        raise NotImplementedError

    def handle(self, request: Request) -> Reply:
        raise NotImplementedError

    def page(self) -> str:
        raise NotImplementedError

    def control(self, name: str, given: dict[str, Any]) -> Any:
        """A further control verb of the subclass; KeyError when there is none."""
        raise KeyError(name)

    def keep(self) -> None:
        """Write the book to the state file, whole or not at all."""
        if self.state:
            self.state.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.state.with_suffix(".new")
            fresh.write_text(json.dumps(self.book, ensure_ascii=False, indent=1))
            fresh.replace(self.state)

    def take_fault(self, path: str, body: str = "") -> dict[str, Any] | None:
        with self.lock:
            for fault in self.faults:
                if fault["on"] in path and fault.get("about", "") in body:
                    fault["times"] -= 1
                    if fault["times"] <= 0:
                        self.faults.remove(fault)
                    return fault
        return None

    def serve(self, request: Request) -> Reply | None:
        """Answer a request, None to cut the connection."""
        if request.path == "/":
            with self.lock:
                return Reply(self.page())
        if request.path.startswith("/_fake/"):
            return self._control(request)
        fault = self.take_fault(request.path, request.body.decode("utf-8", "replace"))
        with self.lock:
            self.calls.append({"path": request.path, "body": request.body.decode("utf-8", "replace")[:4000]})
            del self.calls[:-500]
        do = fault["do"] if fault else ""
        if do == "refuse":
            return None
        if do == "status":
            return Reply({"fault": True}, status=int(fault["status"]), headers=fault.get("headers", {}))
        if do == "body":
            return Reply(fault["body"])
        with self.lock:
            reply = self.handle(request)
            if request.method == "POST":
                self.keep()
        if do == "hang":
            self.stopped.wait(float(fault.get("seconds", 30)))
        return None if do == "drop" else reply

    def _control(self, request: Request) -> Reply:
        name = request.path.removeprefix("/_fake/")
        if request.method == "GET":
            return Reply({"book": self.book, "calls": self.calls, "faults": self.faults}.get(name, self.book.get(name)))
        given = request.given()
        if name == "faults":
            self.faults.append({"times": 1, **given})
            return Reply(self.faults)
        if name == "well":
            self.faults.clear()
            return Reply({})
        if name == "reset":
            with self.lock:
                self.book, self.faults, self.calls = self.empty(), [], []
                self.keep()
            return Reply({})
        try:
            answer = self.control(name, given)
        except KeyError as missing:
            return Reply({"error": f"{missing} is unknown"}, status=404)
        with self.lock:
            self.keep()
        if "form" in request.headers.get("content-type", ""):
            return Reply("", status=303, headers={"Location": "/"})
        return Reply(answer)


class Running:
    """A fake listening in a thread; `with Running(WeComFake()) as url`."""

    def __init__(self, fake: Fake, port: int = 0):
        self.fake = fake
        self.server = _Server(("127.0.0.1", port), _handler(fake))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self.fake.stopped.set()
        self.server.shutdown()
        self.server.server_close()


def run(make: Callable[[argparse.Namespace], Fake], *, description: str) -> None:
    """Command line of a fake: --port, --state, --gateway; beside a suite the last two come from its environment."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, help="file that keeps the book over restarts")
    front = os.environ.get("CRM_PUBLIC_URL", "http://127.0.0.1:8000")
    parser.add_argument("--gateway", default=front, help="address of the front door, for callbacks")
    given = parser.parse_args()
    if given.state is None and "CRM_DATA" in os.environ:
        given.state = Path(os.environ["CRM_DATA"]) / "stand-ins" / f"{description.partition(' ')[0].lower()}.json"
    fake = make(given)
    server = _Server(("127.0.0.1", given.port), _handler(fake))
    print(f"{description} on http://127.0.0.1:{given.port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            reply = fake.serve(Request(self.command, parts.path, query, headers, body))
            if reply is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            text = isinstance(reply.body, str)
            content = reply.body.encode() if text else json.dumps(reply.body, ensure_ascii=False).encode()
            self.send_response(reply.status)
            kind = "text/html; charset=utf-8" if text else "application/json; charset=utf-8"
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(content))} | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, TimeoutError):
                self.close_connection = True

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Quiet: the book tells what happened."""

    return Handler
