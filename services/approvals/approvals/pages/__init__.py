"""The pages of approvals, a file per area; importing this registers them on their blueprint."""

from approvals.pages import definitions, delegations, inbox, instance
from approvals.pages.edge import pages

__all__ = ["definitions", "delegations", "inbox", "instance", "pages"]
