"""What the driver asked for and was promised: the one side of the audit."""

import threading
import time
from dataclasses import dataclass, field


@dataclass
class Promise:
    """A request that was answered with 2xx, or whose answer never came (`accepted` False: it may have happened)."""

    kind: str  # capture, qualify, convert, fill, move, contract, submit, approve, pay, ticket
    service: str
    about: str  # id of the record; for what was never answered, the tag
    tag: str  # a word that only this request's record carries
    accepted: bool
    began: float
    ended: float
    facts: dict[str, str] = field(default_factory=dict)


class Ledger:
    """Everything of one run, in order of the answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.promises: list[Promise] = []
        self.void: set[str] = set()  # ids and tags touched in a time that a restore took back
        self.statuses: dict[int, int] = {}

    def note(self, promise: Promise) -> None:
        with self._lock:
            self.promises.append(promise)

    def answered(self, status: int) -> None:
        with self._lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1

    @property
    def accepted(self) -> int:
        with self._lock:
            return sum(promise.accepted for promise in self.promises)

    def of(self, kind: str) -> list[Promise]:
        """Accepted ones of a kind that no restore took back."""
        with self._lock:
            return [p for p in self.promises if p.kind == kind and p.accepted and not self._is_void(p)]

    def unknown(self, kind: str) -> list[Promise]:
        with self._lock:
            return [p for p in self.promises if p.kind == kind and not p.accepted and not self._is_void(p)]

    def take_back(self, service: str, *, since: float) -> int:
        """A restore of `service` to `since` took back what it answered after; returns how many promises are void."""
        with self._lock:
            gone = [p for p in self.promises if p.service == service and p.ended >= since]
            for promise in gone:
                self.void |= {promise.about, promise.tag}
            return len(gone)

    def _is_void(self, promise: Promise) -> bool:
        return bool(self.void & {promise.about, promise.tag, *promise.facts.values()})


def now() -> float:
    return time.monotonic()
