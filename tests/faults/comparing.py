"""The heart of the audit: what was logged against what was applied."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Compared:
    """Event ids by what is wrong with them."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)  # applied, but in no log


def compare(log: Sequence[tuple[str, str]], seen: Sequence[tuple[str, str]]) -> Compared:
    """`log` and `seen` hold (event id, subject): one in the order of the log, the other in the order of effects."""
    place = {event: number for number, (event, _) in enumerate(log)}
    counts = Counter(event for event, _ in seen)
    found = Compared(
        lost=[event for event, _ in log if event not in counts],
        doubled=[event for event, count in counts.items() if count > 1],
        invented=[event for event in counts if event not in place],
    )
    furthest: dict[str, int] = {}
    for event, subject in seen:
        if (at := place.get(event)) is None:
            continue
        if at < furthest.get(subject, -1):
            found.disordered.append(event)
        furthest[subject] = max(at, furthest.get(subject, -1))
    return found
