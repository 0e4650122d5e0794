"""The whole suite embedded, as `./crm up` runs it: how long until it serves, and what it holds at rest."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.bench.options import Options
from tests.bench.rows import Row, at_most, in_turn, row
from tests.bench.running import ENV, ROOT, until

REST = 20.0  # seconds after which nothing of the start is going on any more


def suite_start(options: Options) -> list[Row]:
    """From the command to six ready services behind the front door, on a prepared data folder; memory when it rests."""
    memory: list[float] = []
    data = options.folder / "suite"
    _start_and_stop(data, [], rest=0)  # migrations and the company's first data

    def start() -> float:
        return _start_and_stop(data, memory, rest=2 if options.quick else REST)

    found = in_turn(min(options.runs, 3), {"ours": start})
    return [
        row("suite_start", "s", "≤ 15", found["ours"], reached=at_most(15)),
        row("suite_memory", "GiB", "≤ 1.0", memory, reached=at_most(1.0)),
    ]


def _start_and_stop(data: Path, memory: list[float], *, rest: float) -> float:
    port = 23_900
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "chassis.cli", "up", "--port", str(port), "--data", str(data)], cwd=ROOT, env=ENV,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        taken = until(lambda: all(_ready(port, name) for name in SERVICES), seconds=180, step=0.1) - began
        if rest:
            time.sleep(rest)
            memory.append(_held(process.pid) / 1024**2)
        return taken
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


SERVICES = ("leads", "sales", "service-desk", "approvals", "reporting", "gateway")


def _ready(port: int, service: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{service}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _held(root: int) -> int:
    """Proportional set size in KiB of a process and all its descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(_pss(pid) for pid in family)


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


BENCHES = (suite_start,)
