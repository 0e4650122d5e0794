"""What reporting can be told, beside what every service can."""

from dataclasses import dataclass

from chassis.settings import Settings as ChassisSettings
from chassis.settings import load


@dataclass(frozen=True, kw_only=True)
class Settings(ChassisSettings):
    """None of its own."""


_current: Settings | None = None


def current() -> Settings:
    """The settings in force: those the process was started with, else the environment's."""
    global _current
    if _current is None:
        _current = load(Settings, "reporting")
    return _current


def use(settings: Settings) -> None:
    """Make `settings` those in force; the web process and tests say so at their start."""
    global _current
    _current = settings
