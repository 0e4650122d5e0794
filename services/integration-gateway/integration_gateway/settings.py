"""What the gateway can be told beyond what every service can."""

from dataclasses import dataclass
from datetime import timedelta

from chassis.settings import setting
from integration_gateway.connectors.settings import ConnectorSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ConnectorSettings):
    """Settings of the gateway; each has a safe default."""

    session_hours: float = setting(12.0, doc="Longest life of a log-in; a page left idle for two hours ends sooner.")
    token_hours: float = setting(8.0, doc="Life of a token that a person gets for own programs; at most 12.")

    @property
    def page_lifetime(self) -> timedelta:
        return timedelta(hours=min(self.session_hours, 12.0))

    @property
    def token_lifetime(self) -> timedelta:
        return timedelta(hours=min(self.token_hours, 12.0))
