"""Automation rules: when something happens to a record, or a day comes, do this; in order, within bounds, explained."""

from engines.rules.automated import Automated, Step, automate
from engines.rules.models import AutomationRule
from engines.rules.objects import AUTOMATION_RULE

__all__ = ["AUTOMATION_RULE", "Automated", "AutomationRule", "Step", "automate"]
