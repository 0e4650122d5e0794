"""What the demo says and what it checked; a failed check is told at once and remembered to the end."""

import sys
import time
from dataclasses import dataclass, field


class Broken(Exception):
    """The story cannot go on: what the next step needs is missing."""


@dataclass
class Narration:
    """Prints the story; `failures` decides the exit status."""

    quiet: bool = False
    checks: int = 0
    failures: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def chapter(self, title: str) -> None:
        if not self.quiet:
            print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}", flush=True)

    def say(self, text: str) -> None:
        if not self.quiet:
            print(f"  {text}", flush=True)

    def check(self, held: object, text: str) -> bool:
        """Say `text` as seen, or remember that it was not."""
        self.checks += 1
        if held:
            self.say(f"✓ {text}")
        else:
            self.failures.append(text)
            print(f"  ✗ {text}", flush=True)
        return bool(held)

    def need(self, held: object, text: str) -> None:
        """A check without which the story ends."""
        if not self.check(held, text):
            raise Broken(text)

    def end_early(self, missing: str) -> None:
        """The story ends before its time; what was missing counts as a check that did not hold."""
        if missing not in self.failures:
            self.check(False, missing)
        self.say("the story ends here")

    def explain(self, decision: object, *, most: int = 6) -> None:
        """The steps of an explained decision, as the person sees them."""
        steps = decision.get("steps", []) if isinstance(decision, dict) else []
        told = [step for step in steps if (step.get("data") or {}).get("matched", True)]
        for step in told[:most]:
            self.say(f"    because: {step['text']}")
        if len(told) > most:
            self.say(f"    … and {len(told) - most} more")

    def close(self) -> int:
        seconds = time.monotonic() - self.began
        print(f"\n{self.checks - len(self.failures)} of {self.checks} checks held, {seconds:.1f} s")
        for text in self.failures:
            print(f"missing: {text}")
        return 1 if self.failures else 0
