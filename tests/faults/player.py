"""Plays faults one after another on one suite, audits after each, and says one line for each."""

import random
from collections.abc import Callable
from dataclasses import dataclass, fields

from tests.faults import catalogue
from tests.faults.audit import DISORDERED, DOUBLED, LOST, Finding
from tests.faults.catalogue import Fault
from tests.faults.ledger import now
from tests.faults.meter import PULLED, REDELIVERED
from tests.faults.stage import SETTLE, Stage

HEAD = (
    f"{'fault':<52}{'requests':>9}{'events':>8}{'redelivered':>12}{'pulled':>8}{'parked':>8}{'lost':>6}{'doubled':>9}"
    f"{'out of order':>14}{'steady s':>10}"
)


@dataclass
class Line:
    """What one fault came to."""

    name: str
    requests: int = 0
    events: int = 0
    redelivered: int = 0
    pulled: int = 0
    parked: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.disordered)

    def __str__(self) -> str:
        return (
            f"{self.name:<52}{self.requests:>9}{self.events:>8}{self.redelivered:>12}{self.pulled:>8}{self.parked:>8}"
            f"{self.lost:>6}{self.doubled:>9}{self.disordered:>14}{self.seconds:>10.1f}"
        )


def total(name: str, lines: list[Line]) -> Line:
    """The sums; the slowest way to a steady state."""
    sums = Line(name)
    for line in lines:
        for field in fields(Line)[1:-1]:
            setattr(sums, field.name, getattr(sums, field.name) + getattr(line, field.name))
        sums.seconds = max(sums.seconds, line.seconds)
    return sums


def order(backend: str, seed: int) -> list[Fault]:
    """All faults of a backend in the seed's order, late ones last."""
    faults = catalogue.of(backend)
    random.Random(f"{backend}/{seed}").shuffle(faults)
    return sorted(faults, key=lambda one: one.late)


def play(stage: Stage, fault: Fault, say: Callable[[str], None]) -> Line:
    """One fault under load, then the audit; the line it came to. Skipped when this machine can't play it."""
    stage.chance = random.Random(f"{stage.backend}/{stage.seed}/{fault.name}")
    stage.meter.look()
    before = _counted(stage)
    try:
        with stage.load():
            try:
                fault.play(stage)
                stage.wait(0.5)
            finally:
                stage.heal()
                healed = now()
        stage.family.wait_ready()
        trouble = ""
    except (TimeoutError, RuntimeError, OSError) as error:  # the suite is beyond what the fault expected: a finding
        trouble, healed = f"{type(error).__name__}: {error}", now()
    findings = settle(stage)
    line = Line(fault.name, *(after - first for after, first in zip(_counted(stage), before, strict=True)))
    line.parked = sum(len(stage.books.parked(name)) for name in stage.audited())
    line.seconds = round(now() - healed, 1)
    if trouble:
        findings.append(Finding(LOST, trouble))
    line.lost, line.doubled, line.disordered = (
        sum(one.kind == kind for one in findings) for kind in (LOST, DOUBLED, DISORDERED)
    )
    for finding in findings[:12]:
        say(f"    {finding.kind}: {finding.text}")
    for complaint in stage.driver.complaints()[:4]:
        say(f"    given up: {complaint}")
    stage.remember(findings)
    stage.clear_parked()
    return line


def settle(stage: Stage) -> list[Finding]:
    """Wait for a steady state in which every promise holds; what does not hold after SETTLE seconds."""
    deadline, found, reason = now() + SETTLE, [], ""
    while now() < deadline:
        reason = _reason(stage)
        if not reason:
            found = stage.new_findings()
            if not found and not _reason(stage):
                return []
        stage.wait(0.3)
    return found + ([Finding(LOST, f"not steady: {reason}")] if reason else [])


def _reason(stage: Stage) -> str:
    try:
        return stage.why_not_steady()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _counted(stage: Stage) -> tuple[int, int, int, int]:
    stage.meter.look()
    return (
        stage.ledger.accepted,
        stage.heads(),
        int(stage.meter.sums[REDELIVERED]),
        int(stage.meter.sums[PULLED]),
    )
