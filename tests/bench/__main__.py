"""Run the benches and print a row each; `--json FILE` writes them as {name, ours, peer, peer_name, unit, ratio, goal, runs}."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import backbone, rules


def main() -> int:
    parser = argparse.ArgumentParser(prog="crm bench", description="Measure this tree on this machine.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument(
        "--runs", type=int, default=5, help="runs of each bench; the median counts (default %(default)s)"
    )
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for bench in (*backbone.BENCHES, *rules.BENCHES):
            row = bench(Path(folder), options.runs)
            rows.append(row)
            beside = (
                f"{row['peer']} ({row['peer_name']}), ratio {row['ratio']}" if row["peer"] is not None else "no peer"
            )
            print(f"{row['name']}: {row['ours']} {row['unit']}, goal {row['goal']}, {beside}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
