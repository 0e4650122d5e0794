"""The pages of approvals, a file per area; importing this registers them on their blueprint."""

from approvals.pages import definitions, delegations, flows, inbox, instance, sharing
from approvals.pages.edge import pages

__all__ = ["definitions", "delegations", "flows", "inbox", "instance", "pages", "sharing"]
