"""The pages on which records are shared, by the shared ones."""

from approvals.objects import APPROVAL
from approvals.pages.edge import pages
from console import sharing

sharing.mount(pages, [APPROVAL])
