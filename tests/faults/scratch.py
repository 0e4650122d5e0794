"""Folders and ports that belong to one run of the faults."""

import os
import shutil
import subprocess
from pathlib import Path

from chassis.suite.ports import Ports, is_free

SPAN = 500


class Missing(Exception):
    """Something the faults need is not on this machine; the message says what."""


class SmallDisk:
    """A folder on a file system of its own (tmpfs), so that it can be filled without filling the machine's disk."""

    def __init__(self, folder: Path, megabytes: int):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "crm-faults", str(folder)]
        self.mounted = _run(command) if os.geteuid() == 0 and shutil.which("mount") else False

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self, *, leave: int = 0) -> None:
        """Take all space but `leave` bytes."""
        free = shutil.disk_usage(self.folder).free - leave
        block = b"\0" * 65536
        with open(self._ballast, "wb", buffering=0) as file:
            try:
                while free > 0:
                    free -= file.write(block[: min(len(block), free)])
            except OSError:
                return

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        if self.mounted:
            _run(["umount", "-l", str(self.folder)])


def base_port(first: int = 21000) -> int:
    """The first of SPAN ports that nobody uses: front door's 300, then proxies, then servers."""
    for base in range(first, 32000, SPAN):
        taken = [port for port, _ in Ports(base).all() if not is_free(port)]
        if not taken and all(is_free(port) for port in range(base + 300, base + 340)):
            return base
    raise Missing("no free ports")


def _run(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
