"""What the leads service can be told beyond what every service can."""

from dataclasses import dataclass

from chassis import settings
from chassis.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Settings):
    """Settings of the leads service; each has a safe default."""

    capture_per_minute: int = setting(30, doc="Submissions a capture form takes from one address per minute.")
    conversion_wait_seconds: int = setting(
        900, doc="Silence of the sales service after which a conversion is asked for again and its owner told."
    )


def of(given: settings.Settings) -> Settings:
    """The settings a call was given, as this service's."""
    assert isinstance(given, Settings)
    return given
