"""Tables of reporting: facts and dimensions projected from events, and definitions people make."""

from reporting.models.access import RecordAccess
from reporting.models.definitions import Dashboard, MetricDefinition
from reporting.models.metadata import Base
from reporting.models.money import Contract, Payment, Receivable
from reporting.models.people import Activity, Usage
from reporting.models.selling import Account, Lead, Opportunity, Stage, StageInterval
from reporting.models.serving import ApprovalInstance, ApprovalTask, Csat, SlaClock, Ticket

__all__ = [
    "Account",
    "Activity",
    "ApprovalInstance",
    "ApprovalTask",
    "Base",
    "Contract",
    "Csat",
    "Dashboard",
    "Lead",
    "MetricDefinition",
    "Opportunity",
    "Payment",
    "Receivable",
    "RecordAccess",
    "SlaClock",
    "Stage",
    "StageInterval",
    "Ticket",
    "Usage",
]
