"""The shape of a result: a median over runs, beside a peer's where there is one."""

import statistics
from collections.abc import Callable
from typing import Any


def row(
    name: str, unit: str, goal: str, runs: int, ours: Callable[[], float], peer: Callable[[], float] | None = None,
    peer_name: str | None = None, *, more_is_better: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Run ours and the peer in turn `runs` times; medians, and how many times better ours is."""
    mine, theirs = [], []
    for _ in range(runs):
        mine.append(ours())
        if peer is not None:
            theirs.append(peer())
    median, other = statistics.median(mine), statistics.median(theirs) if theirs else None
    ratio = None if other is None else round(median / other if more_is_better else other / median, 2)
    return {
        "name": name,
        "ours": round(median, 3),
        "peer": None if other is None else round(other, 3),
        "peer_name": peer_name,
        "unit": unit,
        "ratio": ratio,
        "goal": goal,
        "runs": [round(value, 3) for value in mine],
    }
