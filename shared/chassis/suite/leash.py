"""Runs a command that dies with its parent: `python -I -S leash.py PARENT COMMAND …`. Imports as little as it can."""

import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def main() -> None:
    """Ask the kernel for a SIGKILL at the parent's end (Linux), then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
