"""What the service desk can be told, beside what every service can."""

from dataclasses import dataclass

from chassis.settings import Settings as ChassisSettings
from chassis.settings import load, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ChassisSettings):
    reopen_days: int = setting(
        14, doc="Days after its solution in which a ticket is re-opened; later it is followed up."
    )
    close_days: int = setting(5, doc="Days after its solution on which a ticket closes by itself.")
    survey_days: int = setting(30, doc="Days a satisfaction survey can be answered.")
    low_score: int = setting(2, doc="Survey scores up to this one give the team lead a task.")
    portal_per_minute: int = setting(10, doc="Tickets the public form takes from one address per minute.")
    mail_port: int = setting(0, doc="Port on which mail to the desk is received by SMTP; 0: none is.")
    mail_host: str = setting("127.0.0.1", doc="Address the SMTP receiver listens on.")
    mail_addresses: str = setting(
        "support@localhost",
        doc="Comma-separated addresses of the desk; mail to others is refused, mail from them dropped.",
    )
    mail_max_bytes: int = setting(10 * 1024 * 1024, doc="Largest mail the SMTP receiver takes.")
    mail_per_hour: int = setting(30, doc="Mails taken from one sender per hour; further ones are put off.")

    @property
    def own_addresses(self) -> tuple[str, ...]:
        return tuple(each.strip().lower() for each in self.mail_addresses.split(",") if each.strip())


_current: Settings | None = None


def current() -> Settings:
    """The settings in force: those the process was started with, else the environment's."""
    global _current
    if _current is None:
        _current = load(Settings, "service-desk")
    return _current


def use(settings: Settings) -> None:
    """Make `settings` those in force; the web process and tests say so at their start."""
    global _current
    _current = settings
