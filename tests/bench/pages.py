"""What a page costs the server: every page of every service on the demo company, in one process with SQLite."""

import statistics
import time
from collections.abc import Callable

from tests import together
from tests.architecture.test_texts import walked
from tests.bench.options import Options
from tests.bench.rows import Row, at_most, row

GOAL = 60.0  # milliseconds
SLOWEST = 8  # pages named, slowest first


def page_p95(options: Options, clock: Callable[[], float] = time.perf_counter) -> list[Row]:
    """Milliseconds within which 95 of 100 requests of the slowest page are answered; the slowest pages by name."""
    rounds = 5 if options.quick else 20
    with together.running(options.folder) as suite:
        browsers = suite.browser("zh")
        found: dict[str, float] = {}
        for address in dict.fromkeys(address for address, _page, _answer in walked("zh", suite)):
            browser = browsers[address.split("/")[1]]
            found[address] = _p95([_taken(lambda: browser.get(address), clock) for _ in range(rounds)])  # noqa: B023
    slowest = sorted(found.items(), key=lambda item: -item[1])
    for address, taken in slowest[:SLOWEST]:
        print(f"  {taken:6.1f} ms {address}")
    print(f"  {statistics.median(found.values()):6.1f} ms the median of {len(found)} pages")
    return [row("page_p95", "ms", f"≤ {GOAL:g}", [slowest[0][1]], reached=at_most(GOAL))]


def _taken(do: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    do()
    return (clock() - began) * 1000


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]


BENCHES = (page_p95,)
