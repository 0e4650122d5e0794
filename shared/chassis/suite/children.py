"""One process of the suite: started on a leash, restarted with back-off when it ends by itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chassis.suite import leash
from chassis.suite.nursery import Forked, Nursery

LOG_BYTES = 20_000_000  # a log is moved to .1 beyond this size
_STEADY = 30.0  # seconds after which a process counts as well again
_LONGEST_WAIT = 20.0


@dataclass
class Child:
    """A process that should run while `wanted`."""

    name: str  # leads-web
    service: str  # leads; "" for what belongs to no service
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    folder: Path
    ready_url: str = ""  # answers 200 when it can work; empty: ready when it runs
    port: int = 0
    arguments: Sequence[str] = ()  # of `crm`, where `command` does nothing else
    nursery: Nursery | None = None
    wanted: bool = True
    ready: bool = False
    restarts: int = 0
    process: subprocess.Popen[bytes] | Forked | None = None
    began: float = 0.0
    next_start: float = 0.0
    killed_after: float = field(default=0.0, repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def state(self) -> str:
        """ready, starting, crashed (waiting to be started again), stopping or stopped."""
        if self.is_alive:
            return ("ready" if self.ready else "starting") if self.wanted else "stopping"
        return "crashed" if self.wanted and self.restarts else "starting" if self.wanted else "stopped"

    def start(self) -> None:
        """Start it; call from the thread that lives as long as the suite, since the leash hangs on it."""
        self.ready = False
        self.began = time.monotonic()
        if self.nursery is not None and self.arguments:
            self.process = self.nursery.fork(
                self.name, self.arguments, environment=self.environment, log=self.log, folder=self.folder
            )
            if self.process is not None:
                return
        wrapped = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *self.command]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                wrapped,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                cwd=self.folder,
                start_new_session=True,
            )

    def look_after(self, now: float) -> None:
        """Start or restart it when due, kill it when it was asked to end and did not."""
        if self.is_alive:
            if self.restarts and now - self.began > _STEADY:
                self.restarts = 0
            if self.killed_after and now > self.killed_after:
                self.kill()
        elif self.process is not None:
            self.kill()  # what it had started may outlive it and hold its port
            self.process = None
            self.ready = False
            self.killed_after = 0.0
            if self.wanted:
                wait = min(0.25 * 2**self.restarts, _LONGEST_WAIT) if self.restarts else 0.1
                self.restarts += 1
                self.next_start = now + wait
        elif self.wanted and now >= self.next_start:
            self.start()

    def stop(self, patience: float) -> None:
        """Ask it to finish what is in hand; after `patience` seconds it is killed."""
        self.wanted = False
        self.ready = False
        if self.is_alive and self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.killed_after = time.monotonic() + patience

    def kill(self) -> None:
        """End it and what it started, at once."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def rotate_log(self) -> None:
        """Keep one older log: copied and cut, because the process holds the file open for appending."""
        try:
            if self.log.stat().st_size < LOG_BYTES:
                return
            older = self.log.with_suffix(".log.1")
            with open(self.log, "rb") as source, open(older, "wb") as target:
                while block := source.read(1 << 20):
                    target.write(block)
            os.truncate(self.log, 0)
        except FileNotFoundError:
            return
