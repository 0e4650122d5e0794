"""What the approvals service can be told beyond what every service can."""

from dataclasses import dataclass

from chassis import settings
from chassis.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Settings):
    """Settings of the approvals service; each has a safe default."""

    urge_minutes: int = setting(60, doc="Minutes between two urges of the same approval.")
    simulation_subjects: int = setting(5_000, doc="Most past subjects one simulation runs on.")
