"""Automation rules: the builder, trying a rule, and what the rules did."""

from console import automation as console_automation
from sales import automation
from sales.pages.edge import pages

console_automation.mount(pages, automation.KINDS, automation.READY)
