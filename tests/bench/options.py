"""How a bench is asked to run."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    folder: Path
    runs: int = 5
    quick: bool = False

    def some(self, count: int) -> int:
        """How many times to do it: a tenth where only a look is wanted."""
        return max(1, count // 10) if self.quick else count
