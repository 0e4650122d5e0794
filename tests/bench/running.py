"""Child processes of a bench: started, told what to do by a line of JSON, ended."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LEASH = [sys.executable, "-I", "-S", str(ROOT / "shared/chassis/suite/leash.py")]  # nothing of a bench outlives it
ENV = {"PYTHONPATH": str(ROOT)} | os.environ
PEERS = ROOT / ".venv-peers" / "bin" / "python"


class Child:
    """A process of ours or of a peer; `order` asks for work and waits for its answer."""

    def __init__(self, module: str, *arguments: str, env: dict[str, str], peer: bool = False, waits: bool = True):
        command = [str(PEERS) if peer else sys.executable, "-m", module, *arguments]
        self.process = subprocess.Popen(
            [*LEASH, str(os.getpid()), *command], cwd=ROOT, env=ENV | env, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE if waits else None,
        )  # fmt: skip
        if waits:
            while self._line() != "ready":
                pass

    def order(self, **what: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line())
        return answer

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # what a pool of processes left behind
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"process {self.process.args} ended with {self.process.wait()}")
        return line.strip()


def started(stack: ExitStack, *arguments: str, **options: Any) -> Child:
    """A child that ends with the stack."""
    child = Child(*arguments, **options)
    stack.callback(child.close)
    return child


def until(condition: Callable[[], Any], *, seconds: float = 60.0, step: float = 0.02) -> float:
    """Wait for a condition; returns when it held (perf_counter)."""
    deadline = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > deadline:
            raise RuntimeError("waited too long")
        time.sleep(step)
    return time.perf_counter()
