"""Keeps the suite's processes running until it is told to stop."""

import http.client
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from chassis.suite import control
from chassis.suite.children import Child
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder, State
from chassis.suite.ports import Ports

PATIENCE = 20.0  # seconds a process gets to finish what is in hand
_TICK = 0.1
_AGAIN_WHEN_READY = 3.0
TROUBLE = 3  # failed starts in a row after which people are told


class Supervisor:
    """Starts, watches and stops `children`; all starting happens in the thread that calls `run`."""

    def __init__(self, folder: Folder, state: State, children: list[Child], say: Callable[[str], None]):
        self.data: Path = folder.path
        self.ports = Ports(state.front)
        self.children = children
        self.token = state.token
        self._say = say
        self._commands: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._told: set[str] = set()
        self._signals = 0

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything; `on_ready` is called once, when all are. Returns after SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        listening = control.server(self, self.ports.control)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        threading.Thread(target=self._probe, daemon=True).start()
        announced = False
        try:
            while not self._stopping.is_set():
                self._obey()
                self._look_after()
                if not announced and self.health()[0]:
                    announced = True
                    on_ready()
                self._stopping.wait(_TICK)
        finally:
            self._stop_all()
            listening.shutdown()
            listening.server_close()

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether web and worker of every service are ready, and the state of each part."""
        parts: dict[str, Any] = {}
        for child in self.children:
            if child.service:
                parts.setdefault(child.service, {})[child.name.rpartition("-")[2]] = child.state
        states = [state for part in parts.values() for state in part.values()]
        front = all(child.ready for child in self.children if child.name == "front-door")
        return front and all(state == "ready" for state in states), parts

    def listing(self) -> list[dict[str, Any]]:
        """A row per process for `./crm ps`."""
        now = time.monotonic()
        return [
            {
                "name": child.name,
                "state": child.state,
                "pid": child.pid,
                "port": child.port,
                "log": str(child.log),
                "restarts": child.restarts,
                "seconds": round(now - child.began) if child.is_alive else 0,
                "memory": memory(child.pid) if child.is_alive else 0,
            }
            for child in self.children
        ]

    def command(self, verb: str, service: str) -> str:
        """Queue `stop` or `start` of a service or of one process; returns the names it means."""
        meant = self._named(service)
        if not meant:
            raise SuiteError(f"no service or process is called {service!r}: {', '.join(c.name for c in self.children)}")
        self._commands.put((verb, service))
        return ", ".join(child.name for child in meant)

    def _named(self, name: str) -> list[Child]:
        return [child for child in self.children if name in (child.name, child.service)]

    def _obey(self) -> None:
        while not self._commands.empty():
            verb, name = self._commands.get()
            for child in self._named(name):
                if verb == "stop":
                    child.stop(PATIENCE)
                else:
                    child.wanted, child.restarts, child.next_start = True, 0, 0.0

    def _look_after(self) -> None:
        now = time.monotonic()
        for child in self.children:
            child.look_after(now)
            child.rotate_log()
            if child.restarts >= TROUBLE and child.name not in self._told:
                self._told.add(child.name)
                self._say(f"{child.name} keeps ending; the last lines of {child.log}:\n{tail(child.log)}")

    def _probe(self) -> None:
        due: dict[str, float] = {}
        while not self._stopping.wait(_TICK):
            for child in self.children:
                now = time.monotonic()
                if child.is_alive and child.wanted and due.get(child.name, 0.0) <= now:
                    was_ready, child.ready = child.ready, answers(child)
                    due[child.name] = now + (_AGAIN_WHEN_READY if child.ready and was_ready else 2 * _TICK)

    def _stop_all(self) -> None:
        inner = [child for child in self.children if child.name != "front-door"]
        for group in (inner, [child for child in self.children if child.name == "front-door"]):
            for child in group:
                child.stop(PATIENCE)
            while any(child.is_alive for child in group):
                for child in group:
                    if self._signals > 1:
                        child.kill()
                    child.look_after(time.monotonic())
                time.sleep(_TICK / 2)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 1:
            self._say("stopping; each process finishes what is in hand (again: at once)")
        self._stopping.set()


def answers(child: Child) -> bool:
    """Whether the process says it can work; the front door counts as soon as it answers anything."""
    if not child.ready_url:
        return True
    address, _, path = child.ready_url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(address, timeout=3)
    try:
        connection.request("GET", "/" + path)
        status = connection.getresponse().status
        return status == 200 or not child.service
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def memory(pid: int) -> int:
    """Proportional memory in bytes of a process and those it started; 0 where the system does not say."""
    total = 0
    for one in [pid, *_started_by(pid)]:
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, ValueError, IndexError):
            continue
    return total


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, indented."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 4000))
            return "\n".join("    " + line for line in file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _started_by(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (OSError, ValueError):
        return []
