"""The faults without pytest: each once, or with `--minutes` (`./crm soak`) any of them until the time is over."""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults import player
from tests.faults.catalogue import Fault, Skipped
from tests.faults.ledger import now
from tests.faults.stage import EMBEDDED, SERVERS, Stage


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, help="go on with faults of chance for so long; without: each one once")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 10**6))
    parser.add_argument("--backend", choices=[EMBEDDED, SERVERS, "both"], default="both")
    parser.add_argument("--only", action="append", default=[], help="only faults whose name has this text")
    parser.add_argument("--keep", action="store_true", help="leave data and logs where they are")
    options = parser.parse_args(arguments)
    backends = [EMBEDDED, SERVERS] if options.backend == "both" else [options.backend]
    results = [run(backend, options, minutes=(options.minutes or 0) / len(backends)) for backend in backends]
    return 0 if all(results) else 1


def run(backend: str, options: argparse.Namespace, *, minutes: float) -> bool:
    """One suite on one backend; True when every promise was kept."""
    scratch = Path(tempfile.mkdtemp(prefix=f"crm-faults-{backend}-"))
    say(f"{backend}: seed {options.seed}, everything in {scratch}")
    stage, began = Stage(backend, scratch, options.seed), now()
    stage.keep = options.keep
    lines: list[player.Line] = []
    try:
        stage.begin()
        say(f"the suite is ready after {now() - began:.0f} s")
        say(player.HEAD)
        for fault in plan(backend, options, until=now() + 60 * minutes):
            try:
                lines.append(player.play(stage, fault, say))
                say(str(lines[-1]))
            except Skipped as why:
                say(f"!!! {fault.name} was NOT PLAYED: {why}")
    except KeyboardInterrupt:
        say("ended early")
    finally:
        stage.end()
    say(str(player.total(f"{backend}: {len(lines)} faults in {now() - began:.0f} s, seed {options.seed}", lines)))
    kept = all(line.holds for line in lines) and bool(lines)
    if kept and not options.keep:
        shutil.rmtree(scratch, ignore_errors=True)
    else:
        say(f"data and logs: {scratch}")
    return kept


def plan(backend: str, options: argparse.Namespace, *, until: float) -> Iterator[Fault]:
    """Each fault once; with minutes any of them again and again."""
    faults = [
        one
        for one in player.order(backend, options.seed)
        if not options.only or any(t in one.name for t in options.only)
    ]
    if not options.minutes:
        yield from faults
        return
    chance = random.Random(options.seed)
    while now() < until:
        yield chance.choice(faults)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
