"""What sales can be told, beside what every service can."""

from dataclasses import dataclass

from chassis.settings import Settings as ChassisSettings
from chassis.settings import load, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ChassisSettings):
    vip_threshold: str = setting(
        "500000", doc="Sum of approved contracts, in the base currency, that makes an account VIP."
    )
    quote_approval_amount: str = setting(
        "50000", doc="Quotes above this base amount need approval before they are sent."
    )
    quote_approval_discount: str = setting(
        "20", doc="Quotes with a line discounted by more than this percent need approval."
    )
    stall_days: int = setting(7, doc="Days without a move that make an opportunity stalled where its stage names none.")
    stall_escalation_days: int = setting(3, doc="Days after a stall alert until the owner's manager hears of it too.")
    due_reminder_days: int = setting(7, doc="Days before a receivable's due date on which its owner is reminded.")
    overdue_reminder_days: int = setting(
        7, doc="Days between reminders of an overdue receivable; the manager joins in."
    )
    onboarding_tickets: bool = setting(
        True, doc="Ask the service desk for an onboarding ticket when a contract is approved."
    )


_current: Settings | None = None


def current() -> Settings:
    """The settings in force: those the process was started with, else the environment's."""
    global _current
    if _current is None:
        _current = load(Settings, "sales")
    return _current


def use(settings: Settings) -> None:
    """Make `settings` those in force; the web process and tests say so at their start."""
    global _current
    _current = settings
