"""A RabbitMQ node of the faults' own: scratch folders, own name and ports, ended and begun again as a fault wants it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kombu import Connection

from tests.faults.scratch import Missing

START = 90.0  # seconds


class RabbitMQ:
    """Everything it writes lies in `folder`; its two ports are `port` and `port + 1`."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port = folder, port
        self.node = f"crm-faults-{port}@localhost"
        self._server, self._control = _program("rabbitmq-server"), _program("rabbitmqctl")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def data(self) -> Path:
        return self.folder / "mnesia"

    def environment(self) -> dict[str, str]:
        for name, text in (("enabled_plugins", "[].\n"), ("rabbitmq.conf", self._settings()), ("env.conf", "")):
            (self.folder / name).write_text(text)
        return os.environ | {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.port + 1),
            "RABBITMQ_MNESIA_BASE": str(self.data),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "env.conf"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def _settings(self) -> str:
        return f"listeners.tcp.local = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 1MB\nlog.console = false\n"

    def start(self, *, wait: bool = True) -> None:
        """Start the node; it is up when it takes a connection."""
        with open(self.folder / "output.log", "ab") as log:
            self._process = subprocess.Popen(
                [self._server], env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + START
        while not self.answers():
            if time.monotonic() > deadline or (self._process is not None and self._process.poll() is not None):
                raise Missing(f"RabbitMQ did not start, see {self.folder}/output.log")
            time.sleep(0.2)

    def answers(self) -> bool:
        try:
            with self.connection() as connection:
                connection.connect()
                return True
        except OSError:
            return False

    def connection(self) -> Connection:
        return Connection(self.url, connect_timeout=3, transport_options={"read_timeout": 5})

    @contextmanager
    def channel(self) -> Iterator[Any]:
        """A channel past any proxy."""
        with self.connection() as connection:
            yield connection.default_channel

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the whole node with a signal; SIGTERM lets it finish."""
        if self._process is None:
            return
        os.killpg(self._process.pid, how)
        self._process.wait(60)
        self._process = None

    def destroy(self) -> None:
        """The disk is gone."""
        shutil.rmtree(self.data)

    def control(self, *arguments: str) -> str:
        """rabbitmqctl on this node."""
        command = [self._control, "-q", "-n", self.node, *arguments]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout


def _program(name: str) -> str:
    """The plain script; Debian's wrapper in /usr/sbin changes to another user."""
    plain = Path("/usr/lib/rabbitmq/bin") / name
    found = str(plain) if plain.exists() else shutil.which(name)
    if not found:
        raise Missing(f"RabbitMQ's {name} is not installed")
    return found
