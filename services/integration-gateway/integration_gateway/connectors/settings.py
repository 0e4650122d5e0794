"""Settings of the connectors; the gateway's Settings class takes them over."""

from dataclasses import dataclass
from functools import lru_cache

from chassis.settings import Settings, load, setting


@dataclass(frozen=True, kw_only=True)
class ConnectorSettings(Settings):
    """Where the demo's stand-ins listen, and how often outside systems are asked."""

    demo_wecom_url: str = setting("", doc="WeCom stand-in the demo data points at; empty: the demo has no chat.")
    demo_kingdee_url: str = setting("", doc="K3Cloud stand-in the demo data points at; empty: the demo has no ERP.")
    erp_poll_seconds: float = setting(5.0, doc="Seconds between reads of payments and orders from an ERP.")
    contacts_check_hour: int = setting(3, doc="Hour of the day at which chat contacts are compared in full.")
    delivery_attempts: int = setting(15, doc="Tries of a delivery before it is given up and administrators are told.")


@lru_cache(maxsize=1)
def current() -> ConnectorSettings:
    """The settings of this process."""
    return load(ConnectorSettings, "gateway")
