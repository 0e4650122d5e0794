"""The shape of a result: medians over runs, ours and every peer in turn."""

import statistics
from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, Any]


def in_turn(runs: int, contestants: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run every contestant once per round, so that a slow moment of the machine hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(runs):
        for name, run in contestants.items():
            found[name].append(run())
    return found


def row(
    name: str, unit: str, goal: str, ours: list[float], peer: list[float] | None = None, peer_name: str | None = None,
    *, more_is_better: bool = True, reached: Callable[[float, float | None], bool],
) -> Row:  # fmt: skip
    """One line of the table; `reached` gets our median and the ratio to the peer, above 1 where ours is better."""
    median, other = statistics.median(ours), statistics.median(peer) if peer else None
    ratio = None if other is None else (median / other if more_is_better else other / median)
    return {
        "name": name,
        "ours": _rounded(median),
        "peer": None if other is None else _rounded(other),
        "peer_name": peer_name,
        "unit": unit,
        "ratio": None if ratio is None else round(ratio, 2),
        "goal": goal,
        "reached": reached(median, ratio),
        "runs": [_rounded(value) for value in ours],
    }


def best(found: Mapping[str, list[float]], *, more_is_better: bool = True) -> str:
    """Name of the best peer of what `in_turn` found."""
    peers = {name: statistics.median(values) for name, values in found.items() if name != "ours"}
    return (max if more_is_better else min)(peers, key=lambda name: peers[name])


def ratio_of(least: float) -> Callable[[float, float | None], bool]:
    return lambda _ours, ratio: ratio is not None and ratio >= least


def at_least(least: float) -> Callable[[float, float | None], bool]:
    return lambda ours, _ratio: ours >= least


def at_most(most: float) -> Callable[[float, float | None], bool]:
    return lambda ours, _ratio: ours <= most


def _rounded(value: float) -> float:
    return round(value, 3) if value < 100 else round(value, 1)
