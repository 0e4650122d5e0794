"""A process that has imported what all services have in common and forks theirs, which so share its memory and start at once.

It runs one thread and holds no connection. A service's own code is imported after the fork, so a service that is started
again runs what is on the disk then; what lies in shared/ is as old as the nursery.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chassis.suite import leash

# Nothing that some service does without: a table it does not have would be looked for in its database.
COMMON = (
    "chassis.worker", "chassis.web", "chassis.serving", "chassis.configuration", "console.record_kit_pages",
    "console.audit_pages", "console.shell", "console.explanations", "console.saved_views",
    "engines.kit_parts", "engines.timeline_api", "engines.feed_api", "engines.erasers", "engines.workdays",
    "engines.ownership", "engines.listing", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread",
    "sqlalchemy.dialects.sqlite.pysqlite", "sqlalchemy.dialects.postgresql.psycopg",
)  # fmt: skip
CODE = ("PYTHONPATH", "CRM_TREE")  # who is to run other code than ours cannot be forked from here
_ARENAS = {"MALLOC_ARENA_MAX": "2"}  # dozens of mostly idle threads need no heaps of their own


class Forked:
    """A process of the nursery, with what of `subprocess.Popen` its keeper needs."""

    def __init__(self, pid: int):
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs."""
        if self._handle >= 0 and select.select([self._handle], [], [], 0)[0]:
            os.close(self._handle)
            self._handle = -1
        return None if self._handle >= 0 else 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)


class Nursery:
    """The suite's side: starts the process, asks it for children, begins anew when it has died. Linux only."""

    def __init__(self, environment: Mapping[str, str], log: Path, folder: Path):
        self._environment = {**environment, **_ARENAS}
        self._log, self._folder = log, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def start(self) -> None:
        """Begin importing; `fork` waits until that is done."""
        self.close()
        self._channel, theirs = socket.socketpair()
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        with theirs, open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._folder,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )

    def fork(
        self, name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path
    ) -> Forked | None:
        """A process that runs `crm ARGUMENTS`; None when it has to be started by itself."""
        if any(environment.get(key) != self._environment.get(key) for key in CODE):
            return None
        if self._process is None or self._process.poll() is not None:
            self.start()
        assert self._channel is not None
        wanted = {"name": name, "arguments": [*arguments], "log": str(log), "folder": str(folder)}
        try:
            self._channel.sendall(json.dumps(wanted | {"environment": {**environment, **_ARENAS}}).encode() + b"\n")
            answer = self._channel.recv(32)
            return Forked(int(answer)) if answer else None
        except OSError:
            return None

    def close(self) -> None:
        """End it; what it forked ends with it."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.wait()
        self._process = self._channel = None


def main() -> int:
    """The process: import, then become every process that is asked for."""
    for name in COMMON:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the collector would write into pages that are shared
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        arguments = _wait(channel)
    if arguments is None:
        return 0
    sys.argv = ["crm", *arguments]
    from chassis import cli

    return cli.main(arguments)


def _wait(channel: socket.socket) -> list[str] | None:
    """Fork what is asked for; returns a child's arguments in the child, None here when nobody will ask any more."""
    signal.signal(signal.SIGCHLD, _reap)
    with channel.makefile("rb") as requests:
        for line in requests:
            wanted, parent = json.loads(line), os.getpid()
            child = os.fork()
            if not child:
                _become(wanted, parent)
                return list(wanted["arguments"])
            channel.sendall(str(child).encode())
    return None


def _become(wanted: dict[str, Any], parent: int) -> None:
    """What a process of its own has: session, name, files, folder, environment."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    leash.tie(parent, name=wanted["name"])
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])


def _reap(*_signal: object) -> None:
    """Take note of ended children, so that their numbers become free."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    sys.exit(main())
