"""Runs a command that dies with its parent: `python -I -S leash.py PARENT COMMAND …`. Imports as little as it can."""

import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
SIGKILL = 9


def main() -> None:
    """Ask the kernel for a SIGKILL at the parent's end (Linux), then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    tie(parent)
    os.execvp(command[0], command)


def tie(parent: int, *, name: str = "") -> None:
    """Let this process die with `parent`; `name` is what `ps` shows of one that becomes no other command."""
    if sys.platform == "linux":
        import ctypes

        kernel = ctypes.CDLL(None)
        kernel.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        if name:
            kernel.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        sys.exit(1)


if __name__ == "__main__":
    main()
