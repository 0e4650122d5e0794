"""The data folder of a suite: one suite at a time owns it, and its state lies there for `ps`, `stop` and `start`."""

import fcntl
import json
import os
import secrets
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chassis.suite.errors import SuiteError


@dataclass
class State:
    """What DATA/suite.json says of a running suite; who may read it may command the suite."""

    front: int
    pid: int = field(default_factory=os.getpid)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    mark: str = field(default_factory=lambda: secrets.token_hex(8))  # CRM_SUITE in its processes' environment
    environment: dict[str, str] = field(default_factory=dict)  # settings its processes run with


class Folder:
    """DATA, locked while the suite runs; the lock dies with its process."""

    def __init__(self, path: Path):
        self.path = path
        self._lock: int | None = None

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def state_file(self) -> Path:
        return self.path / "suite.json"

    def claim(self) -> None:
        """Create the folder and take its lock; SuiteError when another suite has it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.logs.mkdir(exist_ok=True)
            (self.path / "keys").mkdir(exist_ok=True, mode=0o700)
            self._lock = os.open(self.path / "suite.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise SuiteError(f"the data folder can't be used: {problem}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            running = self.read()
            where = f" (process {running.pid}, http://127.0.0.1:{running.front}/)" if running else ""
            raise SuiteError(
                f"a suite already runs on {self.path}{where}.\n"
                "Stop it with Ctrl-C there, or give this one its own: ./crm up --port 9000 --data var-9000"
            ) from None

    def release(self) -> None:
        """Give the lock back; the state goes with it."""
        self.state_file.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self) -> State | None:
        """The state a suite wrote here; None without one."""
        try:
            return State(**json.loads(self.state_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, state: State) -> None:
        """Replace the state; readable by this user only."""
        fresh = self.state_file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(state)))
        fresh.replace(self.state_file)

    def is_running(self) -> bool:
        """Whether a suite holds the lock."""
        try:
            probe = os.open(self.path / "suite.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(probe)
        return False


def end_leftovers(mark: str) -> int:
    """Kill the processes of a suite that was killed itself, by the mark in their environment; returns how many.

    Where the system does not show environments there is nothing to find; there the processes end by themselves.
    """
    wanted = f"CRM_SUITE={mark}".encode()
    ended = 0
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)
                ended += 1
        except OSError:  # gone meanwhile, or not ours to look at
            continue
    return ended
