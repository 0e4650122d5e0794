"""The pages on which records are shared, by the shared ones."""

from console import sharing
from leads.objects import LEAD
from leads.pages.edge import pages

sharing.mount(pages, [LEAD])
