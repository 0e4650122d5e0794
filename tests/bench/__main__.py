"""Run the benches and print a row each; `--json FILE` writes them as {name, ours, peer, peer_name, unit, ratio, goal, runs}."""

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench import board, carrying, due, growth, pages, relaying, rules, suite, transfer, web
from tests.bench.options import Options
from tests.bench.rows import Row

MODULES = (carrying, relaying, web, pages, board, rules, due, suite, transfer, growth)
BENCHES = {bench.__name__: bench for module in MODULES for bench in module.BENCHES}


def main() -> int:
    parser = argparse.ArgumentParser(prog="crm bench", description="Measure this tree on this machine.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which, of {', '.join(BENCHES)} (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the median counts (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: whether it runs, not how fast")
    given = parser.parse_args()
    unknown = set(given.names) - BENCHES.keys()
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; choose from {', '.join(BENCHES)}")
    rows: list[Row] = []
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # ends our processes and databases too
    with tempfile.TemporaryDirectory() as folder:
        for name in given.names or BENCHES:
            for made in BENCHES[name](Options(Path(folder), given.runs, given.quick)):
                rows.append(made)
                print(line(made), flush=True)
                if given.json:
                    given.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    return 0


def line(made: Row) -> str:
    """A row for people."""
    beside = f", {made['peer_name']} {made['peer']:g}: {made['ratio']} times" if made["peer"] is not None else ""
    verdict = "reached" if made["reached"] else "MISSED"
    return f"{made['name']}: {made['ours']:g} {made['unit']}{beside}; goal {made['goal']} {verdict}"


if __name__ == "__main__":
    sys.exit(main())
