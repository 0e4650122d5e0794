"""The suite's clock jumps, for all processes alike; the machine's clock is left alone."""

from tests.faults.catalogue import fault
from tests.faults.stage import Stage

HOUR = 3600.0


@fault("the clock jumps two hours ahead, and back")
def ahead(stage: Stage) -> None:
    _jump(stage, [2 * HOUR])


@fault("the clock falls back an hour, and is put right")
def back(stage: Stage) -> None:
    _jump(stage, [-HOUR])


@fault("the clock wanders")
def wanders(stage: Stage) -> None:
    _jump(stage, [stage.chance.uniform(-600, 600) for _ in range(6)], seconds=0.8)


def _jump(stage: Stage, offsets: list[float], *, seconds: float = 3.0) -> None:
    stage.wait(0.5)
    for offset in offsets:
        stage.family.shift_clock(offset)
        stage.wait(seconds)
    stage.family.shift_clock(0)
    stage.wait(1.0)
