"""The suite's real processes, looked after as `./crm up` does it, and hurt as a fault wants it."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from chassis.places import places
from chassis.suite import databases, frontdoor, plan, preparing
from chassis.suite.children import Child
from chassis.suite.folder import Folder
from chassis.suite.nursery import Nursery
from chassis.suite.ports import HOST, Ports
from chassis.suite.supervisor import answers
from tests.faults import witness
from tests.faults.proxy import Proxy

ROOT = Path(__file__).parents[2]
SERVICES = tuple(place.name for place in places())
PATIENCE = 20.0
READY = 90.0


class Family:
    """Web and worker of all six services, the witness, the partners' stand-ins and the front door."""

    def __init__(self, data: Path, base: int, *, database: str = "", bus: str = "", settings: dict[str, str]):
        self.folder, self.ports = Folder(data), Ports(base)
        self.folder.claim()
        self.clock = data / "clock"
        self.clock.write_text("0")
        self.urls = databases.urls(database, self.folder)
        self.urls["witness"] = self._witness_url(database)
        self.feeds = {place.name: Proxy(base + 300 + n, self.ports.internal(place)) for n, place in enumerate(places())}
        given = plan.settings_of(self.folder, self.ports, self.urls, bus)
        given["CRM_FEEDS"] = ",".join(f"{name}=http://{HOST}:{proxy.port}" for name, proxy in self.feeds.items())
        given |= {"CRM_CLOCK_OFFSET_FILE": str(self.clock), "GATEWAY_ERP_POLL_SECONDS": "1", **settings}
        given |= {
            "WITNESS_DATABASE_URL": self.urls["witness"],
            "WITNESS_PORT": str(base + 9),
            "WITNESS_INTERNAL_PORT": str(base + 109),
            "WITNESS_WEB_METRICS_PORT": str(base + 209),
        }
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("CRM_", "COVERAGE"))}
        self.environment = ours | given | {"PYTHONUNBUFFERED": "1"}
        self.children: list[Child] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="family", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.front}"

    @property
    def kingdee(self) -> str:
        return f"http://{HOST}:{self.ports.fake('kingdee')}"

    def _witness_url(self, database: str) -> str:
        return f"{database.rstrip('/')}_witness" if database else f"sqlite:///{self.folder.path / 'witness.db'}"

    def up(self) -> None:
        """Make and fill the databases, start everything, wait until all is ready."""
        for proxy in self.feeds.values():
            proxy.start()
        databases.create(self.urls)
        services = {name: url for name, url in self.urls.items() if name != "witness"}
        preparing.prepare(services, self.environment, ROOT, demo=True)
        witness.prepare(self.urls["witness"])
        self.nursery = Nursery(self.environment, self.folder.logs / "nursery.log", ROOT)
        self.children = plan.children(self.folder, self.ports, self.environment, fakes=True)
        for child in self.children:
            child.nursery = self.nursery
        self.children.append(self._witness())
        self.children.append(frontdoor.child(self.folder, self.ports, self.environment))
        self._thread.start()
        self.wait_ready()

    def down(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE + 10)
            self.nursery.close()
        for proxy in self.feeds.values():
            if proxy.runs:
                proxy.stop()
        self.folder.release()

    def child(self, name: str) -> Child:
        return next(child for child in self.children if child.name == name)

    def of(self, service: str) -> list[Child]:
        return [child for child in self.children if child.service == service]

    def wait_ready(self, names: list[str] | None = None, seconds: float = READY) -> None:
        """Until all that are wanted, or those named, say so."""
        deadline = time.monotonic() + seconds
        while waiting := [c for c in self.children if c.wanted and not c.ready and (names is None or c.name in names)]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready after {seconds:.0f} s: {', '.join(child.name for child in waiting)}")
            time.sleep(0.1)

    def kill(self, name: str, chance: random.Random) -> str:
        """kill -9 of one process with what it started; of a web sometimes only the process that serves."""
        child = self.child(name)
        child.ready = False
        inner = _started_by(child.pid) if name.endswith("-web") else []
        if inner and chance.random() < 0.5:
            os.kill(inner[0], signal.SIGKILL)
            return f"{name} (serving process)"
        child.kill()
        return name

    def signal(self, name: str, number: int) -> None:
        """A signal to every process of the child's group."""
        os.killpg(self.child(name).pid, number)

    def stop(self, *names: str) -> None:
        """SIGTERM, and wait for the end."""
        for name in names:
            self.child(name).stop(PATIENCE)
        deadline = time.monotonic() + PATIENCE + 5
        while any(self.child(name).is_alive for name in names):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{', '.join(names)} did not end")
            time.sleep(0.05)

    def start(self, *names: str) -> None:
        for name in names:
            child = self.child(name)
            child.wanted, child.restarts, child.next_start = True, 0, 0.0

    def hurry(self) -> None:
        """What waits to be started again is started now: a fault is over, nobody learns from waiting longer."""
        for child in self.children:
            if child.wanted and not child.is_alive:
                child.restarts, child.next_start = 0, 0.0

    def second_worker(self, service: str) -> Child:
        """Another worker of a service, on a port of its own, as a second replica would be."""
        first = self.child(f"{service}-worker")
        port = self.ports.front + 260 + SERVICES.index(service)
        prefix = service.upper().replace("-", "_")
        second = Child(
            name=f"{service}-worker-2",
            service=service,
            command=first.command,
            environment={**first.environment, f"{prefix}_INTERNAL_PORT": str(port)},
            log=self.folder.logs / f"{service}-worker-2.log",
            folder=first.folder,
            ready_url=f"http://{HOST}:{port}/readyz",
            port=port,
        )
        self.children.append(second)
        return second

    def remove(self, child: Child) -> None:
        self.stop(child.name)
        self.children.remove(child)

    def move_to(self, tree: Path, names: list[str]) -> None:
        """Let processes that are ended now run from another source tree when they start again."""
        from tests.faults import release

        for name in names:
            child = self.child(name)
            child.environment = {**child.environment, **release.environment(tree)}
            child.folder = tree

    def shift_clock(self, seconds: float) -> None:
        """Move the clock of every process."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.clock)

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """A command of `./crm` with the suite's settings."""
        command = [sys.executable, "-m", "chassis.cli", *arguments, "--data", str(self.folder.path)]
        done = subprocess.run(
            command, env=self.environment | (environment or {}), cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"crm {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    def _witness(self) -> Child:
        port = int(self.environment["WITNESS_INTERNAL_PORT"])
        return Child(
            name="witness-worker",
            service="witness",
            command=[sys.executable, "-m", "tests.faults.witness"],
            environment=self.environment | {"PYTHONPATH": str(ROOT)},
            log=self.folder.logs / "witness-worker.log",
            folder=ROOT,
            ready_url=f"http://{HOST}:{port}/readyz",
            port=port,
        )

    def _look_after(self) -> None:
        """Start, restart and probe until the end, then stop all; children hang on this thread."""
        probing = threading.Thread(target=self._probe, daemon=True)
        probing.start()
        while not self._ending.is_set():
            for child in list(self.children):
                child.look_after(time.monotonic())
            time.sleep(0.05)
        for child in self.children:
            child.stop(PATIENCE)
        while any(child.is_alive for child in self.children):
            for child in self.children:
                child.look_after(time.monotonic())
            time.sleep(0.05)

    def _probe(self) -> None:
        while not self._ending.is_set():
            for child in list(self.children):
                if child.is_alive and child.wanted and not child.ready:
                    child.ready = answers(child)
            time.sleep(0.1)


def wait_for(look: Callable[[], object], *, seconds: float, what: str) -> None:
    """Until `look` is true; TimeoutError says what it waited for."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} not after {seconds:.0f} s")
        time.sleep(0.1)


def _started_by(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
